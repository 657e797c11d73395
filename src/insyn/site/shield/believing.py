"""A scene that was said to be empty, held against the clip whose scene it is; pure.

What is said is believed but where somebody is found: where the scene itself sways through the clip
or while it was told, and where it shows something that has gone for most of the clip. Nothing that
can merely not be told counts.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque

import cv2
import numpy as np

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.choosing import emptier
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.deciding import ROW, ROW_S, TELLS_S, median_of
from insyn.site.shield.difference import Shapes, areas_of
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import fitted
from insyn.site.shield.looks import Pair, Plane
from insyn.site.shield.outlines import outlined
from insyn.site.shield.placing import Placing
from insyn.site.shield.restless import LEAST, restless
from insyn.site.shield.survey import BRIEF_LEAST_S, BRIEF_S, LEAST_S, MOST_SAMPLES, MOTION_S

EARLY_S = 10.0
"""So much of the clip is looked at for itself at least, in which somebody may leave; of longer
clips too few pictures of it are kept."""

HARDLY = 0.25
"""Share of a clip of some seconds in which a place is as it was told, at least."""


class Believing:
    """Takes every picture of a clip whose empty scene was told; then yields that scene."""

    def __init__(self, told: Background, told_s: float, lasts_s: float = math.inf) -> None:
        """Begin.

        Args:
            told: what was said to be empty.
            told_s: the clip's first seconds, which showed it; 0 where it was a picture.
            lasts_s: about how long the clip is.
        """
        self._told = told
        width, height = told.size
        self._unit = math.sqrt(width * height / (320 * 180))
        self._placing = Placing(told.size, self._unit, told.mean)
        self._least_s = LEAST_S if lasts_s > BRIEF_S else BRIEF_LEAST_S
        self._told_s, self._early_s = told_s, max(told_s, EARLY_S)
        self._said, self._early, self._all = (_Pairs() for _ in range(3))
        self._recent: deque[tuple[float, Small, Mask | None]] = deque()

    def wants(self, at_s: float) -> bool:
        """Whether a picture of that time tells anything new."""
        return not self._recent or not 0 <= at_s - self._recent[-1][0] < self._least_s

    def look(self, picture: Small, at_s: float) -> None:
        """Take the next picture, if it is wanted."""
        if not self.wants(at_s):
            return
        shown: Mask | None = None
        shift = self._placing.shift_of(picture)
        if shift != (0.0, 0.0):
            at, (width, height) = self._placing.margin, self._told.size
            box = (slice(at, at + height), slice(at, at + width))
            whole, where = self._placing.spread(picture, shift)
            picture, shown = whole[box], where[box]
        self._recent.append((at_s, picture, shown))
        while at_s - self._recent[0][0] > MOTION_S and len(self._recent) > 2:
            self._recent.popleft()
        _, before, other = self._recent[0]
        if before is picture:
            return
        both = other if shown is None else shown if other is None else shown & other
        pair = Pair(picture, before, both)
        for kept, until_s in (
            (self._said, self._told_s),
            (self._early, self._early_s),
            (self._all, math.inf),
        ):
            if at_s < until_s:
                kept.add(pair, at_s)

    @property
    def can_tell(self) -> bool:
        """Whether the clip is long enough for somebody to be found in what was told."""
        return self._all.lasts_s >= TELLS_S

    def background(self) -> Background:
        """What was told, unknown where somebody is found in it."""
        if not self.can_tell:
            return self._told
        usual = median_of([one.now for one in self._all.kept])
        if self._placing.margin and self._said.kept:
            # Pictures of a camera that trembles, one upon the other, have no edges left that could
            # be seen to sway.
            scene = confirmed([one.now for one in self._said.kept])
            _, alike = self._shown(scene, usual)
        else:
            scene, alike = self._shown(self._told, usual)
        found = self._sways(scene, self._all) | self._brief(alike)
        # Ten seconds of a camera that trembles tell nothing.
        is_long = self._early.every_s < self._all.every_s and self._early.lasts_s >= TELLS_S
        if is_long and not self._placing.margin:
            found |= self._sways(scene, self._early)
        # Something has gone that has an outline, and the scene behind it has none.
        lit = fitted(usual, scene.mean).applied(usual)
        left = emptier(scene.mean, lit, np.ones(found.shape, bool))
        found |= outlined(left, self._unit)
        # Between what is found of somebody is more of them.
        shapes = Shapes(self._told.size)
        whole = shapes.filled(shapes.closed(areas_of(found))) > 0
        return dataclasses.replace(self._told, known=self._told.known & ~whole)

    def _shown(self, told: Background, usual: Small) -> tuple[Background, Plane]:
        """What was told as the clip itself shows it, in its usual light and with its noise; and
        how many pictures show that.
        """
        comparison = Comparison(told, follows_shift=False)
        shape = usual.shape[:2]
        alike, count = np.zeros(shape, np.float32), np.zeros((*shape, 1), np.float32)
        total, squares = (np.zeros((*shape, 3), np.float32) for _ in range(2))
        for pair in self._all.kept:
            compared = comparison.compare(pair.now)
            if not compared.sound:
                alike += 1
                continue
            comparison.masked(compared.areas > 0)
            same = compared.areas == 0
            free = comparison.shapes.grown(compared.areas) == 0
            if pair.shown is not None:
                same |= ~pair.shown
                free &= pair.shown
            alike += same
            levels = fitted(pair.now, usual, free).applied(pair.now).astype(np.float32)
            levels *= free[..., None]
            count += free[..., None]
            total += levels
            squares += levels * levels
        many = np.maximum(count, 1)
        mean = total / many
        away = cv2.blur(np.sqrt(np.maximum(0.0, squares / many - mean * mean)), (3, 3))
        seen = count[..., 0] >= LEAST
        lit = fitted(told.mean, usual).applied(told.mean)
        luma, colour = np.clip(away[..., 0], 0.7, 6.0), np.clip(away[..., 1:].max(axis=2), 0.5, 4.0)
        scene = Background(
            mean=np.where(seen[..., None], np.rint(mean), lit).astype(np.uint8),
            deviation=np.where(seen, luma, told.deviation).astype(np.float32),
            chroma_deviation=np.where(seen, colour, told.chroma_deviation).astype(np.float32),
            known=told.known,
        )
        return scene, alike

    def _sways(self, scene: Background, pairs: _Pairs) -> Mask:
        row = max(ROW, math.ceil(ROW_S / max(pairs.apart_s, 0.01)))
        return restless(pairs.kept, scene, self._unit, row=row, on_doubt=False)

    def _brief(self, alike: Plane) -> Mask:
        """What is hardly ever as it was told: in so little time nobody is seen to sway."""
        least_s = min(TELLS_S, HARDLY * self._all.lasts_s)
        brief = areas_of((alike > 0) & (alike * self._all.apart_s < least_s))
        return cv2.morphologyEx(brief, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


class _Pairs:
    """Pairs of pictures, not too many, evenly spread in time."""

    def __init__(self) -> None:
        self.kept: list[Pair] = []
        self.every_s = self.lasts_s = 0.0
        self._next_s, self._first_s = -1.0, 0.0

    def add(self, pair: Pair, at_s: float) -> None:
        if not self.kept:
            self._first_s = at_s
        self.lasts_s = at_s - self._first_s
        if at_s < self._next_s:
            return
        self.kept.append(pair)
        if len(self.kept) >= 2 * MOST_SAMPLES:
            self.kept = self.kept[1::2]
            self.every_s = self.lasts_s / len(self.kept)
        self._next_s = at_s + self.every_s

    @property
    def apart_s(self) -> float:
        """Seconds from one to the next."""
        return self.lasts_s / max(1, len(self.kept) - 1)
