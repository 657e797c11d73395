"""One person of an opened original, chosen by pointing, and everybody else masked.

Always: whoever is shown was pointed at, and is followed by overlap alone (`shield.following`);
where it is not sure that an outline is one person, it is masked. Zones that are always covered stay
so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import Refusal
from insyn.site.export.original import Original
from insyn.site.shield.analysis import FORESIGHT_AREA, analysed, analysis_size
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.engine import zones_mask
from insyn.site.shield.following import Following
from insyn.site.shield.foresight import Foreseen, Foresight
from insyn.site.shield.frame import Mask, MaskedFrame, YuvFrame
from insyn.site.shield.paint import covered, paint
from insyn.site.shield.survey import Survey
from insyn.site.shield.tracks import Followed, Track, Turn
from insyn.site.streams import TICKS

Progress = Callable[[float], None]
"""Called with the share that is done, 0 to 1."""

Zone = tuple[tuple[float, float], ...]

SHEET, MOST_SHEET = 12, 48
"""Pictures that a track is confirmed by; more where pieces came off it or joined it."""

LOOKS, MOST_RAW = 6, 0.5
"""A kept scene fits where so many pictures are understood by it, and no more than half of each is
before it: of another view, nearly all would be."""

_OUTLINE = (60, 220, 255)
_CHOSEN = (90, 255, 90)
_QUALITY = 85

Bgr = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where somebody pointed: a picture, and shares of its width and height from its top left."""

    index: int
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Looked:
    """An original that was looked through: who is where in it, as outlines.

    Where the empty scene `is_guessed`, out of the original alone, whoever was as still as a picture
    from first to last may be taken for it, and be shown.
    """

    original: Original
    followed: Followed
    always: Mask
    is_guessed: bool = False

    def index(self, at_s: float) -> int:
        """The picture nearest to so many seconds from the beginning of the span."""
        at_90k = self.original.from_90k + round(at_s * TICKS)
        return self.followed.nearest(min(max(at_90k, self.original.from_90k), self._last_90k))

    def at_s(self, index: int) -> float:
        """Seconds from the beginning of the span."""
        return (self.followed.time(index) - self.original.from_90k) / TICKS

    @property
    def lasts_s(self) -> float:
        """How long the span is, gaps left out."""
        return (self.original.until_90k - self.original.from_90k) / TICKS

    @property
    def _last_90k(self) -> int:
        return self.original.until_90k - 1


def look(
    original: Original,
    always: Sequence[Zone],
    progress: Progress,
    *,
    scenes: Sequence[Background] = (),
) -> Looked:
    """Look through an original: at the empty scene, then at who is before it.

    Args:
        original: what was opened.
        always: zones that stay covered.
        progress: told how far it is.
        scenes: empty scenes that the camera's shield has kept, the best first. One that fits is
            taken; else the empty scene is made out of the original alone, where whoever stays
            throughout lies in what is unknown, and cannot be followed.

    Raises:
        Refusal: the release ends meanwhile.
        UnreadableInput: a recording is damaged.
    """
    background = _fitting(original, scenes)
    is_guessed = background is None
    done = 0.0
    if background is None:
        done = 0.6
        background = _surveyed(original, lambda share: progress(0.6 * share))
    size = background.size
    following = Following(size)
    gaps = list(original.gaps_90k)

    def follow(one: Foreseen) -> None:
        while gaps and one.frame.pts_90k >= gaps[0]:
            gaps.pop(0)
            following.gap()
        following.add(one.frame.pts_90k, one.people, one.mask)
        progress(done + (1 - done) * one.frame.pts_90k / max(1, original.ends_90k))

    foresight = Foresight(background)
    for frame in original.pictures():
        for one in foresight.step(frame):
            follow(one)
    for one in foresight.end():
        follow(one)
    return Looked(
        original=original,
        followed=following.end(),
        always=zones_mask(tuple(always), size),
        is_guessed=is_guessed,
    )


def _fitting(original: Original, scenes: Sequence[Background]) -> Background | None:
    """The first kept scene that the original is understood by."""
    width, height = original.size
    shaped = [
        one
        for one in scenes
        if abs(one.known.shape[1] * height - one.known.shape[0] * width) <= 1.5 * max(width, height)
    ]
    if not shaped:
        return None
    span = np.linspace(original.from_90k, original.until_90k - 1, LOOKS)
    pictures = [original.picture(int(at)) for at in span]
    for one in shaped:
        size = (one.known.shape[1], one.known.shape[0])
        compared = [Comparison(one).compare(analysed(each, size)) for each in pictures]
        if all(each.sound and each.raw <= MOST_RAW for each in compared):
            return one
    return None


def _surveyed(original: Original, progress: Progress) -> Background:
    survey: Survey | None = None
    size = (0, 0)
    for frame in original.pictures():
        if survey is None:
            size = analysis_size(frame.y.shape[1], frame.y.shape[0], FORESIGHT_AREA)
            survey = Survey(size, original.ends_90k / TICKS)
        at_s = frame.pts_90k / TICKS
        if survey.wants(at_s):
            survey.look(analysed(frame, size), at_s)
        progress(frame.pts_90k / max(1, original.ends_90k))
    if survey is None:
        raise Refusal("the original holds no picture in this span")
    return survey.background()


def chosen(looked: Looked, points: Sequence[Point]) -> list[Track]:
    """The tracks that were pointed at, by time.

    Raises:
        Refusal: a point is on nobody or on several people, or two of them are of one moment and so
            of two people.
    """
    found: dict[int, Track] = {}
    for point in points:
        track = looked.followed.pointed(point.index, point.x, point.y)
        found[track.number] = track
    tracks = sorted(found.values(), key=lambda track: track.first)
    for one, two in pairwise(tracks):
        if two.first <= one.last:
            raise Refusal(
                "two outlines of one moment are two people; an export shows one person, so take "
                "one of the two points away"
            )
    return tracks


