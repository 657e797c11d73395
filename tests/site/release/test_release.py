"""Releases from the request to the pictures, with a real vault and sealed recordings."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from tests.support.masked_archive import START_NS, MaskedArchive

from insyn.base.errors import Refusal, UsageError
from insyn.site.archive.reading import Reader
from insyn.site.directory import SiteDirectory
from insyn.site.playback.clip import Clip
from insyn.site.playback.span import pieces_of
from insyn.site.release import matter
from insyn.site.release.desk import ReleaseDesk
from insyn.site.release.matter import State
from insyn.site.release.request import Request
from insyn.site.store import open_site
from insyn.site.streams import StreamName
from insyn.site.vault import folder
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, Role
from insyn.trust.store import Store

BEGAN = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
WORDS = {
    "u-cust-one": "lantern under the stairs",
    "u-cust-two": "nine geese went north",
    "u-cust-three": "salt on the window sill",
}
COST = 1 << 14


def actor(name: str, *roles: Role) -> Actor:
    return Actor(id=name, roles=frozenset(roles))


ASKER = actor("u-asker", Role.INVESTIGATOR)
ONE = actor("u-cust-one", Role.CUSTODIAN)
TWO = actor("u-cust-two", Role.CUSTODIAN)
CHIEF = actor("u-chief", Role.ADMINISTRATOR)


@dataclass
class Desk:
    store: Store
    archive: MaskedArchive
    desk: ReleaseDesk
    now: list[datetime] = field(default_factory=lambda: [BEGAN + timedelta(hours=1)])

    def ask(self, by: Actor = ASKER, **changed: object) -> str:
        values: dict[str, object] = {
            "camera": "cam-1",
            "begins": BEGAN + timedelta(seconds=2),
            "ends": BEGAN + timedelta(seconds=14),
            "reason": "A bag was taken at the ticket machines.",
            "basis": "GDPR Article 6(1)(f)",
            "case_number": "K-17",
            "minutes": 30,
        }
        request = Request(**(values | changed))  # type: ignore[arg-type] # as the tests give them
        return self.desk.ask(request, longest_minutes=60, actor=by).id

    def pictures(self, release: str, by: Actor = ASKER) -> int:
        reader, recordings = self.desk.reader(release, actor=by)
        pieces = pieces_of(recordings, START_NS, START_NS + 20 * 10**9)
        clip = Clip(reader, pieces)
        with av.open(io.BytesIO(b"".join(clip.read(0, clip.size))), mode="r") as container:
            return sum(1 for _ in container.decode(video=0))

    def state(self, release: str) -> State:
        with self.store.reading() as connection:
            return matter.find(connection, release).state


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    site = SiteDirectory(root=tmp_path / "site")
    archive = MaskedArchive(tmp_path / "archive")
    with open_site(site) as store:
        with store.writing() as connection:
            vault = folder.make_vault(
                connection, site, WORDS, needed=2, who="u-x", now=BEGAN, cost=COST
            )
        archive.record(0, 10, seal=vault)
        archive.record(10, 10, seal=vault)
        archive.record(60, 10, seal=vault)
        made = Desk(store=store, archive=archive, desk=None)  # type: ignore[arg-type] # below
        made.desk = ReleaseDesk(
            store,
            root=archive.path,
            open_reader=archive.reader,
            open_share=lambda who, words: folder.open_share(site, who, words),
            combine=lambda points: folder.opener(site, points),  # type: ignore[arg-type]
            threshold=lambda: folder.needed(site),
            clock=lambda: made.now[0],
        )
        yield made
        made.desk.close()
    archive.close()


def test_two_custodians_open_what_one_asked_for_and_nothing_else(desk: Desk) -> None:
    release = desk.ask()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    assert desk.state(release) is State.ASKED
    with pytest.raises(Refusal):
        desk.pictures(release)
    found = desk.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert found.state is State.OPEN
    assert desk.pictures(release) == 200
    reader, recordings = desk.desk.reader(release, actor=ASKER)
    assert [one.start_wall_ns for one in recordings] == [START_NS, START_NS + 10 * 10**9]
    plain: Reader = desk.archive.reader()
    other = plain.recordings("cam-1", StreamName.MAIN, 0, 2**62)[2]
    with pytest.raises(Refusal, match="not open"):
        reader.init_segment(other)
    with pytest.raises(Refusal, match="sealed original"):
        plain.init_segment(other)
    plain.close()


def test_only_the_person_who_asked_looks(desk: Desk) -> None:
    release = desk.ask()
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    for who in (ONE, TWO, CHIEF, actor("u-other", Role.INVESTIGATOR)):
        with pytest.raises(Refusal):
            desk.pictures(release, by=who)


def test_one_custodian_never_counts_twice(desk: Desk) -> None:
    release = desk.ask()
    for _ in range(2):
        desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    assert desk.state(release) is State.ASKED


def test_whoever_asked_is_no_custodian_of_it(desk: Desk) -> None:
    both = actor("u-cust-one", Role.INVESTIGATOR, Role.CUSTODIAN)
    release = desk.ask(by=both)
    with pytest.raises(Refusal):
        desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=both)


def test_administrator_asker_and_one_custodian_together_open_nothing(desk: Desk) -> None:
    release = desk.ask()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    with pytest.raises(Refusal):
        desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=CHIEF)
    with pytest.raises(Refusal):
        desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ASKER)
    # Even with the role given to themselves: there is no share of theirs.
    with pytest.raises(Refusal, match="no share"):
        desk.desk.agree(
            release, passphrase=WORDS["u-cust-one"], actor=actor("u-chief", Role.CUSTODIAN)
        )
    assert desk.state(release) is State.ASKED


def test_a_wrong_passphrase_opens_nothing_and_may_be_tried_again(desk: Desk) -> None:
    release = desk.ask()
    with pytest.raises(Refusal, match="passphrase"):
        desk.desk.agree(release, passphrase="not this one at all", actor=ONE)
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    assert desk.pictures(release) == 200


def test_one_refusal_ends_it_and_is_recorded(desk: Desk) -> None:
    release = desk.ask()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    desk.desk.refuse(release, because="The span is longer than the event.", actor=TWO)
    assert desk.state(release) is State.REFUSED
    with pytest.raises(Refusal, match="refused"):
        desk.desk.agree(release, passphrase=WORDS["u-cust-three"],
                        actor=actor("u-cust-three", Role.CUSTODIAN))  # fmt: skip
    with desk.store.reading() as connection:
        steps = [
            log.find(connection, number).what.get("step")
            for number in range(log.size(connection))
            if log.find(connection, number).kind == "release.step"
        ]
    assert steps == ["agreed", "refused"]


def test_a_release_closes_by_itself(desk: Desk) -> None:
    release = desk.ask(minutes=5)
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    reader, recordings = desk.desk.reader(release, actor=ASKER)
    desk.now[0] += timedelta(minutes=5)
    with pytest.raises(Refusal):
        reader.init_segment(recordings[0])
    desk.desk.tidy()
    assert desk.state(release) is State.ENDED
    with pytest.raises(Refusal):
        desk.pictures(release)


def test_a_share_waits_ten_minutes_and_the_word_stands(desk: Desk) -> None:
    release = desk.ask()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    desk.now[0] += timedelta(minutes=11)
    desk.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert desk.state(release) is State.ASKED, "the first share is forgotten"
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    assert desk.state(release) is State.OPEN


def test_whose_passphrase_is_needed_again_is_told(desk: Desk) -> None:
    release = desk.ask()

    def needed_again() -> tuple[str, ...]:
        with desk.store.reading() as connection:
            return desk.desk.needs_again(matter.find(connection, release))

    assert needed_again() == ()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    assert needed_again() == ()
    desk.desk._waiting.clear()  # as in a console that was started anew
    assert needed_again() == (ONE.id,)
    desk.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert needed_again() == (ONE.id,), "whose share is held is not asked again"
    desk.now[0] += timedelta(minutes=11)
    assert needed_again() == (ONE.id, TWO.id)
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    assert desk.state(release) is State.OPEN
    assert needed_again() == ()


def test_what_nobody_answers_lapses(desk: Desk) -> None:
    release = desk.ask()
    desk.now[0] += timedelta(days=1)
    desk.desk.tidy()
    assert desk.state(release) is State.LAPSED


def test_a_request_is_withdrawn_by_whoever_asked_alone(desk: Desk) -> None:
    release = desk.ask()
    with pytest.raises(Refusal, match="alone"):
        desk.desk.withdraw(release, actor=ONE)
    desk.desk.withdraw(release, actor=ASKER)
    assert desk.state(release) is State.WITHDRAWN
    for who in (ONE, TWO):
        with pytest.raises(Refusal, match="withdrawn"):
            desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)


def test_whoever_asked_or_agreed_ends_it_early(desk: Desk) -> None:
    release = desk.ask()
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    with pytest.raises(Refusal):
        desk.desk.end(release, actor=CHIEF)
    assert desk.desk.end(release, actor=TWO).state is State.ENDED
    with pytest.raises(Refusal):
        desk.pictures(release)


def test_what_no_original_was_kept_of_is_not_asked_for(desk: Desk) -> None:
    with pytest.raises(Refusal, match=r"no original .* \(not recorded\)") as refused:
        desk.ask(begins=BEGAN + timedelta(seconds=30), ends=BEGAN + timedelta(seconds=40))
    assert refused.value.field == "begins"
    with pytest.raises(Refusal, match="no original"):
        desk.ask(camera="cam-2")
    with desk.store.reading() as connection:
        assert matter.every(connection) == []


def test_what_lies_ahead_is_not_asked_for(desk: Desk) -> None:
    desk.now[0] = BEGAN + timedelta(seconds=10)
    with pytest.raises(Refusal, match="its end lies ahead"):
        desk.ask()
    desk.now[0] = BEGAN + timedelta(seconds=50)
    with pytest.raises(Refusal, match="ask again in two minutes"):
        desk.ask(begins=BEGAN + timedelta(seconds=30), ends=BEGAN + timedelta(seconds=40))


def test_what_was_deleted_before_all_agreed_lapses(desk: Desk) -> None:
    release = desk.ask()
    desk.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    with desk.archive.index.writing() as connection:
        connection.execute("DELETE FROM recordings")
    with pytest.raises(Refusal, match="no original"):
        desk.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert desk.state(release) is State.LAPSED


def test_a_release_says_what_is_kept_and_what_it_holds(desk: Desk) -> None:
    asked = desk.ask(begins=BEGAN - timedelta(seconds=20), ends=BEGAN + timedelta(seconds=65))
    with desk.store.reading() as connection:
        found = matter.find(connection, asked)
    kept = desk.desk.held(found)
    assert kept is not None
    assert kept.words == "25 s of the 1 min 25 s asked for"
    for who in (ONE, TWO):
        desk.desk.agree(asked, passphrase=WORDS[who.id], actor=who)
    with desk.archive.index.writing() as connection:
        connection.execute("DELETE FROM recordings WHERE start_wall_ns > ?", (START_NS,))
    assert desk.desk.held(found) == kept


def test_what_an_ended_console_left_open_is_forgotten(desk: Desk) -> None:
    release, waits = desk.ask(), desk.ask()
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    desk.desk._open.clear()  # as in a process that was killed
    desk.desk.begin()
    assert desk.state(release) is State.FORGOTTEN
    assert desk.state(waits) is State.ASKED
    with desk.store.reading() as connection:
        steps = [log.find(connection, n).what.get("step") for n in range(log.size(connection))]
    assert steps[-1] == "forgotten"
    with pytest.raises(Refusal, match="not open"):
        desk.pictures(release)


def test_a_console_that_ends_forgets_what_is_open(desk: Desk) -> None:
    release = desk.ask()
    for who in (ONE, TWO):
        desk.desk.agree(release, passphrase=WORDS[who.id], actor=who)
    desk.desk.close()
    assert desk.state(release) is State.FORGOTTEN


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "because"},
        {"basis": " "},
        {"case_number": ""},
        {"minutes": 0},
        {"ends": BEGAN},
        {"ends": BEGAN + timedelta(hours=3)},
    ],
)
def test_a_request_without_reason_basis_or_measure_is_refused(
    desk: Desk, wrong: dict[str, Any]
) -> None:
    with pytest.raises(UsageError):
        desk.ask(**wrong)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (BEGAN - timedelta(seconds=1), "must follow its beginning"),
        (BEGAN, "must follow its beginning"),
        (BEGAN + timedelta(hours=2, seconds=1), "at most two hours"),
    ],
)
def test_what_is_wrong_with_a_span_is_told_apart(desk: Desk, ends: datetime, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        desk.ask(begins=BEGAN, ends=ends)
    assert refused.value.field == "ends"


def test_a_release_is_open_no_longer_than_the_site_allows(desk: Desk) -> None:
    with pytest.raises(Refusal, match="60 minutes"):
        desk.ask(minutes=61)
