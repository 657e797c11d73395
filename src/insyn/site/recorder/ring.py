"""Between network and disk: a bounded queue of packets for each camera, without a lock.

Always: the network's thread appends and never waits; the disk's thread takes. Where the disk is too
slow, packets are left out from the newest on until a key picture finds half of the room free, so
that whole GOPs are missing and what stands can be decoded; a mark tells that something is missing.

One thread puts and one takes: each writes its own counter, and a deque's ends are safe together.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass

from insyn.site.archive.recording import EndReason
from insyn.site.streams import Packet, Parameters, Sound, SoundParameters

MAX_BYTES = 32 << 20
"""A minute of 4 Mbit/s; a process with many cameras gives each less (`share`)."""

PROCESS_BYTES = 512 << 20
"""What all rings of a process may hold together."""

MAX_AGE_NS = 30 * 10**9
"""Older packets wait for a disk that does not answer: then newer ones are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session with the camera begins; these parameters hold from its first packet on."""

    parameters: Parameters
    sound: SoundParameters | None = None
    """What was asked for beside the pictures; None where nothing is heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Nothing follows for now, or something is missing here.

    Attributes:
        reason: why the recording ends.
        gap: the reason of the gap that begins; "" where none is to be told.
    """

    reason: EndReason
    gap: str


Item = Packet | Sound | Opened | Lost


class Ring:
    """The packets of one camera that wait for the disk."""

    def __init__(self, max_bytes: int = MAX_BYTES, max_age_ns: int = MAX_AGE_NS) -> None:
        self.max_bytes = max_bytes
        self._max_age_ns = max_age_ns
        self._items: deque[Item] = deque()
        self._put_bytes = 0
        self._taken_bytes = 0
        self._oldest_ns = 0
        self._is_dropping = False
        self._missed: Parameters | None = None
        self.dropped = 0
        """Packets left out since the start."""
        self.mute = 0
        """Frames of sound left out since the start."""
        self.disk_trouble = False
        """Set by the disk's thread while the disk refuses: the reason of what is left out."""

    @property
    def waiting_bytes(self) -> int:
        """How much waits for the disk."""
        return self._put_bytes - self._taken_bytes

    def lag_ns(self, now_ns: int) -> int:
        """How long the oldest packet has waited for the disk, at most; 0 where none waits."""
        return max(0, now_ns - self._oldest_ns) if self.waiting_bytes else 0

    @property
    def is_dropping(self) -> bool:
        """Whether packets are left out now."""
        return self._is_dropping

    def put(self, packet: Packet) -> None:
        """Append a packet, or leave it out; never waits. The network's thread."""
        waiting = self._put_bytes - self._taken_bytes
        if self._is_dropping:
            is_half_free = waiting * 2 <= self.max_bytes and not self._is_late(packet.received_ns)
            fits = waiting + len(packet.data) <= self.max_bytes
            if not (packet.is_key and is_half_free and fits):
                self._leave_out(packet)
                return
            self._is_dropping = False
            if packet.parameters is None and self._missed is not None:
                packet = dataclasses.replace(packet, parameters=self._missed)
            self._missed = None
        elif waiting + len(packet.data) > self.max_bytes or self._is_late(packet.received_ns):
            self._is_dropping = True
            reason = EndReason.DISK if self.disk_trouble else EndReason.OVERFLOW
            self._items.append(Lost(reason=reason, gap=str(reason)))
            self._leave_out(packet)
            return
        if waiting == 0:
            self._oldest_ns = packet.received_ns
        self._put_bytes += len(packet.data)
        self._items.append(packet)

    def put_sound(self, sound: Sound) -> None:
        """Append a frame of sound, or leave it out where pictures need the room.

        The network's thread.
        """
        size = len(sound.data)
        if self._is_dropping or (self.waiting_bytes + size) * 2 > self.max_bytes:
            self.mute += 1
            return
        if self.waiting_bytes == 0:
            self._oldest_ns = sound.received_ns
        self._put_bytes += size
        self._items.append(sound)

    def mark(self, mark: Opened | Lost) -> None:
        """Append a mark; always finds room. The network's thread."""
        if isinstance(mark, Opened):
            self._missed = None
        self._items.append(mark)

    def take(self) -> list[Item]:
        """Take all that waits, in order. The disk's thread."""
        items = self._items
        taken = [items.popleft() for _ in range(len(items))]
        self._taken_bytes += sum(
            len(item.data) for item in taken if isinstance(item, Packet | Sound)
        )
        return taken

    def _is_late(self, now_ns: int) -> bool:
        # The first that was put since the ring was empty bounds the age of all that waits.
        is_waiting = self._put_bytes > self._taken_bytes
        return is_waiting and now_ns - self._oldest_ns > self._max_age_ns

    def _leave_out(self, packet: Packet) -> None:
        self.dropped += 1
        if packet.parameters is not None:
            self._missed = packet.parameters


def share(cameras: int) -> int:
    """What each of so many rings in a process may hold, in bytes."""
    return min(MAX_BYTES, PROCESS_BYTES // max(1, cameras))
