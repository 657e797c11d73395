"""A small office behind the API: its database, people that a test knows, and a clock that moves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from tests.office.console.serving import LOCAL, InProcess, import_samples
from tests.support import postgres
from tests.support.known_people import KnownPeople

from insyn.base.config import DataDirectory
from insyn.office.console.app import create_app
from insyn.office.console.guard import Guard, Rules
from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.office_people import OfficePeople
from insyn.office.console.standing import InForce
from insyn.office.screening.database import URL_VARIABLE


@dataclass
class ApiOffice:
    """An office and a client of its API."""

    app: Guard
    client: httpx.Client
    desk: Desk
    people: KnownPeople
    now: datetime
    secrets: dict[str, str] = field(default_factory=dict)
    """Tokens of people whom the database knows, by role."""

    def desk_is_postgresql(self) -> bool:
        """Whether the database is a server's."""
        with self.desk.reading() as connection:
            return connection.dialect.name == "postgresql"

    def as_(self, token: str) -> dict[str, str]:
        """The headers of a person."""
        return {"Authorization": f"Bearer {self.secrets.get(token, f'token-{token}')}"}


@contextlib.contextmanager
def api_office(
    root: Path,
    rules: Rules | None = None,
    *,
    with_lists: bool = False,
    people: OfficePeople | None = None,
) -> Iterator[ApiOffice]:
    """An office over an empty database; without lists, or with the bundled samples.

    `people`: whom the database knows; if not given, whom the test knows (`KnownPeople`).
    """
    url = os.environ.get("INSYN_TEST_DATABASE_URL", "")
    if url:
        postgres.empty(url)
    data = DataDirectory(root=root)
    known = KnownPeople()
    office: ApiOffice
    desk = Desk(data, clock=lambda: office.now, environ={URL_VARIABLE: url} if url else {})
    with desk.reading():
        pass
    in_force = InForce(data)
    if with_lists:
        import_samples(root)
        in_force.refresh()
    app = create_app(
        in_force, rules or Rules(rate=0), check_interval_s=3600, desk=desk, people=people or known
    )
    with httpx.Client(transport=InProcess(app), base_url=LOCAL) as client:
        office = ApiOffice(
            app=app,
            client=client,
            desk=desk,
            people=known,
            now=datetime(2026, 3, 1, 12, tzinfo=UTC),
        )
        yield office
