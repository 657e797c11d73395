"""An office with people for tests: cheap passwords, and a clock that moves when told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support import postgres

from insyn.base.config import DataDirectory
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.store import Store, open_store
from insyn.trust.people import sessions, signing_in, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.identity import Identified
from insyn.trust.people.passwords import Passwords

CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
PASSWORD = "granit och hav och 7 moln"


@dataclass
class PeopleDesk:
    """What a test does with people, in one word each."""

    root: Path
    store: Store
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def pass_time(self, **time: int) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def first(self, name: str = "Ada Adminsson", password: str = PASSWORD) -> Actor:
        """The first administrator, claimed."""
        with self.store.writing() as connection:
            token = users.invite_first(connection, now=self.now)
            person = users.claim(
                connection, token, name=name, password=password, passwords=CHEAP, now=self.now
            )
        return person.actor

    def add(self, by: Actor, name: str, *roles: Role, password: str = PASSWORD) -> Actor:
        """Somebody with roles, claimed."""
        with self.store.writing() as connection:
            _, token = users.add(connection, name, roles=roles, actor=by, now=self.now)
            person = users.claim(
                connection, token, password=password, passwords=CHEAP, now=self.now
            )
        return person.actor

    def sign_in(
        self, name: str, password: str = PASSWORD, *, source: str = "192.0.2.7"
    ) -> tuple[str | None, str]:
        """The secret of a session, or why there is none."""
        return signing_in.sign_in(
            self.store.writing, name, password, source=source, passwords=CHEAP, now=self.now
        )

    def whose(self, secret: str | None) -> Identified | None:
        """Whose session it is now."""
        with self.store.writing() as connection:
            return sessions.identify(connection, secret or "", now=self.now)


@contextmanager
def people_in(root: Path) -> Iterator[PeopleDesk]:
    """An office that knows nobody, in a directory or in the database of the tests."""
    url = os.environ.get("INSYN_TEST_DATABASE_URL", "")
    environ = {URL_VARIABLE: url} if url else {}
    if url:
        postgres.empty(url)
    with open_store(DataDirectory(root=root), environ=environ) as store:
        yield PeopleDesk(root=root, store=store)
