"""A small office for tests: a database, a shelf of lists, and a clock that moves when told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support import postgres
from tests.support.exact_screener import Shelf

from insyn.base.config import DataDirectory
from insyn.office.screening import register
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.known import KnownParty, OutcomeChange
from insyn.office.screening.model import Subject
from insyn.office.screening.rescreen import Report, rescreen
from insyn.office.screening.store import Store, open_store


@dataclass
class Desk:
    """What a test does at the register, in one word each."""

    root: Path
    environ: dict[str, str]
    store: Store
    shelf: Shelf = field(default_factory=Shelf)
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def clock(self) -> datetime:
        """The desk's own time."""
        return self.now

    def put(self, *subjects: Subject) -> register.Put:
        """Add or bring up to date; an hour passes."""
        self.now += timedelta(hours=1)
        with self.store.writing() as connection:
            return register.put(connection, subjects, now=self.now)

    def rescreen(self, *, everything: bool = False) -> Report:
        """Screen what needs it; an hour passes."""
        self.now += timedelta(hours=1)
        return rescreen(
            self.store,
            self.shelf.screener(),
            self.shelf,
            self.shelf.build,
            clock=self.clock,
            shown=self.shelf.shown,
            everything=everything,
        )

    def party(self, party: str) -> KnownParty:
        """A party as it stands."""
        with self.store.reading() as connection:
            return register.find(connection, party)

    def parties(self) -> list[KnownParty]:
        """All of them, by id."""
        with self.store.reading() as connection:
            return list(register.every(connection))

    def history(self, party: str) -> list[OutcomeChange]:
        """The party's changes of outcome, oldest first."""
        with self.store.reading() as connection:
            return register.history(connection, party)


@contextmanager
def desk_in(root: Path, shelf: Shelf | None = None) -> Iterator[Desk]:
    """A desk with an empty database in a directory, and a shelf (None: with exact screeners).

    With INSYN_TEST_DATABASE_URL the database is that one instead, emptied: so tests marked
    `databases` run on PostgreSQL too. Its name must end in "_test", as all that it holds is lost.
    """
    url = os.environ.get("INSYN_TEST_DATABASE_URL", "")
    environ = {URL_VARIABLE: url} if url else {}
    if url:
        postgres.empty(url)
    with open_store(DataDirectory(root=root), environ=environ) as store:
        yield Desk(root=root, environ=environ, store=store, shelf=shelf or Shelf())
