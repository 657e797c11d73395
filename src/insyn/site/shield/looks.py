"""Pictures of a clip beside its believed empty scene, for whoever asks how still that is; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Compared, Comparison
from insyn.site.shield.difference import Gray
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import Tone

Plane = NDArray[np.float32]


class Pair(NamedTuple):
    """A picture, and the one a little before: what they do not share is noise.

    `shown` is where both show anything, None everywhere: see `Placing`.
    """

    now: Small
    before: Small
    shown: Mask | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A pair beside the scene; every plane is float32 (height, width).

    Attributes:
        now: levels by which the picture is off the scene in its light; over 5x5 pixels.
        before: the same of the picture a little before.
        areas: 255 where either differs as a body does.
        seen: 1 where nothing is before the scene, nor close by; else 0.
        colours: levels by which the picture is off in both planes of colour; over 5x5 pixels.
        shown: 1 where both pictures show anything, else 0, and no level differs; None everywhere.
    """

    now: Plane
    before: Plane
    areas: Gray
    seen: Plane
    colours: tuple[Plane, Plane]
    shown: Plane | None = None

    @property
    def middle(self) -> Plane:
        """What the two pictures share."""
        return np.asarray(0.5 * (self.now + self.before), np.float32)

    @property
    def half(self) -> Plane:
        """What they do not: as much noise as their middle holds, and nothing of what lasts."""
        return np.asarray(0.5 * (self.now - self.before), np.float32)


RECENT = 8
"""So many pictures are remembered: the one a little before was often looked at for itself."""


def looks(pairs: Sequence[Pair], background: Background) -> Iterator[Look | None]:
    """Each pair in turn; None where the light is not understood."""
    # What is unknown may differ throughout, and would hide all around it.
    comparison = Comparison(background, follows_shift=False, known_only=True)
    recent: deque[tuple[Small, Compared, Plane]] = deque(maxlen=RECENT)

    def beside(picture: Small) -> tuple[Compared, Plane]:
        for known, compared, away in recent:
            if known is picture:
                return compared, away
        compared = comparison.compare(picture)
        away = _away(picture, background.mean, compared.tone, 0)
        recent.append((picture, compared, away))
        return compared, away

    for pair in pairs:
        (before, earlier), (now, away) = (beside(picture) for picture in (pair.before, pair.now))
        if not (now.sound and before.sound):
            yield None
            continue
        areas = np.asarray(cv2.bitwise_or(now.areas, before.areas), np.uint8)
        hidden = areas > 0
        seen = comparison.shapes.grown(comparison.shapes.grown(areas)) == 0
        u, v = (_away(pair.now, background.mean, now.tone, plane) for plane in (1, 2))
        if pair.shown is None:
            comparison.masked(hidden)
            yield Look(away, earlier, areas, seen.astype(np.float32), (u, v))
            continue
        comparison.masked(hidden | ~pair.shown)
        shown = pair.shown.astype(np.float32)
        yield Look(
            now=away * shown,
            before=earlier * shown,
            areas=areas * pair.shown,
            seen=seen * shown,
            colours=(u * shown, v * shown),
            shown=shown,
        )


def _away(picture: Small, scene: Small, tone: Tone, plane: int) -> Plane:
    # Without steps: rounded levels would shift a gentle slope by half a pixel.
    curve = cv2.GaussianBlur(tone.table[:, :, plane].astype(np.float32), (1, 25), 0)
    away = picture[:, :, plane].astype(np.float32) - cv2.LUT(scene[:, :, plane], curve)
    return smooth(np.asarray(away / max(0.1, tone.gain), np.float32))


def smooth(plane: Plane) -> Plane:
    """The mean of 5x5 pixels, those in the middle more."""
    return np.asarray(cv2.GaussianBlur(plane, (5, 5), 0), np.float32)
