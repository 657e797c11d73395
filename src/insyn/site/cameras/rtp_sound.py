"""Sound over RTP: what a session description says of it, and its packets taken apart. Pure.

Always: whatever comes, nothing is raised and nothing is kept that is not whole: sound that cannot
be read is counted and left out, and never costs a picture.

Source: RFC 3550 (RTP), RFC 3640 (AAC), RFC 6416 (AAC in LATM), RFC 7587 (Opus), RFC 3551 (G.711),
RFC 8866 (SDP).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from insyn.base.errors import UnreadableInput
from insyn.site.sound import aac_config, frame_samples, latm_config, require_usual
from insyn.site.streams import Sound, SoundCodec, SoundParameters

LARGEST_FRAME = 1 << 16
MOST_WAITING = 2_000
"""Frames that nobody fetched; more are left out."""

BROKEN = 200
"""After so many packets in a row that cannot be read, it is told that they cannot."""

_STATIC = {0: ("PCMU", 8_000, 1), 8: ("PCMA", 8_000, 1)}
_NAMED = {
    "PCMU": SoundCodec.PCMU,
    "PCMA": SoundCodec.PCMA,
    "OPUS": SoundCodec.OPUS,
    "MPEG4-GENERIC": SoundCodec.AAC,
    "MP4A-LATM": SoundCodec.AAC,
}


class Packing(Enum):
    """How frames lie in packets."""

    PLAIN = auto()
    """A packet is a frame: G.711, Opus."""
    HEADED = auto()
    """Headers with sizes, then frames: RFC 3640."""
    LATM = auto()
    """Elements, over several packets up to a marker: RFC 6416."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundMedia:
    """The sound that a session description offers.

    Attributes:
        parameters: what it is.
        payload_type: of its packets.
        packing: how they are taken apart.
        size_bits, index_bits: of the headers, where there are any.
        frames: in an element of LATM.
        control: where it is set up, as the description tells it.
    """

    parameters: SoundParameters
    payload_type: int
    packing: Packing
    size_bits: int = 0
    index_bits: int = 0
    frames: int = 1
    control: str = "*"


def sound_of(sdp: str) -> SoundMedia | str:
    """The first sound in a session description that is recorded; else why there is none."""
    seen: list[str] = []
    for section in re.split(r"(?m)^(?=m=)", sdp):
        # What a camera would play (an intercom's other half) is not what it hears.
        if not section.startswith("m=audio") or re.search(r"(?m)^a=sendonly\s*$", section):
            continue
        try:
            return _media(section)
        except UnreadableInput as error:
            seen.append(str(error))
    return f"codec {', '.join(seen)}" if seen else "the camera sends none"


def _media(section: str) -> SoundMedia:
    types = re.match(r"m=audio\s+\S+\s+\S+\s+(\d+)", section)
    number = int(types[1]) if types else -1
    name, rate, channels = _STATIC.get(number, ("", 0, 1))
    told = re.search(rf"(?m)^a=rtpmap:{number}\s+([A-Za-z0-9-]+)/(\d+)(?:/(\d+))?", section)
    if told:
        name, rate, channels = told[1].upper(), int(told[2]), int(told[3] or 1)
    codec = _NAMED.get(name)
    if codec is None:
        raise UnreadableInput(name.lower() or "that is not named")
    control = re.search(r"(?m)^a=control:\s*(\S+)", section)
    media = SoundMedia(
        parameters=SoundParameters(codec=codec, rate=rate, channels=channels),
        payload_type=number,
        packing=Packing.PLAIN,
        control=control[1] if control else "*",
    )
    options = _options(section, number)
    if name == "MPEG4-GENERIC":
        media = _headed(media, options)
    elif name == "MP4A-LATM":
        media = _latm(media, options)
    require_usual(media.parameters)
    return media


