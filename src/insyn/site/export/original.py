"""The opened original of a release, decoded in memory; nothing of it is ever written.

Always: it can be read only while the release is open; each picture has the same time whenever and
from wherever it is decoded.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from insyn.base.errors import Refusal
from insyn.site.archive.held import Part
from insyn.site.archive.recording import Recording
from insyn.site.playback.clip import Clip, Readable
from insyn.site.playback.span import Piece, pieces_of
from insyn.site.shield.frame import YuvFrame
from insyn.site.shielding.file_pictures import Pictures
from insyn.site.streams import TICKS

_NAME = Path("the original")
_BUFFER = 4 << 20
"""A fragment of a second at 30 Mbit/s: each is opened once, not for every read of a decoder."""


class Original:
    """One span of one camera."""

    def __init__(
        self, reader: Readable, recordings: Sequence[Recording], from_ns: int, until_ns: int
    ) -> None:
        """Take the recordings of a release, by time; the span by the clock, in nanoseconds.

        Raises:
            Refusal: nothing was recorded, or the camera's picture changes its size on the way.
        """
        self._reader = reader
        self._pieces = pieces_of(recordings, from_ns, until_ns)
        shapes = {(one.recording.width, one.recording.height) for one in self._pieces}
        if Clip(reader, self._pieces).ends_at_ns is not None:
            raise Refusal(
                f"the camera's picture changes in this span ({len(shapes)} sizes or codecs); ask "
                "for a release before the change, and one after it"
            )
        self.from_90k = self._at_90k(from_ns)
        self.until_90k = min(self._at_90k(until_ns), self.ends_90k)
        self.parts: list[Part] = [
            (max(from_ns, one.wall_ns), min(until_ns, one.end_wall_ns)) for one in self._pieces
        ]
        """When the pictures of the span are of."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of its pictures, sides even."""
        recording = self._pieces[0].recording
        return recording.width + recording.width % 2, recording.height + recording.height % 2

    @property
    def ends_90k(self) -> int:
        """Where the last piece ends."""
        last = self._pieces[-1]
        return last.start_90k + last.duration_90k

    @property
    def gaps_90k(self) -> list[int]:
        """Where time is missing: at these times a later moment begins."""
        return [one.start_90k for one in self._pieces[1:] if not one.is_joined]

    @property
    def fps(self) -> float:
        """Pictures a second, about."""
        frames = sum(one.recording.frames for one in self._pieces)
        ticks = sum(one.recording.duration_90k for one in self._pieces)
        return max(1.0, min(120.0, frames * TICKS / max(1, ticks)))

    def holds(self, recording: Recording) -> bool:
        """Whether pictures of this recording are in the span."""
        return any(one.recording.id == recording.id for one in self._pieces)

    def pictures(self) -> Iterator[YuvFrame]:
        """All pictures from the key picture before the span on.

        Raises:
            Refusal: the release is over.
            UnreadableInput: a recording is damaged.
        """
        return self._decoded(self._pieces)

    def picture(self, pts_90k: int) -> YuvFrame:
        """The picture at this time, or the first after it.

        Raises:
            Refusal: there is none, or the release is over.
        """
        last: YuvFrame | None = None
        for last in self._decoded(self._around(pts_90k)):
            if last.pts_90k >= pts_90k:
                break
        if last is None:
            raise Refusal("there is no picture at this moment")
        return last

    def wall_ns(self, pts_90k: int) -> int:
        """When a picture was, by the clock, since the Unix epoch."""
        piece = self._piece(pts_90k)
        return piece.wall_ns + (pts_90k - piece.start_90k) * 10**9 // TICKS

    def _at_90k(self, wall_ns: int) -> int:
        """The time in the clip of a moment by the clock; in a gap, where the gap is left out."""
        found = 0
        for piece in self._pieces:
            if wall_ns >= piece.wall_ns:
                since = (wall_ns - piece.wall_ns) * TICKS // 10**9
                found = piece.start_90k + min(since, piece.duration_90k)
        return found

    def _piece(self, pts_90k: int) -> Piece:
        found = self._pieces[0]
        for piece in self._pieces:
            if piece.start_90k <= pts_90k:
                found = piece
        return found

    def _around(self, pts_90k: int) -> list[Piece]:
        """What must be decoded for one picture: from its key picture to a fragment after it."""
        piece = self._piece(pts_90k)
        entries = piece.recording.fragments
        base = entries[piece.first].start_90k
        first = piece.first
        at = first
        for number in range(piece.first, piece.last + 1):
            if piece.start_90k + entries[number].start_90k - base > pts_90k:
                break
            at = number
            first = number if entries[number].is_key else first
        # Pictures that refer to later ones come after them.
        last = min(piece.last, at + 1)
        start = piece.start_90k + entries[first].start_90k - base
        return [replace(piece, first=first, last=last, start_90k=start)]

    def _decoded(self, pieces: Sequence[Piece]) -> Iterator[YuvFrame]:
        content = io.BufferedReader(_ClipFile(Clip(self._reader, pieces)), _BUFFER)
        with contextlib.closing(Pictures(_NAME, content, zero_90k=0)) as pictures:
            yield from pictures


class _ClipFile(io.RawIOBase):
    """A clip as a file to read."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._clip.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    # `memoryview`: what `RawIOBase` is given to fill.
    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # narrower, by use
        end = min(self._at + len(buffer), self._clip.size)
        count = 0
        for part in self._clip.read(self._at, end) if end > self._at else ():
            buffer[count : count + len(part)] = part
            count += len(part)
        self._at += count
        return count
