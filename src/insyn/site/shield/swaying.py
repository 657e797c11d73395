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

FLAT = 1.0
"""Mean squared slope, levels a pixel, below which a place has no edge that could tell."""

APART, ENOUGH = 60, 16
"""Pixels of a picture 320 wide across: so near to others there are their shade and their mirrored
selves on the floor; where a place is looked at so often without them, those looks alone count."""

LEAST = 6
"""With fewer looks at a place nothing can be said."""

SEEN = 0.95
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


def sway(pairs: Sequence[Pair], background: Background, unit: float, *, row: int) -> Sway:
    """How far each place of the background sways while nothing is seen before it.

    Args:
        pairs: some pictures of the clip in its order, each with one from a little before.
        background: what is believed to be empty.
        unit: the side of a pixel of a picture 320 wide, in pixels.
        row: so many pictures in a row are held against their own mean: whoever sways does so
            within seconds; daylight, exposure and glare change over minutes.
    """
    comparison = Comparison(background, follows_shift=False)
    edges = _Edges(background, unit)
    near, apart = ([_Series(edges.slope_across), _Series(edges.slope_down)] for _ in range(2))
    around = np.ones((round(APART * unit) | 1,) * 2, np.uint8)
    for number, pair in enumerate(pairs):
        if number % row == 0:
            for each in (*near, *apart):
                each.begin_row()
        both = [comparison.compare(picture) for picture in pair]
        if not all(one.sound for one in both):
            continue
        areas = np.bitwise_or(both[0].areas, both[1].areas)
        comparison.masked(areas > 0)
        seen = (comparison.shapes.grown(comparison.shapes.grown(areas)) == 0).astype(np.float32)
        visible = (cv2.blur(seen, place_of(unit)) > SEEN).astype(np.float32)
        now, before = (
            edges.shifts(picture, one.tone) for picture, one in zip(pair, both, strict=True)
        )
        alone = visible * (cv2.dilate(areas, around) == 0)
        for axis in (0, 1):
            for series, looks in ((near, visible), (apart, alone)):
                series[axis].add(now[axis], before[axis], looks)
    across, down = (
        tuple(
            np.where(far.count >= ENOUGH, by, all_looks)
            for by, all_looks in zip(far.found(), close.found(), strict=True)
        )
        for far, close in zip(apart, near, strict=True)
    )
    return Sway(
        np.hypot(across[0], down[0]),
        np.maximum(across[1], down[1]),
        (edges.slope_across > FLAT) | (edges.slope_down > FLAT),
    )


class _Edges:
    """The scene's own edges, and how far a picture's lie from them.

    In each place, what a picture differs by is explained by a shift in both ways, and by light,
    which changes contrast and shifts nothing. Least squares over the place.
    """

    def __init__(self, background: Background, unit: float) -> None:
        self._size = place_of(unit)
        self._scene = background.mean[:, :, 0]
        light = _smooth(self._scene.astype(np.float32))
        across, down = (
            np.asarray(cv2.Sobel(light, cv2.CV_32F, *by, scale=1 / 8), np.float32)
            for by in ((1, 0), (0, 1))
        )
        self.slope_across = self._mean(across * across)
        self.slope_down = self._mean(down * down)
        self._causes = [(each, self._mean(each)) for each in (across, down, light)]
        power = self._with(light, 2) + 1.0
        self._by_light = [self._with(each, 2) / power for each in (across, down)]
        self._xx = self._shared(across, 0, 0) + FLAT
        self._yy = self._shared(down, 1, 1) + FLAT
        # Along one straight edge a shift tells nothing: never quite, lest it be divided by nothing.
        most = 0.98 * np.sqrt(self._xx * self._yy)
        self._xy = np.clip(self._shared(across, 0, 1), -most, most)

    def _mean(self, plane: Plane) -> Plane:
        return np.asarray(cv2.blur(plane, self._size), np.float32)

    def _with(self, plane: Plane, cause: int) -> Plane:
        """Covariance of a plane and a cause in each place."""
        other, mean = self._causes[cause]
        return self._mean(other * plane) - mean * self._mean(plane)

    def _shared(self, plane: Plane, own: int, other: int) -> Plane:
        """Covariance of two slopes, without what both share with the light."""
        with_light = self._with(self._causes[own][0], 2)
        return np.asarray(self._with(plane, other) - self._by_light[other] * with_light, np.float32)

    def shifts(self, picture: Small, tone: Tone) -> tuple[Plane, Plane]:
        """How far each place lies right of and below where it belongs, in pixels."""
        # Without steps: rounded levels would shift a gentle slope by half a pixel.
        curve = cv2.GaussianBlur(tone.table[:, :, 0].astype(np.float32), (1, 25), 0)
        away = picture[:, :, 0].astype(np.float32) - cv2.LUT(self._scene, curve)
        away = _smooth(np.asarray(away / max(0.1, tone.gain), np.float32))
        lit = self._with(away, 2)
        xa, ya = (self._with(away, n) - self._by_light[n] * lit for n in (0, 1))
        area = self._xx * self._yy - self._xy * self._xy
        return (
            np.asarray((self._xy * ya - self._yy * xa) / area, np.float32),
            np.asarray((self._xy * xa - self._xx * ya) / area, np.float32),
        )


class _Series:
    """The shifts of all places along one axis, added up."""

    def __init__(self, slope: Plane) -> None:
        self._slope = slope
        self.count, self._free, self._wander, self._steps = (
            np.zeros(slope.shape, np.float32) for _ in range(4)
        )
        self._looks, self._sum, self._squares = (
            np.zeros(slope.shape, np.float32) for _ in range(3)
        )

    def add(self, now: Plane, before: Plane, seen: Plane) -> None:
        now, before = (each - self._common(each, seen) for each in (now, before))
        middle = (now + before) * (0.5 * seen)
        self.count += seen
        self._looks += seen
        self._sum += middle
        self._squares += middle * middle
        self._steps += seen * (now - before) ** 2

    def begin_row(self) -> None:
        """What follows has a mean of its own."""
        looks = np.maximum(self._looks, 1)
        self._wander += np.maximum(0.0, self._squares - self._sum * self._sum / looks)
        self._free += np.maximum(0.0, self._looks - 1)
        for each in (self._looks, self._sum, self._squares):
            each[:] = 0.0

    def _common(self, shift: Plane, seen: Plane) -> float:
        """What all places share is the camera's own trembling."""
        sure = (seen > 0) & (self._slope > 8 * FLAT)
        return float(np.median(shift[sure])) if np.count_nonzero(sure) > 200 else 0.0

    def found(self) -> tuple[Plane, Plane]:
        self.begin_row()
        count = np.maximum(self.count, 1)
        variance = self._wander / np.maximum(self._free, 1)
        # The steps between two pictures hold twice their noise, their mean half of it.
        noise = self._steps / count / 4
        enough = (self.count >= LEAST) & (self._free >= LEAST - 1)
        by_chance = noise * CHANCE * np.sqrt(2 / np.maximum(self._free, 1))
        beyond = np.where(enough, np.sqrt(np.maximum(0.0, variance - noise - by_chance)), 0.0)
        error = np.where(enough, np.sqrt(2 * by_chance), np.inf)
        return np.asarray(beyond, np.float32), np.asarray(error, np.float32)


def place_of(unit: float) -> tuple[int, int]:
    """(width, height) of a place in pixels, odd."""
    return round(WIDE * unit) | 1, round(HIGH * unit) | 1


def _smooth(plane: Plane) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (5, 5), 0), np.float32)
