"""Where a picture differs from the empty scene, as areas of the shape of bodies; pure.

Always: more difference never gives less mask of its own place, and what is not known is covered.
Source: reference/shield.md, section 7, steps 3 and 6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.frame import Mask

Gray = NDArray[np.uint8]

WEAK_C, WEAK_K = 8.0, 3.0
"""Luma levels, and deviations of the pixel's own noise, beyond which a pixel is doubted."""

SMOOTH_C, SMOOTH_K = 4.5, 1.2
"""The same for the mean of 5x5 pixels, whose noise is far smaller: clothes like the wall."""

CHROMA_C, CHROMA_K = 4.5, 2.5
STRONG = 1.8
"""What is so much beyond begins an area; the merely doubted only continues one."""

FAINT = 0.55
"""What is so much of the tolerance, and dense, belongs to the body that is found beside it."""

EDGE = 0.22
"""Share of the local contrast that a shift of a fraction of a pixel can make."""

SEEDS = 6
"""Strong pixels of the 25 around that begin an area."""


MANY = 1 << 17
"""Pixels that have less than 65,536 areas among them, since two areas do not touch."""

LEAST_AREA = 20
"""Pixels of a picture 320 wide: a person 8 wide and 20 high, mostly hidden."""


SHOULDERS = (6, 8, 10)
"""Pixels: so wide at least are shoulders at the sizes that are looked for; each is looked for again
at half the size, and so on, so that no two sizes are further apart than a third."""

TORSO, CROWN, HAT = 0.8, 0.55, 0.45
"""Shares of the shoulders' width: what is below them at least, from them to the top of the hair,
and the head's width, where the margin of every area is added to the last two."""


@dataclass(frozen=True, slots=True, eq=False)
class Tolerance:
    """Levels that a pixel may differ by, uint8 (height, width); made once a background."""

    luma: Gray
    smooth: Gray
    chroma: Gray


def tolerance_of(background: Background, *, slack: float = 1.0, shake: float = 0.0) -> Tolerance:
    """What is taken for noise; `shake` in pixels widens it where the scene has edges."""
    luma = background.mean[:, :, 0]
    around = np.ones((3, 3), np.uint8)
    contrast = cv2.subtract(cv2.dilate(luma, around), cv2.erode(luma, around)).astype(np.float32)
    edge = contrast * (EDGE + shake)
    deviation = background.deviation * slack
    chroma = background.chroma_deviation * slack
    tint = background.mean[:, :, 1:]
    apart = cv2.split(cv2.subtract(cv2.dilate(tint, around), cv2.erode(tint, around)))
    colour = cv2.max(*apart).astype(np.float32)
    wide = cv2.blur(edge, (5, 5))
    found = Tolerance(
        luma=_levels(WEAK_C + WEAK_K * deviation + edge),
        smooth=_levels(SMOOTH_C + SMOOTH_K * deviation + 0.5 * wide),
        chroma=_levels(CHROMA_C + CHROMA_K * chroma + colour * (EDGE + shake)),
    )
    unseen = np.isinf(background.deviation)
    for plane in (found.luma, found.smooth, found.chroma):
        plane[unseen] = 255
    return found


def _levels(value: NDArray[np.float32]) -> Gray:
    return np.clip(np.rint(value), 0, 120).astype(np.uint8)


