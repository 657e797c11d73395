"""An authority's notice holds, whatever else is said, until the authority lifts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.support.known_people import actor
from tests.support.ledger_desk import LedgerDesk, ledger_in

from insyn.base.errors import Refusal
from insyn.office.diligence.products import notices
from insyn.office.diligence.products.model import ExportClass
from insyn.office.diligence.products.notice import About, Notice
from insyn.trust.people.duties import Role

pytestmark = pytest.mark.databases

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)
OFFICER, OTHER = actor(2, Role.EXPORT_OFFICER), actor(3, Role.APPROVER)
NOTICE = Notice(
    id="n-000000000001",
    about=About.PARTY,
    subject="Påhittade Övervakning AB",
    authority="Inspectorate of invented products",
    reference="IIP 2026/17",
    received_on=date(2026, 2, 20),
    sha256="ab" * 32,
)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    with ledger_in(tmp_path) as found:
        yield found


# `Any`: whatever `in_force` takes.
def held(connection: sa.Connection, at: datetime = NOON, **touched: Any) -> list[str]:
    every: dict[str, Any] = {"deal": None, "parties": [], "products": [], "country": None}
    found = notices.in_force(connection, at=at, **(every | touched))
    return [kept.notice.id for kept in found.notices]


@pytest.mark.parametrize(
    ("about", "subject", "touched", "others"),
    [
        (About.PARTY, "c-17", {"parties": ["c-17"]}, {"parties": ["c-18"]}),
        (About.PARTY, "Ivan Petrovich Vydumov", {"parties": ["Иван Петрович Выдумов"]}, {}),
        (About.PARTY, "Påhitt  Skydd", {"parties": ["PÅHITT SKYDD"]}, {"parties": ["Ek"]}),
        (About.PRODUCT, "P-12", {"products": ["P-12"]}, {"products": ["P-13"]}),
        (About.DEAL, "d-1", {"deal": "d-1"}, {"deal": "d-2"}),
        (About.COUNTRY, "Belarus", {"country": "BY"}, {"country": "SE"}),
        (About.PROGRAMME, "skynet", {"programmes": ["skynet"]}, {"programmes": ["sorm"]}),
    ],
)
def test_a_notice_holds_what_it_is_about_and_nothing_else(
    desk: LedgerDesk,
    about: About,
    subject: str,
    touched: dict[str, Any],
    others: dict[str, Any],
) -> None:
    with desk.store.writing() as connection:
        notice = replace(NOTICE, about=about, subject=subject)
        notices.add(connection, notice, actor=OFFICER, now=NOON)
        assert held(connection, **touched) == [NOTICE.id]
        assert held(connection, **others) == []


def test_a_hold_gives_the_facts_that_no_declaration_overrides(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        found = notices.in_force(
            connection, deal=None, parties=[NOTICE.subject], products=[], country=None, at=NOON
        )
    assert found.facts() == {"authority_notice": True}
    assert found.export_class is ExportClass.UNKNOWN


def test_it_holds_from_its_receipt_though_recorded_later(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        parties = [NOTICE.subject]
        received = datetime(2026, 2, 20, tzinfo=UTC)
        assert held(connection, received, parties=parties) == [NOTICE.id]
        assert held(connection, received - timedelta(seconds=1), parties=parties) == []


def test_one_person_lifts_nothing(desk: LedgerDesk) -> None:
    lifted = {"reference": "IIP 2026/99", "lifted_on": date(2026, 3, 1), "sha256": "cd" * 32}
    parties = [NOTICE.subject]
    with desk.store.writing() as connection:
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        notices.lift(connection, NOTICE.id, actor=OFFICER, now=NOON, **lifted)  # type: ignore[arg-type]
        assert held(connection, parties=parties) == [NOTICE.id]
        with pytest.raises(Refusal, match="lifting an authority's notice"):
            notices.confirm(connection, NOTICE.id, actor=OFFICER, now=LATER)
        with pytest.raises(Refusal, match="role"):
            notices.confirm(connection, NOTICE.id, actor=actor(4, Role.ANALYST), now=LATER)
        kept = notices.confirm(connection, NOTICE.id, actor=OTHER, now=LATER)
        assert kept.liftings[0].confirmed_by == OTHER.id
        assert held(connection, NOON, parties=parties) == [NOTICE.id]
        assert held(connection, LATER, parties=parties) == []
        with pytest.raises(Refusal, match="waits"):
            notices.confirm(connection, NOTICE.id, actor=OTHER, now=LATER)
    assert desk.check().findings == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"reference": "iip 2026 17"}, "own reference"),
        ({"lifted_on": date(2026, 2, 1)}, "between"),
        ({"lifted_on": date(2026, 3, 2)}, "between"),
        ({"sha256": "cd"}, "SHA-256"),
    ],
)
def test_a_lifting_is_the_authoritys_own(
    desk: LedgerDesk, changed: dict[str, object], said: str
) -> None:
    lifted = {"reference": "IIP 2026/99", "lifted_on": date(2026, 3, 1), "sha256": "cd" * 32}
    with desk.store.writing() as connection:
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        with pytest.raises(Refusal, match=said):
            notices.lift(connection, NOTICE.id, actor=OFFICER, now=NOON, **(lifted | changed))  # type: ignore[arg-type]


def test_only_an_export_officer_records_notices_and_liftings(desk: LedgerDesk) -> None:
    everybody_else = actor(7, *(role for role in Role if role is not Role.EXPORT_OFFICER))
    with desk.store.writing() as connection:
        with pytest.raises(Refusal, match="export officer"):
            notices.add(connection, NOTICE, actor=everybody_else, now=NOON)
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        with pytest.raises(Refusal, match="export officer"):
            notices.lift(
                connection,
                NOTICE.id,
                reference="IIP 2026/99",
                lifted_on=date(2026, 3, 1),
                sha256="cd" * 32,
                actor=everybody_else,
                now=NOON,
            )


def test_the_same_notice_is_not_recorded_twice(desk: LedgerDesk) -> None:
    with desk.store.writing() as connection:
        notices.add(connection, NOTICE, actor=OFFICER, now=NOON)
        again = replace(NOTICE, id="n-000000000002")
        with pytest.raises(Refusal, match=NOTICE.id):
            notices.add(connection, again, actor=OFFICER, now=NOON)
        early = replace(NOTICE, id="n-2", reference="x", received_on=date(2026, 3, 2))
        with pytest.raises(Refusal, match="has come"):
            notices.add(connection, early, actor=OFFICER, now=NOON)


@pytest.mark.parametrize(
    "changed", [{"subject": " "}, {"sha256": "AB" * 32}, {"about": About.COUNTRY}]
)
def test_a_notice_that_says_nothing_is_refused(changed: dict[str, object]) -> None:
    with pytest.raises(Refusal):
        replace(NOTICE, **changed)  # type: ignore[arg-type]
