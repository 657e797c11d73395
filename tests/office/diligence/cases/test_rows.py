"""Whatever is changed in the tables of deals, cases and parties, behind their guards, is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support.case_desk import ANNA, CaseDesk, cases_in
from tests.support.party_desk import company

from insyn.office.diligence.cases import erasing, evidence, rows
from insyn.office.diligence.cases.evidence import Evidence
from insyn.office.diligence.cases.reliability import Reliability
from insyn.office.diligence.parties import register
from insyn.office.diligence.parties.model import Party, PartyKind, PartyName
from insyn.trust.people.duties import Actor, Role

pytestmark = pytest.mark.databases

PRIYA = Actor(id="u-privacy", roles=frozenset({Role.PRIVACY_OFFICER}))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    """An approved case with evidence, and a party in two versions."""
    with cases_in(tmp_path) as desk:
        desk.approved()
        piece = Evidence(
            id="e-1", deal="D-1", kind="press", source="a paper", reliability=Reliability.CLAIMED,
            searched="the name", found_nothing=True, recorded_at=desk.now, by=ANNA.id,
        )  # fmt: skip
        person = Party(id="z", kind=PartyKind.PERSON, names=(PartyName(text="Påhittad Person"),))
        with desk.store.writing() as connection:
            evidence.add(connection, piece, actor=ANNA, now=desk.now)
            for party in (company("A", "A Co"), company("A", "A Company"), person):
                register.put(connection, party, actor=ANNA, now=desk.now)
        yield desk


def found(desk: CaseDesk) -> list[str]:
    with desk.store.reading() as connection:
        return [finding.code for finding in rows.compare(connection)]


def tamper(desk: CaseDesk, statement: str) -> None:
    """As whoever owns the disk could: with the guards out of the way."""
    with desk.store.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        else:
            triggers = connection.execute(
                sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            )
            for name in triggers.scalars().all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        assert connection.exec_driver_sql(statement).rowcount >= 1


def test_an_office_as_it_is_has_nothing_to_name(desk: CaseDesk) -> None:
    assert found(desk) == []


def test_what_was_erased_is_nothing_to_name(desk: CaseDesk) -> None:
    number = desk.fact("free_text_notes", "a note")
    desk.fact("free_text_notes", "another note")
    with desk.store.writing() as connection:
        erasing.erase_party(connection, "z", because="request", actor=PRIYA, now=desk.now)
        erasing.erase_fact(connection, "D-1", number, because="request", actor=PRIYA, now=desk.now)
    assert found(desk) == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE facts SET source = 'the sellex' WHERE field = 'country'", "fact-altered"),
        ("UPDATE facts SET value = '{\"is\": 9}' WHERE field = 'camera_count'", "fact-altered"),
        ("UPDATE facts SET \"by\" = 'u-else' WHERE field = 'area'", "fact-altered"),
        ("UPDATE evidence SET searched = 'nothing'", "evidence-altered"),
        ("UPDATE case_events SET \"by\" = 'u-else' WHERE step = 'triage'", "step-altered"),
        ("UPDATE case_events SET step = 'resume' WHERE step = 'triage'", "step-altered"),
        (
            "UPDATE case_events SET content = '{\"because\": \"other\"}' WHERE step = 'submit'",
            "step-altered",
        ),
        ("UPDATE party_versions SET \"by\" = 'u-else' WHERE party = 'A'", "party-altered"),
        ("UPDATE party_versions SET content = '{}' WHERE party = 'z'", "party-altered"),
        (
            "UPDATE party_versions SET content = '{\"erased\": true}', digest = '' "
            "WHERE party = 'z'",
            "party-altered",  # a name is not erased without what the ledger keeps of it
        ),
        ("DELETE FROM evidence", "evidence-missing"),
        ("DELETE FROM case_events WHERE step = 'vote'", "step-missing"),
        ("DELETE FROM party_versions WHERE party = 'z'", "party-missing"),
        (
            'INSERT INTO party_versions (party, content, digest, known_since, "by") '
            "VALUES ('B', '{}', '', '2026-01-01 00:00:00', 'u-else')",
            "party-unrecorded",
        ),
    ],
)
def test_a_row_that_is_changed_removed_or_added_is_named(
    desk: CaseDesk, statement: str, code: str
) -> None:
    tamper(desk, statement)
    named = found(desk)
    assert code in named
    assert set(named) <= {code, f"{code.partition('-')[0]}-missing"}
