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
from insyn.site.shield.frame import Mask

LOOKS = 4
LUMA_APART, CHROMA_APART = 11.0, 7.0
"""Levels by which two looks of a pixel differ."""

STIR = 8.0
"""Levels by which a pixel changes where something moves; noise, averaged, stays below."""


class Codebook:
    """The looks of every pixel, most of them fed in order of time; not shared between threads.

    Per look and pixel: `mean` float32 (looks, height, width, 3), `seen` and `quiet` seconds,
    `visits` (times it came back after another look), `spread` (mean absolute luma deviation).
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        """Begin for small pictures of (height, width)."""
        self.mean = np.full((LOOKS, *shape, 3), -1000.0, np.float32)
        self.seen = np.zeros((LOOKS, *shape), np.float32)
        self.quiet = np.zeros((LOOKS, *shape), np.float32)
        self.calm = np.zeros((LOOKS, *shape), np.float32)
        self.empty = np.zeros((LOOKS, *shape), np.float32)
        self.stirred = np.zeros((LOOKS, *shape), np.float32)
        self.edged = np.zeros((LOOKS, *shape), np.float32)
        self.visits = np.zeros((LOOKS, *shape), np.float32)
        self.spread = np.zeros((LOOKS, *shape), np.float32)
        self.colour_spread = np.zeros((LOOKS, *shape), np.float32)
        self._last = np.full(shape, -1, np.int8)
        self.seconds = 0.0

    def add(self, picture: Small, moving: Motion, lasting_s: float) -> None:
        """Take a picture that stands for so many seconds; `moving` is where bodies move."""
        self.seconds += lasting_s
        now = picture.astype(np.float32)
        apart = np.abs(self.mean - now)
        measure = np.maximum(
            apart[..., 0] / LUMA_APART, np.maximum(apart[..., 1], apart[..., 2]) / CHROMA_APART
        )
        nearest = measure.argmin(axis=0)
        index = nearest[None]
        missed = np.take_along_axis(measure, index, 0)[0] > 1.0
        if missed.any():
            # The look least seen makes room; a quiet one is worth more than a busy one.
            weakest = (self.seen + 4 * self.quiet).argmin(axis=0)
            nearest = np.where(missed, weakest, nearest)
            index = nearest[None]
        _put(self.seen, index, np.where(missed, 0.0, _take(self.seen, index)) + lasting_s)
        for store, where in (
            (self.quiet, ~moving.around),
            (self.calm, ~moving.seen),
            (self.stirred, moving.now),
            (self.edged, moving.edge),
        ):
            still = np.where(where, lasting_s, 0.0)
            _put(store, index, np.where(missed, 0.0, _take(store, index)) + still)
        back = (nearest != self._last).astype(np.float32)
        _put(self.visits, index, np.where(missed, 0.0, _take(self.visits, index)) + back)
        rate = np.maximum(lasting_s / np.maximum(_take(self.seen, index), 1e-6), 0.02)
        rate = np.where(missed, 1.0, np.minimum(rate, 1.0)).astype(np.float32)
        whole = np.take_along_axis(self.mean, index[..., None], 0)[0]
        whole = np.where(missed[..., None], now, whole)
        away = now - whole
        np.put_along_axis(self.mean, index[..., None], (whole + rate[..., None] * away)[None], 0)
        for store, value in (
            (self.spread, np.abs(away[..., 0])),
            (self.colour_spread, np.abs(away[..., 1:]).max(axis=2)),
        ):
            old = np.where(missed, 0.0, _take(store, index))
            _put(store, index, old + rate * (value - old))
        self._last = nearest.astype(np.int8)

    def weigh(self, picture: Small, busy_places: Mask, lasting_s: float) -> None:
        """Count a picture's quiet seconds anew, without learning from it."""
        apart = np.abs(self.mean - picture.astype(np.float32))
        measure = np.maximum(
            apart[..., 0] / LUMA_APART, np.maximum(apart[..., 1], apart[..., 2]) / CHROMA_APART
        )
        index = measure.argmin(axis=0)[None]
        counts = (np.take_along_axis(measure, index, 0)[0] <= 1.0) & ~busy_places
        _put(self.empty, index, _take(self.empty, index) + np.where(counts, lasting_s, 0.0))

    def ordered(self) -> NDArray[np.intp]:
        """Looks of each pixel, the likeliest empty scene first: (looks, height, width)."""
        worth = self.worth()
        return np.argsort(-worth, axis=0, kind="stable")

    def worth(self) -> NDArray[np.float32]:
        """How much speaks for each look being the empty scene, in seconds."""
        worth = 8.0 * self.empty + self.quiet + 0.06 * self.calm + 0.02 * self.seen
        return np.asarray(worth, np.float32)

    def look(self, order: NDArray[np.intp], rank: int) -> tuple[Small, NDArray[np.float32]]:
        """The look of that rank and how many quiet seconds it had."""
        index = order[rank][None]
        mean = np.take_along_axis(self.mean, index[..., None], 0)[0]
        return np.clip(np.rint(mean), 0, 255).astype(np.uint8), _take(self.quiet, index)

    def of(
        self, store: NDArray[np.float32], order: NDArray[np.intp], rank: int
    ) -> NDArray[np.float32]:
        """A figure of the look of that rank."""
        return _take(store, order[rank][None])


def _take(store: NDArray[np.float32], index: NDArray[np.intp]) -> NDArray[np.float32]:
    return np.asarray(np.take_along_axis(store, index, 0)[0], np.float32)


def _put(store: NDArray[np.float32], index: NDArray[np.intp], value: NDArray[np.floating]) -> None:
    np.put_along_axis(store, index, value[None].astype(np.float32), 0)


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
    count, _, stats, _ = cv2.connectedComponentsWithStats(out, connectivity=8)
    for x, top, wide, high, area in stats[1:count]:
        if area < 10 * unit * unit:
            continue
        upper, lower = max(0, top - high // 2), top + high + min(2 * high, 3 * wide)
        out[upper:lower, max(0, x - wide // 2) : x + wide + wide // 2] = 1
    return out > 0


def bodies(moving: Mask, unit: float) -> Mask:
    """Where the bodies may be of which parts move.

    A still body moves its head and its hands only, so what is as wide as high reaches as far down
    as a body of that breadth would, and what is thin as wide as a body of that height.
    """
    out = moving.astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(out, connectivity=8)
    for x, top, wide, high, area in stats[1:count]:
        if area < 10 * unit * unit:
            continue
        side = max(wide // 8, (high // 3 - wide) // 2)
        upper = max(0, top - high // 8)
        lower = top + high + max(high // 8, 3 * wide - high)
        out[upper:lower, max(0, x - side) : x + wide + side] = 1
    return out > 0
