"""An office that studies and decides: people with roles, a shelf of lists, deals and cases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.support import postgres
from tests.support.exact_screener import Shelf
from tests.support.permit_office import predicate

from insyn.base.config import DataDirectory
from insyn.office.diligence.cases import casebook, deals, screened, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.deals import Said
from insyn.office.diligence.cases.events import Condition, Proposal, Verifier
from insyn.office.diligence.commitments import partners, training
from insyn.office.screening import register
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.model import Subject
from insyn.office.screening.rescreen import rescreen
from insyn.office.screening.store import Store, open_store
from insyn.trust.people.duties import Actor, Role

RITA = Actor(id="u-requester", roles=frozenset({Role.REQUESTER}))
ANNA = Actor(id="u-analyst", roles=frozenset({Role.ANALYST}))
PER = Actor(id="u-approver-1", roles=frozenset({Role.APPROVER}))
PIA = Actor(id="u-approver-2", roles=frozenset({Role.APPROVER}))
PIM = Actor(id="u-approver-3", roles=frozenset({Role.APPROVER}))

ARENA: dict[str, Any] = {
    "id": "D-1",
    "kind": "sale",
    "country": "SE",
    "place": "Granlunda arena",
    "end_user": "Granlunda Arena AB",
    "end_user_type": "private_or_transport_operator",
    "use_case": "crowd_safety",
    "area": "venue",
    "camera_count": 24,
    "capabilities": [],
    "third_party_platform": "none",
    "public_access": True,
    "reseller": "Kamerahuset AB",
    "purpose_stated": "safety of visitors at gates and stands",
    "sensitive_sites": [],
    "country_safeguards": "C0",
    "channel": [
        {
            "tier": "reseller",
            "role": "reseller",
            "name": "Kamerahuset AB",
            "commitment_signed": True,
        }
    ],
    "export_class": "non_controlled",
    "repeat_customer": False,
}
"""An invented stadium's deal, which comes to CONDITIONS."""

SIGNS = Condition(
    id="signs", text="Signs stand at every gate.", verifier=Verifier.VISIT, due=date(2027, 3, 1)
)


def terms(**changed: Any) -> dict[str, Any]:
    """A permit's terms, without what the decision sets."""
    taken = ("case", "decision_digest", "rulebook", "conditions")
    return {k: v for k, v in predicate(**changed).items() if k not in taken}


def train(connection: sa.Connection, *people: Actor, now: datetime) -> None:
    """They have passed all modules there are."""
    for person in people:
        for module in training.known(connection, at=now).values():
            training.take(connection, module, score_percent=100, actor=person, now=now)


def commit(connection: sa.Connection, *, now: datetime) -> None:
    """The reseller of `ARENA` is known and has signed, for a year."""
    reseller = screened.party_id("Kamerahuset AB", "SE")
    known = Subject(id=reseller, name="Kamerahuset AB", country="SE")
    register.put(connection, [known], now=now)
    signed = partners.Commitment(
        id="k-0123456789ab",
        party=reseller,
        text="1.0",
        signatory="Påhittad Person",
        signed_on=now.date(),
        expires_on=now.date() + timedelta(days=365),
        sha256="ab" * 32,
    )
    partners.record(connection, signed, actor=ANNA, now=now)


@dataclass
class CaseDesk:
    """What a test does with cases, in one word each; an hour passes with each step."""

    store: Store
    shelf: Shelf = field(default_factory=lambda: Shelf(lists={"un": []}))
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def put(self, record: dict[str, Any] | None = None, *, by: Actor = RITA, **said: Any) -> None:
        """Keep a deal's record."""
        self.now += timedelta(hours=1)
        with self.store.writing() as connection:
            deals.put(
                connection,
                record or ARENA,
                said=Said(source="the seller", **said),
                actor=by,
                now=self.now,
            )

    def fact(self, name: str, value: Any, *, by: Actor = ANNA, **said: Any) -> int:
        """Record one fact; gives its number."""
        self.now += timedelta(hours=1)
        with self.store.writing() as connection:
            fact = deals.record_fact(
                connection,
                "D-1",
                name,
                value,
                said=Said(source="a test", **said),
                actor=by,
                now=self.now,
            )
        return fact.id

    def do(self, step: Any, *, by: Actor, **said: Any) -> Case:
        """Take a step in the case of D-1."""
        self.now += timedelta(hours=1)
        with self.store.writing() as connection:
            case = casebook.find(connection, "D-1")
            after: Case = step(connection, case, **said, actor=by, now=self.now)
        return after

    def case(self) -> Case:
        """The case of D-1 as it stands."""
        with self.store.reading() as connection:
            return casebook.find(connection, "D-1")

    def rescreen(self) -> None:
        """Screen who is not screened as they are now."""
        rescreen(
            self.store,
            self.shelf.screener(),
            self.shelf,
            self.shelf.build,
            clock=lambda: self.now,
            shown=self.shelf.shown,
            everything=False,
        )

    def committed(self) -> None:
        """The reseller of D-1 has signed, for a year."""
        with self.store.writing() as connection:
            commit(connection, now=self.now)

    def opened(self) -> Case:
        """A case of D-1, as a draft, in an office whose approvers are trained."""
        with self.store.writing() as connection:
            train(connection, PER, PIA, PIM, now=self.now)
        self.put()
        with self.store.writing() as connection:
            return steps.open_case(connection, "D-1", actor=RITA, now=self.now)

    def investigated(self) -> Case:
        """On the analyst's desk."""
        self.opened()
        self.do(steps.submit, by=RITA)
        self.rescreen()
        self.do(steps.screen, by=ANNA)
        return self.do(steps.triage, by=ANNA, because="a venue")

    def proposed(self) -> Case:
        """Before the approvers."""
        self.investigated()
        return self.do(steps.propose, by=ANNA, offer=OFFER)

    def approved(self) -> Case:
        """Decided by two."""
        self.proposed()
        self.do(steps.vote, by=PER, agrees=True, because="I read it")
        return self.do(steps.vote, by=PIA, agrees=True, because="so did I")


OFFER = steps.Offer(
    proposal=Proposal.APPROVE_WITH_CONDITIONS,
    because="one venue, everybody masked",
    conditions=(SIGNS,),
    terms=terms(),
)


@contextmanager
def cases_in(root: Path) -> Iterator[CaseDesk]:
    """An empty office, in a directory or in the database of the tests."""
    url = os.environ.get("INSYN_TEST_DATABASE_URL", "")
    environ = {URL_VARIABLE: url} if url else {}
    if url:
        postgres.empty(url)
    with open_store(DataDirectory(root=root), environ=environ) as store:
        yield CaseDesk(store=store)
