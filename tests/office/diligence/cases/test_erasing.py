"""Who somebody is goes for good, where no case rests on it; what happened stays and verifies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.support.case_desk import ANNA, ARENA, RITA, CaseDesk, cases_in
from tests.support.exact_screener import entry
from tests.support.party_desk import company

from insyn.base.errors import InsynError, Refusal
from insyn.office.diligence.cases import deals, erasing, replay, screened, steps
from insyn.office.diligence.cases.schema import facts
from insyn.office.diligence.parties import register, relations, schema
from insyn.office.diligence.parties.model import Party, PartyKind, PartyName, Stake
from insyn.office.screening import register as screening
from insyn.trust.ledger import log
from insyn.trust.ledger import schema as ledger
from insyn.trust.ledger.check import check
from insyn.trust.people.duties import Actor, Role

pytestmark = pytest.mark.databases

PRIYA = Actor(id="u-privacy", roles=frozenset({Role.PRIVACY_OFFICER}))
NAME = "Zebulon Påhittsson"
EARLIER = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    with cases_in(tmp_path) as desk:
        desk.shelf.change(un=[entry("L-1", "Zebulon Pahittsson")])
        yield desk


def owner(desk: CaseDesk, *, ended: bool = True) -> None:
    """A person who owned the reseller of the arena's deal, under two names."""
    person = Party(
        id="z",
        kind=PartyKind.PERSON,
        names=(PartyName(text=NAME), PartyName(text="زيبولون", language="ar")),
    )
    stake = Stake(id="s-1", owner="z", owned="R", share_low_ppm=600_000, share_high_ppm=600_000)
    with desk.store.writing() as connection:
        for party in (person, company("R", "Kamerahuset AB", country="SE")):
            register.put(connection, party, actor=ANNA, now=desk.now)
        relations.record_stake(connection, stake, actor=ANNA, now=desk.now)
        if ended:
            relations.end(connection, "s-1", until=None, because="sold", actor=ANNA, now=desk.now)
    desk.rescreen()


def erase(desk: CaseDesk, *, by: Actor = PRIYA, party: str = "z") -> int:
    with desk.store.writing() as connection:
        return erasing.erase_party(connection, party, because="request", actor=by, now=desk.now)


def everything(desk: CaseDesk) -> str:
    """All that the database holds, as text."""
    told = []
    with desk.store.reading() as connection:
        for table in sa.inspect(connection).get_table_names():
            rows = connection.execute(sa.text(f'SELECT * FROM "{table}"'))
            told += [
                bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview)
                else str(value)
                for row in rows for value in row
            ]  # fmt: skip
    return "\n".join(told)


def sound(desk: CaseDesk) -> bool:
    with desk.store.reading() as connection:
        return check(connection, []).is_sound


def test_a_person_who_left_the_channel_is_erased_everywhere_and_the_ledger_verifies(
    desk: CaseDesk,
) -> None:
    owner(desk)
    assert NAME in everything(desk) or "Zebulon" in everything(desk)
    assert erase(desk) > 0
    left = everything(desk)
    assert "Zebulon" not in left
    assert "zebulon" not in left
    assert "زيبولون" not in left
    with desk.store.reading() as connection:
        found = register.find(connection, "z")
        assert found.erased
        assert not found.names
        assert register.named(connection, NAME) == []
        [leaf] = log.of_kind(connection, "party.erased")
        with pytest.raises(Refusal):
            screening.find(connection, "z")
    assert leaf.what["party"] == "z"
    assert leaf.who == PRIYA.id
    assert sound(desk)


def test_a_person_who_stands_in_the_channel_is_not_erased(desk: CaseDesk) -> None:
    owner(desk, ended=False)
    with pytest.raises(Refusal, match="still stands in the channel: s-1"):
        erase(desk)
    assert "Zebulon" in everything(desk)


def test_a_person_a_case_rests_on_is_erased_once_it_is_closed(desk: CaseDesk) -> None:
    person = Party(id="z", kind=PartyKind.PERSON, names=(PartyName(text=NAME),))
    with desk.store.writing() as connection:
        register.put(connection, person, actor=ANNA, now=desk.now)
    desk.put({**ARENA, "end_user": NAME})
    with desk.store.writing() as connection:
        case = steps.open_case(connection, "D-1", actor=RITA, now=desk.now)
    with pytest.raises(Refusal, match=case.id):
        erase(desk)
    desk.do(steps.close, by=RITA, because="not pursued")
    assert erase(desk) > 0


