"""One picture after the other against the empty scene, whatever the light and a moved camera.

Always: what lies outside the known scene counts as different. The background follows slow change
where nothing differs, and never where something does.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.difference import Gray, Shapes, Tolerance, differing, tolerance_of
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import Offsets, Tone, fitted, offsets, same_light
from insyn.site.shield.placing import LARGEST_SHIFT, STILL, SURE, shift_between

FOLLOW = 0.04
"""Share of a small difference that the background follows, each half second."""

SURE_FIT = 0.9
"""Share from which on the light is known whatever else has changed."""

KEPT = 8
"""Pictures for which a light that holds is not fitted anew."""

SOUND_FIT = 0.5
"""Share of the empty scene that must look as expected, else the light is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compared:
    """What a picture is beside the empty scene.

    Attributes:
        areas: uint8, 255 where somebody may be; not grown, not held, without what is unknown.
        unknown: True where the empty scene is not known, moved with the camera.
        tone: the light.
        shift: pixels (right, down) by which the camera is off.
        sound: the comparison can be believed.
        raw: share of the known picture that differs, before areas are made of it.
    """

    areas: Gray
    unknown: Mask
    tone: Tone
    shift: tuple[float, float]
    sound: bool
    raw: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    """Where a picture differs, pixel by pixel: `levels` are faint, weak and strong."""

    levels: tuple[Gray, Gray, Gray]
    unknown: Mask
    tone: Tone
    raw: float

    @property
    def is_sound(self) -> bool:
        return self.tone.fit >= SOUND_FIT and self.raw < 0.8


