"""The shield of one camera: pictures in, masked pictures out; one causal pass.

Always: without a trusted background, on a step of light, a moved or covered camera, a gap, or any
exception, the whole picture is covered. Under the mask nothing is learned, so nobody is absorbed
however long they stand. Source: reference/shield.md, section 7.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import InsynError
from insyn.site.shield.analysis import LIVE_AREA, Small, analysed, analysis_size
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Compared, Comparison
from insyn.site.shield.detector import Detector
from insyn.site.shield.difference import Shapes
from insyn.site.shield.frame import Mask, MaskedFrame, YuvFrame
from insyn.site.shield.learning import GAP_S, Learner
from insyn.site.shield.paint import SOLID_YUV, Style, Tiles, cover, paint
from insyn.site.shield.recall import Recall

log = logging.getLogger("insyn.shield")

HOLD_S, GROW = 0.3, 2
"""Each area is held so long, and grown by so many pixels of a picture 320 wide."""

SETTLE_S = 0.4
"""A step of light or of the camera covers everything so long."""

REENTER_S = 1.0
"""After a step a pixel must agree with the background so long before it is shown."""

LIGHT_STEP = 0.08
"""Natural logarithm of a gain between pictures, beyond which the light has been switched."""

CAMERA_STEP = 6.0
"""Pixels of a picture 320 wide between pictures, beyond which the camera has been pushed."""

FORGET_S = 60.0
"""A scene that has not been understood for so long is another: it is learned anew."""

FAILED = "The analysis failed; everything is covered."
DETECTOR_FAILED = "The detector failed; everything is covered."


class State(StrEnum):
    """What the shield does, shown to the operator; reference/shield.md, section 7."""

    LEARN = "LEARN"
    RUN = "RUN"
    LIGHT = "LIGHT"
    SHAKE = "SHAKE"
    BLOCKED = "BLOCKED"
    LATE = "LATE"
    LOST = "LOST"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """What came of a picture: masked, by which mask (None: all of it), and why.

    `activity` is the share of the picture that differs from the empty scene, 0 to 1; `text` what
    the operator should know of it, in a sentence, or "".
    """

    frame: MaskedFrame
    mask: Mask | None
    state: State
    activity: float
    text: str = ""


Zone = tuple[tuple[float, float], ...]
"""Corners (x, y) of a polygon in shares of the picture, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a camera is shielded.

    Attributes:
        style: how covered pixels look.
        always: zones that are always covered.
        never: zones that are never covered; whoever sets them is logged by the caller.
        detectors: models that may add to the mask, never take from it.
        area: pixels of the small picture that is analysed.
        learns: learn the empty scene over minutes where none was confirmed.
    """

    style: Style = Style.SOLID
    always: tuple[Zone, ...] = ()
    never: tuple[Zone, ...] = ()
    detectors: tuple[Detector, ...] = ()
    area: int = LIVE_AREA
    learns: bool = True


class Shield:
    """Masks the pictures of one camera in the order they come; not shared between threads."""

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        settings: Settings | None = None,
        background: Background | None = None,
        scenes: tuple[Background, ...] = (),
    ) -> None:
        """Begin for pictures of this size; without a background everything is covered.

        Args:
            width: even, of the pictures to come; another size is covered whole.
            height: even.
            fps: about how many come in a second.
            settings: how to mask.
            background: the confirmed empty scene in the size of `analysis_size`.
            scenes: empty scenes known from before; taken up where the pictures agree with one.
        """
        self.settings = settings or Settings()
        self.size = (width, height)
        self.small_size = analysis_size(width, height, self.settings.area)
        self._fps = fps
        self._shapes = Shapes(self.small_size, grow=GROW)
        self._tiles = Tiles()
        self._backdrop: YuvFrame | None = None
        self._learner = self._new_learner()
        self._recall = Recall(scenes, self.small_size)
        self._strange_90k: int | None = None
        self.taken_up: Background | None = None
        """The scene in use as it was confirmed or learned; `background` has followed the light."""
        self._always = zones_mask(self.settings.always, self.small_size)
        self._maskable = ~zones_mask(self.settings.never, self.small_size)
        self._failed = self._detector_failed = False
        self._comparison: Comparison | None = None
        self._reset()
        if background is not None:
            self.confirm(background)

    def _new_learner(self) -> Learner | None:
        return Learner(self.small_size) if self.settings.learns else None

    def _reset(self) -> None:
        self._until = np.full((self.small_size[1], self.small_size[0]), -1, np.int64)
        self._settles_90k = -1
        self._reenters_90k = -1
        self._settling = State.LIGHT
        self._last_90k: int | None = None
        self._followed_90k = 0
        self._brightness: float | None = None
        self._shift = (0.0, 0.0)

    def confirm(self, background: Background) -> None:
        """Take an empty scene that an operator confirmed, or that was learned."""
        if background.known.shape != (self.small_size[1], self.small_size[0]):
            raise ValueError("the background has another size than the pictures analysed")
        before = self.background
        if before is not None:
            self._recall.remember(before, instead_of=self.taken_up)
        self.taken_up = background
        self._recall.remember(background)
        self._comparison = Comparison(background)
        self._learner = None
        self._strange_90k = None
        self._reset()

    @property
    def background(self) -> Background | None:
        """The empty scene as it is known now."""
        return None if self._comparison is None else self._comparison.background

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture; whatever fails, all of it is covered."""
        try:
            return self._step(frame)
        except Exception:
            # The edge of a task: a fault may cost the picture, never show it.
            if not self._failed:
                log.exception("the analysis failed; the picture is covered")
            self._failed = True
            return self._covered(frame, State.LATE, text=FAILED)

    def _covered(
        self, frame: YuvFrame, state: State, activity: float = 0.0, text: str = ""
    ) -> Step:
        size = (frame.y.shape[1], frame.y.shape[0])
        masked = cover(size, frame.pts_90k)
        return Step(frame=masked, mask=None, state=state, activity=activity, text=text)

    def _painted(self, frame: YuvFrame, mask: Mask, state: State, activity: float) -> Step:
        masked = paint(frame, mask, self.settings.style, backdrop=self._backdrop, tiles=self._tiles)
        return Step(frame=masked, mask=mask, state=state, activity=activity)

    def _step(self, frame: YuvFrame) -> Step:
        if (frame.y.shape[1], frame.y.shape[0]) != self.size:
            return self._covered(frame, State.LEARN)
        small = analysed(frame, self.small_size)
        if self._comparison is None:
            found = self._recall.look(small, frame.pts_90k)
            if found is None and self._learner is not None:
                found = self._learner.look(small, frame.pts_90k)
            if found is None:
                return self._covered(frame, State.LEARN)
            self.confirm(found)
        comparison = self._comparison
        assert comparison is not None
        compared = comparison.compare(small)
        state = self._judged(frame.pts_90k, small, compared)
        if not compared.sound and self._is_another_scene(frame.pts_90k, small):
            return self._covered(frame, State.LEARN)
        mask = self._mask(frame, compared)
        if state is not State.RUN:
            comparison.masked(self._held(compared))
            return self._covered(frame, state, min(1.0, compared.raw))
        try:
            mask = self._detected(frame, mask)
        except Exception as error:
            # A model's fault is told, and costs the picture: nobody knows what it would have added.
            if not self._detector_failed:
                log.warning("a detector failed; pictures are covered: %s", type(error).__name__)
            self._detector_failed = True
            comparison.masked(mask)
            return self._covered(frame, State.LATE, text=reason_of(error))
        self._detector_failed = False
        comparison.masked(mask)
        self._follow(frame, small, compared, mask)
        activity = float(cv2.countNonZero(compared.areas)) / compared.areas.size
        return self._painted(frame, mask, state, activity)

    def _judged(self, pts: int, small: Small, compared: Compared) -> State:
        """Which state the picture is in; sets the times until everything stays covered."""
        brightness = _brightness(compared)
        before, self._brightness = self._brightness, brightness
        gap = self._last_90k is not None and not 0 <= pts - self._last_90k <= GAP_S * 90_000
        self._last_90k = pts
        unit = math.sqrt(small.shape[0] * small.shape[1] / LIVE_AREA)
        moved, self._shift = math.dist(compared.shift, self._shift), compared.shift
        if compared.sound:
            self._strange_90k = None
        if not compared.sound:
            self._settle(pts, _unsound(small, compared, self._comparison))
        elif moved > CAMERA_STEP * unit:
            self._settle(pts, State.SHAKE)
        elif gap or (before is not None and abs(math.log(brightness / before)) > LIGHT_STEP):
            self._settle(pts, State.LIGHT)
        return self._settling if pts < self._settles_90k else State.RUN

    def _is_another_scene(self, pts: int, small: Small) -> bool:
        """Whether the scene is given up: another that is known agrees, or none has for long."""
        if self._strange_90k is None or pts < self._strange_90k:
            self._strange_90k = pts
        known = self._recall.look(small, pts)
        if known is not None:
            self.confirm(known)
            return True
        if pts - self._strange_90k < FORGET_S * 90_000 or not self.settings.learns:
            return False
        background = self.background
        assert background is not None
        self._recall.remember(background, instead_of=self.taken_up)
        self._comparison, self._learner, self._strange_90k = None, self._new_learner(), None
        return True

    def _settle(self, pts: int, state: State) -> None:
        if gone_back := pts < self._settles_90k - (10 * 90_000):
            self._until[:] = -1  # the stream began anew: old times say nothing
        self._settling = state
        ends = pts + int(SETTLE_S * 90_000)
        self._settles_90k = ends if gone_back else max(ends, self._settles_90k)
        self._reenters_90k = self._settles_90k + int(REENTER_S * 90_000)

    def _held(self, compared: Compared) -> Mask:
        return (compared.areas > 0) | compared.unknown

    def _mask(self, frame: YuvFrame, compared: Compared) -> Mask:
        assert self._comparison is not None
        pts = frame.pts_90k
        hold_s = REENTER_S if pts < self._reenters_90k else HOLD_S
        self._until[compared.areas > 0] = pts + int(hold_s * 90_000)
        areas = (self._until > pts).view(np.uint8) * np.uint8(255)
        mask = self._shapes.grown(self._shapes.crowned(self._shapes.filled(areas))) > 0
        mask |= compared.unknown
        mask |= self._always
        mask &= self._maskable
        return mask

    def _detected(self, frame: YuvFrame, mask: Mask) -> Mask:
        """The mask with what detectors add; in zones that are never covered they add nothing."""
        for detector in self.settings.detectors:
            mask = mask | (fitting(detector.people(frame), mask.shape) & self._maskable)
        return mask

    def _follow(self, frame: YuvFrame, small: Small, compared: Compared, mask: Mask) -> None:
        assert self._comparison is not None
        if 0 <= frame.pts_90k - self._followed_90k < 45_000:
            return
        self._followed_90k = frame.pts_90k
        if frame.pts_90k >= self._reenters_90k:
            self._comparison.follow(small, compared, mask)
        if self.settings.style is Style.GHOST:
            self._backdrop = backdrop_of(frame, mask, self._backdrop, self._comparison.background)


