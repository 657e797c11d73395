"""A camera's shield that keeps its empty scenes, and does what it is asked about them.

Always: a scene is taken for empty on somebody's word only while nothing of a body's size moves in
it, nothing wavers as who stands still does, and no detector finds anybody; meanwhile everything is
covered.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from dataclasses import dataclass

import numpy as np

from insyn.site.clocks import Clocks
from insyn.site.shield.analysis import LIVE_AREA, Small, analysed
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.codebook import bodies, busy
from insyn.site.shield.engine import Settings, Shield, State, Step, reason_of, zones_mask
from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.light import fitted
from insyn.site.shield.looks import Pair
from insyn.site.shield.paint import cover
from insyn.site.shield.restless import restless
from insyn.site.shielding.masking import Asked, Order
from insyn.site.shielding.scenes import CONFIRMED, LEARNED, KeptScene, SceneFolder
from insyn.site.streams import TICKS

log = logging.getLogger("insyn.shield")

QUIET_S = 10.0
"""Nothing may move so long before a place is taken for empty."""

SAMPLE_S = 0.3
PATIENCE_S = 180.0
"""So long after somebody said that nobody is there, their word no longer counts."""

KEEP_AGAIN_S = 600.0
"""The scene as it has followed the light is kept again so often."""

MOVES = 0.002
"""Share of the picture that moves beyond which somebody may be there."""


SEES = "The detector sees somebody, or has not looked yet; waiting until nobody is in view."
SAW = (
    "The detector saw somebody all the time, so the place was not taken for empty; ask again when "
    "nobody is there."
)
WAITS = "Waiting until nothing moves, to see the empty scene."
MOVED = (
    "Something moved all the time, so the place was not taken for empty; ask again when nobody is "
    "there."
)


@dataclass(slots=True)
class Told:
    """What is known of the scene, for the pages."""

    how: str = ""
    by: str = ""
    at_ns: int = 0
    text: str = ""


class KeptShield:
    """Masks the pictures of one camera; belongs to one thread."""

    def __init__(
        self,
        camera: str,
        size: tuple[int, int],
        fps: float,
        settings: Settings,
        *,
        order: Order,
        folder: SceneFolder,
        clocks: Clocks,
    ) -> None:
        """Begin with the scenes that are kept, and with what was asked and is not done yet."""
        self._camera = camera
        self._folder = folder
        self._clocks = clocks
        self.scene = Told()
        kept = folder.of(camera)
        done = max((scene.order for scene in kept), default=0)
        if order.asked is Asked.FORGET and (not kept or order.at is None or _before(kept, order)):
            folder.forget(camera)
            kept = []
        # By identity: the shield hands back the very scenes that it was given.
        self._scenes = {id(scene.background): scene for scene in kept}
        self._shield = Shield(*size, fps, settings, scenes=tuple(one.background for one in kept))
        self._current: Background | None = None
        self._kept_ns = clocks().monotonic_ns
        asks = order.asked is Asked.EMPTY_NOW and order.number > done
        self._quiet = _Quiet(self._age_s(order)) if asks else None
        self._order = order

    def _age_s(self, order: Order) -> float:
        return self._clocks().wall_ns / 1e9 - order.at.timestamp() if order.at else PATIENCE_S

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture."""
        if self._quiet is not None:
            return self._look(frame, self._quiet)
        step = self._shield.step(frame)
        self._keep_what_changed()
        return step

    def _look(self, frame: YuvFrame, quiet: _Quiet) -> Step:
        """Wait for quiet seconds, everything covered; then take them for the empty scene."""
        size = (frame.y.shape[1], frame.y.shape[0])
        if size == self._shield.size:
            quiet.look(analysed(frame, self._shield.small_size), frame.pts_90k)
        objection = self._objection(frame)
        if objection:
            quiet.disturb()
        if quiet.is_over:
            self._quiet = None
            self.scene.text = SAW if objection == SEES else objection or MOVED
        elif quiet.is_quiet:
            self._quiet = None
            now_ns = self._clocks().wall_ns
            scene = KeptScene(
                camera=self._camera,
                how=CONFIRMED,
                by=self._order.by,
                at_ns=now_ns,
                order=self._order.number,
                background=quiet.background(),
            )
            self._shield.confirm(scene.background)
            self._current, self._kept_ns = scene.background, self._clocks().monotonic_ns
            self._take(scene)
        else:
            self.scene.text = objection or WAITS
        masked = cover(size, frame.pts_90k)
        return Step(
            frame=masked, mask=None, state=State.LEARN, activity=quiet.moving, text=self.scene.text
        )

    def _objection(self, frame: YuvFrame) -> str:
        """What a detector has against somebody's word that nobody is in view; "" where nothing.

        One that fails does not know either. In zones that are always or never covered nobody is
        looked for: what is learned there changes nothing.
        """
        settings = self._shield.settings
        for detector in settings.detectors:
            try:
                found = detector.people(frame)
            except Exception as error:
                # The edge of a task: a model's fault is told, and the word is not taken.
                return reason_of(error)
            size = (found.shape[1], found.shape[0])
            if (found & ~zones_mask((*settings.always, *settings.never), size)).any():
                return SEES
        return ""

    def _keep_what_changed(self) -> None:
        taken_up = self._shield.taken_up
        if taken_up is None:
            return
        now = self._clocks()
        if taken_up is not self._current:
            self._current, self._kept_ns = taken_up, now.monotonic_ns
            scene = self._scenes.get(id(taken_up)) or KeptScene(
                camera=self._camera,
                how=LEARNED,
                by="",
                at_ns=now.wall_ns,
                order=self._order.number,
                background=taken_up,
            )
            self._take(scene)
        elif now.monotonic_ns - self._kept_ns > KEEP_AGAIN_S * 1e9:
            # In the light of today, in place of itself.
            self._kept_ns = now.monotonic_ns
            background = self._shield.background or taken_up
            self._write(dataclasses.replace(self._scenes[id(taken_up)], background=background))

    def _take(self, scene: KeptScene) -> None:
        """A scene is in use now."""
        self.scene = Told(how=scene.how, by=scene.by, at_ns=scene.at_ns)
        if id(scene.background) not in self._scenes:
            self._scenes[id(scene.background)] = scene
            self._write(scene)

    def _write(self, scene: KeptScene) -> None:
        try:
            self._folder.keep(scene)
        except OSError as error:
            log.warning("the empty scene of %s is not kept: %s", self._camera, error.strerror)


