"""Pictures of a camera that shakes, brought to where its first picture looked; pure."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small

Edges = NDArray[np.float32]

LARGEST_SHIFT = 12.0
"""Pixels of a picture 320 wide by which a shaking camera may be off and is followed."""

STILL = 0.3
"""Pixels that the tolerance of edges covers: no shift at all."""

SURE = 0.04
"""Response of the phase correlation below which no shift is believed."""

BETTER = 0.85
"""A shift counts where edges then differ by less than this share of what they differed by."""


class Placing:
    """Remembers the first picture's edges; not shared between threads.

    `furthest` is the largest shift so far in (x, y), whole pixels: so much of each border was not
    always in view.
    """

    def __init__(self, size: tuple[int, int], unit: float) -> None:
        """Begin for small pictures of (width, height)."""
        self._size = size
        self._most = LARGEST_SHIFT * unit
        self._window = np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
        self._first: Edges | None = None
        self.furthest = (0, 0)

    def placed(self, picture: Small) -> Small:
        """The picture as the first one looks; itself where it is not off, or nobody can say."""
        edges = _edges(picture)
        if self._first is None:
            self._first = edges
            return picture
        (dx, dy), response = shift_between(self._first, edges, self._window)
        off = math.hypot(dx, dy)
        if response < SURE or not STILL <= off <= self._most:
            return picture
        matrix = np.array([[1, 0, -dx], [0, 1, -dy]], np.float64)
        moved = np.asarray(
            cv2.warpAffine(edges, matrix, self._size, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
        # People who walk all one way correlate too; the scene's own edges decide.
        if _apart(self._first, moved) > BETTER * _apart(self._first, edges):
            return picture
        x, y = self.furthest
        self.furthest = (max(x, math.ceil(abs(dx))), max(y, math.ceil(abs(dy))))
        return np.asarray(
            cv2.warpAffine(
                picture,
                matrix,
                self._size,
                flags=cv2.INTER_CUBIC,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )


def shift_between(one: Edges, two: Edges, window: Edges) -> tuple[tuple[float, float], float]:
    """How far `two` lies right of and below `one`, in pixels, and how sure that is, 0 to 1."""
    # Copies: where no padding is needed, OpenCV multiplies the window into what it is given.
    (dx, dy), response = cv2.phaseCorrelate(one.copy(), two.copy(), window)
    return (dx, dy), response


def _edges(picture: Small) -> Edges:
    # Noise has edges too, and those of a coded picture outlast it: they must not count.
    luma = cv2.GaussianBlur(picture[:, :, 0], (5, 5), 0)
    dx = cv2.Sobel(luma, cv2.CV_32F, 1, 0)
    dy = cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(np.minimum(cv2.magnitude(dx, dy), 120.0), np.float32)


def _apart(one: Edges, two: Edges) -> float:
    # At the scene's own edges alone; where somebody stands, large differences count alike.
    strong = one >= np.quantile(one, 0.9)
    return float(np.minimum(np.abs(one - two), 60.0)[strong].mean())
