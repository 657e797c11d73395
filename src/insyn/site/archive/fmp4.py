"""Fragmented MP4 written by ourselves, which any player reads: pictures, in originals sound. Pure.

Always: times are in 90 kHz ticks; a fragment is one `moof` and one `mdat` and stands alone after
the init segment; its sizes depend on its samples only, so that times can be rewritten in place.
Where there is sound it is the second track, and its bytes follow those of the pictures.

Source: ISO/IEC 14496-12:2022 (boxes), 14496-15:2022 (avcC, hvcC), RFC 6381 (codec strings).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from insyn.base.errors import UnreadableInput
from insyn.site import nal
from insyn.site.archive import fmp4_sound
from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.streams import TICKS, Codec, Parameters, SoundParameters

_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_SAMPLE = struct.Struct(">IIIi")
_KEY_FLAGS = 0x02000000  # depends on no other
_DELTA_FLAGS = 0x01010000  # depends on others, is not a sync sample
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

LANGUAGE_UNDETERMINED = 0x55C4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One coded picture as MP4 holds it: `data` length-prefixed, times in 90 kHz ticks."""

    data: bytes
    duration_90k: int
    offset_90k: int
    """Presentation after decoding; not 0 only where pictures are reordered."""
    is_key: bool


def codec_string(parameters: Parameters) -> str:
    """The codec by RFC 6381, such as `avc1.42C01E`.

    Raises:
        UnreadableInput: the parameter sets are missing or cut.
    """
    sps = _of_type(parameters, 7 if parameters.codec is Codec.H264 else 33)
    if parameters.codec is Codec.H264:
        return f"avc1.{sps[1:4].hex().upper()}"
    general = nal.profile_265(sps).general
    space, tier, profile = general[0] >> 6, (general[0] >> 5) & 1, general[0] & 31
    compatible = int(f"{int.from_bytes(general[1:5], 'big'):032b}"[::-1], 2)
    constraints = general[5:11].rstrip(b"\x00")
    parts = [
        f"hvc1.{('', 'A', 'B', 'C')[space]}{profile}",
        f"{compatible:X}",
        f"{'LH'[tier]}{general[11]}",
        *(f"{byte:X}" for byte in constraints),
    ]
    return ".".join(parts)


def init_segment(parameters: Parameters, sound: SoundParameters | None = None) -> bytes:
    """`ftyp` and `moov`: what precedes all fragments of a stream; two tracks where it has sound.

    Raises:
        UnreadableInput: the parameter sets are missing or cut.
    """
    brand = b"iso5" + _U32.pack(0x200) + b"iso5iso6mp41"
    tracks = [_track(parameters)]
    defaults = [_full(b"trex", 0, 0, struct.pack(">5I", 1, 1, 0, 0, 0))]
    if sound is not None:
        tracks.append(_sound_track(sound))
        defaults.append(_full(b"trex", 0, 0, struct.pack(">5I", fmp4_sound.TRACK, 1, 0, 0, 0)))
    return _box(b"ftyp", brand) + _box(
        b"moov",
        _full(
            b"mvhd",
            0,
            0,
            struct.pack(">IIIIIH10x", 0, 0, TICKS, 0, 0x10000, 0x100) + _MATRIX,
            bytes(24) + _U32.pack(1 + len(tracks)),
        ),
        *tracks,
        _box(b"mvex", *defaults),
    )


MOST_REFERENCES = 0xFFFF


def segment_index(parts: Sequence[tuple[int, int]]) -> bytes:
    """`sidx`: where players find the parts of a file that follow it, without reading them.

    Args:
        parts: at most `MOST_REFERENCES` that lie end to end and each begin with a key picture:
            size in bytes, duration in ticks.

    Source: ISO/IEC 14496-12:2022, 8.16.3.
    """
    head = struct.pack(">IIQQHH", 1, TICKS, 0, 0, 0, len(parts))
    starts_with_key = 0x90000000  # SAP of type 1, and its distance of 0
    listed = (struct.pack(">III", size, duration, starts_with_key) for size, duration in parts)
    return _full(b"sidx", 1, 0, head, *listed)


