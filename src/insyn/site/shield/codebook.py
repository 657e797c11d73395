"""What each pixel has shown over time, as a few looks, and which of them is the empty scene; pure.

People stand for minutes, so the most frequent look of a pixel may be a back. What tells the empty
scene: nothing of a body's size moves around it while it is seen, it comes back unchanged after
people have passed, and it has no outline where it ends. On doubt a pixel stays unknown.
Source: reference/shield.md, section 7, step 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.difference import MANY
from insyn.site.shield.frame import Mask

LOOKS, NONE = 4, 255
LUMA_APART, CHROMA_APART = 11.0, 7.0
"""Levels by which two looks of a pixel differ."""

STIR = 8.0
"""Levels by which a pixel changes where something moves; noise, averaged, stays below."""


Plane = NDArray[np.float32]
Number = NDArray[np.uint8]
"""(height, width): which of its looks a pixel shows, or `NONE` of them."""

Rank = NDArray[np.intp]
"""(height, width): which look of each pixel is meant, as a place in a store laid flat."""


class Codebook:
    """The looks of every pixel, most of them fed in order of time; not shared between threads.

    Per look and pixel, float32 (looks, height, width): `seen` and `quiet` seconds, `spread` (mean
    absolute luma deviation) and the like.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        """Begin for small pictures of (height, width)."""
        self._means = [np.full((LOOKS, *shape), -1000.0, np.float32) for _ in range(3)]
        self.seen = np.zeros((LOOKS, *shape), np.float32)
        self.quiet = np.zeros((LOOKS, *shape), np.float32)
        self.calm = np.zeros((LOOKS, *shape), np.float32)
        self.empty = np.zeros((LOOKS, *shape), np.float32)
        self.stirred = np.zeros((LOOKS, *shape), np.float32)
        self.edged = np.zeros((LOOKS, *shape), np.float32)
        self.spread = np.zeros((LOOKS, *shape), np.float32)
        self.colour_spread = np.zeros((LOOKS, *shape), np.float32)
        self._pixels = np.arange(shape[0] * shape[1]).reshape(shape)
        self.seconds = 0.0

    def add(
        self, picture: Small, moving: Motion, lasting_s: float, shown: Mask | None = None
    ) -> None:
        """Take a picture that stands for so many seconds; `moving` is where bodies move, and
        `shown` where it shows anything, None everywhere.
        """
        self.seconds += lasting_s
        now = [plane.astype(np.float32).ravel() for plane in cv2.split(picture)]
        look = self.nearest(picture).ravel()
        second = np.float32(lasting_s)
        counted = [
            np.ones(look.shape, bool),
            *(each.ravel() for each in (~moving.around, ~moving.seen, moving.now, moving.edge)),
        ]
        # Most pixels show their first look, and are dealt with where they lie, all at once; the
        # others are picked out, which takes ten times as long for each.
        first = look == 0
        if shown is not None:
            first &= shown.ravel()
        self._learn(slice(look.size), now, [(each & first) * second for each in counted], first)
        others = np.flatnonzero(~first if shown is None else shown.ravel() & ~first)
        self._learn(
            self._room(others, look[others]),
            [plane[others] for plane in now],
            [each[others] * second for each in counted],
            np.ones(others.shape, bool),
            look[others] == NONE,
        )

    def _room(self, pixels: NDArray[np.intp], look: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Where the looks of some pixels lie in a store laid flat; new ones get a place."""
        place = look.astype(np.intp)
        new = look == NONE
        # The look least seen makes room; a quiet one is worth more than a busy one.
        seen, quiet = (each.reshape(LOOKS, -1)[:, pixels[new]] for each in (self.seen, self.quiet))
        place[new] = (seen + 4 * quiet).argmin(axis=0)
        return np.asarray(place * self._pixels.size + pixels, np.intp)

    def _learn(
        self,
        at: slice | NDArray[np.intp],
        now: list[Plane],
        gains: list[Plane],
        chosen: NDArray[np.bool_],
        new: NDArray[np.bool_] | bool = False,
    ) -> None:
        """Add to the looks that lie `at` in a store laid flat, where they are chosen.

        `gains` are seconds to be added; what is `new` begins anew.
        """
        kept = np.float32(1.0) - new
        counts = (self.seen, self.quiet, self.calm, self.stirred, self.edged)
        for store, gain in zip(counts, gains, strict=True):
            store.ravel()[at] = store.ravel()[at] * kept + gain
        rate = gains[0] / np.maximum(self.seen.ravel()[at], np.float32(1e-6))
        rate = np.minimum(np.maximum(rate, np.float32(0.02)), np.float32(1.0)) * chosen
        rate = np.where(new, np.float32(1.0), rate)
        away = []
        for store, plane in zip(self._means, now, strict=True):
            whole = np.where(new, plane, store.ravel()[at])
            away.append(plane - whole)
            store.ravel()[at] = whole + rate * away[-1]
        colour = np.maximum(np.abs(away[1]), np.abs(away[2]))
        for store, value in ((self.spread, np.abs(away[0])), (self.colour_spread, colour)):
            old = store.ravel()[at] * kept
            store.ravel()[at] = old + rate * (value - old)

    def weigh(self, look: Number, busy_places: Mask, lasting_s: float) -> None:
        """Count a picture's quiet seconds anew, by the look that each of its pixels shows."""
        free = ~busy_places
        for number, store in enumerate(self.empty):
            store += ((look == number) & free) * np.float32(lasting_s)

    def nearest(self, picture: Small) -> Number:
        """The number of the look that each pixel shows; `NONE` where it is another than all."""
        planes = [plane.astype(np.float32) for plane in cv2.split(picture)]
        look = np.zeros(planes[0].shape, np.uint8)
        least = np.full(planes[0].shape, np.inf, np.float32)
        for number in range(LOOKS):
            luma, u, v = (
                cv2.absdiff(mean[number], plane)
                for mean, plane in zip(self._means, planes, strict=True)
            )
            apart = cv2.max(
                np.divide(luma, np.float32(LUMA_APART), out=luma),
                np.divide(cv2.max(u, v), np.float32(CHROMA_APART), out=u),
            )
            np.copyto(look, number, where=apart < least)
            cv2.min(least, apart, dst=least)
        np.copyto(look, NONE, where=least > 1.0)
        return look

    def _flat(self, look: NDArray[np.intp]) -> Rank:
        return np.asarray(look * self._pixels.size + self._pixels, np.intp)

    def ordered(self) -> list[Rank]:
        """The two looks of each pixel that are likeliest the empty scene, the likeliest first."""
        worth = self.worth()
        first, _ = _least(-worth)
        rest = worth.copy()
        rest.ravel()[self._flat(first)] = -np.inf
        return [self._flat(first), self._flat(_least(-rest)[0])]

    def worth(self) -> Plane:
        """How much speaks for each look being the empty scene, in seconds."""
        worth = 8.0 * self.empty + self.quiet + 0.06 * self.calm + 0.02 * self.seen
        return np.asarray(worth, np.float32)

    def look(self, rank: Rank) -> Small:
        """The look of that rank."""
        planes = [np.clip(np.rint(mean.ravel()[rank]), 0, 255) for mean in self._means]
        return np.asarray(cv2.merge(planes).astype(np.uint8))

    def of(self, store: Plane, rank: Rank) -> Plane:
        """A figure of the look of that rank."""
        return np.asarray(store.ravel()[rank], np.float32)


def _least(values: Plane) -> tuple[NDArray[np.intp], Plane]:
    """Of (looks, height, width) the first look with the least value, and that value."""
    which = np.zeros(values.shape[1:], np.intp)
    least = values[0].copy()
    for number in range(1, len(values)):
        which[values[number] < least] = number
        np.minimum(least, values[number], out=least)
    return which, least


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where bodies move.

    `now` differs from before and after, `edge` from either, `seen` the same within the time
    around, `around` is where the bodies may be that move there.
    """

    now: Mask
    edge: Mask
    seen: Mask
    around: Mask


def busy(before: Small, now: Small, after: Small, *, unit: float) -> Motion:
    """Areas of change between three pictures of the same light."""
    past, future = _changed(before, now), _changed(now, after)
    seen = _joined(cv2.bitwise_or(past, future), unit)
    both = _joined(cv2.bitwise_and(past, future), unit)
    return Motion(both, seen, seen, reach(seen, unit))


def _changed(before: Small, now: Small) -> NDArray[np.uint8]:
    y, u, v = cv2.split(cv2.GaussianBlur(cv2.absdiff(now, before), (3, 3), 0))
    around = np.ones((3, 3), np.uint8)
    luma = before[:, :, 0]
    # A camera trembles by a fraction of a pixel: edges may differ by a share of their contrast.
    edge = cv2.subtract(cv2.dilate(luma, around), cv2.erode(luma, around))
    limit = cv2.convertScaleAbs(edge, alpha=0.3, beta=STIR)
    return np.asarray(cv2.compare(cv2.max(y, cv2.max(u, v)), limit, cv2.CMP_GT), np.uint8)


def _joined(changed: MatLike, unit: float) -> Mask:
    side = round(5 * unit) | 1
    density = cv2.boxFilter(changed, -1, (side, side))
    dense = cv2.threshold(density, 255 * 0.2, 255, cv2.THRESH_BINARY)[1]
    shape = np.ones((round(9 * unit) | 1, round(5 * unit) | 1), np.uint8)
    return np.asarray(cv2.morphologyEx(dense, cv2.MORPH_CLOSE, shape) > 0)


def reach(moving: Mask, unit: float) -> Mask:
    """Where the bodies may be of which parts move, generously.

    A still body moves its head and its hands only, so an area reaches half its width to each
    side, half its height up and twice its height down.
    """
    out = moving.astype(np.uint8)
    for x, top, wide, high in _boxes(out, 10 * unit * unit):
        upper, lower = max(0, top - high // 2), top + high + min(2 * high, 3 * wide)
        out[upper:lower, max(0, x - wide // 2) : x + wide + wide // 2] = 1
    return out > 0


def _boxes(marked: NDArray[np.uint8], least: float) -> list[tuple[int, int, int, int]]:
    """(x, top, width, height) of each area of so many pixels at least."""
    left, upper, wide, high = cv2.boundingRect(marked)
    some = marked[upper : upper + high, left : left + wide]
    if not some.size:
        return []
    # 16 bits a label take OpenCV half the time.
    kind = cv2.CV_16U if some.size < MANY else cv2.CV_32S
    _, _, stats, _ = cv2.connectedComponentsWithStats(some, connectivity=8, ltype=kind)
    return [
        (left + x, upper + y, width, height)
        for x, y, width, height, area in stats[1:].tolist()
        if area >= least
    ]


def bodies(moving: Mask, unit: float) -> Mask:
    """Where the bodies may be of which parts move.

    A still body moves its head and its hands only, so what is as wide as high reaches as far down
    as a body of that breadth would, and what is thin as wide as a body of that height.
    """
    out = moving.astype(np.uint8)
    for x, top, wide, high in _boxes(out, 10 * unit * unit):
        side = max(wide // 8, (high // 3 - wide) // 2)
        upper = max(0, top - high // 8)
        lower = top + high + max(high // 8, 3 * wide - high)
        out[upper:lower, max(0, x - side) : x + wide + side] = 1
    return out > 0