def differing(now: Small, expected: Small, tolerance: Tolerance) -> tuple[Gray, Gray, Gray]:
    """(faint, weak, strong), uint8, 255 where the picture may not be, is doubted to be, and
    surely is not as expected.
    """
    y, u, v = cv2.split(cv2.absdiff(now, expected))
    colour = cv2.max(u, v)
    signed = cv2.subtract(now[:, :, 0], expected[:, :, 0], dtype=cv2.CV_16S)
    mean = cv2.convertScaleAbs(cv2.blur(signed, (5, 5)))
    # How far beyond what is tolerated, tolerance = 32: one scale for the three measures.
    ratio = cv2.max(
        cv2.divide(y, tolerance.luma, scale=32.0),
        cv2.max(
            cv2.divide(colour, tolerance.chroma, scale=32.0),
            cv2.divide(mean, tolerance.smooth, scale=32.0),
        ),
    )
    weak = cv2.threshold(ratio, 32, 255, cv2.THRESH_BINARY)[1]
    strong = cv2.threshold(ratio, 32 * STRONG, 255, cv2.THRESH_BINARY)[1]
    faint = cv2.threshold(ratio, 32 * FAINT, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(faint, np.uint8), np.asarray(weak, np.uint8), np.asarray(strong, np.uint8)


class Shapes:
    """Makes areas of doubted pixels; the sizes of its kernels follow the picture's."""

    def __init__(self, size: tuple[int, int], *, grow: int = 3) -> None:
        """For small pictures of (width, height); `grow` pixels of a picture 320 wide."""
        unit = math.sqrt(size[0] * size[1] / (320 * 180))
        self._unit = unit
        across, down = _odd(7 * unit), _odd(15 * unit)
        self._close = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, down))
        self._border = max(across, down)
        self._near = np.ones((_odd(33 * unit), _odd(11 * unit)), np.uint8)
        self._torsos = [np.ones((round(TORSO * wide), wide), np.uint8) for wide in SHOULDERS]
        self._crowns = [
            np.ones((round((TORSO + CROWN) * wide), round(HAT * wide)), np.uint8)
            for wide in SHOULDERS
        ]
        side = 2 * max(1, round(grow * unit)) + 1
        self._grow = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))

    def areas(self, faint: Gray, weak: Gray, strong: Gray) -> Gray:
        """Areas that hold a seed, closed, filled and not yet grown."""
        seeds = cv2.threshold(
            cv2.boxFilter(strong, -1, (5, 5)), 255 * (SEEDS - 0.5) / 25, 255, cv2.THRESH_BINARY
        )[1]
        if not cv2.countNonZero(seeds):
            return np.zeros_like(weak)
        candidates = cv2.bitwise_or(weak, seeds)
        kind = cv2.CV_16U if candidates.size < MANY else cv2.CV_32S
        count, labels, stats, _ = cv2.connectedComponentsWithStats(
            candidates, connectivity=8, ltype=kind
        )
        held = np.zeros(max(count, 256), np.uint8)
        held[labels.reshape(-1).compress((seeds > 0).reshape(-1))] = 255
        held[:count][stats[:, cv2.CC_STAT_AREA] < LEAST_AREA * self._unit**2] = 0
        held[0] = 0
        if count <= 256:  # as nearly always: OpenCV's table is three times as quick
            kept = np.asarray(cv2.LUT(labels.astype(np.uint8), held), np.uint8)
        else:
            kept = held.take(cast("NDArray[np.int32]", labels))  # the stubs allow floats
        kept = self.closed(kept)
        # A shirt like the wall: what lies around a part of a body needs less to be believed.
        dense = cv2.threshold(cv2.blur(faint, (5, 5)), 255 * 0.5, 255, cv2.THRESH_BINARY)[1]
        beside = cv2.bitwise_and(dense, cv2.dilate(kept, self._near))
        return self.filled(self.closed(np.asarray(cv2.bitwise_or(kept, beside), np.uint8)))

    def closed(self, areas: Gray) -> Gray:
        """Gaps of the size of limbs closed, at the picture's border too."""
        height, width = areas.shape
        out = np.zeros_like(areas)
        x, y, wide, high = cv2.boundingRect(areas)
        if not wide:
            return out
        # Farther from all areas nothing is closed; at the picture's border they are taken to go on.
        far = self._border
        rows = slice(max(0, y - far), min(height, y + high + far))
        columns = slice(max(0, x - far), min(width, x + wide + far))
        up, down = far * (rows.start == 0), far * (rows.stop == height)
        left, right = far * (columns.start == 0), far * (columns.stop == width)
        some = cv2.copyMakeBorder(areas[rows, columns], up, down, left, right, cv2.BORDER_REPLICATE)
        shut = cv2.morphologyEx(some, cv2.MORPH_CLOSE, self._close)
        out[rows, columns] = shut[up : shut.shape[0] - down, left : shut.shape[1] - right]
        return out

    def filled(self, areas: Gray) -> Gray:
        """Holes filled."""
        outlines, _ = cv2.findContours(areas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        out = np.zeros_like(areas)
        cv2.drawContours(out, outlines, -1, 255, cv2.FILLED)
        return out

    def crowned(self, areas: Gray) -> Gray:
        """With room for a head above whatever may be shoulders, at every size.

        Hair like the wall behind it differs in nothing; that shoulders have a head is certain.
        Only adds; above a head that was found it adds little.
        """
        out: NDArray[np.integer[Any] | np.floating[Any]] = areas
        level = out
        while min(level.shape) > SHOULDERS[-1]:
            crowns = np.zeros_like(level)
            for shoulders, torso, crown in zip(SHOULDERS, self._torsos, self._crowns, strict=True):
                centres = cv2.erode(level, torso, borderType=cv2.BORDER_REPLICATE)
                if not cv2.countNonZero(centres):
                    break
                anchor = (crown.shape[1] // 2, round(TORSO * shoulders) // 2)
                cv2.bitwise_or(crowns, cv2.dilate(centres, crown, anchor=anchor), dst=crowns)
            if not cv2.countNonZero(crowns):
                break  # nothing is as wide as this, nor wider
            whole = cv2.resize(crowns, areas.shape[::-1], interpolation=cv2.INTER_NEAREST)
            out = cv2.bitwise_or(out, whole)
            half = (level.shape[1] // 2, level.shape[0] // 2)
            level = cv2.threshold(
                cv2.resize(level, half, interpolation=cv2.INTER_AREA), 127, 255, cv2.THRESH_BINARY
            )[1]
        return np.asarray(out, np.uint8)

    def grown(self, areas: Gray) -> Gray:
        """A margin on every side."""
        return np.asarray(cv2.dilate(areas, self._grow), np.uint8)


def areas_of(mask: Mask) -> Gray:
    """A mask as areas: 255 where it is."""
    return mask.view(np.uint8) * np.uint8(255)


def _odd(value: float) -> int:
    return max(3, round(value) // 2 * 2 + 1)
