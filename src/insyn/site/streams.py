"""Encoded video and sound on their way from a camera to disk: codec, parameters, packets. Pure.

Always: NAL units are in Annex B (start codes), whatever the source delivered; media time is in
90 kHz ticks; a packet is one access unit (one picture).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TICKS = 90_000
"""Media ticks a second (RTP clock of video, RFC 6184 section 8.2.1)."""


class Codec(StrEnum):
    """What a video stream is coded in."""

    H264 = "h264"
    H265 = "h265"


class SoundCodec(StrEnum):
    """What sound is coded in, where it is recorded: what MP4 holds without coding it anew."""

    AAC = "aac"
    OPUS = "opus"
    PCMU = "pcmu"
    """G.711 µ-law."""
    PCMA = "pcma"
    """G.711 A-law."""


class StreamName(StrEnum):
    """Which of a camera's streams: `main` is sealed, `sub` is what the shield reads.

    `masked` is what the shield yields: the only one that is ever shown.
    """

    MAIN = "main"
    SUB = "sub"
    MASKED = "masked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a decoder must know before the first packet.

    `parameter_sets` are NAL units without start codes, in the order VPS, SPS, PPS. Two streams with
    equal parameters can share a recording; anything else begins a new one.
    """

    codec: Codec
    width: int
    height: int
    parameter_sets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One coded picture.

    Attributes:
        data: the access unit in Annex B.
        pts_90k: presentation time as the camera tells it, or None where it tells none (the first
            packets of an RTSP session); it may jump or run backwards.
        dts_90k: decoding time, likewise.
        is_key: decoding can begin here.
        received_ns: `time.monotonic_ns()` when it came in.
        parameters: set where they are new from this packet on (always a key packet); None else.
    """

    data: bytes
    pts_90k: int | None
    dts_90k: int | None
    is_key: bool
    received_ns: int
    parameters: Parameters | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundParameters:
    """What a decoder must know before the first sound.

    Attributes:
        codec: what it is coded in.
        rate: ticks a second of the clock that `Sound` counts by.
        channels: 1 to 8.
        config: the AudioSpecificConfig of AAC (ISO/IEC 14496-3, 1.6.2.1); empty otherwise.
    """

    codec: SoundCodec
    rate: int
    channels: int
    config: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One coded frame of sound, a few hundredths of a second.

    Attributes:
        data: as MP4 holds it.
        at_samples: when it begins, by the camera's own clock, which may wrap at 32 bits.
        samples: how long it lasts.
        received_ns: `time.monotonic_ns()` when it came in.
        pts_90k: when it begins by the clock of the pictures' `dts_90k`, where both have one clock
            (a file); None where only the arrival tells (RTP).
    """

    data: bytes
    at_samples: int
    samples: int
    received_ns: int
    pts_90k: int | None = None
