"""By how many pixels each place of a scene sways: the living do, walls do not; pure.

A difference of grey levels tells little by night, where noise is larger than what a shifted edge
makes. All edges of a place shift together, though: the shift that explains them all, picture after
picture, is known to a tenth of a pixel where no single pixel tells anything. What of its wandering
is slower than noise is sway. Source: Lucas and Kanade, 1981, for the shift; von Neumann, 1941, for
comparing the variance of a series with that of its steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import Tone

Plane = NDArray[np.float32]
Pair = tuple[Small, Small]
"""A picture, and the one a little before: what they do not share is noise."""

WIDE, HIGH = 9, 13
"""Pixels of a picture 320 wide: a place, about as large as a head near or a body far."""

SMOOTH = 41
"""What differs over so many pixels is shade or glare that passes; edges do not shift by it."""

FLAT = 1.0
"""Mean squared slope, levels a pixel, below which a place has no edge that could tell."""

LEAST = 6
"""With fewer looks at a place nothing can be said."""

SEEN = 0.6
"""Share of a place that must be seen for its shift to be told."""

CHANCE = 3.5
"""Standard errors by which the variance of mere noise may come out too large somewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Sway:
    """What is known of each place, by the pixel in its middle.

    Attributes:
        pixels: how far it sways beyond noise, standard deviation; 0 where it has no edges.
        error: sway of this size could be hidden by the noise.
        has_edges: True where a sway would show.
    """

    pixels: Plane
    error: Plane
    has_edges: Mask


def sway(pairs: Sequence[Pair], background: Background, unit: float) -> Sway:
    """How far each place of the background sways while nothing is seen before it."""
    series = [_Series(background, unit, is_across) for is_across in (True, False)]
    comparison = Comparison(background, follows_shift=False)
    for pair in pairs:
        both = [comparison.compare(picture) for picture in pair]
        if not all(one.sound for one in both):
            continue
        areas = np.bitwise_or(both[0].areas, both[1].areas)
        comparison.masked(areas > 0)
        seen = (comparison.shapes.grown(comparison.shapes.grown(areas)) == 0).astype(np.float32)
        now, before = (
            _shifts(picture, one.tone, background.mean, seen, unit)
            for picture, one in zip(pair, both, strict=True)
        )
        visible = (cv2.blur(seen, place_of(unit)) > SEEN).astype(np.float32)
        for axis, one in enumerate(series):
            one.add(now[axis], before[axis], visible)
    across, down = (one.found() for one in series)
    return Sway(
        np.hypot(across[0], down[0]),
        np.maximum(across[1], down[1]),
        (series[0].slope > FLAT) | (series[1].slope > FLAT),
    )


class _Series:
    """The shifts of all places along one axis, added up."""

    def __init__(self, background: Background, unit: float, is_across: bool) -> None:
        slope = _slopes(background.mean[:, :, 0].astype(np.float32))[0 if is_across else 1]
        self.slope = cv2.blur(slope * slope, place_of(unit))
        shape = background.known.shape
        self._count, self._sum, self._squares, self._steps = (
            np.zeros(shape, np.float32) for _ in range(4)
        )

    def add(self, now: Plane, before: Plane, seen: Plane) -> None:
        for each in (now, before):
            each -= self._common(each, seen)
        middle = (now + before) * (0.5 * seen)
        self._count += seen
        self._sum += middle
        self._squares += middle * middle
        self._steps += seen * (now - before) ** 2

    def _common(self, shift: Plane, seen: Plane) -> float:
        """What all places share is the camera's own trembling."""
        sure = (seen > 0) & (self.slope > 8 * FLAT)
        return float(np.median(shift[sure])) if np.count_nonzero(sure) > 200 else 0.0

    def found(self) -> tuple[Plane, Plane]:
        count = np.maximum(self._count, 1)
        variance = np.maximum(0.0, self._squares / count - (self._sum / count) ** 2)
        # The steps between two pictures hold twice their noise, their mean half of it.
        noise = self._steps / count / 4
        enough = self._count >= LEAST
        by_chance = noise * CHANCE * np.sqrt(2 / count)
        beyond = np.where(enough, np.sqrt(np.maximum(0.0, variance - noise - by_chance)), 0.0)
        error = np.where(enough, np.sqrt(2 * by_chance), np.inf)
        return np.asarray(beyond, np.float32), np.asarray(error, np.float32)


def place_of(unit: float) -> tuple[int, int]:
    """(width, height) of a place in pixels, odd."""
    return round(WIDE * unit) | 1, round(HIGH * unit) | 1


def _slopes(luma: Plane) -> tuple[Plane, Plane]:
    smooth = cv2.GaussianBlur(luma, (5, 5), 0)
    return (
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8), np.float32),
        np.asarray(cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32),
    )


def _shifts(
    picture: Small, tone: Tone, scene: Small, seen: Plane, unit: float
) -> tuple[Plane, Plane]:
    """How far each place lies right of and below where it belongs."""
    # Without steps: rounded levels would shift a gentle slope by half a pixel.
    curve = cv2.GaussianBlur(tone.table[:, :, 0].astype(np.float32), (1, 25), 0)
    expected = np.asarray(cv2.LUT(scene[:, :, 0], curve), np.float32)
    away = cv2.GaussianBlur(picture[:, :, 0].astype(np.float32) - expected, (5, 5), 0)
    wide = (round(SMOOTH * unit) | 1,) * 2
    away = (away - cv2.blur(away * seen, wide) / np.maximum(0.05, cv2.blur(seen, wide))) * seen
    x, y = (slope * seen for slope in _slopes(expected))
    size = place_of(unit)
    xx, yy, xy = cv2.blur(x * x, size), cv2.blur(y * y, size), cv2.blur(x * y, size)
    xa, ya = cv2.blur(x * away, size), cv2.blur(y * away, size)
    xx, yy = xx + FLAT, yy + FLAT
    area = xx * yy - xy * xy
    return (xy * ya - yy * xa) / area, (xy * xa - xx * ya) / area
