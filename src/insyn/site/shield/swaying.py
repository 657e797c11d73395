"""By how many pixels each place of a scene sways: the living do, walls do not; pure.

A difference of grey levels tells little by night, where noise is larger than what a shifted edge
makes. All edges of a place shift together, though: the shift that explains them all, picture after
picture, is known to a tenth of a pixel where no single pixel tells anything. What of its wandering
is slower than noise is sway. Somebody's shade, mirrored light and the refinement of a coded picture
change a place without shifting its edges: of what changes there, a shift explains little.
Source: Lucas and Kanade, 1981, for the shift; von Neumann, 1941, for comparing the variance of a
series with that of its steps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from insyn.site.shield.background import Background
from insyn.site.shield.frame import Mask
from insyn.site.shield.looks import RECENT, Look, Plane, smooth

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
"""Share of a place in view that must be seen for its shift to be told."""

IN_VIEW = 0.45
"""Share of a place that must be in view: half of it is, at the border of a pushed camera's."""

SELF, LEVELS = 0.5, 4.0
"""Where something differs from the scene as a body before it would: by more than this variance, of
which a shift of the scene's own edges explains more than this share, the scene itself has moved."""

TIMES, OFTEN, MOSTLY = 3, 0.06, 0.25
"""So many looks, this share of all, and this share of those in which something differs."""

EACH = 2
"""Places overlap, and are looked at so many rows and columns apart: a quarter of the work."""

