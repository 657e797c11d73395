"""Zones and orders: what is never masked takes two people, and everything leaves its leaf."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from insyn.base.errors import Refusal, UsageError
from insyn.site.cameras import register
from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.directory import SiteDirectory
from insyn.site.shielding import masking
from insyn.site.shielding.masking import Asked, read_zone
from insyn.site.store import open_site
from insyn.trust.keys.site import make_site_key
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import read_leaf
from insyn.trust.people.duties import Actor, Role
from insyn.trust.store import Store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEFT = read_zone("0,0 0.3,0 0.3,1 0,1")
RIGHT = read_zone("0.7,0 1,0 1,1")


def person(name: str, role: Role) -> Actor:
    return Actor(id=f"u-{name}", roles=frozenset({role}))


OSKAR = person("oskar", Role.OPERATOR)
PRIYA = person("priya", Role.PRIVACY_OFFICER)
ANNA = person("anna", Role.ADMINISTRATOR)


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


def test_a_zone_that_is_never_covered_waits_for_somebody_else(store: Store) -> None:
    with store.writing() as connection:
        held = masking.set_zones(
            connection, "hall", always=(), never=(LEFT, RIGHT), actor=PRIYA, now=NOW
        )
        assert held.never == ()
        assert held.proposed == (LEFT, RIGHT)
        with pytest.raises(Refusal):
            masking.confirm_zones(connection, "hall", actor=PRIYA, now=NOW)
        with pytest.raises(Refusal):
            masking.confirm_zones(connection, "hall", actor=OSKAR, now=NOW)
        other = person("other", Role.PRIVACY_OFFICER)
        held = masking.confirm_zones(connection, "hall", actor=other, now=NOW)
        assert held.never == (LEFT, RIGHT)
        with pytest.raises(Refusal, match="no zone"):
            masking.confirm_zones(connection, "hall", actor=other, now=NOW)
        held = masking.set_zones(connection, "hall", always=(), never=(LEFT,), actor=OSKAR, now=NOW)
        assert (held.never, held.proposed) == ((LEFT,), ())


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
        assert masking.masking_of(connection, "hall").order == order
        kinds = [read_leaf(content).kind for _, content in log.contents(connection)]
    assert kinds.count("masking.scene") == 3


@pytest.mark.parametrize(
    "text", ["", "0,0 1,1", "0,0 2,0 1,1", "a,b c,d e,f", "0,0 0.5 1,1", "nan,0 1,0 1,1"]
)
def test_what_is_no_zone_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_zone(text)
