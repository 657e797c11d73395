"""NAL units: from Annex B to what MP4 holds, and what parameter sets say. Pure.

Source: ITU-T H.264 (7.3.1, 7.3.2.1, annex B), ITU-T H.265 (7.3.1, 7.3.2.2, 7.3.3, annex B).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from insyn.base.errors import UnreadableInput
from insyn.site.streams import Codec

_START = re.compile(rb"\x00\x00\x01")  # twice as quick as bytes.find on video
_LENGTH = struct.Struct(">I")

PARAMETER_SETS = {Codec.H264: frozenset({7, 8}), Codec.H265: frozenset({32, 33, 34})}
"""nal_unit_type of SPS and PPS; of VPS, SPS and PPS."""


def units(annexb: bytes) -> Iterator[bytes]:
    """The NAL units between start codes, without them; nothing where there is no start code."""
    starts = [match.end() for match in _START.finditer(annexb)]
    ends = [start - 3 for start in starts[1:]] + [len(annexb)]
    for begin, end in zip(starts, ends, strict=False):  # without a start code there is one end
        # Zeros before a start code belong to it (4-byte codes, trailing_zero_8bits).
        unit = annexb[begin:end].rstrip(b"\x00")
        if unit:
            yield unit


def type_of(unit: bytes, codec: Codec) -> int:
    """nal_unit_type of a unit that is not empty."""
    return unit[0] & 0x1F if codec is Codec.H264 else (unit[0] >> 1) & 0x3F


def length_prefixed(annexb: bytes, codec: Codec) -> bytes:
    """The access unit as an MP4 sample: four bytes of length before each unit.

    Parameter sets are left out, they stand in the sample entry; all others stay as they came,
    SEI included, which may carry the camera's signature.
    """
    left_out = PARAMETER_SETS[codec]
    parts: list[bytes] = []
    for unit in units(annexb):
        if type_of(unit, codec) not in left_out:
            parts.append(_LENGTH.pack(len(unit)))
            parts.append(unit)
    return b"".join(parts)


def annexb(sample: bytes) -> bytes:
    """An MP4 sample with 4-byte lengths back in Annex B.

    Raises:
        UnreadableInput: a length leads beyond the sample.
    """
    parts: list[bytes] = []
    at = 0
    while at < len(sample):
        if at + 4 > len(sample):
            raise UnreadableInput("a coded picture is cut within a length")
        (size,) = _LENGTH.unpack_from(sample, at)
        at += 4
        if size == 0 or at + size > len(sample):
            raise UnreadableInput("a coded picture is cut within a NAL unit")
        parts.append(b"\x00\x00\x00\x01" + sample[at : at + size])
        at += size
    return b"".join(parts)


def parameter_sets_of(annexb: bytes, codec: Codec) -> tuple[bytes, ...]:
    """The parameter sets in an access unit or in extradata, in the order of their types."""
    wanted = PARAMETER_SETS[codec]
    found = {unit: None for unit in units(annexb) if type_of(unit, codec) in wanted}
    return tuple(sorted(found, key=lambda unit: type_of(unit, codec)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile265:
    """What an H.265 SPS says of its profile: the 12 bytes of general_*, and what hvcC repeats."""

    general: bytes
    temporal_layers: int
    is_nested: bool
    chroma_format: int
    luma_depth: int
    chroma_depth: int


def profile_265(sps: bytes) -> Profile265:
    """Read an H.265 sequence parameter set as far as the bit depths.

    Raises:
        UnreadableInput: it is cut.
    """
    payload = unescaped(sps[2:])
    if len(payload) < 14:
        raise UnreadableInput("an H.265 sequence parameter set is cut")
    layers = (payload[0] >> 1) & 7
    bits = Bits(payload, 13 * 8)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    if layers:
        bits.read(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    bits.golomb()  # sps_seq_parameter_set_id
    chroma_format = bits.golomb()
    if chroma_format == 3:
        bits.read(1)
    bits.golomb()
    bits.golomb()
    if bits.read(1):  # conformance_window_flag
        for _ in range(4):
            bits.golomb()
    return Profile265(
        general=payload[1:13],
        temporal_layers=layers + 1,
        is_nested=bool(payload[0] & 1),
        chroma_format=chroma_format,
        luma_depth=bits.golomb() + 8,
        chroma_depth=bits.golomb() + 8,
    )


def unescaped(payload: bytes) -> bytes:
    """The raw byte sequence of a NAL unit: without emulation prevention bytes."""
    return payload.replace(b"\x00\x00\x03", b"\x00\x00")


class Bits:
    """Reads bits from the left.

    Raises:
        UnreadableInput: `read` and `golomb` go beyond the end.
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._value = int.from_bytes(data, "big")
        self._size = len(data) * 8
        self._at = at

    @property
    def at(self) -> int:
        """How many bits lie before the next one."""
        return self._at

    def read(self, count: int) -> int:
        """The next `count` bits as a number."""
        self._at += count
        if self._at > self._size:
            raise UnreadableInput("a parameter set is cut")
        return (self._value >> (self._size - self._at)) & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned Exp-Golomb code, ue(v)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise UnreadableInput("a parameter set holds an absurd number")
        return (1 << zeros) - 1 + self.read(zeros)