@pytest.mark.parametrize(
    ("party", "by", "said"),
    [
        ("R", PRIYA, "no natural person"),
        ("nobody", PRIYA, "no party"),
        ("z", ANNA, "needs the role privacy officer"),
    ],
)
def test_what_may_not_be_erased_stays(desk: CaseDesk, party: str, by: Actor, said: str) -> None:
    owner(desk)
    before = everything(desk)
    with pytest.raises(Refusal, match=said):
        erase(desk, by=by, party=party)
    assert everything(desk) == before


def test_an_erased_person_is_neither_changed_nor_erased_again_nor_given_a_stake(
    desk: CaseDesk,
) -> None:
    owner(desk)
    erase(desk)
    again = Party(id="z", kind=PartyKind.PERSON, names=(PartyName(text="Another"),))
    stake = Stake(id="s-2", owner="z", owned="R")
    with desk.store.writing() as connection:
        with pytest.raises(Refusal, match="was erased"):
            register.put(connection, again, actor=ANNA, now=desk.now)
        with pytest.raises(Refusal, match="no party"):
            relations.record_stake(connection, stake, actor=ANNA, now=desk.now)
    with pytest.raises(Refusal, match="erased already"):
        erase(desk)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (schema.versions, {"digest": "ab" * 32}),
        (schema.versions, {"content": {"erased": True}}),  # and not its digest
        (schema.versions, {"content": {"erased": True}, "digest": "", "by": "u-else"}),
        (schema.versions, {"content": {"names": []}, "digest": ""}),
        (facts, {"value": {"is": 1}}),
        (facts, {"value": {"erased": True}}),  # and not its source
        (facts, {"value": {"erased": True}, "source": "(erased)", "known_since": EARLIER}),
    ],
)
def test_the_database_lets_nothing_but_an_erasure_through(
    desk: CaseDesk, table: sa.Table, change: dict[str, Any]
) -> None:
    owner(desk)
    desk.put()
    before = everything(desk)
    with pytest.raises(InsynError), desk.store.writing() as connection:
        connection.execute(sa.update(table).values(**change))
    assert everything(desk) == before


def test_names_of_parties_that_are_not_erased_stay_whatever_is_tried(desk: CaseDesk) -> None:
    owner(desk)
    with pytest.raises(InsynError), desk.store.writing() as connection:
        connection.execute(sa.delete(schema.names).where(schema.names.c.party == "z"))
    assert "Zebulon" in everything(desk)


def test_a_fact_that_was_retracted_is_erased_and_a_replay_tells_that_there_was_one(
    desk: CaseDesk,
) -> None:
    desk.opened()
    number = desk.fact("free_text_notes", f"{NAME} said so", known_since=desk.now)
    then = desk.now
    with pytest.raises(Refusal, match="stands in a case"):
        erase_fact(desk, number)
    desk.now = desk.now.replace(hour=23)
    with desk.store.writing() as connection:
        said = deals.Said(source="a mistake")
        deals.retract(connection, "D-1", number, said=said, actor=ANNA, now=desk.now)
    assert erase_fact(desk, number) == 1
    assert "Zebulon" not in everything(desk)
    with desk.store.reading() as connection:
        found = replay.replay(connection, "D-1", as_of=then, now=desk.now)
        [fact] = [fact for fact in found.then.facts if fact.id == number]
    assert fact.erased
    assert fact.to_json()["value"] is None
    assert sound(desk)


def erase_fact(desk: CaseDesk, number: int) -> int:
    with desk.store.writing() as connection:
        return erasing.erase_fact(
            connection, "D-1", number, because="request", actor=PRIYA, now=desk.now
        )


def test_a_name_that_only_an_erased_fact_gave_leaves_screening_too(desk: CaseDesk) -> None:
    desk.put({**ARENA, "integrator": NAME})
    with desk.store.writing() as connection:
        deal = deals.deal_at(connection, "D-1", known=desk.now)
        screened.register_parties(connection, deal, now=desk.now)
        [number] = [f.id for f in deals.facts_of(connection, "D-1") if f.field == "integrator"]
    desk.rescreen()
    assert erase_fact(desk, number) == 1
    assert "Zebulon" not in everything(desk)
    with desk.store.reading() as connection:
        reseller = screened.party_id("Kamerahuset AB", "SE")
        assert screening.find(connection, reseller).subject.name == "Kamerahuset AB"
        assert connection.execute(sa.select(sa.func.count()).select_from(ledger.personal)).scalar()
    assert sound(desk)
