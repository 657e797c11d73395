"""A virtual camera: the concourse encoded as a real one would, in step with the wall clock.

`virtual://concourse?seed=7&people=8&size=1280x720&fps=25&codec=h264`; its sub-stream is 640x360 at
12.5. With `sound=1` its main stream has a quiet tone with a beep at each second. Two processes that
open it at once see the same people in the same second.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from insyn.base.errors import UsageError
from insyn.site import nal
from insyn.site.cameras.address import Address
from insyn.site.cameras.source import UntilTold
from insyn.site.cameras.virtual.concourse import Concourse, Events, Scene
from insyn.site.cameras.virtual.tone import Tone
from insyn.site.streams import (
    TICKS,
    Codec,
    Packet,
    Parameters,
    SoundParameters,
    StreamName,
)

_OPTIONS = frozenset({"seed", "people", "size", "fps", "codec", "noise", "empty", "sound"})
_ENCODERS = {Codec.H264: "libx264", Codec.H265: "libx265"}
SUB = ((640, 360), 12.5)
LARGEST = 3840


class VirtualSource:
    """One stream of a virtual camera."""

    def __init__(
        self,
        address: Address,
        stream: StreamName = StreamName.MAIN,
        *,
        wants_sound: bool = False,
    ) -> None:
        """Read the options; its sound, where it has any, is made only where it is wanted.

        Raises:
            UsageError: an option is unknown or out of its range; says which.
        """
        if address.name != "concourse":
            raise UsageError("the only virtual place is virtual://concourse")
        options = address.options
        if unknown := sorted(options.keys() - _OPTIONS):
            raise UsageError(f"a virtual camera has no option {unknown[0]}; it has seed, people, "
                             "size, fps, codec, noise, empty, sound")  # fmt: skip
        self._size, self._fps = _size(options.get("size", "1280x720")), 25.0
        self._fps = _number(options, "fps", 25.0, 1, 60)
        if stream is not StreamName.MAIN and self._size[0] > SUB[0][0]:
            self._size, self._fps = SUB
        self._seed = int(_number(options, "seed", 7, 0, 2**31))
        self._people = int(_number(options, "people", 8, 0, 200))
        self.events = Events(
            noise=_number(options, "noise", 2, 0, 40), empty_s=_number(options, "empty", 0, 0, 1e6)
        )
        has_sound = _number(options, "sound", 0, 0, 1) == 1
        self._mute = "" if has_sound or not wants_sound else "the camera sends none"
        self._is_heard = has_sound and wants_sound
        try:
            self._codec = Codec(options.get("codec", "h264"))
        except ValueError as error:
            raise UsageError("a virtual camera's codec is h264 or h265") from error

    def open(self) -> VirtualStream:
        """Begin to render."""
        place = Concourse(
            seed=self._seed,
            width=self._size[0],
            height=self._size[1],
            fps=self._fps,
            people=self._people,
            events=self.events,
        )
        return VirtualStream(
            place, self._codec, tone=Tone() if self._is_heard else None, mute=self._mute
        )


class VirtualStream(UntilTold):
    """An open virtual camera; see `insyn.site.cameras.source.OpenStream`."""

    def __init__(
        self, place: Concourse, codec: Codec, *, tone: Tone | None = None, mute: str = ""
    ) -> None:
        super().__init__()
        self._tone = tone
        self.sound_trouble = mute
        self._place = place
        self._codec = codec
        # `Any`: the stubs do not know a video context's attributes.
        encoder: Any = av.CodecContext.create(_ENCODERS[codec], "w")
        encoder.width, encoder.height, encoder.pix_fmt = place.width, place.height, "yuv420p"
        encoder.time_base = Fraction(1, TICKS)
        encoder.framerate = Fraction(round(place.fps * 100), 100)
        encoder.gop_size = max(1, round(place.fps))
        encoder.max_b_frames = 0
        encoder.thread_count = 1
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": "26",
            "forced-idr": "1",
        }
        if codec is Codec.H265:
            encoder.options = {
                **encoder.options,
                "x265-params": "log-level=none:pools=none:open-gop=0",
            }
        self._encoder = encoder
        self._step = round(TICKS / place.fps)
        # A picture of nobody tells the parameters before the first real one.
        first = self._encode(place.render(0), 0)
        sets = nal.parameter_sets_of(first[0].data, codec)
        self._parameters = Parameters(
            codec=codec, width=place.width, height=place.height, parameter_sets=sets
        )

    @property
    def parameters(self) -> Parameters:
        """What holds from the first packet on."""
        return self._parameters

    @property
    def sound(self) -> SoundParameters | None:
        """What is heard; see `insyn.site.cameras.source.Sounding`."""
        return self._tone.parameters if self._tone is not None else None

    def packets(self) -> Iterator[Packet]:
        """Pictures at their times, by the wall clock; what came too late is left out."""
        fps = self._place.fps
        is_first = True
        # Counted from midnight, so that pictures repeat day by day and numbers stay small.
        while not self._closing.is_set():
            now = time.time() % 86_400
            index = int(now * fps) + 1
            if self._closing.wait(max(0.0, index / fps - now)):
                return
            if self._tone is not None:
                self._heard += self._tone.until(index / fps)
            for packet in self._encode(self._place.render(index), index, force_key=is_first):
                is_first = False
                yield packet

    def _encode(self, scene: Scene, index: int, *, force_key: bool = False) -> list[Packet]:
        height, width = scene.y.shape
        stacked = np.concatenate(
            (scene.y, scene.u.reshape(height // 4, width), scene.v.reshape(height // 4, width))
        )
        frame: Any = av.VideoFrame.from_ndarray(stacked, format="yuv420p")
        frame.pts, frame.time_base = index * self._step, Fraction(1, TICKS)
        if force_key:
            frame.pict_type = av.video.frame.PictureType.I
        found = []
        for coded in self._encoder.encode(frame):
            found.append(
                Packet(
                    data=bytes(coded),
                    pts_90k=coded.pts,
                    dts_90k=coded.pts,
                    is_key=bool(coded.is_keyframe),
                    received_ns=time.monotonic_ns(),
                )
            )
        return found


def _number(options: dict[str, str], name: str, usual: float, least: float, most: float) -> float:
    try:
        value = float(options.get(name, usual))
    except ValueError:
        value = most + 1
    if not least <= value <= most:
        raise UsageError(f"a virtual camera's {name} is a number from {least:g} to {most:g}")
    return value


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{3,4})x([0-9]{2,4})", text)
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (160 <= width <= LARGEST and 90 <= height <= LARGEST) or width % 4 or height % 4:
        raise UsageError("a virtual camera's size is WIDTHxHEIGHT in multiples of 4, from 160x90")
    return width, height
