"""Parties, stakes and the channel kept: nothing edited, read as known, screened, in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.support.exact_screener import Shelf, entry
from tests.support.party_desk import PartyDesk, company, parties_in

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.office.diligence.parties import register, relations, schema
from insyn.office.diligence.parties.model import (
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
    StakeKind,
    read_share,
    share_text,
)
from insyn.office.diligence.parties.register import Came
from insyn.office.screening.model import Subject
from insyn.trust.ledger import log
from insyn.trust.ledger import schema as ledger
from insyn.trust.people.duties import Actor, Role

pytestmark = pytest.mark.databases

LISTED = entry("L-1", "Quorvex Holding")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[PartyDesk]:
    shelf = Shelf().change(un=[LISTED, entry("L-2", "Зелвекс", country="RU")])
    with parties_in(tmp_path, shelf) as opened:
        yield opened


def _confirmed(desk: PartyDesk) -> None:
    """A listed party (its country supports the name) called R."""
    desk.put(company("R", "Зелвекс", country="RU"))


def test_a_party_comes_back_as_it_was_put(desk: PartyDesk) -> None:
    party = Party(
        id="P-1",
        kind=PartyKind.PERSON,
        names=(
            PartyName(text="Marvolio Tsindrakis"),
            PartyName(text="Μαρβόλιο Τσίνδρακης", language="el"),
        ),
        country="GR",
        identifiers=(PartyIdentifier(scheme="passport", value="XQ1"),),
        roles=("director",),
    )
    assert desk.put(party) == [Came.NEW]
    assert desk.put(party) == [Came.SAME]
    assert desk.read(register.find, "P-1") == party


def test_an_earlier_version_of_a_party_stays_as_known_then(desk: PartyDesk) -> None:
    desk.put(company("P-1", "Vellmoor Trading"))
    before = desk.now
    assert desk.put(company("P-1", "Vellmoor Trading", "Vellmoor Handel")) == [Came.CHANGED]
    assert len(desk.read(register.find, "P-1", as_of=before).names) == 1
    assert len(desk.read(register.find, "P-1").names) == 2
    assert [p.id for p in desk.read(register.every)] == ["P-1"]


def test_each_name_and_number_is_screened(desk: PartyDesk) -> None:
    numbers = tuple(PartyIdentifier(scheme="vat", value=value) for value in "ABC")
    desk.put(company("P-1", "Vellmoor", "Quorvex Holding", identifiers=numbers))
    desk.rescreen()
    assert [
        (p.subject.id, p.subject.name, p.subject.identifier) for p in desk.office.parties()
    ] == [
        ("P-1", "Vellmoor", "A"),
        ("P-1~2", "Quorvex Holding", "B"),
        ("P-1~3", "Vellmoor", "C"),
    ]
    assert desk.standing("P-1").list_status == "possible"


def test_a_party_is_unknown_until_screened_as_it_is(desk: PartyDesk) -> None:
    desk.put(company("P-1", "Vellmoor"))
    assert desk.standing("P-1").list_status == "unknown"
    desk.rescreen()
    assert desk.standing("P-1").list_status == "none"
    desk.put(company("P-1", "Vellmoor", "Other Name"))
    assert desk.standing("P-1").list_status == "unknown"


def test_another_subject_under_a_partys_id_clears_nobody(desk: PartyDesk) -> None:
    party = company("P-1", "Quorvex Holding", "Vellmoor")
    desk.put(party)
    desk.rescreen()
    assert desk.standing("P-1").list_status == "possible"
    # A flat customer file may hold any id, the channel's own among them.
    desk.office.put(Subject(id="P-1", name="Innocent"))
    desk.rescreen()
    assert desk.standing("P-1").list_status == "unknown"
    assert desk.put(party) == [Came.SAME]
    desk.rescreen()
    assert desk.standing("P-1").list_status == "possible"


def test_what_a_decision_is_bound_to_changes_with_all_that_is_said_of_a_party(
    desk: PartyDesk,
) -> None:
    desk.put(company("O", "Owner"), company("P", "Party"))
    desk.own("O", "P", "10")
    desk.rescreen()
    digests = [desk.standing("P").digest()]
    for changed in (company("P", "Other"), company("O", "Other"), company("P", "O", country="SE")):
        desk.put(changed)
        desk.rescreen()
        assert desk.standing("P").list_status == "none"
        digests.append(desk.standing("P").digest())
    assert len(set(digests)) == len(digests)
    desk.rescreen()
    assert desk.standing("P").digest() == digests[-1]


def test_the_listed_owner_of_an_owner_makes_a_party_owned(desk: PartyDesk) -> None:
    _confirmed(desk)
    desk.put(company("M", "Middle"), company("P", "Party"))
    desk.own("R", "M", "50")
    desk.own("M", "P", "50")
    desk.rescreen()
    found = desk.standing("P")
    assert found.list_status == "owned"
    assert found.because == (("P", "R holds 50% of M; M holds 50% of P"),)


def test_a_list_that_changes_reaches_the_owned(desk: PartyDesk) -> None:
    desk.put(company("O", "Owner", country="XX"), company("P", "Party"))
    desk.own("O", "P", "50")
    desk.rescreen()
    clear = desk.standing("P")
    desk.office.shelf.change(un=[entry("L-9", "Owner", country="XX")])
    desk.rescreen()
    assert clear.list_status == "none"
    assert desk.standing("P").list_status == "owned"
    assert desk.standing("P").digest() != clear.digest()


@pytest.mark.parametrize(
    ("share", "kind", "status"),
    [
        ("49.9", "owner", "none"),
        (None, "owner", "possible"),
        ("25-50", "owner", "possible"),
        ("0", "controller", "possible"),
    ],
)
def test_a_share_not_known_of_a_listed_owner_is_possible(
    desk: PartyDesk, share: str | None, kind: str, status: str
) -> None:
    _confirmed(desk)
    desk.put(company("P", "Party"))
    desk.own("R", "P", share, kind=StakeKind(kind))
    desk.rescreen()
    assert desk.standing("P").list_status == status


def test_an_owner_nobody_knows_may_be_anybody(desk: PartyDesk) -> None:
    desk.put(Party(id="T", kind=PartyKind.UNKNOWN), company("P", "Party"))
    desk.own("T", "P", "50")
    desk.rescreen()
    assert desk.standing("P").list_status == "possible"


def test_an_owner_not_screened_yet_leaves_the_owned_unknown(desk: PartyDesk) -> None:
    desk.put(company("P", "Party"))
    desk.rescreen()
    desk.put(company("O", "Owner"), company("M", "Minor"))
    desk.own("M", "P", "49")
    assert desk.standing("P").list_status == "none"
    desk.own("O", "P", "50")
    assert desk.standing("P").list_status == "unknown"


def test_a_stake_said_again_supersedes_and_both_stay_readable(desk: PartyDesk) -> None:
    _confirmed(desk)
    desk.put(company("P", "Party"))
    desk.own("R", "P", "60")
    desk.rescreen()
    before = desk.now
    desk.own("R", "P", "10")
    assert [s.share_low_ppm for s in desk.read(relations.stakes_of, "P")] == [100_000]
    then = desk.read(relations.stakes_of, "P", as_of=before)
    assert [s.share_low_ppm for s in then] == [600_000]
    assert desk.standing("P").list_status == "none"
    assert desk.standing("P", at=before).list_status == "owned"


def test_a_stake_ends_on_its_day(desk: PartyDesk) -> None:
    desk.put(company("A", "A Co"), company("B", "B Co"))
    stake = desk.own("A", "B", since=date(2026, 1, 1))
    desk.end(stake.id, until=date(2026, 6, 1))
    assert desk.read(relations.stakes, on=date(2026, 5, 31))
    assert not desk.read(relations.stakes, on=date(2026, 6, 1))
    assert not desk.read(relations.stakes, on=date(2025, 12, 31))
    desk.end(stake.id)
    assert not desk.read(relations.stakes, on=date(2026, 5, 31))
    with pytest.raises(Refusal, match="stands"):
        desk.end(stake.id)


def test_an_unknown_tier_is_read_as_whom_it_was_identified_with(desk: PartyDesk) -> None:
    desk.put(company("S", "Seller"), Party(id="T", kind=PartyKind.UNKNOWN), company("P", "Party"))
    desk.supply("S", "T", deal="D-1")
    before = desk.now
    assert desk.standing("T").list_status == "possible"
    desk.identify("T", "P")
    desk.rescreen()
    assert desk.standing("T").list_status == "none"
    assert [e.customer for e in desk.read(relations.edges, deal="D-1")] == ["P"]
    assert [e.customer for e in desk.read(relations.edges, deal="D-1", as_of=before)] == ["T"]
    with pytest.raises(Refusal, match="already"):
        desk.identify("T", "P")
    with pytest.raises(Refusal, match="identified as P"):
        desk.put(company("T", "Third"))


def test_two_who_say_a_holding_anew_at_once_leave_one_standing(desk: PartyDesk) -> None:
    desk.put(company("A", "A Co"), company("B", "B Co"))
    with ThreadPoolExecutor(8) as pool:
        said = [pool.submit(desk.own, "A", "B", "30", id=f"s-{number}") for number in range(8)]
        assert all(each.result().owner == "A" for each in said)
    assert len(desk.read(relations.stakes)) == 1


def test_a_relation_to_a_party_nobody_added_is_refused(desk: PartyDesk) -> None:
    desk.put(company("A", "A Co"))
    with pytest.raises(Refusal, match="known as 'B'"):
        desk.own("A", "B")
    with pytest.raises(Refusal, match="known as 'B'"):
        desk.supply("B", "A")


def test_who_only_approves_changes_no_party(desk: PartyDesk) -> None:
    with pytest.raises(Refusal, match="changing who is in the channel"):
        desk.put(company("A", "A Co"), by=Actor(id="u-1", roles=frozenset({Role.APPROVER})))


def test_every_change_is_a_leaf_and_no_name_is_in_the_tree(desk: PartyDesk) -> None:
    desk.put(company("A", "Zebulon Optics"), company("B", "Quartz"))
    desk.put(company("A", "Zebulon Optik"), Party(id="T", kind=PartyKind.UNKNOWN))
    desk.own("A", "B", "60", source="Zebulon himself")
    desk.own("A", "B", "70")
    edge = desk.supply("A", "T")
    desk.end(edge.id)
    desk.identify("T", "B")
    with desk.office.store.reading() as connection:
        assert log.size(connection) == 10
        rows = connection.execute(sa.select(ledger.leaves).order_by(ledger.leaves.c.number))
        told = "\n".join(str(row) for row in rows)
    assert "Zebulon" not in told
    for kind in ("party.added", "party.changed", "stake.recorded", "stake.ended"):
        assert kind in told
    for kind in ("edge.recorded", "edge.ended", "tier.identified"):
        assert kind in told


@pytest.mark.parametrize("table", schema.APPEND_ONLY)
def test_the_database_refuses_to_delete_what_was_recorded(desk: PartyDesk, table: str) -> None:
    desk.put(company("A", "A Co"), company("B", "B Co"), Party(id="T", kind=PartyKind.UNKNOWN))
    desk.own("A", "B")
    desk.own("A", "B")
    desk.supply("A", "T")
    desk.identify("T", "B")
    with (
        pytest.raises((Refusal, EnvironmentFailure)),
        desk.office.store.writing() as connection,
    ):
        connection.exec_driver_sql(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "made",
    [
        lambda: company("", "A"),
        lambda: company("a~2", "A"),
        lambda: company("A"),
        lambda: company("A", "two\nlines"),
        lambda: company("A", "A", country="Sweden"),
    ],
)
def test_a_party_that_cannot_be_is_refused_without_its_name(made: object) -> None:
    assert callable(made)
    with pytest.raises(Refusal) as caught:
        made()
    assert "lines" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x", "-5", "101", "60-40", "1-2-3", "NaN", "inf", "1e999999"])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        read_share(text)


@pytest.mark.parametrize("text", ["0", "33.3333", "50", "100", "25-50", "0.5-0.75"])
def test_a_share_reads_back(text: str) -> None:
    assert share_text(*read_share(text)) == text


def test_a_share_is_rounded_outward() -> None:
    assert read_share("33.333333") == (333_333, 333_334)
