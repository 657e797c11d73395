"""A deal's parties and the channel: owners behind a name reach the case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.case_desk import ANNA, ARENA, CaseDesk, cases_in
from tests.support.exact_screener import entry
from tests.support.party_desk import company

from insyn.base.canonical import digest
from insyn.office.diligence.cases import screened, steps, view
from insyn.office.diligence.cases.dossier import change
from insyn.office.diligence.cases.states import Trigger
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.parties import register, relations
from insyn.office.diligence.parties.model import ChannelRole, Edge, Party, PartyKind, Stake

pytestmark = pytest.mark.databases


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    with cases_in(tmp_path) as opened:
        opened.shelf.change(un=[entry("L-1", "Quorvex Holding", country="AE")])
        yield opened


def _know(desk: CaseDesk, reseller: Party, share_ppm: int = 500_000) -> None:
    """A reseller with a listed owner, and the deal of the arena."""
    desk.put()
    with desk.store.writing() as connection:
        for party in (company("Q", "Quorvex Holding", country="AE"), reseller):
            register.put(connection, party, actor=ANNA, now=desk.now)
        stake = Stake(
            id="s-1",
            owner="Q",
            owned=reseller.id,
            share_low_ppm=share_ppm,
            share_high_ppm=share_ppm,
        )
        relations.record_stake(connection, stake, actor=ANNA, now=desk.now)
        screened.register_parties(connection, read_deal(ARENA), now=desk.now)
    desk.rescreen()


def _status(desk: CaseDesk, **changed: Any) -> str:
    with desk.store.reading() as connection:
        return screened.standing(connection, read_deal({**ARENA, **changed})).list_status


@pytest.mark.parametrize(
    ("country", "share_ppm", "status"),
    [
        ("SE", 500_000, "owned"),
        (None, 500_000, "owned"),
        ("NO", 500_000, "possible"),
        ("SE", 499_999, "none"),
    ],
)
def test_a_reseller_owned_by_a_listed_party_is_found_by_its_name(
    desk: CaseDesk, country: str | None, share_ppm: int, status: str
) -> None:
    _know(desk, company("K", "KAMERAHUSET  ab", country=country), share_ppm)
    assert _status(desk) == status


def test_a_reseller_named_by_its_id_is_that_party(desk: CaseDesk) -> None:
    _know(desk, company("K-17", "Another Name", country="NO"))
    with desk.store.reading() as connection:
        found = screened.channel_parties(connection, read_deal({**ARENA, "reseller": "K-17"}))
    assert found == {"K-17": True}


def test_an_edge_for_the_deal_brings_its_parties_in(desk: CaseDesk) -> None:
    _know(desk, company("K", "Nobody The Deal Names", country="SE"))
    assert _status(desk) == "none"
    with desk.store.writing() as connection:
        register.put(connection, company("E", "End"), actor=ANNA, now=desk.now)
        edge = Edge(id="e-1", supplier="K", customer="E", role=ChannelRole.END_USER, deal="D-1")
        relations.record_edge(connection, edge, actor=ANNA, now=desk.now)
    desk.rescreen()
    assert _status(desk) == "owned"


def test_a_tier_nobody_named_is_possible(desk: CaseDesk) -> None:
    desk.put()
    with desk.store.writing() as connection:
        screened.register_parties(connection, read_deal(ARENA), now=desk.now)
        for party in (company("E", "End"), Party(id="T", kind=PartyKind.UNKNOWN)):
            register.put(connection, party, actor=ANNA, now=desk.now)
        edge = Edge(id="e-1", supplier="T", customer="E", role=ChannelRole.END_USER, deal="D-1")
        relations.record_edge(connection, edge, actor=ANNA, now=desk.now)
    desk.rescreen()
    assert _status(desk) == "possible"


def test_an_owned_reseller_stops_the_case_and_changes_what_was_seen(desk: CaseDesk) -> None:
    _know(desk, company("K", "Kamerahuset AB", country="SE"), 400_000)
    with desk.store.reading() as connection:
        before = view.dossier(connection, "D-1", known=desk.now)
    with desk.store.writing() as connection:
        stake = Stake(id="s-2", owner="Q", owned="K", share_low_ppm=500_000, share_high_ppm=500_000)
        relations.record_stake(connection, stake, actor=ANNA, now=desk.now)
    with desk.store.reading() as connection:
        after = view.dossier(connection, "D-1", known=desk.now)
    assert before.standing.list_status == "none"
    assert after.assessment.outcome.name == "STOP"
    assert before.parts()["parties"] != after.parts()["parties"]


def _edge(desk: CaseDesk, role: ChannelRole = ChannelRole.RESELLER, **said: Any) -> None:
    desk.now += timedelta(hours=1)
    edge = Edge(id=f"g-{desk.now:%d%H}", supplier="K", customer="R", role=role, **said)
    with desk.store.writing() as connection:
        relations.record_edge(connection, edge, actor=ANNA, now=desk.now)


def _approved_through(desk: CaseDesk, **said: Any) -> None:
    """The deal of the arena is approved while K supplies R, which sells it."""
    with desk.store.writing() as connection:
        for party in (company("K", "Kamerafabriken"), company("R", "Kamerahuset AB", country="SE")):
            register.put(connection, party, actor=ANNA, now=desk.now)
    _edge(desk, deal="D-1", **said)
    desk.approved()


def _lapsed(desk: CaseDesk) -> tuple[Trigger, str] | None:
    with desk.store.reading() as connection:
        return steps.lapsed(connection, desk.case(), now=desk.now)


@pytest.mark.parametrize(
    "changed",
    [
        {"role": ChannelRole.DISTRIBUTOR},
        {"until": date(2027, 1, 1)},
        {"since": date(2026, 1, 2)},
    ],
)
def test_a_role_or_a_day_of_the_channel_that_changes_lapses_an_approval(
    desk: CaseDesk, changed: dict[str, Any]
) -> None:
    _approved_through(desk, since=date(2026, 1, 1))
    assert _lapsed(desk) is None
    _edge(desk, deal="D-1", since=date(2026, 1, 1))  # the same, said again
    assert _lapsed(desk) is None
    if "role" in changed:
        with desk.store.writing() as connection:
            [edge] = relations.edges(connection, deal="D-1")
            relations.end(connection, edge.id, until=None, because="no longer", actor=ANNA,
                         now=desk.now)  # fmt: skip
    _edge(desk, **{"deal": "D-1", "since": date(2026, 1, 1), **changed})
    found = _lapsed(desk)
    assert found is not None
    assert found[0] is Trigger.PARTY_CHANGE
    assert "channel" in found[1]


def test_an_end_of_an_edge_that_is_still_to_come_lapses_an_approval(desk: CaseDesk) -> None:
    _approved_through(desk)
    with desk.store.writing() as connection:
        [edge] = relations.edges(connection, deal="D-1")
        ends = date(2027, 6, 1)
        relations.end(connection, edge.id, until=ends, because="sold", actor=ANNA, now=desk.now)
    found = _lapsed(desk)
    assert found is not None
    assert found[0] is Trigger.PARTY_CHANGE


def test_an_approval_of_the_first_digest_is_judged_by_it(desk: CaseDesk) -> None:
    _approved_through(desk)
    case = desk.case()
    assert case.proposal is not None
    seen = case.proposal.seen
    parts = {name: value for name, value in seen.parts.items() if name != "channel"}
    old = replace(seen, parts=parts, digest=digest(parts))
    with desk.store.reading() as connection:
        assert change(old, steps.see(connection, case, now=desk.now)) is None
    _edge(desk, deal="D-1", until=date(2027, 1, 1))
    with desk.store.reading() as connection:
        now = steps.see(connection, case, now=desk.now)
    assert change(old, now) is None
    assert change(seen, now) is not None
    desk.fact("camera_count", 30)
    with desk.store.reading() as connection:
        now = steps.see(connection, case, now=desk.now)
    assert change(old, now) is not None
