"""A deal's parties and the channel: owners behind a name reach the case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.case_desk import ANNA, ARENA, CaseDesk, cases_in
from tests.support.exact_screener import entry
from tests.support.party_desk import company

from insyn.office.diligence.cases import screened, view
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.parties import register
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
        register.record_stake(connection, stake, actor=ANNA, now=desk.now)
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
        register.record_edge(connection, edge, actor=ANNA, now=desk.now)
    desk.rescreen()
    assert _status(desk) == "owned"


def test_a_tier_nobody_named_is_possible(desk: CaseDesk) -> None:
    desk.put()
    with desk.store.writing() as connection:
        screened.register_parties(connection, read_deal(ARENA), now=desk.now)
        for party in (company("E", "End"), Party(id="T", kind=PartyKind.UNKNOWN)):
            register.put(connection, party, actor=ANNA, now=desk.now)
        edge = Edge(id="e-1", supplier="T", customer="E", role=ChannelRole.END_USER, deal="D-1")
        register.record_edge(connection, edge, actor=ANNA, now=desk.now)
    desk.rescreen()
    assert _status(desk) == "possible"


def test_an_owned_reseller_stops_the_case_and_changes_what_was_seen(desk: CaseDesk) -> None:
    _know(desk, company("K", "Kamerahuset AB", country="SE"), 400_000)
    with desk.store.reading() as connection:
        before = view.dossier(connection, "D-1", known=desk.now)
    with desk.store.writing() as connection:
        stake = Stake(id="s-2", owner="Q", owned="K", share_low_ppm=500_000, share_high_ppm=500_000)
        register.record_stake(connection, stake, actor=ANNA, now=desk.now)
    with desk.store.reading() as connection:
        after = view.dossier(connection, "D-1", known=desk.now)
    assert before.standing.list_status == "none"
    assert after.assessment.outcome.name == "STOP"
    assert before.parts()["parties"] != after.parts()["parties"]