def reason_of(error: Exception) -> str:
    """Why a detector failed, in words for the operator."""
    return str(error) if isinstance(error, InsynError) else DETECTOR_FAILED


def fitting(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask in another size, True where any of it was."""
    if mask.shape == shape:
        return mask
    size = (shape[1], shape[0])
    levels = mask.astype(np.float32)
    way = cv2.INTER_AREA if mask.shape[1] >= shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(levels, size, interpolation=way) > 0)


def backdrop_of(
    frame: YuvFrame, mask: Mask, before: YuvFrame | None, background: Background
) -> YuvFrame:
    """The empty scene in full size: shown pixels from the picture, others as known before.

    Where the scene is not known, whoever is part of what is believed of it stands there: it stays
    solid until a picture shows it.
    """
    planes = [frame.y, frame.u, frame.v]
    if before is None:
        hidden = cv2.dilate((~background.known).astype(np.uint8), np.ones((3, 3), np.uint8))
        known = []
        for n, plane in enumerate(planes):
            size = plane.shape[::-1]
            scene = np.asarray(cv2.resize(background.mean[:, :, n], size), np.uint8)
            unknown = cv2.resize(hidden, size, interpolation=cv2.INTER_LINEAR) > 0
            scene[unknown] = SOLID_YUV[n]
            known.append(scene)
    else:
        known = [before.y, before.u, before.v]
    # Wider than the mask: at its border there may be a shade of whoever is behind it.
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((9, 9), np.uint8))
    out: list[NDArray[np.uint8]] = []
    for plane, old in zip(planes, known, strict=True):
        free = cv2.resize(wide, plane.shape[::-1], interpolation=cv2.INTER_LINEAR) == 0
        out.append(np.where(free, plane, old))
    return YuvFrame(y=out[0], u=out[1], v=out[2], pts_90k=frame.pts_90k)


def _brightness(compared: Compared) -> float:
    level = int(compared.tone.table[128, 0, 0])
    return max(4.0, level - 16.0)


def _unsound(small: Small, compared: Compared, comparison: Comparison | None) -> State:
    assert comparison is not None
    return State.BLOCKED if comparison.structure(small) < 0.35 else State.SHAKE


def zones_mask(zones: tuple[Zone, ...], size: tuple[int, int]) -> Mask:
    """Zones, drawn in a small picture of (width, height)."""
    out = np.zeros((size[1], size[0]), np.uint8)
    for zone in zones:
        corners = np.array([(x * size[0], y * size[1]) for x, y in zone], np.float64)
        cv2.fillPoly(out, [np.rint(corners).astype(np.int32)], 1)
    return out > 0
