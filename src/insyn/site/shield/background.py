"""The empty scene, as far as it is known; pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.frame import Mask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """What each pixel of the small picture shows when nobody is there.

    Attributes:
        mean: uint8 (height, width, 3).
        deviation: luma noise of each pixel, levels, float32 (height, width); infinite where the
            scene has never been seen, so that nothing differs from it.
        chroma_deviation: the same for the colour planes.
        known: where the empty scene has been seen; elsewhere everything is covered.
        margin: pixels by which all of these are larger than a picture, on every side: what a
            camera has seen that was pushed or shaken.
        stayed: where somebody stood for long, one mask for each place; while somebody is there, all
            of it is covered, however much of them is like what is behind them.
    """

    mean: Small
    deviation: NDArray[np.float32]
    chroma_deviation: NDArray[np.float32]
    known: Mask
    margin: int = 0
    stayed: tuple[Mask, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of a picture."""
        height, width = self.known.shape
        return width - 2 * self.margin, height - 2 * self.margin

    @property
    def inside(self) -> Background:
        """What a picture shows of it while the camera is where it was at first."""
        if not self.margin:
            return self
        (width, height), at = self.size, self.margin
        box = (slice(at, at + height), slice(at, at + width))
        return Background(
            mean=np.ascontiguousarray(self.mean[box]),
            deviation=np.ascontiguousarray(self.deviation[box]),
            chroma_deviation=np.ascontiguousarray(self.chroma_deviation[box]),
            known=np.ascontiguousarray(self.known[box]),
        )


def confirmed(pictures: list[Small]) -> Background:
    """The background of pictures that an operator declares empty; at least one.

    A single picture tells nothing about noise: a usual amount is taken.
    """
    stack = np.stack(pictures)
    mean = np.median(stack, axis=0)
    away = (
        np.abs(stack - mean).mean(axis=0) * 1.25 if len(pictures) >= 5 else np.full_like(mean, 1.5)
    )
    smooth = cv2.blur(away.astype(np.float32), (3, 3))
    return Background(
        mean=np.rint(mean).astype(np.uint8),
        deviation=np.clip(smooth[:, :, 0], 0.7, 6.0).astype(np.float32),
        chroma_deviation=np.clip(smooth[:, :, 1:].max(axis=2), 0.5, 4.0).astype(np.float32),
        known=np.ones(mean.shape[:2], bool),
    )
