"""Masks a video file: with foresight in two passes, or live in one, exactly as a camera would be.

Always: what is written is masked, and appears whole or not at all; the source is never written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from insyn.base.errors import UnreadableInput, UsageError
from insyn.base.memory import keep_freed_memory
from insyn.site.shield.analysis import FORESIGHT_AREA, LIVE_AREA, Small, analysed, analysis_size
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.believing import Believing
from insyn.site.shield.detector import Detector
from insyn.site.shield.engine import Settings, Shield, State, Step, backdrop_of, fitting
from insyn.site.shield.foresight import Foreseen, Foresight
from insyn.site.shield.frame import YuvFrame
from insyn.site.shield.paint import Style, Tiles, paint
from insyn.site.shield.survey import Survey
from insyn.site.shielding.detecting import Foreseeing, Paced
from insyn.site.shielding.file_pictures import Pictures
from insyn.site.shielding.file_writing import Film, MaskFilm, format_of
from insyn.site.shielding.onnx_detector import OnnxDetector
from insyn.site.streams import TICKS

BELIEVED_S = 0.5
"""So much of the seconds that are said to be empty is seen before any of them is shown."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, pictures done, and pictures expected (0: not known)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Empty:
    """What shows the scene empty: the first seconds of the file, or a picture."""

    first_s: float = 0.0
    picture: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to do with a file.

    Attributes:
        live: one causal pass, without the future.
        empty: what shows the scene empty; None where nothing is said.
        masks: where masks are written too, FFV1 in Matroska.
        keep_audio: copy the sound; people can be known by their voices.
        detector: an ONNX model that may add to the masks.
    """

    source: Path
    target: Path
    style: Style = Style.SOLID
    live: bool = False
    empty: Empty | None = None
    masks: Path | None = None
    keep_audio: bool = False
    detector: Path | None = None


@dataclass(slots=True)
class Span:
    """Pictures in a row of one state."""

    state: str
    from_s: float
    to_s: float
    frames: int


@dataclass(slots=True, kw_only=True)
class Report:
    """What was done."""

    frames: int = 0
    width: int = 0
    height: int = 0
    covered_frames: int = 0
    covered_share: float = 0.0
    known_share: float | None = None
    doubted_share: float | None = None
    """Of the scene that was said to be empty, where somebody may be; None: not looked for."""
    seconds: float = 0.0
    spans: list[Span] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    detector_failures: int = 0
    """Pictures wholly covered because the detector failed."""
    detector_text: str = ""

    def note(self, state: str, pts_90k: int, share: float, text: str) -> None:
        """Count a picture."""
        self.detector_failures += bool(text)
        self.detector_text = text or self.detector_text
        at_s = pts_90k / TICKS
        self.covered_share = (self.covered_share * self.frames + share) / (self.frames + 1)
        self.frames += 1
        self.covered_frames += share >= 1.0
        self.states[state] = self.states.get(state, 0) + 1
        if self.spans and self.spans[-1].state == state:
            self.spans[-1].to_s, self.spans[-1].frames = at_s, self.spans[-1].frames + 1
        else:
            self.spans.append(Span(state, at_s, at_s, 1))


def mask_file(order: Order, progress: Progress = lambda _what, _done, _all: None) -> Report:
    """Mask a file.

    Raises:
        UsageError: a file would be written over another that is needed, or the whole source is
            said to be empty.
        UnreadableInput: the source is no video, or is broken; nothing is written then.
    """
    _check(order)
    keep_freed_memory()
    began = time.monotonic()
    model = OnnxDetector(order.detector) if order.detector else None
    with contextlib.closing(Pictures(order.source)) as pictures:
        first = next(iter(pictures))
        size = pictures.size
    even = (first.y.shape[1], first.y.shape[0])
    report = Report(width=size[0], height=size[1])
    if order.live:
        steps = _live(order, model, even, progress)
    else:
        steps = _foreseen(order, model, even, progress, report)
    _write(order, steps, size, report)
    report.seconds = time.monotonic() - began
    return report


def _check(order: Order) -> None:
    if not order.source.is_file():
        raise UsageError(f"{order.source} is no file")
    format_of(order.target)
    written = [order.target, *([order.masks] if order.masks else [])]
    for path in written:
        if not path.resolve().parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
        if path.exists() and path.samefile(order.source):
            raise UsageError(f"{path} is the source itself; give another name to write to")
    if order.masks is not None and order.masks.resolve() == order.target.resolve():
        raise UsageError(f"{order.masks} cannot hold both the video and the masks")


def _write(order: Order, steps: Iterator[Step], size: tuple[int, int], report: Report) -> None:
    film: Film | None = None
    masks: MaskFilm | None = None
    source = Pictures(order.source)
    try:
        sound = source.container.streams.audio[0] if _has_sound(order, source) else None
        for step in steps:
            height, width = step.frame.y.shape
            if film is None:
                film = Film(order.target, (width, height), source.fps, audio=sound)
                masks = MaskFilm(order.masks, size, source.fps) if order.masks else None
            film.add(step.frame)
            if masks is not None:
                masks.add(step.frame.covered, step.frame.pts_90k)
            share = cv2.countNonZero(step.frame.covered) / step.frame.covered.size
            report.note(step.state, step.frame.pts_90k, share, step.text)
        if film is None:
            raise UnreadableInput(f"{order.source} holds no picture; give a video file")
        if sound is not None:
            _copy_sound(source, sound, film)
        film.end()
        if masks is not None:
            masks.end()
            masks.output.finish()
        film.output.finish()
    except BaseException:
        for written in (film, masks):
            if written is not None:
                written.output.abandon()
        raise
    finally:
        source.close()


def _has_sound(order: Order, source: Pictures) -> bool:
    return order.keep_audio and bool(source.container.streams.audio)


# `Any`: PyAV's streams, which the stubs name by codec.
def _copy_sound(source: Pictures, sound: Any, film: Film) -> None:
    try:
        for packet in source.container.demux(sound):
            if packet.dts is not None:
                film.sound(packet)
    except av.FFmpegError as error:
        raise UnreadableInput("the sound cannot be copied; leave --keep-audio out") from error


def _live(
    order: Order, model: Detector | None, even: tuple[int, int], progress: Progress
) -> Iterator[Step]:
    with contextlib.closing(Pictures(order.source)) as pictures:
        settings = Settings(style=order.style, detectors=(Paced(model),) if model else ())
        given = _given(order, analysis_size(*even, LIVE_AREA))
        shield = Shield(*even, pictures.fps, settings, given)
        told = _Told(order.empty.first_s) if order.empty and given is None else None
        for frame in pictures:
            step = shield.step(frame)
            if told is not None:
                found = told.look(analysed(frame, shield.small_size), step)
                if found is not None:
                    shield.confirm(found)
                told = None if told.is_over else told
            yield step
            progress("masking", pictures.count, pictures.expected)
        if told is not None:
            raise _nothing_left(order, step.frame.pts_90k, pictures.fps)


class _Told:
    """The first seconds, which show the scene empty by the word of whoever gave the order.

    Half a second of them is believed at once, lest all of them be covered; more tells the noise
    better. Pictures in which something is masked meanwhile are left out.
    """

    def __init__(self, first_s: float) -> None:
        self._ends_90k = round(first_s * TICKS)
        self._next_90k = min(self._ends_90k, round(BELIEVED_S * TICKS))
        self._shown: list[Small] = []
        self.is_over = first_s <= 0

    def look(self, picture: Small, step: Step) -> Background | None:
        """Take a picture as it was masked; the empty scene, when it is known (better)."""
        pts = step.frame.pts_90k
        is_empty = step.state is State.LEARN or (step.mask is not None and not step.mask.any())
        if pts < self._ends_90k and (is_empty or not self._shown):
            self._shown.append(picture)
            self._shown = self._shown[::2] if len(self._shown) > 400 else self._shown
        if pts < self._next_90k:
            return None
        self.is_over = pts >= self._ends_90k
        self._next_90k = min(self._ends_90k, 2 * self._next_90k)
        return confirmed(self._shown) if self._shown else None


def _foreseen(
    order: Order,
    model: Detector | None,
    even: tuple[int, int],
    progress: Progress,
    report: Report,
) -> Iterator[Step]:
    size = analysis_size(*even, FORESIGHT_AREA)
    told = _given(order, size) or _first_seconds(order, size)
    with contextlib.closing(Pictures(order.source)) as pictures:
        survey: Survey | Believing
        if told is None or order.empty is None:
            survey = Survey(size, pictures.lasts_s)
        else:
            survey = Believing(told, order.empty.first_s, pictures.lasts_s)
        for frame in pictures:
            at_s = frame.pts_90k / TICKS
            if survey.wants(at_s):
                survey.look(analysed(frame, size), at_s)
            progress("looking", pictures.count, pictures.expected)
    background = survey.background()
    report.known_share = float(background.inside.known.mean())
    backdrop = background.inside
    if isinstance(survey, Believing) and survey.can_tell:
        report.doubted_share = 1.0 - report.known_share
        if report.doubted_share:
            # A part of whoever is found may have been missed: ghosts stand before what was shown.
            backdrop = dataclasses.replace(backdrop, known=np.zeros_like(backdrop.known))
    detector = Foreseeing(model) if model else None
    painter = _Painter(order.style, backdrop, detector)
    foresight = Foresight(background)
    with contextlib.closing(Pictures(order.source)) as pictures:
        for frame in pictures:
            if detector is not None:
                detector.look(frame)
            yield from map(painter.paint, foresight.step(frame))
            progress("masking", pictures.count, pictures.expected)
        yield from map(painter.paint, foresight.end())


class _Painter:
    """Paints foreseen masks, with what a detector adds; keeps what ghost and mosaic need."""

    def __init__(self, style: Style, background: Background, detector: Foreseeing | None) -> None:
        self._style, self._background, self._detector = style, background, detector
        self._tiles = Tiles()
        self._backdrop: YuvFrame | None = None

    def paint(self, one: Foreseen) -> Step:
        if self._detector is not None and one.mask is not None:
            found = self._detector.people(one.frame.pts_90k)
            if found is None:
                return Step(
                    frame=paint(one.frame, None),
                    mask=None,
                    state=State.LATE,
                    activity=one.activity,
                    text=self._detector.failure,
                )
            mask = one.mask | fitting(found, one.mask.shape)
            one = dataclasses.replace(one, mask=mask)
        if self._style is Style.GHOST and one.mask is not None:
            self._backdrop = backdrop_of(one.frame, one.mask, self._backdrop, self._background)
        masked = paint(one.frame, one.mask, self._style, backdrop=self._backdrop, tiles=self._tiles)
        state = State.RUN if one.mask is not None else State.LIGHT
        return Step(frame=masked, mask=one.mask, state=state, activity=one.activity)


def _first_seconds(order: Order, size: tuple[int, int]) -> Background | None:
    if order.empty is None or order.empty.first_s <= 0:
        return None
    shown: list[Small] = []
    with contextlib.closing(Pictures(order.source)) as pictures:
        for frame in pictures:
            if shown and frame.pts_90k >= order.empty.first_s * TICKS:
                break
            shown.append(analysed(frame, size))
            shown = shown[::2] if len(shown) > 400 else shown
        else:
            raise _nothing_left(order, frame.pts_90k, pictures.fps)
    return confirmed(shown)


def _nothing_left(order: Order, last_90k: int, fps: float) -> UsageError:
    """The whole file is said to be empty, so nobody in it would ever be masked."""
    assert order.empty is not None
    lasts_s = last_90k / TICKS + 1 / max(1.0, fps)
    return UsageError(
        f"{order.source} is {lasts_s:.1f} s long, and its first {order.empty.first_s:g} s are said "
        "to be empty: nobody in it would be masked; name fewer seconds, or a picture"
    )


def _given(order: Order, size: tuple[int, int]) -> Background | None:
    if order.empty is None or order.empty.picture is None:
        return None
    with contextlib.closing(Pictures(order.empty.picture)) as pictures:
        frame = next(iter(pictures))
    high, wide = frame.y.shape
    if abs(wide * size[1] - high * size[0]) > 1.5 * max(wide, high):
        raise UsageError(f"{order.empty.picture} has another shape than {order.source}")
    return confirmed([analysed(frame, size)])