class Comparison:
    """Holds the background of one camera; not shared between threads."""

    def __init__(
        self, background: Background, *, follows_shift: bool = True, known_only: bool = False
    ) -> None:
        """Begin with what is known.

        Args:
            background: the empty scene.
            follows_shift: find by how much the camera is off.
            known_only: find no areas in what is unknown, for whom it is of no use.
        """
        width, height = background.size
        self.unit = math.sqrt(width * height / (320 * 180))
        self.shapes = Shapes((width, height))
        self._size = (width, height)
        self._follows_shift = follows_shift
        self._known_only = known_only
        self._shift = (0.0, 0.0)
        self._fitted_at = (0.0, 0.0)
        self._count = 0
        self._masked: Mask = np.zeros((height, width), bool)
        self._window = np.asarray(
            cv2.createHanningWindow((width // 2, height // 2), cv2.CV_32F), np.float32
        )
        self._tone = self._fit = same_light()
        self._shaken = 0.0
        self._take(background)

    def _take(self, background: Background) -> None:
        self.background = background
        self._exact = background.mean.astype(np.float32)
        self._unknown = ~background.known
        self._inside = background.inside
        self._hidden = ~self._inside.known
        self._tolerances: dict[float, Tolerance] = {}
        self._half = self._small_luma(self._inside.mean)
        self._kept = 0
        self._offsets: Offsets | None = None
        self._shown: tuple[Small, Tone, Small] | None = None

    def _small_luma(self, picture: Small) -> NDArray[np.float32]:
        size = (self._size[0] // 2, self._size[1] // 2)
        luma = cv2.resize(picture[:, :, 0], size, interpolation=cv2.INTER_AREA)
        # Edges only: the light of the whole says nothing about where the camera looks.
        dx = cv2.Sobel(luma, cv2.CV_32F, 1, 0)
        dy = cv2.Sobel(luma, cv2.CV_32F, 0, 1)
        return np.minimum(cv2.magnitude(dx, dy), 120.0)

    def compare(self, now: Small) -> Compared:
        """Compare the next picture."""
        self._count += 1
        seen = self._seen(now, self._shift)
        if self._follows_shift and self._looks_moved(seen):
            found = self._found_shift(now)
            if found is not None and math.dist(found, self._shift) > STILL / 2:
                # The light does not depend on where the camera looks, where it is known at all.
                known = seen.tone if seen.tone.fit >= SURE_FIT else None
                other = self._seen(now, found, known)
                if other.raw < 0.97 * seen.raw:
                    moved = math.dist(found, self._shift)
                    self._shaken = max(self._shaken, min(0.5, 0.15 + 0.1 * moved))
                    self._shift = found
                    seen = self._seen(now, found) if known else other
        self._shaken *= 0.98
        self._tone = seen.tone
        return Compared(
            areas=self.shapes.areas(*seen.levels),
            unknown=seen.unknown,
            tone=seen.tone,
            shift=self._shift,
            sound=seen.is_sound,
            raw=seen.raw,
        )

    def _looks_moved(self, seen: _Seen) -> bool:
        if self._shift != (0.0, 0.0) or self._shaken > 0.05:
            return True
        return seen.raw > 0.02 and (self._count % 3 == 0 or not seen.is_sound)

    def structure(self, now: Small) -> float:
        """How much of the scene's edges a picture has: near 0 when the view is covered."""
        return float(self._small_luma(now).mean() / max(1.0, float(self._half.mean())))

    def masked(self, mask: Mask) -> None:
        """Tell what was covered in the end: the light is not fitted there next time."""
        self._masked = mask

    def _found_shift(self, now: Small) -> tuple[float, float] | None:
        small = self._small_luma(now)
        (dx, dy), response = shift_between(self._half, small, self._window)
        dx, dy = 2 * dx, 2 * dy
        if response < SURE or math.hypot(dx, dy) > LARGEST_SHIFT * self.unit:
            return None
        return (0.0, 0.0) if math.hypot(dx, dy) < STILL else (dx, dy)

    def _seen(self, now: Small, shift: tuple[float, float], known: Tone | None = None) -> _Seen:
        """What differs if the camera is off by so much; in a light that is known, if it is."""
        mean, unknown, tolerance = self._placed(shift)
        tone = known or self._light(mean, shift, now, ~(self._masked | unknown))
        # In what is unknown too: of somebody at its border a sliver alone would be no body.
        levels = differing(now, self._expected(mean, tone), tolerance)
        inside = _none(unknown.view(np.uint8))
        if self._known_only:
            faint, weak, strong = (
                np.asarray(cv2.bitwise_and(each, inside), np.uint8) for each in levels
            )
            levels = (faint, weak, strong)
        raw = cv2.countNonZero(cv2.bitwise_and(levels[1], inside)) / max(
            1, cv2.countNonZero(inside)
        )
        return _Seen(levels=levels, unknown=unknown, tone=tone, raw=raw)

    def _light(self, mean: Small, shift: tuple[float, float], now: Small, empty: Mask) -> Tone:
        """The light of now: that of a moment ago while it holds."""
        self._kept -= 1
        fit = self._fit
        if self._kept > 0 and shift == self._fitted_at:
            shown = offsets(self._expected(mean, fit), now, empty)
            if self._offsets is not None and self._offsets.holds(shown):
                return fit
        fit = fitted(mean, now, empty)
        self._keep_light(fit, mean, shift, now, empty)
        return fit

    def _keep_light(
        self, fit: Tone, mean: Small, shift: tuple[float, float], now: Small, empty: Mask
    ) -> None:
        self._fit, self._fitted_at, self._kept = fit, shift, KEPT
        self._offsets = offsets(self._expected(mean, fit), now, empty)

    def _expected(self, mean: Small, tone: Tone) -> Small:
        """The empty scene in a light; it is the same one for several pictures."""
        shown = self._shown
        if shown is None or shown[0] is not mean or shown[1] is not tone:
            shown = self._shown = (mean, tone, tone.applied(mean))
        return shown[2]

    def _placed(self, shift: tuple[float, float]) -> tuple[Small, Mask, Tolerance]:
        shake = round(self._shaken * 8) / 8
        if shift == (0.0, 0.0):
            if shake not in self._tolerances:
                self._tolerances = {shake: tolerance_of(self._inside, shake=shake)}
            return self._inside.mean, self._hidden, self._tolerances[shake]
        matrix = self._moving(shift)
        mean = cv2.warpAffine(
            self.background.mean, matrix, self._size, borderMode=cv2.BORDER_REPLICATE
        )
        outside = cv2.warpAffine(
            self._unknown.astype(np.uint8), matrix, self._size, borderValue=(1.0,)
        )
        placed = dataclasses.replace(self._inside, mean=np.asarray(mean, np.uint8))
        if self.background.margin:
            deviation = cv2.warpAffine(
                self.background.deviation,
                matrix,
                self._size,
                flags=cv2.INTER_NEAREST,
                borderValue=(math.inf,),
            )
            placed = dataclasses.replace(placed, deviation=np.asarray(deviation, np.float32))
        return placed.mean, np.asarray(outside > 0), tolerance_of(placed, shake=shake)

    def _moving(self, shift: tuple[float, float]) -> NDArray[np.float64]:
        """From the scene to a picture of a camera that is off by so much."""
        right, down = (by - self.background.margin for by in shift)
        return np.array([[1, 0, right], [0, 1, down]], np.float64)

    def stayed(self, compared: Compared) -> list[Mask]:
        """Where somebody stood for long, in that picture."""
        if compared.shift == (0.0, 0.0) and not self.background.margin:
            return list(self.background.stayed)
        matrix = self._moving(compared.shift)
        return [
            np.asarray(
                cv2.warpAffine(each.astype(np.uint8), matrix, self._size, flags=cv2.INTER_NEAREST)
                > 0
            )
            for each in self.background.stayed
        ]

    def follow(self, now: Small, compared: Compared, covered: Mask) -> None:
        """Let the background follow slow change where nobody is; meant twice a second."""
        if compared.shift != (0.0, 0.0) or not compared.sound:
            return
        empty = ~(covered | self._hidden)
        tone = fitted(self._inside.mean, now, empty)
        expected = tone.applied(self._inside.mean)
        far = cv2.threshold(_largest(cv2.absdiff(now, expected)), 9, 255, cv2.THRESH_BINARY)[1]
        near = self.shapes.grown(self.shapes.grown(covered.view(np.uint8)))
        free = _none(cv2.bitwise_or(far, near))
        away = np.asarray(cv2.subtract(now, expected, dtype=cv2.CV_32F), np.float32)
        away *= np.float32(FOLLOW / max(0.4, tone.gain))
        at, (width, height) = self.background.margin, self._size
        cv2.accumulate(away, self._exact[at : at + height, at : at + width], mask=free)
        np.clip(self._exact, 0, 255, out=self._exact)
        mean = np.asarray(cv2.convertScaleAbs(self._exact), np.uint8)
        self.background = dataclasses.replace(self.background, mean=mean)
        self._inside = self.background.inside
        mean = self._inside.mean
        self._half = self._small_luma(mean)
        self._keep_light(tone, mean, (0.0, 0.0), now, empty)


def _largest(apart: MatLike) -> MatLike:
    """The largest of the three planes at each pixel."""
    y, u, v = cv2.split(apart)
    return cv2.max(y, cv2.max(u, v))


def _none(marked: MatLike) -> MatLike:
    """255 where nothing is marked."""
    return cv2.threshold(marked, 0, 255, cv2.THRESH_BINARY_INV)[1]
