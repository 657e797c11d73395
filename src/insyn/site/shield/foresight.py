"""The second pass through a clip that is known whole: each picture beside the empty scene; pure.

What differs is held before and after, since both are known. What was never surely seen empty stays
covered through the clip.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Compared, Comparison
from insyn.site.shield.difference import Gray, Shapes, areas_of
from insyn.site.shield.frame import Mask, YuvFrame

HOLD_S, BRIDGE_S, GROW = 0.1, 0.8, 2
"""Each area is held so long before and after; gaps in time up to twice the bridge are closed. With
past and future both known, GROW pixels of a picture 320 wide are margin enough."""


THERE = 0.08
"""Share of a place where somebody stays that differs while they are there: half of it is floor, and
much of a body may be like that."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Foreseen:
    """The mask of a picture, when its future has been seen.

    Attributes:
        mask: what is covered; None: everything, because the picture is not understood.
        people: of it, what differs from the empty scene; not what lies where that is unknown.
    """

    frame: YuvFrame
    mask: Mask | None
    people: Mask | None
    activity: float


class Foresight:
    """The second pass: takes every picture, yields its mask some pictures later."""

    def __init__(self, background: Background) -> None:
        """Begin with the empty scene of the clip."""
        self._size = background.size
        self._comparison = Comparison(background)
        self._shapes = Shapes(self._size, grow=GROW)
        self._waiting: deque[tuple[YuvFrame, Compared]] = deque()
        self._past: deque[tuple[int, Compared]] = deque()
        # In which picture, by its number, each pixel of the scene was in an area last: of those
        # decided, and of all. Bridges are as long as many pictures; each is looked at once so.
        self._decided = 0
        self._last_decided = np.full(self._size[::-1], -1, np.int32)
        self._last_taken = self._last_decided.copy()
        self._followed_90k = 0

    def step(self, frame: YuvFrame) -> list[Foreseen]:
        """Take the next picture; what is decided comes back."""
        small = analysed(frame, self._size)
        compared = self._comparison.compare(small)
        covered = (compared.areas > 0) | compared.unknown | self._stayed(compared.areas, compared)
        self._comparison.masked(covered)
        if not 0 <= frame.pts_90k - self._followed_90k < 45_000:
            self._comparison.follow(small, compared, covered)
            self._followed_90k = frame.pts_90k
        number = self._decided + len(self._waiting)
        np.copyto(self._last_taken, number, where=_placed(compared) > 0)
        self._waiting.append((frame, compared))
        out: list[Foreseen] = []
        while frame.pts_90k - self._waiting[0][0].pts_90k > BRIDGE_S * 90_000:
            out.append(self._decide())
        return out

    def _stayed(self, areas: Gray, compared: Compared) -> Mask:
        """All of a place where somebody stays, while somebody is there."""
        out = np.zeros(areas.shape, bool)
        for place in self._comparison.stayed(compared):
            x, y, wide, high = cv2.boundingRect(place.view(np.uint8))
            box = (slice(y, y + high), slice(x, x + wide))
            here = np.count_nonzero(place[box] & (areas[box] > 0))
            if here > THERE * np.count_nonzero(place[box]):
                out[box] |= place[box]
        return out

    def end(self) -> list[Foreseen]:
        """The last pictures."""
        return [self._decide() for _ in range(len(self._waiting))]

    def _decide(self) -> Foreseen:
        frame, compared = self._waiting.popleft()
        at = frame.pts_90k
        near = int(HOLD_S * 90_000)
        before = self._last_decided >= self._decided - len(self._past)
        after = self._last_taken > self._decided
        held = areas_of(before & after)
        for pts, other in self._past:
            if at - pts <= near:
                held |= _placed(other)
        for later, other in self._waiting:
            if later.pts_90k - at > near:
                break
            held |= _placed(other)
        areas = compared.areas | _moved(held, compared.shift)
        while self._past and at - self._past[0][0] > BRIDGE_S * 90_000:
            self._past.popleft()
        self._past.append((at, compared))
        np.copyto(self._last_decided, self._decided, where=_placed(compared) > 0)
        self._decided += 1
        if not compared.sound:
            return Foreseen(frame=frame, mask=None, people=None, activity=1.0)
        grown = self._shapes.grown(self._shapes.crowned(self._shapes.filled(areas))) > 0
        return Foreseen(
            frame=frame,
            mask=grown | compared.unknown | self._stayed(areas, compared),
            people=grown & ~compared.unknown,
            activity=float(np.count_nonzero(areas) / areas.size),
        )


def _placed(compared: Compared) -> Gray:
    """Its areas where they are in the scene, wherever the camera looked."""
    right, down = compared.shift
    return _moved(compared.areas, (-right, -down))


def _moved(areas: Gray, by: tuple[float, float]) -> Gray:
    """Areas moved by whole pixels (right, down)."""
    right, down = round(by[0]), round(by[1])
    if not right and not down:
        return areas
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float64)
    size = (areas.shape[1], areas.shape[0])
    return np.asarray(cv2.warpAffine(areas, matrix, size, flags=cv2.INTER_NEAREST), np.uint8)
