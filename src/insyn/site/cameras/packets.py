"""From PyAV's packets to ours: Annex B, 90 kHz, parameters noticed where they change in band.

Source: reference/video.md, 4.5: the first RTSP packet is the key picture with pts = dts = None, so
packets are told apart by size, never by dts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.bitstream import BitStreamFilterContext

from insyn.base.errors import UnreadableInput
from insyn.site import nal
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.sps import picture_size
from insyn.site.sound import frame_samples, require_usual
from insyn.site.streams import (
    TICKS,
    Codec,
    Packet,
    Parameters,
    Sound,
    SoundCodec,
    SoundParameters,
)

_CODECS = {"h264": Codec.H264, "hevc": Codec.H265}
_SOUNDS = {
    "aac": SoundCodec.AAC,
    "opus": SoundCodec.OPUS,
    "pcm_mulaw": SoundCodec.PCMU,
    "pcm_alaw": SoundCodec.PCMA,
}
_TO_ANNEX_B = {Codec.H264: "h264_mp4toannexb", Codec.H265: "hevc_mp4toannexb"}


# `Any`: PyAV's container and stream, whose stubs leave codec contexts untyped.
def video_of(container: Any, named: str) -> tuple[Any, Codec]:
    """The first video stream that we know.

    Raises:
        CameraFailure: there is none; says what to set in the camera.
    """
    for stream in container.streams.video:
        codec = _CODECS.get(stream.codec_context.name)
        if codec is not None:
            return stream, codec
    found = ", ".join(stream.codec_context.name for stream in container.streams.video)
    raise CameraFailure(
        Trouble.GARBAGE,
        f"{named} sends {found or 'no video'}; set its stream to H.264 or H.265",
    )


# `Any`: as above.
def sound_of(container: Any) -> SoundReader | str:
    """The first sound of a container that is recorded; else why there is none."""
    seen: list[str] = []
    for stream in container.streams.audio:
        # A stream that no decoder of FFmpeg knows has no context.
        named = str(getattr(stream.codec_context, "name", None) or "that is not known")
        if named not in _SOUNDS:
            seen.append(named)
            continue
        try:
            return SoundReader(stream, _SOUNDS[named])
        except UnreadableInput as error:
            seen.append(str(error))
    return f"codec {', '.join(seen)}" if seen else "the camera sends none"


class SoundReader:
    """Turns what a container yields into frames of sound; no packet makes it fail."""

    def __init__(self, stream: Any, codec: SoundCodec) -> None:
        """Read this stream's parameters.

        Raises:
            UnreadableInput: they are missing or absurd.
        """
        context = stream.codec_context
        config = bytes(context.extradata or b"") if codec is SoundCodec.AAC else b""
        self.stream = stream
        self.parameters = require_usual(
            SoundParameters(
                codec=codec,
                rate=int(context.sample_rate or 0),
                channels=int(context.layout.nb_channels),
                config=config,
            )
        )
        self._scale = Fraction(stream.time_base or Fraction(1, self.parameters.rate))

    def read(self, given: Any, *, is_timed: bool) -> Sound | None:
        """Our frame from one of PyAV's; None where it is none.

        Args:
            given: a packet of this stream.
            is_timed: its time is on the pictures' own clock.
        """
        if not given.size or given.pts is None:
            return None
        data, at = bytes(given), given.pts * self._scale
        samples = int((given.duration or 0) * self._scale * self.parameters.rate)
        samples = samples or frame_samples(self.parameters, data)
        if samples <= 0:
            return None
        return Sound(
            data=data,
            at_samples=int(at * self.parameters.rate) & 0xFFFFFFFF,
            samples=samples,
            received_ns=time.monotonic_ns(),
            pts_90k=int(at * TICKS) if is_timed else None,
        )


class PacketReader:
    """Turns what a container yields into packets; begins at a key packet."""

    def __init__(self, stream: Any, codec: Codec) -> None:
        """Read this stream's parameters as far as they stand before the first packet."""
        self._codec = codec
        self._scale = Fraction(stream.time_base or Fraction(1, TICKS)) * TICKS
        extradata = bytes(stream.codec_context.extradata or b"")
        self._filter: Any = None
        if extradata[:1] == b"\x01":  # avcC or hvcC: a file's length-prefixed packets
            self._filter = BitStreamFilterContext(_TO_ANNEX_B[codec], stream)
        self._size = (stream.codec_context.width, stream.codec_context.height)
        self._sets = nal.parameter_sets_of(extradata, codec)
        self._has_begun = False

    def parameters(self) -> Parameters | None:
        """What is known; None until the parameter sets have been seen."""
        if not self._sets or not all(self._size):
            return None
        width, height = self._size
        return Parameters(codec=self._codec, width=width, height=height, parameter_sets=self._sets)

    def read(self, given: Any) -> Iterator[Packet]:
        """Our packets from one of PyAV's."""
        if given.size == 0:
            return  # the end of a file; never a packet without times, which is real
        received_ns = time.monotonic_ns()
        for packet in self._filter.filter(given) if self._filter else (given,):
            data = bytes(packet)
            is_key = bool(packet.is_keyframe)
            changed = self._changed(data) if is_key else None
            if not self._has_begun and not is_key:
                continue
            self._has_begun = True
            yield Packet(
                data=data,
                pts_90k=self._ticks(packet.pts),
                dts_90k=self._ticks(packet.dts),
                is_key=is_key,
                received_ns=received_ns,
                parameters=changed,
            )

    def _ticks(self, at: int | None) -> int | None:
        return None if at is None else int(at * self._scale)

    def _changed(self, data: bytes) -> Parameters | None:
        found = nal.parameter_sets_of(data, self._codec)
        if not found or found == self._sets:
            return None
        self._sets = found
        size = _size_of(found, self._codec)
        if size is not None:
            self._size = size
        return self.parameters()


def _size_of(sets: tuple[bytes, ...], codec: Codec) -> tuple[int, int] | None:
    """Width and height as the parameter sets tell them; None where they cannot be read."""
    try:
        return picture_size(sets, codec)
    except UnreadableInput:
        return None
