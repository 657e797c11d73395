"""RTP over a TCP connection, taken apart: from interleaved bytes to access units. Pure.

Always: a byte that cannot be is an error with its reason, never a crash; what is not complete waits
for more. Written for large reads: one call takes apart whatever has come in.

Source: RFC 3550 (RTP), RFC 6184 (H.264), RFC 7798 (H.265), RFC 2326 section 10.12 (interleaving).
"""

from __future__ import annotations

from dataclasses import dataclass

from insyn.base.errors import UnreadableInput
from insyn.site.cameras.rtp_sound import SoundDepacketizer
from insyn.site.streams import Codec

START = b"\x00\x00\x00\x01"
LARGEST_UNIT = 32 << 20
LARGEST_ANSWER = 1 << 16
_DOLLAR = 0x24


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessUnit:
    """One picture: Annex B, the RTP timestamp, and what kinds of NAL units it holds."""

    data: bytes
    timestamp: int
    is_key: bool
    has_sets: bool


class Depacketizer:
    """Takes apart the packets of one session, whose video is on channel 0."""

    def __init__(
        self, codec: Codec, sound: SoundDepacketizer | None = None, sound_channel: int = -1
    ) -> None:
        """Take video apart; what comes on `sound_channel` is handed to `sound`."""
        self._codec = codec
        self._sound = sound
        self._sound_channel = sound_channel
        self._parts: list[bytes] = []
        self._size = 0
        self._timestamp = -1
        self._sequence = -1
        self._is_key = False
        self._has_sets = False
        self._is_damaged = False
        self._has_picture = False
        self._finished = -1
        self._ignores_marker = False
        self._rest = b""
        self.lost = 0
        """RTP packets that the camera left out."""

    def feed(self, content: bytes) -> list[AccessUnit]:
        """The access units that are complete with these bytes.

        Raises:
            UnreadableInput: this is no interleaved RTP, or a packing that we do not know.
        """
        buffer = self._rest + content if self._rest else content
        found: list[AccessUnit] = []
        at, end = 0, len(buffer)
        while at + 4 <= end:
            if buffer[at] != _DOLLAR:
                after = _after_answer(buffer, at)
                if after is None:
                    break
                at = after
                continue
            until = at + 4 + (buffer[at + 2] << 8 | buffer[at + 3])
            if until > end:
                break
            if buffer[at + 1] == 0:
                self._take(buffer, at + 4, until, found)
            elif buffer[at + 1] == self._sound_channel and self._sound is not None:
                self._sound.take(buffer, at + 4, until)
            at = until
        self._rest = buffer[at:]
        return found

    def _take(self, buffer: bytes, at: int, until: int, found: list[AccessUnit]) -> None:
        """One RTP packet."""
        if until - at < 13 or buffer[at] >> 6 != 2:
            return  # too short for a payload, or not RTP: some cameras send such fillers
        first = buffer[at]
        sequence = buffer[at + 2] << 8 | buffer[at + 3]
        timestamp = int.from_bytes(buffer[at + 4 : at + 8], "big")
        payload = at + 12 + 4 * (first & 15)
        if first & 0x10:
            if payload + 4 > until:
                return
            payload += 4 + 4 * (buffer[payload + 2] << 8 | buffer[payload + 3])
        if first & 0x20:
            until -= buffer[until - 1]
        if payload + 2 > until:
            return
        if self._sequence >= 0 and sequence != (self._sequence + 1) & 0xFFFF:
            self.lost += (sequence - self._sequence - 1) & 0xFFFF
            self._is_damaged = True
        self._sequence = sequence
        if timestamp != self._timestamp:
            self._finish(found)  # a camera that sets no marker
            self._timestamp = timestamp
        elif timestamp == self._finished:
            self._ignores_marker = True  # a camera that sets it on each slice
        if self._codec is Codec.H264:
            self._take_h264(buffer, payload, until)
        else:
            self._take_h265(buffer, payload, until)
        if buffer[at + 1] & 0x80 and not self._ignores_marker:
            self._finish(found)

    def _take_h264(self, buffer: bytes, at: int, until: int) -> None:
        kind = buffer[at] & 31
        if kind == 28:  # FU-A
            header = buffer[at + 1]
            if header & 0x80:
                self._begin(header & 31, buffer[at] & 0xE0 | header & 31, b"")
            self._append(buffer[at + 2 : until])
        elif 0 < kind < 24:
            self._begin(kind, None, buffer[at:until])
        elif kind == 24:  # STAP-A
            self._take_several(buffer, at + 1, until, 0)
        else:
            raise UnreadableInput(f"RTP packs H.264 in a way that we do not read ({kind})")

    def _take_h265(self, buffer: bytes, at: int, until: int) -> None:
        kind = buffer[at] >> 1 & 63
        if kind == 49:  # FU
            header = buffer[at + 2] if at + 2 < until else 0
            if header & 0x80:
                start = bytes((buffer[at] & 0x81 | (header & 63) << 1, buffer[at + 1]))
                self._begin(header & 63, None, start)
            self._append(buffer[at + 3 : until])
        elif kind < 48:
            self._begin(kind, None, buffer[at:until])
        elif kind == 48:  # AP
            self._take_several(buffer, at + 2, until, 1)
        else:
            raise UnreadableInput(f"RTP packs H.265 in a way that we do not read ({kind})")

    def _take_several(self, buffer: bytes, at: int, until: int, shift: int) -> None:
        mask = 63 if shift else 31
        while at + 2 < until:
            size = buffer[at] << 8 | buffer[at + 1]
            if size == 0 or at + 2 + size > until:
                self._is_damaged = True
                return
            self._begin(buffer[at + 2] >> shift & mask, None, buffer[at + 2 : at + 2 + size])
            at += 2 + size

    def _begin(self, kind: int, header: int | None, content: bytes) -> None:
        """A NAL unit begins."""
        if self._codec is Codec.H264:
            self._is_key |= kind == 5
            self._has_picture |= kind <= 5
            self._has_sets |= kind in (7, 8)
        else:
            self._is_key |= 16 <= kind <= 21
            self._has_picture |= kind < 32
            self._has_sets |= 32 <= kind <= 34
        self._parts.append(START if header is None else START + bytes((header,)))
        if content:
            self._append(content)

    def _append(self, content: bytes) -> None:
        self._size += len(content)
        if self._size > LARGEST_UNIT:
            raise UnreadableInput("a picture is larger than any camera's")
        self._parts.append(content)

    def _finish(self, found: list[AccessUnit]) -> None:
        if not self._has_picture:
            return  # parameter sets sent ahead belong to the picture that follows
        unit = AccessUnit(
            data=b"".join(self._parts),
            timestamp=self._timestamp,
            is_key=self._is_key and not self._is_damaged,
            has_sets=self._has_sets,
        )
        found.append(unit)
        self._finished = self._timestamp
        self._parts.clear()
        self._size = 0
        self._is_key = self._has_sets = self._has_picture = self._is_damaged = False


def _after_answer(buffer: bytes, at: int) -> int | None:
    """Where an RTSP message between packets ends; None where it is not whole yet."""
    end = buffer.find(b"\r\n\r\n", at, at + LARGEST_ANSWER)
    if end < 0:
        if len(buffer) - at > LARGEST_ANSWER or not _may_be_message(buffer[at : at + 16]):
            raise UnreadableInput("what comes is no RTP")
        return None
    if not _may_be_message(buffer[at : at + 16]):
        raise UnreadableInput("what comes is no RTP")
    size = 0
    for line in buffer[at:end].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            size = int(value)
    if size > LARGEST_ANSWER:
        raise UnreadableInput("an answer between packets is larger than any camera's")
    after = end + 4 + size
    return after if after <= len(buffer) else None


def _may_be_message(start: bytes) -> bool:
    word = start.split(b" ")[0].split(b"/")[0].replace(b"_", b"")
    return word.isalpha() and word.isupper()
