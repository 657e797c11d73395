"""An archive of masked recordings with real H.264, each second of its own shade of gray."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from tests.support.coded_sound import coded_sound

from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.root import ArchiveRoot, open_root
from insyn.site.archive.writing import Archive, Begin, Picture, RecordingWriter
from insyn.site.clocks import Reading
from insyn.site.nal import parameter_sets_of
from insyn.site.streams import (
    TICKS,
    Codec,
    Parameters,
    Sound,
    SoundCodec,
    SoundParameters,
    StreamName,
)
from insyn.site.vault.public import VaultPublicKey

WIDTH, HEIGHT, FPS = 160, 90, 10
STEP = TICKS // FPS
SECOND_NS = 10**9
START_NS = 1_795_000_000 * SECOND_NS
"""2026-11-18T11:06:40Z; any time would do."""


@cache
def second(shade: int) -> tuple[Parameters, tuple[bytes, ...]]:
    """A second of one shade, a key picture first."""
    # `Any`: the stubs do not know a video context's attributes.
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, TICKS), Fraction(FPS)
    context.gop_size, context.max_b_frames = FPS, 0
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    found = []
    for number in range(FPS):
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = shade
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number * STEP
        found += [bytes(one) for one in context.encode(frame)]
    sets = parameter_sets_of(found[0], Codec.H264)
    parameters = Parameters(codec=Codec.H264, width=WIDTH, height=HEIGHT, parameter_sets=sets)
    return parameters, tuple(found)


def placed(sounds: Sequence[Sound], start_90k: int) -> list[SoundSample]:
    """Frames of sound where a recorder places them, the first at `start_90k`."""
    starts = [start_90k + (one.pts_90k or 0) for one in sounds]
    ends = [*starts[1:], starts[-1] + starts[1] - starts[0]] if sounds else []
    return [
        SoundSample(data=one.data, start_90k=start, duration_90k=end - start)
        for one, start, end in zip(sounds, starts, ends, strict=True)
    ]


def shade_of(number: int) -> int:
    """The luma of the second with this number."""
    return 40 + (number * 7) % 160


@dataclass
class BeingWritten:
    """A recording to which seconds are added."""

    index: Index
    writer: RecordingWriter
    first: int
    media_start_90k: int
    sounds: list[SoundSample] = field(default_factory=list)
    seconds: int = 0

    def go_on(self, seconds: int, without: Collection[int] = ()) -> None:
        """Add so many seconds, a fragment each; of those `without`, no picture was kept."""
        for number in range(self.seconds, self.seconds + seconds):
            if number in without:
                continue
            _, packets = second(shade_of(self.first + number))
            at = self.media_start_90k + number * TICKS
            self.writer.append(
                [
                    Picture(
                        data=data,
                        dts_90k=at + place * STEP,
                        pts_90k=at + place * STEP,
                        duration_90k=STEP,
                        is_key=place == 0,
                    )
                    for place, data in enumerate(packets)
                ],
                [one for one in self.sounds if at <= one.start_90k < at + TICKS],
            )
        self.seconds += seconds

    def close(self, activity: bytes | None = None) -> Recording:
        """End it, as after its minute."""
        made = self.writer.close(
            self.index,
            EndReason.ROTATED,
            wall_duration_ns=self.seconds * SECOND_NS,
            activity=bytes(self.seconds) if activity is None else activity,
        )
        assert made is not None
        return made


@dataclass
class MaskedArchive:
    """Makes recordings of whole seconds."""

    path: Path
    root: ArchiveRoot = field(init=False)
    index: Index = field(init=False)
    archive: Archive = field(init=False)

    def __post_init__(self) -> None:
        self.root = open_root(self.path, expected=None)
        self.index = Index(self.path / "index.sqlite")
        self.archive = Archive(self.root, self.index)

    def record(
        self,
        at_s: int,
        seconds: int,
        *,
        camera: str = "cam-1",
        run: str = "run",
        first: int | None = None,
        media_start_90k: int = 0,
        seal: VaultPublicKey | None = None,
        activity: bytes | None = None,
        without: Collection[int] = (),
        sound: SoundCodec | None = None,
    ) -> Recording:
        """A recording from so many seconds after `START_NS`; its shades count from `first`.

        With `seal` it is a sealed original, which may have `sound`. Nothing moves in it but where
        `activity` says so. Of the seconds `without`, no picture was kept.
        """
        heard, packets = coded_sound(sound, seconds=seconds) if sound is not None else (None, [])
        first = at_s if first is None else first
        begun = self.begin(
            at_s,
            camera=camera,
            run=run,
            first=first,
            media_start_90k=media_start_90k,
            seal=seal,
            heard=heard,
        )
        begun.sounds = placed(packets, media_start_90k)
        begun.go_on(seconds, without)
        return begun.close(activity)

    def begin(
        self,
        at_s: int,
        *,
        camera: str = "cam-1",
        run: str = "run",
        first: int = 0,
        media_start_90k: int = 0,
        seal: VaultPublicKey | None = None,
        heard: SoundParameters | None = None,
    ) -> BeingWritten:
        """A recording that goes on, from so many seconds after `START_NS`."""
        parameters, _ = second(shade_of(first))
        writer = self.archive.begin(
            Begin(
                camera=camera,
                stream=StreamName.MAIN if seal else StreamName.MASKED,
                run=run,
                parameters=parameters,
                sound=heard,
                started=Reading(wall_ns=START_NS + at_s * SECOND_NS, monotonic_ns=at_s * SECOND_NS),
                boot="boot",
                media_start_90k=media_start_90k,
            ),
            seal=seal,
        )
        return BeingWritten(self.index, writer, first, media_start_90k)

    def reader(self) -> Reader:
        """A reader of its own connection."""
        return Reader(self.path, Index(self.path / "index.sqlite"))

    def close(self) -> None:
        """Close the index."""
        self.index.close()