def digest(release: str, tracks: Sequence[Track]) -> str:
    """Names what was shown, so that this and nothing else is confirmed."""
    said = [release] + [f"{one.number}:{one.first}-{one.last}" for one in tracks]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def painted(looked: Looked, frame: YuvFrame, tracks: Sequence[Track]) -> MaskedFrame:
    """A picture with everybody masked but the one who is followed."""
    index = looked.followed.index(frame.pts_90k)
    mask = None if index is None else looked.followed.mask(index, tracks)
    return paint(frame, None if mask is None else mask | looked.always)


def outlined(looked: Looked, index: int) -> list[Point]:
    """A point within each outline that can be chosen in a picture, from left to right."""
    found = []
    for track, _ in looked.followed.at(index):
        if track.is_one:
            where = looked.followed.outline(index, track)
            deep = cv2.distanceTransform(np.pad(where, 1).astype(np.uint8), cv2.DIST_L2, 3)
            row, column = np.unravel_index(int(deep.argmax()), deep.shape)
            width, height = looked.followed.size
            found.append(
                Point(
                    index=index,
                    x=(float(column) - 0.5) / width,
                    y=(float(row) - 0.5) / height,
                )
            )
    return found


def pointing_picture(looked: Looked, index: int, *, width: int) -> bytes:
    """A picture to point into, unmasked, as JPEG of `shown_size`.

    Outlines are numbered as `outlined` has them; one that may be several people has a question
    mark, and cannot be chosen.
    """
    frame = looked.original.picture(looked.followed.time(index))
    picture = _bgr(frame.y, frame.u, frame.v)
    number = 0
    for track, box in looked.followed.at(index):
        number += track.is_one
        name = str(number) if track.is_one else "?"
        where = (box.x / looked.followed.size[0], box.y / looked.followed.size[1])
        _outlined(picture, looked.followed.outline(index, track), _OUTLINE)
        _named(picture, name, where)
    return _jpeg(picture, shown_size(looked, width))


def shown_size(looked: Looked, width: int) -> tuple[int, int]:
    """(width, height) in which pictures are shown, at most as wide as asked."""
    wide, high = looked.original.size
    width = min(width, wide)
    return width, max(1, round(high * width / wide))


def sheet_indices(looked: Looked, tracks: Sequence[Track]) -> list[int]:
    """The pictures by which a choice is confirmed: the ends of each track within the span, some
    between, and all in which a piece came off an outline or joined it, up to `MOST_SHEET`.
    """
    # A track may begin in the pictures before the span, which are decoded for its key picture.
    first, last = looked.index(0), looked.index(looked.lasts_s)
    wanted = {index for track in tracks for index in track.look_at if first <= index <= last}
    wanted = set(sorted(wanted)[:: 1 + len(wanted) // (MOST_SHEET - SHEET)])
    for track in tracks:
        count = max(2, SHEET // len(tracks))
        begins, ends = max(first, track.first), min(last, track.last)
        steps = np.linspace(begins, ends, max(0, min(count, ends - begins + 1)))
        wanted |= {round(float(step)) for step in steps}
    return sorted(wanted)


def sheet_picture(looked: Looked, index: int, tracks: Sequence[Track], *, width: int) -> bytes:
    """A picture as it will be exported, with the outline of whoever is shown; JPEG."""
    frame = looked.original.picture(looked.followed.time(index))
    masked = painted(looked, frame, tracks)
    picture = _bgr(masked.y, masked.u, masked.v)
    for track in tracks:
        _outlined(picture, looked.followed.outline(index, track), _CHOSEN)
    return _jpeg(picture, shown_size(looked, width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which the person is shown, and why it begins and ends; seconds in the span."""

    from_s: float
    until_s: float
    begins: Turn
    ends: Turn


def stretches(looked: Looked, tracks: Sequence[Track]) -> list[Stretch]:
    """When the person is shown."""
    return [
        Stretch(
            from_s=max(0.0, looked.at_s(one.first)),
            until_s=min(looked.lasts_s, looked.at_s(one.last)),
            begins=one.begins,
            ends=one.ends,
        )
        for one in tracks
    ]


def _outlined(picture: Bgr, where: Mask, colour: tuple[int, int, int]) -> None:
    over, _ = covered(where, picture.shape[:2])
    outlines, _ = cv2.findContours(over, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    thickness = max(1, round(picture.shape[1] / 480))
    cv2.drawContours(picture, outlines, -1, (20, 20, 20), thickness + 2)
    cv2.drawContours(picture, outlines, -1, colour, thickness)


def _named(picture: Bgr, name: str, where: tuple[float, float]) -> None:
    high, wide = picture.shape[:2]
    scale = wide / 900
    x = min(round(where[0] * wide), wide - round(28 * scale))
    y = max(round(where[1] * high), round(26 * scale))
    for colour, thickness in (((20, 20, 20), 5), ((255, 255, 255), 2)):
        thick = max(1, round(thickness * scale))
        cv2.putText(picture, name, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick,
                    cv2.LINE_AA)  # fmt: skip


def _bgr(y: Bgr, u: Bgr, v: Bgr) -> Bgr:
    flat = np.concatenate([y.reshape(-1), u.reshape(-1), v.reshape(-1)])
    stacked = flat.reshape(y.shape[0] * 3 // 2, y.shape[1])
    return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _jpeg(picture: Bgr, size: tuple[int, int]) -> bytes:
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return coded.tobytes()
