"""What goes and what stays: by age, bytes, floors and holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive

from insyn.base.errors import Refusal, UsageError
from insyn.site.archive.check import check
from insyn.site.archive.holds import add_hold, end_hold, every_hold
from insyn.site.archive.recording import Recording
from insyn.site.archive.retention import DAY_NS, Policy, turn

DAY_S = 86_400


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[MaskedArchive]:
    made = MaskedArchive(tmp_path)
    yield made
    made.close()


def left(archive: MaskedArchive) -> list[str]:
    reader = archive.reader()
    found = [one.id for one in sorted(reader.every(), key=lambda one: one.start_wall_ns)]
    reader.close()
    assert check(archive.root, archive.index).is_sound
    return found


def keep(archive: MaskedArchive, policy: Policy, *, days: float = 10) -> None:
    turn(archive.root, archive.index, policy, now_ns=START_NS + int(days * DAY_NS))


def days_of(archive: MaskedArchive, count: int, camera: str = "cam-1") -> list[Recording]:
    return [
        archive.record(day * DAY_S, 2, camera=camera, run=f"{camera}-{day}", first=day)
        for day in range(count)
    ]


def test_what_is_too_old_goes(archive: MaskedArchive) -> None:
    made = days_of(archive, 10)
    keep(archive, Policy(days=3, reserve_bytes=0))
    assert left(archive) == [one.id for one in made[7:]]


def test_a_camera_may_keep_less_long_than_the_site(archive: MaskedArchive) -> None:
    long, short = days_of(archive, 10), days_of(archive, 10, "cam-2")
    keep(archive, Policy(days=5, camera_days={"cam-2": 2, "cam-1": 99}, reserve_bytes=0))
    assert set(left(archive)) == {one.id for one in (*long[5:], *short[8:])}


def test_the_oldest_goes_where_there_are_too_many_bytes(archive: MaskedArchive) -> None:
    made = days_of(archive, 8)
    most = sum(one.size_bytes for one in made[5:])
    keep(archive, Policy(days=99, most_bytes=most, reserve_bytes=0))
    assert left(archive) == [one.id for one in made[5:]]


def test_a_camera_keeps_its_floor(archive: MaskedArchive) -> None:
    quiet = days_of(archive, 2, "cam-quiet")
    busy = [
        archive.record(3 * DAY_S + 10 * n, 2, camera="cam-busy", run=str(n), first=n)
        for n in range(8)
    ]
    floor = sum(one.size_bytes for one in quiet)
    most = floor + sum(one.size_bytes for one in busy[6:])
    keep(archive, Policy(days=99, most_bytes=most, floors={"cam-quiet": floor}, reserve_bytes=0))
    assert set(left(archive)) == {one.id for one in (*quiet, *busy[6:])}


def test_what_is_held_stays_until_the_hold_ends(archive: MaskedArchive) -> None:
    made = days_of(archive, 10)
    held = add_hold(
        archive.index,
        camera="cam-1",
        start_wall_ns=START_NS + 2 * DAY_NS,
        end_wall_ns=START_NS + 2 * DAY_NS + SECOND_NS,
        until_wall_ns=START_NS + 20 * DAY_NS,
        reason="case K-17",
        by="u-asker",
    )
    policy = Policy(days=1, most_bytes=1, reserve_bytes=0)
    keep(archive, policy)
    assert left(archive) == [made[2].id]
    assert every_hold(archive.index) == [held]
    end_hold(archive.index, held.id)
    keep(archive, policy)
    assert left(archive) == []
    with pytest.raises(Refusal):
        end_hold(archive.index, held.id)


def test_a_hold_that_is_over_holds_nothing(archive: MaskedArchive) -> None:
    days_of(archive, 3)
    add_hold(
        archive.index,
        camera="cam-1",
        start_wall_ns=START_NS,
        end_wall_ns=START_NS + DAY_NS,
        until_wall_ns=START_NS + 2 * DAY_NS,
        reason="case K-17",
        by="u-asker",
    )
    keep(archive, Policy(days=1, reserve_bytes=0))
    assert left(archive) == []


def test_a_hold_has_a_span_and_a_reason(archive: MaskedArchive) -> None:
    with pytest.raises(UsageError):
        add_hold(archive.index, camera="c", start_wall_ns=2, end_wall_ns=1, until_wall_ns=9,
                 reason="x", by="u")  # fmt: skip
    with pytest.raises(UsageError):
        add_hold(archive.index, camera="c", start_wall_ns=1, end_wall_ns=2, until_wall_ns=9,
                 reason=" ", by="u")  # fmt: skip


def test_a_disk_that_stays_short_is_an_alarm(archive: MaskedArchive) -> None:
    days_of(archive, 2)
    done = turn(
        archive.root,
        archive.index,
        Policy(days=99, reserve_bytes=1 << 60),
        now_ns=START_NS + 10 * DAY_NS,
    )
    assert done.is_short
    assert left(archive) == []