CHANCE = 3.5
"""Standard errors by which the variance of mere noise may come out too large somewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Sway:
    """What is known of each place, by the pixel in its middle.

    Attributes:
        pixels: how far it sways beyond noise, standard deviation; 0 where it has no edges.
        error: sway of this size could be hidden by the noise.
        has_edges: True where a sway would show.
        changes: variance of its levels beyond noise and beyond what the light does, levels squared.
        noise: variance of noise in the same.
        shifts: of `changes`, what a shift explains.
        strides: True where the scene itself has moved by so much that it seemed to be somebody
            before it, again and again.
    """

    pixels: Plane
    error: Plane
    has_edges: Mask
    changes: Plane
    noise: Plane
    shifts: Plane
    strides: Mask


class Swaying:
    """Takes looks at a scene in the order of time, then tells how far each place sways.

    So many looks in a row are held against their own mean: whoever sways does so within seconds;
    daylight, exposure and glare change over minutes.
    """

    def __init__(self, background: Background, unit: float) -> None:
        """Begin for what is believed to be empty, `unit` as everywhere: see `Shapes`."""
        self._edges = edges = _Edges(background, unit)
        self._place = place_of(unit)
        self._around = np.ones((round(APART * unit) | 1,) * 2, np.uint8)
        self._near, self._apart = ([_Series(edges.shape) for _ in range(2)] for _ in range(2))
        self._share = _Share(edges)
        self._recent: deque[tuple[Plane, _Causes]] = deque(maxlen=RECENT)
        self._strides = _Strides(edges)

    def begin_row(self) -> None:
        """What follows has a mean of its own."""
        for series in (*self._near, *self._apart):
            series.begin_row()
        self._share.begin_row()

    def add(self, look: Look) -> None:
        """Take the next look."""
        share = cv2.blur(look.seen, self._place)
        told = share > SEEN
        if look.shown is not None:
            in_view = cv2.blur(look.shown, self._place)
            told = (share > SEEN * in_view) & (in_view > IN_VIEW)
        pixels = told.astype(np.float32)
        visible = _places(pixels)
        alone = visible * (_places(cv2.dilate(look.areas, self._around)) == 0)
        before, now = (self._causes_of(each) for each in (look.before, look.now))
        self._share.add(look, now, before, pixels)
        self._strides.add(look, now, visible)
        sure = visible > 0
        for axis, (one, two) in enumerate(
            zip(self._edges.shifts(now), self._edges.shifts(before), strict=True)
        ):
            # What all places share is the camera's own trembling.
            strong = sure & self._edges.strong[axis]
            if np.count_nonzero(strong) > 200 / EACH**2:
                one, two = (each - np.median(each[strong]) for each in (one, two))
            self._near[axis].add(one, two, visible)
            self._apart[axis].add(one, two, alone)

    def _causes_of(self, away: Plane) -> _Causes:
        for known, causes in self._recent:
            if known is away:
                return causes
        causes = self._edges.causes_of(away)
        self._recent.append((away, causes))
        return causes

    def found(self) -> Sway:
        """What is known now."""
        across, down = (
            tuple(
                np.where(far.count >= ENOUGH, by, all_looks)
                for by, all_looks in zip(far.found(), close.found(), strict=True)
            )
            for far, close in zip(self._apart, self._near, strict=True)
        )
        has_edges = self._edges.has_edges
        pixels, error, changes, noise, shifts = (
            _between(each, has_edges.shape)
            for each in (
                np.hypot(across[0], down[0]),
                np.maximum(across[1], down[1]),
                *self._share.found(),
            )
        )
        high, wide = has_edges.shape
        strides = self._strides.found().repeat(EACH, axis=0).repeat(EACH, axis=1)[:high, :wide]
        return Sway(pixels, error, has_edges, changes, noise, shifts, has_edges & strides)


@dataclass(frozen=True, slots=True, eq=False)
class _Causes:
    """Of how a place differs: its mean, and what it shares with light and with both slopes."""

    mean: Plane
    light: Plane
    across: Plane
    down: Plane

    def __sub__(self, other: _Causes) -> _Causes:
        return _Causes(
            self.mean - other.mean,
            self.light - other.light,
            self.across - other.across,
            self.down - other.down,
        )

    def __add__(self, other: _Causes) -> _Causes:
        return _Causes(
            self.mean + other.mean,
            self.light + other.light,
            self.across + other.across,
            self.down + other.down,
        )


class _Edges:
    """The scene's own edges, and how far a picture's lie from them.

    In each place, what a picture differs by is explained by a shift in both ways, and by light,
    which changes contrast and shifts nothing. Least squares over the place.
    """

    def __init__(self, background: Background, unit: float) -> None:
        self._size = place_of(unit)
        light = smooth(background.mean[:, :, 0].astype(np.float32))
        across, down = (
            np.asarray(cv2.Sobel(light, cv2.CV_32F, *by, scale=1 / 8), np.float32)
            for by in ((1, 0), (0, 1))
        )
        steep = [cv2.blur(each * each, self._size) for each in (across, down)]
        self.has_edges: Mask = np.asarray((steep[0] > FLAT) | (steep[1] > FLAT))
        slopes = [_places(each) for each in steep]
        self.shape = slopes[0].shape
        self.strong = [each > 8 * FLAT for each in slopes]
        self._planes = [(each, self.mean(each)) for each in (across, down, light)]
        lit = self.causes_of(light)
        self.power = lit.light + 1.0
        self._by_light = [each / self.power for each in (lit.across, lit.down)]
        one, two = (self._explained(self.causes_of(each)) for each in (across, down))
        self._xx, self._yy = one[0] + FLAT, two[1] + FLAT
        # Along one straight edge a shift tells nothing: never quite, lest it be divided by nothing.
        most = 0.98 * np.sqrt(self._xx * self._yy)
        self._xy = np.clip(one[1], -most, most)
        self._area = self._xx * self._yy - self._xy * self._xy

    def mean(self, plane: Plane) -> Plane:
        """The mean of each place."""
        return _places(cv2.blur(plane, self._size))

    def causes_of(self, away: Plane) -> _Causes:
        """What explains how a picture differs, in each place."""
        mean = self.mean(away)
        across, down, light = (
            self.mean(plane * away) - usual * mean for plane, usual in self._planes
        )
        return _Causes(mean, light, across, down)

    def _explained(self, causes: _Causes) -> tuple[Plane, Plane]:
        """What light does not explain of what is shared with both slopes."""
        across = causes.across - self._by_light[0] * causes.light
        down = causes.down - self._by_light[1] * causes.light
        return np.asarray(across, np.float32), np.asarray(down, np.float32)

    def shifts(self, causes: _Causes) -> tuple[Plane, Plane]:
        """How far each place lies right of and below where it belongs, in pixels."""
        across, down = self._explained(causes)
        return (
            np.asarray((self._xy * down - self._yy * across) / self._area, np.float32),
            np.asarray((self._xy * across - self._xx * down) / self._area, np.float32),
        )

    def products(self, causes: _Causes) -> list[Plane]:
        """What a place changes by, squared: by its mean, by light, and by a shift."""
        across, down = self._explained(causes)
        shift = self._yy * across * across - 2 * self._xy * across * down
        shift += self._xx * down * down
        return [
            causes.mean * causes.mean,
            causes.light * causes.light / self.power,
            shift / self._area,
        ]


class _Series:
    """The shifts of all places along one axis, added up."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count, self._free, self._wander, self._steps = (
            np.zeros(shape, np.float32) for _ in range(4)
        )
        self._looks, self._sum, self._squares = (np.zeros(shape, np.float32) for _ in range(3))

    def add(self, now: Plane, before: Plane, seen: Plane) -> None:
        middle = (now + before) * (0.5 * seen)
        self.count += seen
        self._looks += seen
        self._sum += middle
        self._squares += middle * middle
        self._steps += seen * (now - before) ** 2

    def begin_row(self) -> None:
        looks = np.maximum(self._looks, 1)
        self._wander += np.maximum(0.0, self._squares - self._sum * self._sum / looks)
        self._free += np.maximum(0.0, self._looks - 1)
        for each in (self._looks, self._sum, self._squares):
            each[:] = 0.0

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


