"""What the archive holds, asked by time; and the bytes of plain recordings.

Always: only masked recordings are read as video here. Sealed ones are opened by a release alone,
which has the vault's key (insyn.site.release).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.site.archive.index import Index
from insyn.site.archive.recording import EndReason, Gap, Recording, unpack_entries
from insyn.site.archive.unfinished import unfinished
from insyn.site.streams import StreamName

LONGEST_NS = 600 * 10**9
"""No recording is longer than this: where to begin looking for one that lasts into a span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How much of a stream the archive holds."""

    camera: str
    stream: StreamName
    recordings: int
    size_bytes: int
    first_wall_ns: int
    last_wall_ns: int


class Reader:
    """Reads one archive; each thread opens its own."""

    def __init__(self, root: Path, index: Index) -> None:
        self.root = root
        self._index = index

    def recordings(
        self, camera: str, stream: StreamName, from_ns: int, until_ns: int
    ) -> list[Recording]:
        """All that overlap the span, by time."""
        with self._index.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM recordings WHERE camera = ? AND stream = ?"
                " AND start_wall_ns < ? AND start_wall_ns > ?"
                " AND start_wall_ns + wall_duration_ns > ? ORDER BY start_wall_ns, rowid",
                (camera, str(stream), until_ns, from_ns - LONGEST_NS, from_ns),
            ).fetchall()
        return [recording_of(row) for row in rows]

    def spans(
        self, camera: str, stream: StreamName, from_ns: int, until_ns: int
    ) -> list[tuple[int, int, bytes]]:
        """Start, end and activity of all that overlap the span: what a timeline draws; quick."""
        with self._index.reading() as connection:
            rows = connection.execute(
                "SELECT start_wall_ns, start_wall_ns + wall_duration_ns, activity FROM recordings"
                " WHERE camera = ? AND stream = ? AND start_wall_ns < ? AND start_wall_ns > ?"
                " AND start_wall_ns + wall_duration_ns > ? ORDER BY start_wall_ns, rowid",
                (camera, str(stream), until_ns, from_ns - LONGEST_NS, from_ns),
            ).fetchall()
        return [(row[0], row[1], row[2]) for row in rows]

    def find(self, recording: str) -> Recording:
        """One recording.

        Raises:
            Refusal: there is none with this id.
        """
        with self._index.reading() as connection:
            row = connection.execute(
                "SELECT * FROM recordings WHERE id = ?", (recording,)
            ).fetchone()
        if row is None:
            raise Refusal(f"the archive holds no recording {recording}; its retention may be over")
        return recording_of(row)

    def shown(self, camera: str, from_ns: int, until_ns: int) -> list[Recording]:
        """All masked recordings that overlap the span, by time, with those still being written."""
        being_written = unfinished(self.root, camera)  # first: what is closed meanwhile has a row
        found = self.recordings(camera, StreamName.MASKED, from_ns, until_ns)
        known = {each.id for each in found}
        return found + [
            each
            for each in being_written
            if each.id not in known and each.start_wall_ns < until_ns and each.end_wall_ns > from_ns
        ]

    def newest_shown(self, camera: str) -> int | None:
        """When the newest masked picture of a camera was recorded; None where there is none."""
        being_written = unfinished(self.root, camera)
        with self._index.reading() as connection:
            closed = connection.execute(
                "SELECT start_wall_ns + wall_duration_ns FROM recordings"
                " WHERE camera = ? AND stream = ? ORDER BY start_wall_ns DESC LIMIT 1",
                (camera, str(StreamName.MASKED)),
            ).fetchall()
        ends = [each.end_wall_ns for each in being_written] + [row[0] for row in closed]
        return max(ends, default=None)

    def find_shown(self, camera: str, recording: str) -> Recording:
        """One masked recording of a camera, also one that is still being written.

        Raises:
            Refusal: there is none.
        """
        being_written = unfinished(self.root, camera, recording=recording)
        try:
            found = self.find(recording)
        except Refusal:
            if not being_written or being_written[0].id != recording:
                raise
            return being_written[0]
        if found.camera != camera:
            raise Refusal("this recording is of another camera")
        return found

    def every(self) -> Iterator[Recording]:
        """All recordings, by time; for checks."""
        with self._index.reading() as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM recordings ORDER BY path")]
        for one in ids:
            with self._index.reading() as connection:
                row = connection.execute("SELECT * FROM recordings WHERE id = ?", (one,)).fetchone()
            if row is not None:
                yield recording_of(row)

    def gaps(self, camera: str, stream: StreamName, from_ns: int, until_ns: int) -> list[Gap]:
        """All gaps that overlap the span, by time."""
        with self._index.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM gaps WHERE camera = ? AND stream = ? AND start_wall_ns < ?"
                " AND coalesce(end_wall_ns, ?) > ? ORDER BY start_wall_ns",
                (camera, str(stream), until_ns, until_ns, from_ns),
            ).fetchall()
        return [
            Gap(
                id=row["id"],
                camera=row["camera"],
                stream=StreamName(row["stream"]),
                start_wall_ns=row["start_wall_ns"],
                end_wall_ns=row["end_wall_ns"],
                reason=row["reason"],
            )
            for row in rows
        ]

    def has_sound(self) -> bool:
        """Whether any original that is kept has sound."""
        with self._index.reading() as connection:
            asked = "SELECT EXISTS (SELECT 1 FROM recordings WHERE sound <> '')"
            (found,) = connection.execute(asked).fetchone()
        return bool(found)

    def holdings(self) -> list[Holding]:
        """How much there is of each stream."""
        with self._index.reading() as connection:
            rows = connection.execute(
                "SELECT camera, stream, count(*), sum(size_bytes), min(start_wall_ns),"
                " max(start_wall_ns + wall_duration_ns) FROM recordings GROUP BY camera, stream"
                " ORDER BY camera, stream"
            ).fetchall()
        return [
            Holding(
                camera=row[0],
                stream=StreamName(row[1]),
                recordings=row[2],
                size_bytes=row[3],
                first_wall_ns=row[4],
                last_wall_ns=row[5],
            )
            for row in rows
        ]

    def init_segment(self, recording: Recording) -> bytes:
        """What precedes the fragments of a masked recording.

        Raises:
            Refusal: it is not a masked one.
            EnvironmentFailure: the file is missing or shorter than its row says.
        """
        return self._bytes(recording, 0, recording.fragments[0].offset)

    def fragment(self, recording: Recording, number: int) -> bytes:
        """A fragment of a masked recording, counted from 0.

        Raises:
            Refusal: it is not a masked one.
            EnvironmentFailure: the file is missing or shorter than its row says.
        """
        entry = recording.fragments[number]
        return self._bytes(recording, entry.offset, entry.size)

    def size_of(self, recording: Recording, first: int, last: int) -> int:
        """How many bytes the fragments from `first` to `last` have; they lie end to end."""
        end = recording.fragments[last]
        return end.offset + end.size - recording.fragments[first].offset

    def close(self) -> None:
        """Close the index."""
        self._index.close()

    def _bytes(self, recording: Recording, offset: int, size: int) -> bytes:
        # The one place where recorded video is read for looking: never a clear stream.
        if recording.stream is not StreamName.MASKED or recording.is_sealed:
            raise Refusal(
                f"recording {recording.id} is a sealed original; two custodians open it (releases)"
            )
        path = self.root / recording.path
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                found = os.pread(file, size, offset)
            finally:
                os.close(file)
        except OSError as error:
            raise EnvironmentFailure(
                f"recording {recording.id} cannot be read ({error.strerror}); run insyn site check"
            ) from error
        if len(found) < size:
            raise EnvironmentFailure(
                f"recording {recording.id} is shorter than it was; run insyn site check"
            )
        return found


def recording_of(row: sqlite3.Row) -> Recording:
    """A row of the index as an object."""
    said = dict(row)
    said["stream"] = StreamName(said["stream"])
    said["end_reason"] = EndReason(said["end_reason"])
    said["is_sealed"] = bool(said["is_sealed"])
    said["fragments"] = unpack_entries(said["fragments"])
    return Recording(**said)
