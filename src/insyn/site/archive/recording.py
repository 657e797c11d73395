"""What the archive knows of a recording, its fragments and the gaps between recordings. Pure."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

from insyn.base.errors import UnreadableInput
from insyn.site.streams import StreamName


class EndReason(StrEnum):
    """Why a recording ended."""

    ROTATED = "rotated"
    """Its minute was over; the next one follows without a gap."""
    PARAMETERS = "parameters"
    """The camera changed size or codec."""
    CLOCK_STEP = "clock step"
    """The machine's clock was set; a new run begins with both clocks in its row."""
    CAMERA = "camera"
    """The camera fell silent; the gap that follows tells which trouble."""
    OVERFLOW = "overflow"
    """The disk was slower than the cameras, and the ring was full."""
    DISK = "disk"
    """The disk refused a write."""
    STOPPED = "stopped"
    """The recorder was told to stop, or the camera was taken out of use."""
    PERMIT = "permit"
    """The permit allows no new recordings."""
    SALVAGED = "salvaged"
    """The recorder was killed; what it had written was taken in at the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentEntry:
    """One fragment: where it lies in the file, and when it is, from the start of the recording."""

    offset: int
    size: int
    start_90k: int
    duration_90k: int
    is_key: bool
    """It begins with a key picture: decoding can begin here."""


_ENTRY = struct.Struct("<QIIIB")


def pack_entries(entries: Sequence[FragmentEntry]) -> bytes:
    """The fragment table as the index keeps it."""
    return b"".join(
        _ENTRY.pack(e.offset, e.size, e.start_90k, e.duration_90k, e.is_key) for e in entries
    )


class PackedEntries(Sequence[FragmentEntry]):
    """A fragment table as the index keeps it; an entry is unpacked when it is asked for.

    A day of a camera has some 90,000 entries, of which a seek looks at a few.
    """

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    def __len__(self) -> int:
        return len(self._packed) // _ENTRY.size

    @overload
    def __getitem__(self, place: int) -> FragmentEntry: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[FragmentEntry, ...]: ...
    def __getitem__(self, place: int | slice) -> FragmentEntry | tuple[FragmentEntry, ...]:
        if isinstance(place, slice):
            return tuple(self[number] for number in range(*place.indices(len(self))))
        count = len(self)
        if not -count <= place < count:
            raise IndexError(place)
        offset, size, start, duration, key = _ENTRY.unpack_from(
            self._packed, place % count * _ENTRY.size
        )
        return FragmentEntry(
            offset=offset, size=size, start_90k=start, duration_90k=duration, is_key=bool(key)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def unpack_entries(packed: bytes) -> PackedEntries:
    """The fragment table.

    Raises:
        UnreadableInput: it is cut.
    """
    if len(packed) % _ENTRY.size:
        raise UnreadableInput("a fragment table in the archive's index is cut; run a check")
    return PackedEntries(packed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """About a minute of one stream: a file, and what its row in the index says.

    Attributes:
        id: `r-` and 16 hexadecimal digits.
        run: recordings of one run follow each other without a gap in media time.
        codec: of the pictures, by RFC 6381.
        sound: codec, rate and channels of what is heard, such as `mp4a.40.2/16000/1`; "" where
            nothing is. In sealed originals alone.
        start_wall_ns: UTC, since the Unix epoch; the best estimate at its start.
        start_monotonic_ns, boot: the other clock, and which boot of the machine it counts from.
        media_start_90k: media time since the start of the run.
        duration_90k: media time; the sum of its fragments.
        wall_duration_ns: how long it lasted by this machine's clock.
        sha256: of the whole file.
        path: below the archive's root.
        activity: a byte a second, 0 (nothing moves) to 255; masked recordings only, else empty.
    """

    id: str
    camera: str
    stream: StreamName
    run: str
    codec: str
    width: int
    height: int
    start_wall_ns: int
    start_monotonic_ns: int
    boot: str
    media_start_90k: int
    duration_90k: int
    wall_duration_ns: int
    frames: int
    size_bytes: int
    sha256: bytes
    is_sealed: bool
    path: str
    end_reason: EndReason
    activity: bytes
    fragments: Sequence[FragmentEntry]
    sound: str = ""

    @property
    def end_wall_ns(self) -> int:
        """When its last picture ended, by this machine's clock."""
        return self.start_wall_ns + self.wall_duration_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without a recording, and why. `end_wall_ns` is None while it lasts."""

    id: int
    camera: str
    stream: StreamName
    start_wall_ns: int
    end_wall_ns: int | None
    reason: str
    """A `Trouble` of the camera, an `EndReason`, or `not running`."""
