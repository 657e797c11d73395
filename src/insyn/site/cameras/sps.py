"""The size of pictures, from a sequence parameter set. Pure.

Source: ITU-T H.264, 7.3.2.1.1 and 7.4.2.1.1; ITU-T H.265, 7.3.2.2.1 and 7.4.3.2.1.
"""

from __future__ import annotations

from insyn.base.errors import UnreadableInput
from insyn.site import nal
from insyn.site.streams import Codec

_SIZES = {0: (1, 1), 1: (2, 2), 2: (2, 1), 3: (1, 1)}
"""SubWidthC and SubHeightC by chroma_format_idc."""

_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
"""profile_idc whose parameter sets tell the chroma format."""

LARGEST = 16384


def picture_size(sets: tuple[bytes, ...], codec: Codec) -> tuple[int, int]:
    """Width and height in pixels, cropped as the camera asks.

    Raises:
        UnreadableInput: there is no sequence parameter set, or it is cut or absurd.
    """
    wanted = 7 if codec is Codec.H264 else 33
    for unit in sets:
        if len(unit) > 4 and nal.type_of(unit, codec) == wanted:
            width, height = _size_264(unit) if codec is Codec.H264 else _size_265(unit)
            if not (0 < width <= LARGEST and 0 < height <= LARGEST):
                raise UnreadableInput("a sequence parameter set tells an absurd size")
            return width, height
    raise UnreadableInput("there is no sequence parameter set")


def _size_264(unit: bytes) -> tuple[int, int]:
    profile = unit[1]
    bits = nal.Bits(nal.unescaped(unit[4:]))
    bits.golomb()
    chroma, is_separate = 1, 0
    if profile in _HIGH:
        chroma = bits.golomb()
        is_separate = bits.read(1) if chroma == 3 else 0
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for number in range(8 if chroma != 3 else 12):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 256)):
            bits.golomb()
    bits.golomb()
    bits.read(1)
    width = (bits.golomb() + 1) * 16
    height_units = bits.golomb() + 1
    has_frames_only = bits.read(1)
    height = height_units * 16 * (2 - has_frames_only)
    if not has_frames_only:
        bits.read(1)
    bits.read(1)
    return _cropped(bits, width, height, 0 if is_separate else chroma, 2 - has_frames_only)


def _size_265(unit: bytes) -> tuple[int, int]:
    payload = nal.unescaped(unit[2:])
    if len(payload) < 14:
        raise UnreadableInput("a sequence parameter set is cut")
    layers = payload[0] >> 1 & 7
    bits = nal.Bits(payload, 13 * 8)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    if layers:
        bits.read(2 * (8 - layers))
    for has_profile, has_level in present:
        bits.read(88 * has_profile + 8 * has_level)
    bits.golomb()
    chroma = bits.golomb()
    is_separate = bits.read(1) if chroma == 3 else 0
    width, height = bits.golomb(), bits.golomb()
    return _cropped(bits, width, height, 0 if is_separate else chroma, 1)


def _cropped(
    bits: nal.Bits, width: int, height: int, chroma: int, field_factor: int
) -> tuple[int, int]:
    if not bits.read(1):
        return width, height
    left, right, top, bottom = (bits.golomb() for _ in range(4))
    across, down = _SIZES.get(chroma, (1, 1))
    return (
        width - across * (left + right),
        height - down * field_factor * (top + bottom),
    )


def _skip_scaling_list(bits: nal.Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last
