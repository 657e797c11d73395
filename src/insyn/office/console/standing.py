"""What the server screens against, and how it notices that this has changed.

Always: a request takes one `Standing` and keeps it to its end; a new one takes its place in one
step, when it is ready; until then, and when making it fails, the old one goes on answering.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

from insyn.base.clock import Clock, system_clock
from insyn.base.config import DataDirectory
from insyn.base.errors import EnvironmentFailure, InsynError
from insyn.office.console.entry_file import EntryFile, entry_file, remove_others, write_entries
from insyn.office.lists.entry import Entry
from insyn.office.lists.snapshots import ListState, ListStore
from insyn.office.screening.clearances import ClearanceBook, load_active
from insyn.office.screening.database import named_url
from insyn.office.screening.engine import compile_in_force
from insyn.office.screening.model import Manifest

CHECK_INTERVAL_S = 1.0
RETRY_INTERVAL_S = 30.0
URL_INTERVAL_S = 5
"""A database named by URL cannot be looked at from outside: its clearances are read this often."""
IN_PROCESS_ENTRIES = 2_000
"""Lists with more entries are compiled in a process of their own: 28,000 take some 20 s, which
here would slow every answer, and memory that only ends with the process."""

NO_LISTS = (
    "no list is in force, so nobody can be screened; run `insyn lists update`, or "
    "`insyn lists import FILE...` with files you have"
)

Fingerprint = tuple[object, ...]
log = logging.getLogger("insyn.console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The compiled lists, their entries and the clearances, as they stood at one moment."""

    index: Path
    manifest: Manifest
    clearances: ClearanceBook
    states: tuple[ListState, ...]
    entries: dict[str, EntryFile]

    def entry(self, list_id: str, reference: str) -> Entry | None:
        """An entry by its list and reference, without its source record."""
        found = self.entries.get(list_id)
        return found.get(reference) if found else None

    def state(self, list_id: str) -> ListState | None:
        """How a list stood."""
        return next((state for state in self.states if state.list == list_id), None)


class InForce:
    """Holds the present standing of a data directory; `refresh` brings it up to date."""

    def __init__(
        self,
        data: DataDirectory,
        *,
        clock: Clock = system_clock,
        in_process_entries: int = IN_PROCESS_ENTRIES,
    ) -> None:
        self._data = data
        self._clock = clock
        self._in_process_entries = in_process_entries
        self._standing: Standing | None = None
        self._trouble = NO_LISTS
        self._fingerprint: Fingerprint | None = None
        self._retry_at: datetime | None = None
        self._lock = threading.Lock()

    def current(self) -> Standing | None:
        """What to screen against, or None; `trouble` then says why."""
        return self._standing

    @property
    def data(self) -> DataDirectory:
        """Whose lists they are."""
        return self._data

    @property
    def trouble(self) -> str:
        """Why there is nothing to screen against, or why the newest could not be used; or ""."""
        return self._trouble

    @property
    def store(self) -> ListStore:
        """The lists as they lie in the data directory now."""
        return ListStore(self._data.lists, self._clock)

    def refresh(self) -> bool:
        """Look whether anything has changed, and take it up; True where something was.

        Cheap where nothing has: one look at each list's state file and at the database's.
        Otherwise it may take seconds: call it off the event loop.
        """
        with self._lock:
            seen, now = self._look(), self._clock()
            is_due = self._retry_at is not None and now >= self._retry_at
            if seen == self._fingerprint and not is_due:
                return False
            try:
                standing = self._open()
            except (InsynError, BrokenProcessPool) as error:
                self._fail(error)
                self._retry_at = now + timedelta(seconds=RETRY_INTERVAL_S)
            else:
                self._standing, self._trouble, self._retry_at = standing, "", None
            self._fingerprint = seen
            return True

    def _fail(self, error: Exception) -> None:
        """The old standing goes on, unless there is nothing left to stand on."""
        self._trouble = str(error)
        log.error("the lists in force cannot be taken up: %s", error)
        try:
            is_empty = not self.store.states()
        except InsynError:
            is_empty = False
        if is_empty:
            self._standing, self._trouble = None, NO_LISTS

    def _look(self) -> Fingerprint:
        now = self._clock()
        # A list grows stale with the day, and the manifest says so.
        found: list[object] = [now.date()]
        paths = sorted(self._data.lists.glob("*/state.json"))
        if named_url():
            found.append(int(now.timestamp()) // URL_INTERVAL_S)
        else:
            database = self._data.database
            paths += [database, database.with_name(f"{database.name}-wal")]
        for path in paths:
            try:
                state = path.stat()
            except OSError:
                continue
            if state.st_size:  # an empty write-ahead log comes and goes with every reader
                found.append((str(path), state.st_ino, state.st_mtime_ns, state.st_size))
        return tuple(found)

    def _open(self) -> Standing:
        store = self.store
        states = store.states()
        if not states:
            raise EnvironmentFailure(NO_LISTS)
        folder, manifest = self._compiled(states)
        paths = {s.list: entry_file(self._data.index, s.snapshot) for s in manifest.lists}
        standing = Standing(
            index=folder,
            manifest=manifest,
            clearances=load_active(self._data, matcher=manifest.matcher),
            states=states,
            entries={list_id: EntryFile(path) for list_id, path in paths.items()},
        )
        remove_others(self._data.index, paths.values())
        return standing

    def _compiled(self, states: tuple[ListState, ...]) -> tuple[Path, Manifest]:
        compiled = self._standing.manifest.lists if self._standing else ()
        is_made = {(s.list, s.snapshot) for s in states} == {(s.list, s.snapshot) for s in compiled}
        if is_made or sum(state.entries for state in states) <= self._in_process_entries:
            return compile_all(self._data, self._clock)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            # The system's clock there: one of a test's own cannot be sent to another process.
            return process.submit(compile_all, self._data).result()


def compile_all(data: DataDirectory, clock: Clock = system_clock) -> tuple[Path, Manifest]:
    """Make, or find, the index over the lists in force and the files of their entries.

    Raises:
        EnvironmentFailure: no list is in force, a snapshot is damaged, or the disk is full.
    """
    folder, manifest = compile_in_force(data, clock=clock)
    store = ListStore(data.lists, clock)
    for state in manifest.lists:
        path = entry_file(data.index, state.snapshot)
        if not path.exists():
            write_entries(path, store.entries(state.list, state.snapshot))
    return folder, manifest
