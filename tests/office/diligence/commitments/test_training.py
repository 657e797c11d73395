"""Training counts while it is passed, of the current edition, and not expired."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.known_people import actor
from tests.support.ledger_desk import LedgerDesk, ledger_in

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.office.diligence.commitments import training
from insyn.office.diligence.commitments.modules import modules
from insyn.trust.people.duties import Role

pytestmark = pytest.mark.databases

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PUPIL = actor(1, Role.APPROVER)
TRAINER = actor(2, Role.EXPORT_OFFICER)
OWN = """---
id: our-own
version: "{version}"
title: Our own
required_for: [approver]
validity_months: 1
---
Text.

## Right?

- [x] Yes.
- [ ] No.
"""


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    with ledger_in(tmp_path) as found:
        yield found


def missing(desk: LedgerDesk, at: datetime, role: Role = Role.APPROVER) -> list[str]:
    with desk.store.reading() as connection:
        return training.missing(connection, PUPIL.id, {role}, at)


def take_all(desk: LedgerDesk, now: datetime = NOON) -> None:
    with desk.store.writing() as connection:
        for module in training.known(connection, at=now).values():
            if Role.APPROVER in module.required_for:
                training.take(connection, module, score_percent=80, actor=PUPIL, now=now)


def test_without_a_record_every_required_module_is_missing(desk: LedgerDesk) -> None:
    wanted = sorted(m.id for m in modules().values() if Role.APPROVER in m.required_for)
    assert missing(desk, NOON) == [f"{id_}: not taken" for id_ in wanted]
    assert missing(desk, NOON, Role.AUDITOR) == []


def test_passed_modules_count_until_they_expire(desk: LedgerDesk) -> None:
    take_all(desk)
    assert missing(desk, NOON) == []
    assert missing(desk, NOON - timedelta(hours=1)) != []
    assert missing(desk, datetime(2027, 3, 1, 23, tzinfo=UTC)) == []
    late = missing(desk, datetime(2027, 3, 2, tzinfo=UTC))
    assert "end-user-area-programme: expired on 2027-03-01" in late
    assert not [reason for reason in late if reason.startswith("names-across-scripts")]
    assert desk.check().findings == ()


@pytest.mark.parametrize("score", [0, 79, 101])
def test_a_failed_module_leaves_nothing(desk: LedgerDesk, score: int) -> None:
    module = modules()["unknown-is-not-best"]
    with desk.store.writing() as connection:
        with pytest.raises(Refusal, match="80 %"):
            training.take(connection, module, score_percent=score, actor=PUPIL, now=NOON)
        assert training.records(connection) == []


def test_nobody_records_their_own_training_as_a_trainer(desk: LedgerDesk) -> None:
    module = modules()["unknown-is-not-best"]
    with desk.store.writing() as connection:
        for who, person, said in (
            (TRAINER, TRAINER.id, "themselves"),
            (PUPIL, TRAINER.id, "needs the role"),
        ):
            with pytest.raises(Refusal, match=said):
                training.record(
                    connection,
                    module,
                    person,
                    completed_on=date(2026, 2, 1),
                    score_percent=None,
                    actor=who,
                    now=NOON,
                )
        kept = training.record(
            connection,
            module,
            PUPIL.id,
            completed_on=date(2026, 2, 1),
            score_percent=None,
            actor=TRAINER,
            now=NOON,
        )
        assert training.records(connection, person=PUPIL.id) == [kept]
    assert "unknown-is-not-best" not in " ".join(missing(desk, NOON))


def test_a_new_edition_is_learned_again_and_a_small_change_is_not(desk: LedgerDesk) -> None:
    def add(version: str, now: datetime) -> None:
        with desk.store.writing() as connection:
            content = OWN.format(version=version).encode()
            training.add_module(connection, content, actor=TRAINER, now=now)

    add("1.0", NOON)
    take_all(desk)
    add("1.1", NOON + timedelta(hours=1))
    assert missing(desk, NOON + timedelta(hours=1)) == []
    add("2.0", NOON + timedelta(hours=2))
    assert missing(desk, NOON + timedelta(hours=1)) == []
    (reason,) = missing(desk, NOON + timedelta(hours=2))
    assert reason == "our-own: taken in version 1.0, and 2.0 is another"
    with pytest.raises(Refusal, match="later version"):
        add("2.0", NOON + timedelta(hours=3))


def test_a_company_does_not_replace_our_modules(desk: LedgerDesk) -> None:
    content = OWN.format(version="9.0").replace("our-own", "unknown-is-not-best").encode()
    with desk.store.writing() as connection, pytest.raises(Refusal, match="another id"):
        training.add_module(connection, content, actor=TRAINER, now=NOON)


def test_a_month_ends_on_its_last_day(desk: LedgerDesk) -> None:
    day = datetime(2026, 1, 31, 12, tzinfo=UTC)
    with desk.store.writing() as connection:
        module = training.add_module(
            connection, OWN.format(version="1.0").encode(), actor=TRAINER, now=day
        )
        kept = training.take(connection, module, score_percent=100, actor=PUPIL, now=day)
    assert kept.counts_until(module) == date(2026, 2, 28)


@pytest.mark.parametrize("table", ["training_records", "training_modules"])
def test_the_database_refuses_to_edit_training(desk: LedgerDesk, table: str) -> None:
    with desk.store.writing() as connection:
        content = OWN.format(version="1.0").encode()
        module = training.add_module(connection, content, actor=TRAINER, now=NOON)
        training.take(connection, module, score_percent=100, actor=PUPIL, now=NOON)
    with pytest.raises((EnvironmentFailure, Refusal)), desk.store.writing() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
