"""A deal and its case at the command line of a test, as far as a test wants them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.case_desk import ARENA, terms, train
from tests.support.cli_people import People
from tests.support.run_insyn import Ran, insyn
from tests.support.small_lists import put_in_force, write_list

from insyn.base.clock import isoformat
from insyn.base.config import DataDirectory
from insyn.office.diligence.cases import casebook
from insyn.office.diligence.cases.events import Permitted
from insyn.office.screening.store import open_store
from insyn.trust.people.duties import Actor, Role

ROLES = {
    "rita": Role.REQUESTER,
    "anna": Role.ANALYST,
    "per": Role.APPROVER,
    "pia": Role.APPROVER,
}
SIGNS = {"id": "signs", "text": "Signs stand at every gate.", "verifier": "visit"}


def good(ran: Ran) -> Ran:
    """What went well; the test ends where it did not."""
    assert ran.code == 0, (ran.out, ran.err)
    return ran


class CaseOffice:
    """People, a list in force, and the deal D-1; each method says who acts."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("INSYN_DATA", str(folder / "data"))
        patch.setenv("COLUMNS", "200")
        self.folder = folder
        self.people = People(folder / "data", ROLES, patch)
        put_in_force(folder / "data", write_list(folder))
        # No clock of a test's own: the commands ask the machine's.
        self.now = datetime.now(tz=UTC)
        with self._store() as store, store.writing() as connection:
            approvers = (
                Actor(id=self.people.ids[name], roles=frozenset({Role.APPROVER}))
                for name in ("per", "pia")
            )
            train(connection, *approvers, now=self.now)
        self.file("deals.json", [ARENA])
        self("rita", "deal", "import", self.path("deals.json"))

    def __call__(self, name: str, *arguments: str) -> Ran:
        """Run a command as this person."""
        self.people.call(name)
        return insyn(*arguments)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def file(self, name: str, content: Any) -> str:
        """A JSON file; gives its path."""
        Path(self.path(name)).write_text(json.dumps(content), encoding="utf-8")
        return self.path(name)

    def submitted(self) -> None:
        good(self("rita", "case", "submit", "D-1"))

    def investigated(self) -> None:
        self.submitted()
        good(self("anna", "case", "triage", "D-1", "--because", "one venue"))

    def propose(self, kind: str = "approve_with_conditions", **changed: Any) -> Ran:
        day = isoformat(self.now.replace(hour=0, minute=0, second=0))
        end = isoformat(self.now + timedelta(days=300))
        said = terms(**{"not_before": day, "not_after": end} | changed)
        options = ["--because", "all masked", "--terms", self.file("terms.json", said)]
        if kind == "approve_with_conditions":
            options += ["--conditions", self.file("conditions.json", [SIGNS])]
        return self("anna", "case", "propose", "D-1", kind, *options)

    def approved(self) -> None:
        self.investigated()
        good(self.propose())
        for name in ("per", "pia"):
            good(self(name, "case", "vote", "D-1", "--yes", "--because", "I read it"))

    def permitted(self) -> str:
        """As if a permit had been issued; gives its id."""
        permit = "P-20261124-0123456789ab"
        with self._store() as store, store.writing() as connection:
            case = casebook.find(connection, "D-1")
            assert case.decision is not None
            said = Permitted(permit=permit, permit_digest="ab" * 32, decision=case.decision.digest)
            now = datetime.now(tz=UTC)
            casebook.add(connection, case, said, by=self.people.ids["per"], now=now)
        return permit

    def _store(self) -> Any:
        return open_store(DataDirectory(root=self.folder / "data"))
