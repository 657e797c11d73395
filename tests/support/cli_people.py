"""People at the command line of a test: a token each, in the environment of who acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.people_desk import CHEAP, PASSWORD

from insyn.base.config import DataDirectory
from insyn.cli.acting import TOKEN_VARIABLE
from insyn.office.screening.store import open_store
from insyn.trust.people import tokens, users
from insyn.trust.people.duties import Role
from insyn.trust.people.identity import SCOPES


class People:
    """An office's people by name: who is called acts in the commands that follow."""

    def __init__(self, root: Path, people: Mapping[str, Role], patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        patch.delenv("INSYN_DATABASE_URL", raising=False)
        self._secrets: dict[str, str] = {}
        self.ids: dict[str, str] = {}
        # No clock of a test's own: the commands ask the machine's.
        now = datetime.now(tz=UTC)
        with open_store(DataDirectory(root=root)) as store, store.writing() as connection:
            first = users.claim(
                connection,
                users.invite_first(connection, now=now),
                name="Ada Adminsson",
                password=PASSWORD,
                passwords=CHEAP,
                now=now,
            )
            for name, role in people.items():
                _, token = users.add(connection, name, roles=[role], actor=first.actor, now=now)
                person = users.claim(connection, token, password=PASSWORD, passwords=CHEAP, now=now)
                _, self._secrets[name] = tokens.add(
                    connection,
                    label="tests",
                    scopes=SCOPES,
                    lasts=timedelta(days=1),
                    actor=person.actor,
                    now=now,
                )
                self.ids[name] = person.id

    def call(self, name: str) -> None:
        """Let this person act from now on."""
        self._patch.setenv(TOKEN_VARIABLE, self._secrets[name])
