"""Zones and orders: what is never masked takes two people, and everything leaves its leaf."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from insyn.base.errors import Refusal, UsageError
from insyn.site.cameras import register
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.directory import SiteDirectory
from insyn.site.shield.engine import Zone
from insyn.site.shielding import masking
from insyn.site.shielding.masking import Asked, Masking, read_zone
from insyn.site.shielding.uncovered import was_uncovered
from insyn.site.store import open_site
from insyn.trust.keys.site import make_site_key
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import read_leaf
from insyn.trust.people.duties import Actor, Role
from insyn.trust.store import Store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEFT = read_zone("0,0 0.3,0 0.3,1 0,1")
BOARD, CLOCK = read_zone("0.4,0 0.6,0 0.6,0.2 0.4,0.2"), read_zone("0.7,0 0.8,0 0.8,0.1")
WHOLE = read_zone("0,0 1,0 1,1 0,1")


def person(name: str, role: Role) -> Actor:
    return Actor(id=f"u-{name}", roles=frozenset({role}))


OSKAR = person("oskar", Role.OPERATOR)
PRIYA = person("priya", Role.PRIVACY_OFFICER)
ANNA = person("anna", Role.ADMINISTRATOR)
OTHER = person("other", Role.PRIVACY_OFFICER)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    site = SiteDirectory(root=tmp_path)
    keeper = CredentialKeeper(make_site_key(site.key))
    with open_site(site) as opened:
        with opened.writing() as connection:
            wanted = register.Wanted(name="Hall", main=read_address("virtual://concourse")[0])
            register.add(
                connection, wanted, keeper=keeper, room_for=lambda _: "", actor=ANNA, now=NOW
            )
        yield opened


def test_a_zone_that_is_always_covered_holds_at_once(store: Store) -> None:
    with store.writing() as connection:
        held = masking.set_zones(connection, "Hall", always=(LEFT,), never=(), actor=OSKAR, now=NOW)
    assert held.always == (LEFT,)
    assert held.version == 1


def propose(connection: sa.Connection, *never: Zone, by: Actor = PRIYA, **more: Any) -> Masking:
    said: dict[str, Any] = {"because": "The departure board changes all day.", "now": NOW} | more
    return masking.set_zones(connection, "hall", always=(), never=never, actor=by, **said)


def test_a_zone_that_is_never_covered_waits_for_somebody_else(store: Store) -> None:
    with store.writing() as connection:
        held = propose(connection, BOARD, CLOCK)
        assert held.never == ()
        assert held.proposed == (BOARD, CLOCK)
        with pytest.raises(Refusal):
            masking.confirm_zones(connection, "hall", actor=PRIYA, now=NOW)
        with pytest.raises(Refusal):
            masking.confirm_zones(connection, "hall", actor=OSKAR, now=NOW)
        held = masking.confirm_zones(connection, "hall", actor=OTHER, now=NOW)
        assert held.never == (BOARD, CLOCK)
        assert held.open.because == "The departure board changes all day."
        with pytest.raises(Refusal, match="no zone"):
            masking.confirm_zones(connection, "hall", actor=OTHER, now=NOW)
        held = propose(connection, BOARD, by=OSKAR, because="")
        assert (held.never, held.proposed) == ((BOARD,), ())
        assert held.open.because == "The departure board changes all day."
        what = [read_leaf(content) for _, content in log.contents(connection)]
    assert [one.kind for one in what if one.kind.startswith("masking.")] == [
        "masking.zones", "masking.never", "masking.confirmed", "masking.zones",
    ]  # fmt: skip
    assert "departure board" not in str([dict(one.what) for one in what])


def test_it_ends_by_itself_and_what_was_uncovered_stays_known(store: Store) -> None:
    ends = NOW + timedelta(days=2)
    with store.writing() as connection:
        propose(connection, BOARD, days=2)
        masking.confirm_zones(connection, "hall", actor=OTHER, now=NOW)

        def never(at: datetime) -> tuple[Zone, ...]:
            return masking.masking_of(connection, "hall", now=at).never

        assert never(ends - timedelta(seconds=1)) == (BOARD,)
        assert never(ends) == ()

        def was(begins: datetime, until: datetime) -> bool:
            return was_uncovered(connection, "hall", begins, until)

        assert not was(NOW - timedelta(hours=1), NOW)
        assert was(NOW - timedelta(hours=1), NOW + timedelta(seconds=1))
        assert was(ends - timedelta(seconds=1), ends + timedelta(hours=1))
        assert not was(ends, ends + timedelta(hours=1))
        later = NOW + timedelta(hours=3)
        masking.set_zones(connection, "hall", always=(), never=(), actor=OSKAR, now=later)
        assert never(later) == ()
        assert not was(later, ends)


@pytest.mark.parametrize(
    ("zones", "more", "why"),
    [
        ((WHOLE,), {}, "25% of the picture, and these are 100%"),
        ((LEFT,), {}, "at most 25%"),
        ((BOARD,), {"because": "a board"}, "in a sentence why"),
        ((BOARD,), {"days": 91}, "1 to 90 days"),
        ((BOARD,), {"days": 0}, "1 to 90 days"),
    ],
    ids=["all of it", "a third", "no reason", "too long", "no time"],
)
def test_what_nobody_may_agree_to_is_not_proposed(
    store: Store, zones: tuple[Zone, ...], more: dict[str, Any], why: str
) -> None:
    with store.writing() as connection, pytest.raises(UsageError, match=why):
        propose(connection, *zones, **more)
    with store.reading() as connection:
        assert masking.masking_of(connection, "hall", now=NOW).proposed == ()


def test_who_runs_the_machines_sets_no_zone_and_confirms_no_scene(store: Store) -> None:
    with store.writing() as connection:
        with pytest.raises(Refusal):
            masking.set_zones(connection, "hall", always=(), never=(), actor=ANNA, now=NOW)
        with pytest.raises(Refusal):
            masking.ask(connection, "hall", Asked.EMPTY_NOW, actor=ANNA, now=NOW)


def test_each_order_has_its_number_and_its_leaf(store: Store) -> None:
    with store.writing() as connection:
        for expected in (1, 2, 3):
            order = masking.ask(connection, "Hall", Asked.EMPTY_NOW, actor=OSKAR, now=NOW)
            assert order.number == expected
        assert masking.masking_of(connection, "hall", now=NOW).order == order
        kinds = [read_leaf(content).kind for _, content in log.contents(connection)]
    assert kinds.count("masking.scene") == 3


@pytest.mark.parametrize(
    "text", ["", "0,0 1,1", "0,0 2,0 1,1", "a,b c,d e,f", "0,0 0.5 1,1", "nan,0 1,0 1,1"]
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_zone(text)
