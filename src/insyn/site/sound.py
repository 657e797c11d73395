"""What coded sound says of itself: its kind, its rate, how long a frame lasts. Pure.

Source: ISO/IEC 14496-3:2019, 1.6.2.1 (AudioSpecificConfig), 1.7.3 (LATM); RFC 6716, 3.1 (Opus).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from insyn.base.errors import UnreadableInput
from insyn.site.nal import Bits
from insyn.site.streams import SoundCodec, SoundParameters

_RATES = (
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
)  # fmt: skip
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
_LOW_COMPLEXITY = 2
_SPECTRAL_BANDS = (5, 29)  # SBR, and with it parametric stereo: a coder around the first one
MOST_CHANNELS = 8
RATES = range(4_000, 96_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class AacConfig:
    """What an AudioSpecificConfig says.

    Attributes:
        object_type: 2 (low complexity), or 5 and 29 around it: as the codec string names it.
        rate: of the coder within, a second.
        channels: 1 to 8.
        frame_samples: how many of `rate` a frame lasts.
        bits: how long the configuration is.
    """

    object_type: int
    rate: int
    channels: int
    frame_samples: int
    bits: int


def aac_config(config: bytes, at: int = 0) -> AacConfig:
    """Read an AudioSpecificConfig that begins at bit `at`.

    Raises:
        UnreadableInput: it is cut, or of a kind of AAC that is not recorded.
    """
    try:
        return _aac_config(Bits(config, at), at)
    except UnreadableInput as error:
        raise UnreadableInput(_named(error)) from None


def _named(error: UnreadableInput) -> str:
    """What was found of AAC; a configuration that is cut says so itself."""
    said = str(error)
    return said if said.startswith("aac") else "aac with a damaged configuration"


def _aac_config(bits: Bits, at: int) -> AacConfig:
    named = kind = _object_type(bits)
    rate = _rate(bits)
    layout = bits.read(4)
    if kind in _SPECTRAL_BANDS:
        _rate(bits)
        kind = _object_type(bits)
    if kind != _LOW_COMPLEXITY:
        raise UnreadableInput(f"aac of object type {kind}")
    is_short = bits.read(1)
    if bits.read(1):  # dependsOnCoreCoder
        bits.read(14)
    is_extended = bits.read(1)
    channels = _CHANNELS[layout] if layout < len(_CHANNELS) else 0
    if not channels or is_extended:
        raise UnreadableInput("aac of an unusual layout of channels")
    return AacConfig(
        object_type=named,
        rate=rate,
        channels=channels,
        frame_samples=960 if is_short else 1024,
        bits=bits.at - at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LatmConfig:
    """What a StreamMuxConfig says: the AudioSpecificConfig, and how many frames an element has."""

    config: bytes
    frames: int


def latm_config(config: bytes) -> LatmConfig:
    """Read a StreamMuxConfig as SDP tells it (RFC 6416, 7.3).

    Raises:
        UnreadableInput: it is cut, or multiplexes more than one plain stream.
    """
    bits = Bits(config)
    head = [bits.read(size) for size in (1, 1, 6, 4, 3)]
    if head[0] or not head[1] or head[3] or head[4]:
        raise UnreadableInput("aac multiplexed in an unusual way")
    at = bits.at
    said = aac_config(config, at)
    whole = Bits(config, at).read(said.bits)
    size = (said.bits + 7) // 8
    plain = (whole << (size * 8 - said.bits)).to_bytes(size, "big")
    # What follows (how lengths are told) is cut by some senders; an element that does not fit is
    # noticed when it comes.
    return LatmConfig(config=plain, frames=head[2] + 1)


def opus_samples(packet: bytes) -> int:
    """How many 48ths of a millisecond an Opus packet lasts; 0 where it is none."""
    if not packet:
        return 0
    config, code = packet[0] >> 3, packet[0] & 3
    if config < 12:
        each = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        each = (480, 960)[config & 1]
    else:
        each = (120, 240, 480, 960)[config & 3]
    count = (1, 2, 2, packet[1] & 63 if len(packet) > 1 else 0)[code]
    return each * count if each * count <= 5760 else 0


def frame_samples(parameters: SoundParameters, data: bytes) -> int:
    """How many ticks of the parameters' clock a frame lasts; 0 where it is none.

    Raises:
        UnreadableInput: the configuration is damaged.
    """
    match parameters.codec:
        case SoundCodec.AAC:
            return _aac_samples(parameters)
        case SoundCodec.OPUS:
            return opus_samples(data)
        case _:
            return len(data) // parameters.channels


@lru_cache(maxsize=64)
def _aac_samples(parameters: SoundParameters) -> int:
    said = aac_config(parameters.config)
    return said.frame_samples * parameters.rate // said.rate


def require_usual(parameters: SoundParameters) -> SoundParameters:
    """The parameters, if an MP4 can say them.

    Raises:
        UnreadableInput: rate or channels are absurd, or the configuration is damaged.
    """
    if parameters.rate not in RATES or not 1 <= parameters.channels <= MOST_CHANNELS:
        raise UnreadableInput(f"{parameters.codec} of an absurd rate")
    if parameters.codec is SoundCodec.OPUS and parameters.channels > 2:
        raise UnreadableInput("opus of more than two channels")
    if parameters.codec is SoundCodec.AAC:
        aac_config(parameters.config)
        if len(parameters.config) > 64:
            raise UnreadableInput("aac with an absurd configuration")
    return parameters


def _object_type(bits: Bits) -> int:
    kind = bits.read(5)
    return 32 + bits.read(6) if kind == 31 else kind


def _rate(bits: Bits) -> int:
    index = bits.read(4)
    rate = bits.read(24) if index == 15 else _RATES[index] if index < len(_RATES) else 0
    if rate not in RATES:
        raise UnreadableInput("aac of an absurd rate")
    return rate
