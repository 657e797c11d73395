"""A partner's commitment counts while it is signed, in time, to an accepted text, not withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.known_people import actor
from tests.support.ledger_desk import LedgerDesk, ledger_in

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.office.diligence.commitments import partners
from insyn.office.diligence.commitments.partners import Commitment
from insyn.office.diligence.commitments.texts import CommitmentText, text_of, texts
from insyn.office.screening import register
from insyn.office.screening.model import Subject
from insyn.trust.ledger import log, privacy
from insyn.trust.people.duties import Role

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANALYST = actor(1, Role.ANALYST)
OLD = CommitmentText(
    version="0.9",
    sha256="09" * 32,
    since=date(2024, 1, 1),
    accepted_until=date(2026, 6, 30),
    text="old",
)
NEW = CommitmentText(
    version="1.0", sha256="10" * 32, since=date(2026, 1, 1), accepted_until=None, text="new"
)
KNOWN = {"0.9": OLD, "1.0": NEW}
SIGNED = Commitment(
    id="k-000000000001",
    party="c-1",
    text="1.0",
    signatory="Påhittad Person",
    signed_on=date(2026, 2, 1),
    expires_on=date(2027, 1, 31),
    sha256="ab" * 32,
)


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    with ledger_in(tmp_path) as found:
        with found.store.writing() as connection:
            known = Subject(id="c-1", name="Påhittad Partner AB")
            register.put(connection, [known], now=NOON)
        yield found


def record(desk: LedgerDesk, said: Commitment, now: datetime = NOON) -> None:
    with desk.store.writing() as connection:
        partners.record(connection, said, actor=ANALYST, now=now, known=KNOWN)


def reason(desk: LedgerDesk, at: datetime, party: str = "c-1") -> str:
    with desk.store.reading() as connection:
        return partners.valid(connection, [party], at, known=KNOWN)[party]


@pytest.mark.databases
@pytest.mark.parametrize(
    ("at", "said"),
    [
        (NOON - timedelta(hours=1), "missing"),  # not recorded yet: it was not known then
        (NOON, ""),
        (datetime(2027, 1, 31, 23, 59, tzinfo=UTC), ""),
        (datetime(2027, 2, 1, tzinfo=UTC), "expired on 2027-01-31"),
    ],
)
def test_it_counts_from_its_recording_until_its_last_day(
    desk: LedgerDesk, at: datetime, said: str
) -> None:
    record(desk, SIGNED)
    assert reason(desk, at) == said
    assert reason(desk, at, "c-2") == "missing"


@pytest.mark.databases
def test_an_older_text_counts_until_it_is_no_longer_accepted(desk: LedgerDesk) -> None:
    record(desk, replace(SIGNED, text="0.9"))
    assert reason(desk, datetime(2026, 6, 30, 23, tzinfo=UTC)) == ""
    assert "no longer accepted" in reason(desk, datetime(2026, 7, 1, tzinfo=UTC))
    with pytest.raises(Refusal, match="newest"):
        record(desk, replace(SIGNED, id="k-2", text="0.9"), datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.databases
def test_a_withdrawn_one_counts_no_more_and_a_new_one_does(desk: LedgerDesk) -> None:
    record(desk, SIGNED)
    with desk.store.writing() as connection:
        partners.withdraw(connection, SIGNED.id, because="passed goods on", actor=ANALYST, now=NOON)
        with pytest.raises(Refusal, match="withdrawn on"):
            partners.withdraw(connection, SIGNED.id, because="again", actor=ANALYST, now=NOON)
    assert reason(desk, NOON) == "withdrawn on 2026-03-01"
    record(desk, replace(SIGNED, id="k-000000000002"))
    assert reason(desk, NOON) == ""
    assert desk.check().findings == ()


@pytest.mark.databases
def test_who_signed_is_erased_and_the_commitment_stays(desk: LedgerDesk) -> None:
    record(desk, SIGNED)
    officer = actor(5, Role.PRIVACY_OFFICER)
    with desk.store.writing() as connection:
        leaf = log.size(connection) - 1
        assert b"Person" not in log.find(connection, leaf).to_bytes()
        with pytest.raises(Refusal, match="privacy officer"):
            partners.forget_signatory(connection, SIGNED.id, actor=ANALYST, now=NOON)
        partners.forget_signatory(connection, SIGNED.id, actor=officer, now=NOON)
        assert partners.find(connection, SIGNED.id).commitment.signatory is None
        assert privacy.disclose(connection, leaf)["signatory"] is None
    assert reason(desk, NOON) == ""
    assert desk.check().findings == ()


@pytest.mark.databases
def test_the_database_refuses_to_edit_a_commitment(desk: LedgerDesk) -> None:
    record(desk, SIGNED)
    with pytest.raises((EnvironmentFailure, Refusal)), desk.store.writing() as connection:
        connection.exec_driver_sql("UPDATE commitments SET expires_on = '2099-01-01'")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"signatory": " "}, "who signed"),
        ({"sha256": "ab"}, "SHA-256"),
        ({"signed_on": date(2026, 3, 2)}, "has come"),
        ({"expires_on": date(2028, 3, 1)}, "two years"),
        ({"expires_on": date(2026, 2, 1)}, "a later day"),
        ({"text": "7"}, "no commitment text"),
    ],
)
def test_what_is_no_commitment_is_refused(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    with ledger_in(tmp_path) as desk, pytest.raises(Refusal, match=said):
        record(desk, replace(SIGNED, **changed))  # type: ignore[arg-type]


def test_an_approver_records_none(tmp_path: Path) -> None:
    approver = actor(6, Role.APPROVER)
    with (
        ledger_in(tmp_path) as desk,
        desk.store.writing() as connection,
        pytest.raises(Refusal, match="needs the role"),
    ):
        partners.record(connection, SIGNED, actor=approver, now=NOON, known=KNOWN)


def test_the_text_in_the_package_is_what_its_digest_says() -> None:
    newest = text_of(None)
    assert list(texts()) == ["1.0"]
    for words in ("re-transfer", "audit", "unmask", "misuse", "end the contract", "Principle 16"):
        assert words.casefold() in newest.text.casefold()


@pytest.mark.databases
def test_of_a_party_that_nobody_knows_no_commitment_is_kept(desk: LedgerDesk) -> None:
    with pytest.raises(Refusal, match="no known party"):
        record(desk, replace(SIGNED, party="c-404"))


@pytest.mark.databases
def test_the_same_commitment_is_kept_once_until_it_is_withdrawn(desk: LedgerDesk) -> None:
    record(desk, SIGNED)
    again = replace(SIGNED, id="k-000000000002", signatory="En Annan Stavning")
    with pytest.raises(Refusal, match=f"kept already, as {SIGNED.id}"):
        record(desk, again)
    record(desk, replace(again, expires_on=date(2026, 12, 31)))
    with desk.store.writing() as connection:
        partners.withdraw(connection, SIGNED.id, because="by mistake", actor=ANALYST, now=NOON)
    record(desk, replace(again, id="k-000000000003"))
