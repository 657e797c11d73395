"""The second track of an original: sound in fragmented MP4. Pure.

Always: its times are in 90 kHz ticks, as those of pictures; only sealed originals have it.

Source: ISO/IEC 14496-12:2022, 12.2 (sound), 14496-14 (esds), 14496-1, 7.2.6 (descriptors);
"Encapsulation of Opus in ISO Base Media File Format", 4.3 (dOps); mp4ra.org (ulaw, alaw).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from insyn.site.sound import aac_config
from insyn.site.streams import SoundCodec, SoundParameters

TRACK = 2
_FLAGS = 0x02000000  # each frame stands alone
_U32 = struct.Struct(">I")
_SAMPLE = struct.Struct(">II")
_PLAIN = {SoundCodec.PCMU: b"ulaw", SoundCodec.PCMA: b"alaw"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSample:
    """One frame of sound as MP4 holds it, times in 90 kHz ticks since the start of its run."""

    data: bytes
    start_90k: int
    duration_90k: int

    @property
    def end_90k(self) -> int:
        """When the next one may begin."""
        return self.start_90k + self.duration_90k


def codec_string(sound: SoundParameters) -> str:
    """The codec by RFC 6381, such as `mp4a.40.2`.

    Raises:
        UnreadableInput: the configuration is damaged.
    """
    match sound.codec:
        case SoundCodec.AAC:
            return f"mp4a.40.{aac_config(sound.config).object_type}"
        case SoundCodec.OPUS:
            return "opus"
        case _:
            return _PLAIN[sound.codec].decode()


def sample_entry(sound: SoundParameters) -> tuple[bytes, bytes]:
    """Kind and content of the sample entry."""
    # A rate that 16 bits do not hold is told by the codec's own configuration.
    rate = sound.rate if sound.rate < 1 << 16 else 0
    head = struct.pack(">6xH8xHH4xI", 1, sound.channels, 16, rate << 16)
    match sound.codec:
        case SoundCodec.AAC:
            return b"mp4a", head + _esds(sound.config)
        case SoundCodec.OPUS:
            said = struct.pack(">BBHIhB", 0, sound.channels, 0, sound.rate, 0, 0)
            return b"Opus", head + struct.pack(">I4s", 8 + len(said), b"dOps") + said
        case _:
            return _PLAIN[sound.codec], head


def _esds(config: bytes) -> bytes:
    specific = _descriptor(5, config)
    # MPEG-4 audio; an audio stream; buffer size and bit rates are not told
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0) + specific)
    stream = _descriptor(3, struct.pack(">HB", TRACK, 0) + decoder + _descriptor(6, b"\x02"))
    return struct.pack(">I4sI", 12 + len(stream), b"esds", 0) + stream


def _descriptor(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content  # all are shorter than 128 bytes


def track_fragment(samples: Sequence[SoundSample], start_90k: int, data_offset: int) -> bytes:
    """The `traf` of these samples.

    Args:
        samples: at least one, in order; a pause before the next one lengthens a sample.
        start_90k: decoding time of the first.
        data_offset: where its bytes begin, from the start of the `moof`.
    """
    ends = [*(sample.start_90k for sample in samples[1:]), samples[-1].end_90k]
    table = b"".join(
        _SAMPLE.pack(end - sample.start_90k, len(sample.data))
        for sample, end in zip(samples, ends, strict=True)
    )
    return b"".join(
        (
            struct.pack(">I4s", size_of(len(samples)), b"traf"),
            # default-base-is-moof, default-sample-flags
            struct.pack(">I4sIII", 20, b"tfhd", 0x020020, TRACK, _FLAGS),
            struct.pack(">I4sIQ", 20, b"tfdt", 0x01000000, start_90k),
            # data offset, and for each sample: duration, size
            struct.pack(">I4sIIi", 20 + len(table), b"trun", 0x301, len(samples), data_offset),
            table,
        )
    )


TFDT_AT = 40
"""Where the 64-bit decoding time stands in a `traf` of ours."""


def size_of(count: int) -> int:
    """How many bytes the `traf` of so many samples has."""
    return 68 + 8 * count
