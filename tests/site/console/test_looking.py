"""Who looked at what, as leaves: batched by span, written when it is over or has lasted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from insyn.base.canonical import Json
from insyn.site.console.looking import MOST, QUIET, Looking
from insyn.site.directory import SiteDirectory
from insyn.site.permission.judging import site_public_key
from insyn.site.store import open_site
from insyn.trust.ledger import log
from insyn.trust.store import Store

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@dataclass
class Hand:
    """A clock that is set by hand."""

    now: datetime = field(default=NOON)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Desk:
    store: Store
    clock: Hand
    looking: Looking

    def pass_by(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)
        self.looking.tidy()

    def told(self) -> list[Mapping[str, Json]]:
        with self.store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        return [leaf.what for leaf in leaves if leaf.kind == "video.looked-at"]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    site = SiteDirectory(root=tmp_path / "site")
    site_public_key(site)
    clock = Hand()
    with open_site(site) as store:
        yield Desk(store=store, clock=clock, looking=Looking(store, clock))


def span(minute: float, seconds: float = 10) -> tuple[datetime, datetime]:
    begins = NOON - timedelta(days=1) + timedelta(minutes=minute)
    return begins, begins + timedelta(seconds=seconds)


def test_a_look_that_goes_on_is_one_leaf_when_it_is_over(desk: Desk) -> None:
    for number in range(12):
        desk.looking.note("u-one", "hall", "recorded", span(number / 6))
        desk.pass_by(10)
    assert desk.told() == []
    desk.pass_by(QUIET.total_seconds())
    (told,) = desk.told()
    assert told["recorded_from"] == "2026-11-17T12:00:00Z"
    assert told["recorded_until"] == "2026-11-17T12:02:00Z"
    assert (told["camera"], told["how"]) == ("hall", "recorded")


def test_a_look_that_lasts_is_told_every_ten_minutes(desk: Desk) -> None:
    for _ in range(75):
        desk.looking.note("u-one", "hall", "live")
        desk.pass_by(20)
    assert len(desk.told()) == 2


def test_spans_far_apart_are_told_apart(desk: Desk) -> None:
    for minute in (0, 600, 0.5):
        desk.looking.note("u-one", "hall", "recorded", span(minute))
    desk.pass_by(QUIET.total_seconds())
    found = sorted((told["recorded_from"], told["recorded_until"]) for told in desk.told())
    assert found == [
        ("2026-11-17T12:00:00Z", "2026-11-17T12:00:40Z"),
        ("2026-11-17T22:00:00Z", "2026-11-17T22:00:10Z"),
    ]


def test_whoever_scrubs_through_days_makes_few_leaves_and_none_is_missing(desk: Desk) -> None:
    for number in range(300):
        desk.looking.note("u-one", "hall", "recorded", span(number * 7))
    desk.looking.close()
    told = desk.told()
    assert len(told) <= MOST
    assert min(str(one["recorded_from"]) for one in told) == "2026-11-17T12:00:00Z"
    assert max(str(one["recorded_until"]) for one in told) == "2026-11-18T22:53:10Z"


def test_two_people_are_two_looks(desk: Desk) -> None:
    desk.looking.note("u-one", "hall", "live")
    desk.looking.note("u-two", "hall", "live")
    desk.looking.close()
    assert len(desk.told()) == 2
