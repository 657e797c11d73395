"""The first pass through a clip that is known whole: all pictures are looked at; pure."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

import numpy as np

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.codebook import Motion, busy
from insyn.site.shield.deciding import TELLS_S, Sample, decided
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import fitted
from insyn.site.shield.placing import Placing

MOST_SAMPLES = 110
"""Twice as many at most are kept; of a longer clip each stands for more seconds."""

MOTION_S = 0.35
"""Pictures so far apart are compared to see bodies move: a slow shift of weight shows."""

LEAST_S, BRIEF_LEAST_S, BRIEF_S = 0.13, 0.06, 10.0
"""Pictures nearer in time tell little new about where people stand; of a clip so short more are
looked at, since it has few. Each look costs 12 ms, of 12 pictures a second or of 25."""


class _Recent(NamedTuple):
    """A picture as it is placed, and where it shows anything, None everywhere."""

    at_s: float
    picture: Small
    shown: Mask | None


class Survey:
    """The first pass: takes every picture, keeps some; then yields the background."""

    def __init__(self, size: tuple[int, int], lasts_s: float = math.inf) -> None:
        """Begin for small pictures of (width, height), of a clip that lasts about so long."""
        self._size = size
        self._least_s = LEAST_S if lasts_s > BRIEF_S else BRIEF_LEAST_S
        self._unit = math.sqrt(size[0] * size[1] / (320 * 180))
        self._placing = Placing(size, self._unit)
        self._samples: list[Sample] = []
        self._wide = 0
        self._every_s = 0.0
        self._recent: list[_Recent] = []
        self._moving = _nothing((size[1], size[0]))
        self._next_s = -1.0
        self._last_s = 0.0

    def wants(self, at_s: float) -> bool:
        """Whether a picture of that time tells anything new."""
        return not self._recent or not 0 <= at_s - self._recent[-1].at_s < self._least_s

    def look(self, picture: Small, at_s: float) -> None:
        """Take the next picture, if it is wanted."""
        if not self.wants(at_s):
            return
        shift = self._placing.shift_of(picture)
        if self._placing.margin and not self._wide:
            self._widen()
        shown: Mask | None = None
        if self._wide:
            picture, shown = self._placing.spread(picture, shift)
        self._recent.append(_Recent(at_s, picture, shown))
        if self._next_s < 0:
            self._last_s = self._next_s = at_s
        while at_s - self._recent[self._centre()].at_s >= MOTION_S:
            self._take()

    def _centre(self) -> int:
        return self._at

    _at = 0

    def _take(self) -> None:
        """Take the picture whose past and future are both there."""
        at_s, picture, shown = self._recent[self._at]
        first, last = self._recent[0], self._recent[-1]
        before, after = first.picture, last.picture
        for other in (first.shown, last.shown):
            shown = other if shown is None else shown if other is None else shown & other
        lit = [fitted(other, picture, shown).applied(other) for other in (before, after)]
        moving = busy(lit[0], picture, lit[1], unit=self._unit)
        if shown is not None:
            moving = Motion(
                moving.now & shown, moving.edge & shown, moving.seen & shown, moving.around & shown
            )
        self._moving = _both(self._moving, moving)
        if at_s >= self._next_s:
            lasting_s = max(0.0, at_s - self._last_s)
            beside = after if before is picture else before
            kept = Motion(moving.now, moving.edge, self._moving.seen, self._moving.around)
            self._samples.append(Sample(picture, beside, kept, at_s, lasting_s, shown))
            self._moving = _nothing(picture.shape[:2])
            self._last_s = at_s
            self._next_s = at_s + self._every_s
            if len(self._samples) >= 2 * MOST_SAMPLES:
                self._thin(at_s)
        self._at += 1
        while self._recent[self._at - 1].at_s - self._recent[0].at_s > MOTION_S:
            self._recent.pop(0)
            self._at -= 1

    def _thin(self, at_s: float) -> None:
        kept: list[Sample] = []
        for one, two in zip(self._samples[::2], self._samples[1::2], strict=False):
            lasting_s = one.lasting_s + two.lasting_s
            both = _both(one.moving, two.moving)
            moving = Motion(two.moving.now, two.moving.edge, both.seen, both.around)
            kept.append(Sample(two.picture, two.beside, moving, two.at_s, lasting_s, two.shown))
        self._samples = kept
        self._every_s = at_s / len(kept)
        self._next_s = at_s + self._every_s

    def _widen(self) -> None:
        """From pictures to a canvas, on which the camera is off for the first time."""
        self._wide = self._placing.margin
        nothing = (0.0, 0.0)
        self._recent = [
            _Recent(one.at_s, *self._placing.spread(one.picture, nothing)) for one in self._recent
        ]
        for one in self._samples:
            one.picture, one.shown = self._placing.spread(one.picture, nothing)
            one.beside = self._placing.spread(one.beside, nothing)[0]
            one.moving = self._widened(one.moving)
        self._moving = self._widened(self._moving)

    def _widened(self, moving: Motion) -> Motion:
        return Motion(
            *(
                np.pad(each, self._wide)
                for each in (moving.now, moving.edge, moving.seen, moving.around)
            )
        )

    def background(self) -> Background:
        """The empty scene; larger than a picture where the camera was off."""
        while self._at < len(self._recent):
            self._take()
        found = decided(self._samples, self._unit)
        if self._recent[-1].at_s - self._samples[0].at_s < TELLS_S:
            found.known[:] = False
        return dataclasses.replace(found, margin=self._wide)


def _nothing(shape: tuple[int, int]) -> Motion:
    return Motion(*(np.zeros(shape, bool) for _ in range(4)))


def _both(one: Motion, two: Motion) -> Motion:
    return Motion(
        one.now | two.now, one.edge | two.edge, one.seen | two.seen, one.around | two.around
    )