NOTE = bytes.fromhex("3d1c6a52f0a94c1f8a55a7d1b7f5e201")
"""The uuid of a box of ours after the init segment; players pass over it."""


def note(content: bytes) -> bytes:
    """A box that no player reads: what the recording says of itself."""
    return _box(b"uuid", NOTE, content)


def boxes(content: bytes, at: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Kind, offset and size of the whole top-level boxes; ends where one is cut or absurd."""
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if size < 8 or at + size > len(content):
            return
        yield kind, at, size
        at += size


def fragment(
    sequence: int,
    start_90k: int,
    samples: Sequence[Sample],
    *,
    sound: Sequence[SoundSample] = (),
    sound_start_90k: int = 0,
) -> bytes:
    """One `moof` and `mdat`.

    Args:
        sequence: counts from 1.
        start_90k: decoding time of the first sample since the start of the stream.
        samples: at least one, in decoding order.
        sound: what is heard with them; none where nothing is.
        sound_start_90k: when it begins, since the start of the stream.
    """
    table = b"".join(
        _SAMPLE.pack(
            sample.duration_90k,
            len(sample.data),
            _KEY_FLAGS if sample.is_key else _DELTA_FLAGS,
            sample.offset_90k,
        )
        for sample in samples
    )
    # moof = 8 + mfhd 16 + traf (8 + tfhd 16 + tfdt 20 + trun 20 + table) + traf of the sound
    traf_size = 64 + len(table)
    moof_size = 24 + traf_size + (fmp4_sound.size_of(len(sound)) if sound else 0)
    picture_bytes = sum(len(sample.data) for sample in samples)
    heard = b""
    if sound:
        at = moof_size + 8 + picture_bytes
        heard = fmp4_sound.track_fragment(sound, sound_start_90k, at)
    body_size = picture_bytes + sum(len(one.data) for one in sound)
    head = (
        struct.pack(">I4s", moof_size, b"moof"),
        struct.pack(">I4sII", 16, b"mfhd", 0, sequence & 0xFFFFFFFF),
        struct.pack(">I4s", traf_size, b"traf"),
        struct.pack(">I4sII", 16, b"tfhd", 0x020000, 1),  # default-base-is-moof
        struct.pack(">I4sIQ", 20, b"tfdt", 0x01000000, start_90k),
        # data offset, and for each sample: duration, size, flags, composition offset (signed)
        struct.pack(">I4sIIi", 20 + len(table), b"trun", 0x01000F01, len(samples), moof_size + 8),
        table,
        heard,
        struct.pack(">I4s", 8 + body_size, b"mdat"),
    )
    return b"".join((*head, *(sample.data for sample in samples), *(one.data for one in sound)))


_TRAF_AT = 24
TFDT_AT = 60
"""Where the 64-bit decoding time stands in a fragment of ours; the sequence number stands at 20."""


def with_start(fragment: bytes, sequence: int, start_90k: int) -> bytes:
    """The fragment at another time in another stream, sound with it; its size stays.

    Raises:
        UnreadableInput: it is no fragment of ours.
    """
    if fragment[4:8] != b"moof" or fragment[52:56] != b"tfdt":
        raise UnreadableInput("this is no fragment that Insyn wrote")
    start = (_U32.pack(sequence & 0xFFFFFFFF), fragment[24:TFDT_AT], _U64.pack(start_90k))
    sound_at = _sound_at(fragment)
    if not sound_at:
        return b"".join((fragment[:20], *start, fragment[TFDT_AT + 8 :]))
    at = sound_at + fmp4_sound.TFDT_AT
    (before,) = _U64.unpack_from(fragment, TFDT_AT)
    (heard,) = _U64.unpack_from(fragment, at)
    # What is heard may begin a little before the picture that a stream begins with.
    moved = max(0, heard + start_90k - before)
    return b"".join(
        (
            fragment[:20],
            *start,
            fragment[TFDT_AT + 8 : at],
            _U64.pack(moved),
            fragment[at + 8 :],
        )
    )


def muted(fragment: bytes) -> bytes:
    """The fragment without its sound; its size stays, as players pass over what is free."""
    at = _sound_at(fragment)
    return fragment[: at + 4] + b"free" + fragment[at + 8 :] if at else fragment


def without_sound(fragment: bytes) -> bytes:
    """The fragment with no byte of sound in it.

    Raises:
        UnreadableInput: it is no fragment of ours.
    """
    if not _sound_at(fragment):
        return fragment
    (sequence,) = _U32.unpack_from(fragment, 20)
    start_90k, samples = samples_of(fragment)
    return _of_pictures(sequence, start_90k, samples)


def picture_only(segment: bytes) -> bytes:
    """An init segment of ours with the first track alone."""
    found = [segment[at : at + size] for _, at, size in boxes(segment)]
    return b"".join(_first_track(each) if each[4:8] == b"moov" else each for each in found)


def _first_track(movie: bytes) -> bytes:
    children: list[tuple[bytes, bytes]] = []
    for kind, at, size in boxes(movie, 8):
        child = movie[at : at + size]
        if kind == b"trak" and any(one[0] == b"trak" for one in children):
            continue
        if kind == b"mvhd":
            child = child[:-4] + _U32.pack(2)  # next_track_ID
        if kind == b"mvex":
            first = next(boxes(child, 8))
            child = _box(b"mvex", child[first[1] : first[1] + first[2]])
        children.append((kind, child))
    return _box(b"moov", *(child for _, child in children))


def _sound_at(fragment: bytes) -> int:
    """Where the `traf` of the sound begins; 0 where there is none."""
    (moof_size,) = _U32.unpack_from(fragment)
    (traf_size,) = _U32.unpack_from(fragment, _TRAF_AT)
    at = int(_TRAF_AT + traf_size)
    return at if at + 8 <= moof_size and fragment[at + 4 : at + 8] == b"traf" else 0


def samples_of(fragment: bytes) -> tuple[int, list[Sample]]:
    """What `fragment` put together: the start, and the pictures.

    Raises:
        UnreadableInput: it is no whole fragment of ours.
    """
    try:
        (moof_size,) = _U32.unpack_from(fragment)
        (start_90k,) = _U64.unpack_from(fragment, TFDT_AT)
        (count,) = _U32.unpack_from(fragment, 80)
        (traf_size,) = _U32.unpack_from(fragment, _TRAF_AT)
        is_ours = fragment[4:8] == b"moof" and fragment[52:56] == b"tfdt"
        if not is_ours or traf_size != 64 + 16 * count:
            raise UnreadableInput("this is no fragment that Insyn wrote")
        at, found = moof_size + 8, []
        for number in range(count):
            duration, size, flags, offset = _SAMPLE.unpack_from(fragment, 88 + 16 * number)
            if at + size > len(fragment):
                raise UnreadableInput("a fragment is cut")
            found.append(
                Sample(
                    data=fragment[at : at + size],
                    duration_90k=duration,
                    offset_90k=offset,
                    is_key=flags == _KEY_FLAGS,
                )
            )
            at += size
    except struct.error as error:
        raise UnreadableInput("a fragment is cut") from error
    return start_90k, found


def _of_pictures(sequence: int, start_90k: int, samples: Sequence[Sample]) -> bytes:
    return fragment(sequence, start_90k, samples)


def _track(parameters: Parameters) -> bytes:
    size = struct.pack(">II", parameters.width << 16, parameters.height << 16)
    head = struct.pack(">IIIII8xHHHH", 0, 0, 1, 0, 0, 0, 0, 0, 0) + _MATRIX + size
    header = _full(b"vmhd", 0, 1, bytes(8))
    return _any_track(head, b"vide", b"video\x00", header, _sample_entry(parameters))


def _sound_track(sound: SoundParameters) -> bytes:
    head = struct.pack(">IIIII8xHHHH", 0, 0, fmp4_sound.TRACK, 0, 0, 0, 0, 0x100, 0)
    entry = _box(*fmp4_sound.sample_entry(sound))
    header = _full(b"smhd", 0, 0, bytes(4))
    return _any_track(head + _MATRIX + bytes(8), b"soun", b"sound\x00", header, entry)


def _any_track(head: bytes, kind: bytes, name: bytes, header: bytes, entry: bytes) -> bytes:
    return _box(
        b"trak",
        _full(b"tkhd", 0, 7, head),
        _box(
            b"mdia",
            _full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, TICKS, 0, LANGUAGE_UNDETERMINED, 0)),
            _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, kind), name),
            _box(
                b"minf",
                header,
                _box(b"dinf", _full(b"dref", 0, 0, _U32.pack(1), _full(b"url ", 0, 1))),
                _box(
                    b"stbl",
                    _full(b"stsd", 0, 0, _U32.pack(1), entry),
                    _full(b"stts", 0, 0, bytes(4)),
                    _full(b"stsc", 0, 0, bytes(4)),
                    _full(b"stsz", 0, 0, bytes(8)),
                    _full(b"stco", 0, 0, bytes(4)),
                ),
            ),
        ),
    )


def _sample_entry(parameters: Parameters) -> bytes:
    head = struct.pack(
        ">6xH16xHHIIIH32xHh",
        1,
        parameters.width,
        parameters.height,
        0x480000,
        0x480000,
        0,
        1,
        24,
        -1,
    )
    if parameters.codec is Codec.H264:
        return _box(b"avc1", head, _box(b"avcC", _avc_configuration(parameters)))
    return _box(b"hvc1", head, _box(b"hvcC", _hevc_configuration(parameters)))


def _avc_configuration(parameters: Parameters) -> bytes:
    sps = [unit for unit in parameters.parameter_sets if unit[0] & 0x1F == 7]
    pps = [unit for unit in parameters.parameter_sets if unit[0] & 0x1F == 8]
    first = _of_type(parameters, 7)
    head = bytes((1, first[1], first[2], first[3], 0xFF, 0xE0 | len(sps)))
    extra = b""
    if first[1] in (100, 110, 122, 144):
        chroma, luma_depth, chroma_depth = _high_profile(first)
        extra = bytes((0xFC | chroma, 0xF8 | luma_depth, 0xF8 | chroma_depth, 0))
    return head + _listed(sps) + bytes((len(pps),)) + _listed(pps) + extra


def _high_profile(sps: bytes) -> tuple[int, int, int]:
    """chroma_format_idc, bit_depth_luma_minus8, bit_depth_chroma_minus8 (H.264, 7.3.2.1.1)."""
    bits = nal.Bits(nal.unescaped(sps[4:]))
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.read(1)
    return chroma, bits.golomb(), bits.golomb()


def _hevc_configuration(parameters: Parameters) -> bytes:
    said = nal.profile_265(_of_type(parameters, 33))
    arrays = []
    for kind in (32, 33, 34):
        found = [unit for unit in parameters.parameter_sets if (unit[0] >> 1) & 0x3F == kind]
        if found:
            arrays.append(struct.pack(">BH", 0x80 | kind, len(found)) + _listed(found))
    return b"".join(
        (
            b"\x01",
            said.general,
            struct.pack(">HB", 0xF000, 0xFC),
            bytes((0xFC | said.chroma_format, 0xF8 | (said.luma_depth - 8))),
            bytes((0xF8 | (said.chroma_depth - 8), 0, 0)),
            bytes(((said.temporal_layers << 3) | (said.is_nested << 2) | 3, len(arrays))),
            *arrays,
        )
    )


def _of_type(parameters: Parameters, kind: int) -> bytes:
    for unit in parameters.parameter_sets:
        if len(unit) > 3 and nal.type_of(unit, parameters.codec) == kind:
            return unit
    raise UnreadableInput("a stream tells no sequence parameter set, so nothing can decode it")


def _listed(units: Sequence[bytes]) -> bytes:
    return b"".join(struct.pack(">H", len(unit)) + unit for unit in units)


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, _U32.pack(version << 24 | flags), *parts)