class _Quiet:
    """Gathers pictures until nothing has moved for a while."""

    def __init__(self, age_s: float) -> None:
        self._left_s = PATIENCE_S - age_s
        self._began_90k: int | None = None
        self._last_90k = 0
        self._since_90k = 0
        self.pictures: list[Small] = []
        self.moving = 0.0
        self.is_over = self._left_s <= 0

    @property
    def is_quiet(self) -> bool:
        return bool(self.pictures) and self._last_90k - self._since_90k >= QUIET_S * TICKS

    def look(self, picture: Small, pts_90k: int) -> None:
        if self._began_90k is None:
            self._began_90k = pts_90k
        elif 0 <= pts_90k - self._last_90k < SAMPLE_S * TICKS:
            return
        self._last_90k = pts_90k
        self.is_over = not 0 <= pts_90k - self._began_90k <= self._left_s * TICKS
        self.moving = self._movement(picture)
        if self.moving > MOVES:
            self.pictures.clear()
        if not self.pictures:
            self._since_90k = pts_90k
        self.pictures.append(picture)

    def disturb(self) -> None:
        """Somebody may be there, though nothing moves: the quiet begins anew."""
        self.pictures.clear()

    def background(self) -> Background:
        """The empty scene; where somebody may have stood still all the time, it is unknown."""
        seen = confirmed(self.pictures)
        unit = _unit(self.pictures[0])
        pairs = [Pair(*two) for two in zip(self.pictures[1:], self.pictures, strict=False)]
        stands = bodies(restless(pairs, seen, unit, row=round(QUIET_S / SAMPLE_S)), unit)
        return dataclasses.replace(seen, known=~stands)

    def _movement(self, picture: Small) -> float:
        """Share of the picture that differs from the last, or from where the quiet began."""
        if not self.pictures:
            return 0.0
        unit = _unit(picture)
        first, last = (
            fitted(each, picture).applied(each) for each in (self.pictures[0], self.pictures[-1])
        )
        moved = busy(first, picture, last, unit=unit)
        return float(np.count_nonzero(moved.seen)) / moved.seen.size


def _unit(picture: Small) -> float:
    return math.sqrt(picture.shape[0] * picture.shape[1] / LIVE_AREA)


def _before(kept: list[KeptScene], order: Order) -> bool:
    assert order.at is not None
    return min(scene.at_ns for scene in kept) < order.at.timestamp() * 1e9