class _Share:
    """Which share of each place's change a shift explains, added up."""

    def __init__(self, edges: _Edges) -> None:
        self._edges = edges
        self._count, self._free, self._wander, self._shift, self._noise, self._noisy_shift = (
            np.zeros(edges.shape, np.float32) for _ in range(6)
        )
        self._differs = np.zeros(edges.has_edges.shape, np.float32)
        self._begin()

    def _begin(self) -> None:
        self._looks, self._level, self._squares = (np.zeros_like(self._differs) for _ in range(3))
        self._sum = _Causes(*(np.zeros_like(self._count) for _ in range(4)))
        self._products = [np.zeros_like(self._count) for _ in range(3)]

    def add(self, look: Look, now: _Causes, before: _Causes, pixels: Plane) -> None:
        """Take a look; `pixels` are those whose place is seen."""
        visible = _places(pixels)
        middle = look.middle * pixels
        self._level += middle
        self._squares += middle * middle
        self._looks += pixels
        some = _scaled(now + before, 0.5 * visible)
        self._sum += some
        for kept, each in zip(self._products, self._edges.products(some), strict=True):
            kept += each
        half = look.half * pixels
        self._differs += half * half
        self._count += visible
        mean, light, shift = self._edges.products(_scaled(now - before, 0.5 * visible))
        self._noise -= mean + light
        self._noisy_shift += shift

    def begin_row(self) -> None:
        looks = np.maximum(self._looks, 1)
        pixels = np.asarray(self._squares - self._level * self._level / looks, np.float32)
        whole = self._edges.mean(pixels)
        looks = _places(self._looks)
        counts = looks > 1
        of_mean = self._edges.products(self._sum)
        mean, light, shift = (
            every - once / np.maximum(looks, 1)
            for every, once in zip(self._products, of_mean, strict=True)
        )
        self._wander += np.where(counts, whole - mean - light, 0.0)
        self._shift += np.where(counts, shift, 0.0)
        self._free += np.maximum(0.0, looks - 1)
        self._begin()

    def found(self) -> tuple[Plane, Plane, Plane]:
        """Changes, their noise, and what of the changes is shift."""
        self.begin_row()
        free, count = np.maximum(self._free, 1), np.maximum(self._count, 1)
        noise = np.asarray((self._edges.mean(self._differs) + self._noise) / count, np.float32)
        changes = np.asarray(self._wander / free - noise, np.float32)
        shifts = np.asarray(self._shift / free - self._noisy_shift / count, np.float32)
        return changes, noise, shifts


class _Strides:
    """How often each place seemed to have somebody before it, and had itself moved.

    Who sways by more than a pixel differs from the scene of which they are believed to be a part,
    and is taken for somebody before it: what is seen of them otherwise is where they rest.
    """

    def __init__(self, edges: _Edges) -> None:
        self._edges = edges
        self._looks = 0
        self._hidden, self._moved = (np.zeros(edges.shape, np.float32) for _ in range(2))

    def add(self, look: Look, now: _Causes, visible: Plane) -> None:
        self._looks += 1
        hidden = visible == 0
        mean, light, shift = self._edges.products(now)
        whole = self._edges.mean(look.now * look.now) - mean - light
        self._hidden += hidden
        self._moved += hidden & (shift > SELF * whole) & (whole > LEVELS)

    def found(self) -> Mask:
        often = self._moved >= max(TIMES, OFTEN * self._looks)
        return np.asarray(often & (self._moved >= MOSTLY * self._hidden))


def _scaled(causes: _Causes, by: Plane) -> _Causes:
    return _Causes(causes.mean * by, causes.light * by, causes.across * by, causes.down * by)


def _places(plane: MatLike) -> Plane:
    """Of a figure of every pixel that of the places that are looked at."""
    return np.ascontiguousarray(plane[::EACH, ::EACH])


def _between(places: Plane, shape: tuple[int, ...]) -> Plane:
    """A figure of every place as one of every pixel; those between two are halfway."""
    out = places
    for axis in (0, 1):
        last = out.shape[axis] - 1
        after = out.take(np.minimum(np.arange(1, last + 2), last), axis)
        both = np.stack([out, (out + after) / 2], axis + 1)
        out = both.reshape(*out.shape[:axis], -1, *out.shape[axis + 1 :])
    return np.ascontiguousarray(out[: shape[0], : shape[1]], np.float32)


def place_of(unit: float) -> tuple[int, int]:
    """(width, height) of a place in pixels, odd."""
    return round(WIDE * unit) | 1, round(HIGH * unit) | 1
