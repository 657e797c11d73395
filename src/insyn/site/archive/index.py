"""The archive's index: an SQLite file beside the recordings, written by several processes.

Always: a row stands only for a file that is whole and durable; a file without a row is a part of a
running recorder, or to be salvaged; a path in `garbage` is on its way out. Times are integers in
nanoseconds since the Unix epoch.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive

NAME = "index.sqlite"
VERSION = 2

_VERSIONS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE recordings (
        id TEXT PRIMARY KEY,
        camera TEXT NOT NULL,
        stream TEXT NOT NULL,
        run TEXT NOT NULL,
        codec TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        start_wall_ns INTEGER NOT NULL,
        start_monotonic_ns INTEGER NOT NULL,
        boot TEXT NOT NULL,
        media_start_90k INTEGER NOT NULL,
        duration_90k INTEGER NOT NULL,
        wall_duration_ns INTEGER NOT NULL,
        frames INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        sha256 BLOB NOT NULL,
        is_sealed INTEGER NOT NULL,
        path TEXT NOT NULL UNIQUE,
        end_reason TEXT NOT NULL,
        activity BLOB NOT NULL,
        fragments BLOB NOT NULL
    ) STRICT;
    CREATE INDEX recordings_by_time ON recordings (camera, stream, start_wall_ns);
    CREATE TABLE gaps (
        id INTEGER PRIMARY KEY,
        camera TEXT NOT NULL,
        stream TEXT NOT NULL,
        start_wall_ns INTEGER NOT NULL,
        end_wall_ns INTEGER,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX gaps_by_time ON gaps (camera, stream, start_wall_ns);
    CREATE TABLE holds (
        id TEXT PRIMARY KEY,
        camera TEXT NOT NULL,
        start_wall_ns INTEGER NOT NULL,
        end_wall_ns INTEGER NOT NULL,
        until_wall_ns INTEGER NOT NULL,
        reason TEXT NOT NULL,
        by TEXT NOT NULL
    ) STRICT;
    CREATE TABLE garbage (path TEXT PRIMARY KEY, since_wall_ns INTEGER NOT NULL) STRICT;
    """,
    """
    ALTER TABLE recordings ADD COLUMN sound TEXT NOT NULL DEFAULT '';
    CREATE INDEX recordings_with_sound ON recordings (start_wall_ns) WHERE sound <> '';
    """,
)
"""What leads from each version to the next; a released one is never edited."""


class Index:
    """The index of one archive; each thread opens its own."""

    def __init__(self, path: Path, *, must_exist: bool = False) -> None:
        """Open the index, made or brought up to date if need be.

        Raises:
            EnvironmentFailure: it cannot be used, or a newer Insyn has written it.
        """
        self._path = path
        if must_exist and not path.exists():
            raise EnvironmentFailure(f"{path} is missing; is the archive's disk mounted?")
        with self._named():
            self._connection = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._switch_to_wal()
            self._connection.execute("PRAGMA synchronous = FULL")
        try:
            self._bring_up_to_date()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock; kept durably at its end, or not at all."""
        with self._named():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the index."""
        with self._named():
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("COMMIT")

    def _switch_to_wal(self) -> None:
        # Once a file. SQLite does not wait for others here, so threads that start at once take
        # turns.
        (mode,) = self._connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            with exclusive(self._path.parent, ".index.lock"):
                self._connection.execute("PRAGMA journal_mode = WAL")

    def _bring_up_to_date(self) -> None:
        with self._named():
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found > VERSION:
            raise EnvironmentFailure(
                f"the archive's index {self._path} is of version {found}, which this version of "
                "Insyn does not know; use the newer Insyn that wrote it"
            )
        if found == VERSION:
            return
        with self.writing() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            for steps in _VERSIONS[found:]:
                for step in filter(str.strip, steps.split(";")):
                    connection.execute(step)
            connection.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise EnvironmentFailure(
                f"the archive's index {self._path} cannot be used: {error}; check the disk, then "
                "run insyn site check"
            ) from error