def _options(section: str, number: int) -> dict[str, str]:
    line = re.search(rf"(?m)^a=fmtp:{number}\s+(.*)$", section)
    pairs = (part.partition("=") for part in (line[1] if line else "").split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _headed(media: SoundMedia, options: dict[str, str]) -> SoundMedia:
    is_plain = all(
        options.get(name, "0") == "0"
        for name in (
            "ctsdeltalength",
            "dtsdeltalength",
            "randomaccessindication",
            "streamstateindication",
            "auxiliarydatasizelength",
        )
    )
    size, index = _number(options, "sizelength"), _number(options, "indexlength")
    if not is_plain or not 1 <= size <= 16 or index > 16:
        raise UnreadableInput("aac packed in an unusual way")
    if _number(options, "indexdeltalength") != index:
        raise UnreadableInput("aac packed in an unusual way")
    config = _bytes(options.get("config", ""))
    parameters = _configured(media.parameters, config)
    return replace(
        media, parameters=parameters, packing=Packing.HEADED, size_bits=size, index_bits=index
    )


def _latm(media: SoundMedia, options: dict[str, str]) -> SoundMedia:
    if options.get("cpresent", "1") != "0":
        raise UnreadableInput("aac that tells its configuration in band")
    said = latm_config(_bytes(options.get("config", "")))
    parameters = _configured(media.parameters, said.config)
    return replace(media, parameters=parameters, packing=Packing.LATM, frames=said.frames)


def _configured(parameters: SoundParameters, config: bytes) -> SoundParameters:
    # What the configuration says of channels is what a decoder yields, whatever SDP says.
    return replace(parameters, config=config, channels=aac_config(config).channels)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UnreadableInput("aac with a damaged configuration") from error


def _number(options: dict[str, str], name: str) -> int:
    told = options.get(name, "0")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 4 else 0


class SoundDepacketizer:
    """Takes apart the sound of one session."""

    def __init__(self, media: SoundMedia) -> None:
        self._media = media
        self._frames: list[tuple[int, bytes, int]] = []
        self._parts: list[bytes] = []
        self._wanted = 0
        self._timestamp = -1
        self._sequence = -1
        self._broken = 0

    @property
    def trouble(self) -> str:
        """Why no sound comes although packets do, in a few words; "" where nothing is wrong."""
        return "what comes is not what was described" if self._broken >= BROKEN else ""

    def take(self, buffer: bytes, at: int, until: int) -> None:
        """One RTP packet, between these places."""
        if until - at < 13 or buffer[at] >> 6 != 2:
            return
        if buffer[at + 1] & 0x7F != self._media.payload_type:
            return  # comfort noise, telephone keys
        sequence = buffer[at + 2] << 8 | buffer[at + 3]
        timestamp = int.from_bytes(buffer[at + 4 : at + 8], "big")
        payload = at + 12 + 4 * (buffer[at] & 15)
        if buffer[at] & 0x10:
            if payload + 4 > until:
                return
            payload += 4 + 4 * (buffer[payload + 2] << 8 | buffer[payload + 3])
        if buffer[at] & 0x20:
            until -= buffer[until - 1]
        if payload >= until:
            return
        if sequence != (self._sequence + 1) & 0xFFFF:
            self._parts.clear()  # a frame over several packets lacks one
        self._sequence = sequence
        is_last = bool(buffer[at + 1] & 0x80)
        self._unpack(buffer[payload:until], timestamp, is_last=is_last)

    def heard(self, received_ns: int) -> list[Sound]:
        """The frames that are whole since the last call."""
        if not self._frames:
            return []
        frames, self._frames = self._frames, []
        return [
            Sound(data=data, at_samples=at, samples=samples, received_ns=received_ns)
            for at, data, samples in frames
        ]

    def _unpack(self, payload: bytes, timestamp: int, *, is_last: bool) -> None:
        match self._media.packing:
            case Packing.PLAIN:
                self._keep(timestamp, payload)
            case Packing.HEADED:
                self._headed(payload, timestamp)
            case Packing.LATM:
                self._latm(payload, timestamp, is_last=is_last)

    def _headed(self, payload: bytes, timestamp: int) -> None:
        each = self._media.size_bits + self._media.index_bits
        bits = int.from_bytes(payload[:2], "big")
        count, rest = divmod(bits, each)
        at = 2 + (bits + 7) // 8
        if not count or rest or at > len(payload):
            self._broken += 1
            return
        heads = int.from_bytes(payload[2:at], "big") >> (-bits % 8)
        mask = (1 << self._media.index_bits) - 1
        for number in range(count):
            head = heads >> (each * (count - 1 - number)) & ((1 << each) - 1)
            size = head >> self._media.index_bits
            if head & mask:
                self._broken += 1  # interleaved: frames would come out of order
                return
            content = payload[at : at + size]
            at += size
            if len(content) < size:
                self._collect(content, size, timestamp, is_alone=count == 1)
                return
            self._keep(timestamp, content)
            timestamp = timestamp + self._lasts(content) & 0xFFFFFFFF

    def _collect(self, part: bytes, size: int, timestamp: int, *, is_alone: bool) -> None:
        """A frame over several packets, each with the same header."""
        if not is_alone or size > LARGEST_FRAME:
            self._broken += 1
            return
        if timestamp != self._timestamp or size != self._wanted:
            self._parts.clear()
        self._timestamp, self._wanted = timestamp, size
        self._parts.append(part)
        if sum(map(len, self._parts)) >= size:
            whole = b"".join(self._parts)
            self._parts.clear()
            if len(whole) == size:
                self._keep(timestamp, whole)

    def _latm(self, payload: bytes, timestamp: int, *, is_last: bool) -> None:
        if timestamp != self._timestamp:
            self._parts.clear()
        self._timestamp = timestamp
        self._parts.append(payload)
        if sum(map(len, self._parts)) > LARGEST_FRAME:
            self._parts.clear()
            self._broken += 1
        if not is_last:
            return
        element, at = b"".join(self._parts), 0
        self._parts.clear()
        found: list[bytes] = []
        for _ in range(self._media.frames):
            size = 0
            while at < len(element) and element[at] == 255:
                size, at = size + 255, at + 1
            size, at = size + (element[at] if at < len(element) else 0), at + 1
            found.append(element[at : at + size])
            at += size
        if at != len(element) or not all(found):
            self._broken += 1
            return
        for content in found:
            self._keep(timestamp, content)
            timestamp = timestamp + self._lasts(content) & 0xFFFFFFFF

    def _lasts(self, content: bytes) -> int:
        return frame_samples(self._media.parameters, content)

    def _keep(self, timestamp: int, content: bytes) -> None:
        samples = self._lasts(content)
        if not samples or len(content) > LARGEST_FRAME:
            self._broken += 1
            return
        self._broken = 0
        if len(self._frames) < MOST_WAITING:
            self._frames.append((timestamp, content, samples))
