"""Break-glass: a camera open live where the permit says so, by two, for minutes, and loudly."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest
from tests.support.coded_sound import coded_sound
from tests.support.masked_archive import (
    START_NS,
    STEP,
    MaskedArchive,
    placed,
    second,
    shade_of,
)

from insyn.base.errors import Refusal, UnreadableInput, UsageError
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Begin, Picture, RecordingWriter
from insyn.site.clocks import Reading
from insyn.site.directory import SiteDirectory
from insyn.site.recorder.process import boot_id
from insyn.site.release import matter
from insyn.site.release.desk import ReleaseDesk
from insyn.site.release.following import Begins, Follower, Part
from insyn.site.release.live import LiveRequest
from insyn.site.release.matter import State
from insyn.site.store import open_site
from insyn.site.streams import TICKS, Sound, SoundCodec, SoundParameters, StreamName
from insyn.site.vault import folder
from insyn.site.vault.public import VaultPublicKey
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, Role
from insyn.trust.store import Store

BEGAN = datetime.fromtimestamp(START_NS / 1e9, tz=UTC)
WORDS = {"u-cust-one": "lantern under the stairs", "u-cust-two": "nine geese went north"}


def actor(name: str, *roles: Role) -> Actor:
    return Actor(id=name, roles=frozenset(roles))


ASKER = actor("u-asker", Role.INVESTIGATOR)
OTHER = actor("u-other", Role.INVESTIGATOR)
ONE = actor("u-cust-one", Role.CUSTODIAN)
TWO = actor("u-cust-two", Role.CUSTODIAN)
CHIEF = actor("u-chief", Role.ADMINISTRATOR)


@dataclass
class Place:
    """A site whose recorder seals a second when it is told to; time stands but for that."""

    store: Store
    archive: MaskedArchive
    vault: VaultPublicKey
    desk: ReleaseDesk
    permitted: list[int] = field(default_factory=lambda: [10])
    now: list[datetime] = field(default_factory=lambda: [BEGAN])

    def begin(
        self, *, camera: str = "cam-1", run: str = "run", media_start_90k: int = 0,
        boot: str = "", at: int = 0, sound: SoundParameters | None = None,
    ) -> RecordingWriter:  # fmt: skip
        parameters, _ = second(shade_of(0))
        wall_ns = int(self.now[0].timestamp()) * 10**9
        return self.archive.archive.begin(
            Begin(
                camera=camera,
                stream=StreamName.MAIN,
                run=run,
                parameters=parameters,
                sound=sound,
                started=Reading(wall_ns=wall_ns, monotonic_ns=wall_ns + at),
                boot=boot or boot_id(),
                media_start_90k=media_start_90k,
            ),
            seal=self.vault,
        )

    def second(
        self,
        writer: RecordingWriter,
        number: int,
        *,
        keys: bool = True,
        sounds: Sequence[Sound] = (),
    ) -> None:
        """Seal a second of its own shade; the time goes on by it."""
        _, packets = second(shade_of(number))
        at = writer._begin.media_start_90k + writer.duration_90k
        writer.append(
            [
                Picture(
                    data=data, dts_90k=at + place * STEP, pts_90k=at + place * STEP,
                    duration_90k=STEP, is_key=keys and place == 0,
                )
                for place, data in enumerate(packets)
            ],
            [one for one in placed(sounds, 0) if at <= one.start_90k < at + TICKS],
        )  # fmt: skip
        self.now[0] += timedelta(seconds=1)

    def ask(self, by: Actor = ASKER, *, minutes: int = 5, camera: str = "cam-1") -> str:
        request = LiveRequest(
            camera=camera, minutes=minutes, reason="Somebody lies on the tracks.",
            basis="GDPR Article 6(1)(d)", case_number="K-18",
        )  # fmt: skip
        return self.desk.ask_live(request, actor=by).id

    def opened(self) -> str:
        release = self.ask()
        for who in (ONE, TWO):
            self.desk.agree(release, passphrase=WORDS[who.id], actor=who)
        return release

    def steps(self, prefix: str = "break-glass.") -> list[str]:
        with self.store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        return [
            str(leaf.what.get("step") or leaf.kind.partition(".")[2])
            for leaf in leaves
            if leaf.kind.startswith(prefix)
        ]

    def state(self, release: str) -> State:
        with self.store.reading() as connection:
            return matter.find(connection, release).state


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    site = SiteDirectory(root=tmp_path / "site")
    archive = MaskedArchive(tmp_path / "archive")
    permitted, now = [10], [BEGAN]
    with open_site(site) as store:
        with store.writing() as connection:
            vault = folder.make_vault(
                connection, site, WORDS, needed=2, who="u-chief", now=BEGAN, cost=1 << 14
            )
        desk = ReleaseDesk(
            store,
            root=archive.path,
            open_reader=lambda: Reader(archive.path, archive.index),
            open_share=lambda who, words: folder.open_share(site, who, words),
            combine=lambda points: folder.opener(site, points),  # type: ignore[arg-type] # points
            threshold=lambda: folder.needed(site),
            clock=lambda: now[0],
            live_minutes=lambda: permitted[0],
        )
        yield Place(
            store=store, archive=archive, vault=vault, desk=desk, permitted=permitted, now=now
        )
        desk.close()
    archive.close()


def shades(parts: Sequence[Part]) -> list[int]:
    """What is seen of parts that begin with a stream's beginning: the luma of each picture."""
    content = b"".join(part.segment if isinstance(part, Begins) else part.body for part in parts)
    with av.open(io.BytesIO(content), mode="r") as container:
        return [int(f.to_ndarray(format="yuv420p")[20, 20]) for f in container.decode(video=0)]


def test_a_site_without_a_permit_for_it_opens_nothing_and_says_so_in_the_ledger(
    place: Place,
) -> None:
    place.permitted[0] = 0
    with pytest.raises(Refusal, match="no permit in force"):
        place.ask()
    assert place.steps() == ["denied"]
    place.permitted[0] = 3
    with pytest.raises(Refusal, match="at most 3 minutes"):
        place.ask(minutes=4)
    assert place.steps() == ["denied", "denied"]


def test_a_desk_that_is_told_of_no_permit_never_opens(tmp_path: Path) -> None:
    site = SiteDirectory(root=tmp_path / "site")
    with open_site(site) as store:
        desk = ReleaseDesk(
            store, root=tmp_path, open_reader=lambda: None, open_share=lambda a, b: None,  # type: ignore[arg-type, return-value] # never asked
            combine=lambda points: None, threshold=lambda: 2, clock=lambda: BEGAN,  # type: ignore[arg-type, return-value] # never asked
        )  # fmt: skip
        with pytest.raises(Refusal, match="no permit"):
            desk.ask_live(
                LiveRequest(
                    camera="cam-1", minutes=1, reason="Somebody lies on the tracks.",
                    basis="b", case_number="c",
                ),
                actor=ASKER,
            )  # fmt: skip


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"minutes": 16}, {"reason": "now"}])
def test_a_request_without_reason_or_measure_is_refused(wrong: dict[str, object]) -> None:
    values: dict[str, object] = {
        "camera": "cam-1", "minutes": 5, "reason": "Somebody lies on the tracks.",
        "basis": "b", "case_number": "c",
    }  # fmt: skip
    with pytest.raises(UsageError):
        LiveRequest(**(values | wrong))  # type: ignore[arg-type] # as the tests give them


def test_two_custodians_open_it_and_the_asker_alone_sees(place: Place) -> None:
    release = place.ask()
    for who in (CHIEF, ASKER):
        with pytest.raises(Refusal):
            place.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=who)
    place.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    with pytest.raises(Refusal):
        place.desk.live(release, actor=ASKER)
    with pytest.raises(Refusal):
        place.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=TWO)
    place.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert place.state(release) is State.OPEN
    assert place.desk.live(release, actor=ASKER).camera == "cam-1"
    for who in (OTHER, ONE, TWO, CHIEF):
        with pytest.raises(Refusal):
            place.desk.live(release, actor=who)
    assert place.steps() == ["asked", "agreed", "share-refused", "agreed", "opened"]


def test_what_is_sealed_from_the_opening_on_is_seen_and_nothing_before(place: Place) -> None:
    writer = place.begin()
    for number in range(3):
        place.second(writer, number)
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    assert follower.read() == []
    for number in range(3, 6):
        place.second(writer, number)
        seen = follower.read()
        assert sum(isinstance(part, Begins) for part in seen) == (number == 3)
        if number == 3:
            begins = seen
    assert set(shades(begins)) == {shade_of(3)}
    # Whoever comes later begins with the newest key picture.
    late = place.desk.live(place.desk.standing_live()[0].id, actor=ASKER).follow()
    assert set(shades(late.read())) == {shade_of(5)}
    late.close()
    follower.close()
    writer.close(place.archive.index, EndReason.STOPPED, wall_duration_ns=6 * 10**9)


def test_a_fragment_that_is_half_on_the_disk_waits(place: Place) -> None:
    writer = place.begin()
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    place.second(writer, 0)
    path = place.archive.path / f"{writer.path}.part"
    content = path.read_bytes()
    os.truncate(path, len(content) - 7)
    assert follower.read() == []
    path.write_bytes(content)
    assert set(shades(follower.read())) == {shade_of(0)}
    follower.close()
    writer.abandon()


def test_one_recording_follows_another_without_anybody_noticing(place: Place) -> None:
    first = place.begin()
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    place.second(first, 0)
    seen = list(follower.read())
    place.second(first, 1)
    first.close(place.archive.index, EndReason.ROTATED, wall_duration_ns=2 * 10**9)
    second_one = place.begin(media_start_90k=2 * TICKS)
    place.second(second_one, 2)
    for _ in range(2):
        seen += follower.read()
    assert sum(isinstance(part, Begins) for part in seen) == 1
    assert list(dict.fromkeys(shades(seen))) == [shade_of(n) for n in range(3)]
    # Another run: the stream begins anew, and a player is told.
    second_one.close(place.archive.index, EndReason.CAMERA, wall_duration_ns=10**9)
    third = place.begin(run="another")
    place.second(third, 3)
    seen = [*follower.read(), *follower.read()]
    assert isinstance(seen[0], Begins)
    assert set(shades(seen)) == {shade_of(3)}
    follower.close()
    third.abandon()


def test_a_break_glass_shows_pictures_and_no_byte_of_sound(place: Place) -> None:
    parameters, sounds = coded_sound(SoundCodec.AAC, seconds=4)
    writer = place.begin(sound=parameters)
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    for number in (1, 2):
        place.second(writer, number, sounds=sounds)
    parts = list(follower.read())
    place.second(writer, 3, sounds=sounds)
    parts += follower.read()
    follower.close()
    writer.discard()
    begins = [part for part in parts if isinstance(part, Begins)]
    assert [one.mime.count("mp4a") for one in begins] == [0]
    content = b"".join(part.segment if isinstance(part, Begins) else part.body for part in parts)
    assert b"soun" not in content
    assert not any(one.data in content for one in sounds if len(one.data) > 30)
    assert len(shades(parts)) >= 20
    with av.open(io.BytesIO(content), mode="r") as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_files_of_another_boot_and_of_other_cameras_are_not_read(place: Place) -> None:
    stale = place.begin(boot="an earlier one", at=10**15)
    other = place.begin(camera="cam-2", at=10**15)
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    place.second(stale, 0)
    place.second(other, 1)
    assert follower.read() == []
    writer = place.begin()
    place.second(writer, 2)
    assert set(shades(follower.read())) == {shade_of(2)}
    # Not even where somebody puts the file of another camera in the folder of this one.
    writer.abandon()
    moved = place.archive.path / "cam-1" / "main" / "2026-11-18" / "235959-x.sealed.part"
    moved.write_bytes((place.archive.path / f"{other.path}.part").read_bytes())
    with pytest.raises(Refusal, match="another camera"):
        place.desk.live(place.desk.standing_live()[0].id, actor=ASKER).follow().read()
    follower.close()
    for each in (stale, other):
        each.abandon()


def test_a_changed_fragment_is_not_shown(place: Place) -> None:
    writer = place.begin()
    follower = place.desk.live(place.opened(), actor=ASKER).follow()
    place.second(writer, 0)
    path = place.archive.path / f"{writer.path}.part"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(UnreadableInput, match="changed"):
        follower.read()
    follower.close()
    writer.abandon()


def test_it_ends_by_time_and_nothing_more_is_read(place: Place) -> None:
    writer = place.begin()
    release = place.opened()
    follower = place.desk.live(release, actor=ASKER).follow()
    place.second(writer, 0)
    assert follower.read()
    place.now[0] += timedelta(minutes=5)
    place.second(writer, 1)
    over(place, release, follower)
    assert place.steps()[-1] == "ended"
    writer.abandon()


def test_it_ends_where_the_permit_is_taken_away(place: Place) -> None:
    release = place.opened()
    follower = place.desk.live(release, actor=ASKER).follow()
    place.permitted[0] = 0
    over(place, release, follower)


@pytest.mark.parametrize("who", [ASKER, ONE, TWO])
def test_whoever_asked_or_agreed_ends_it(place: Place, who: Actor) -> None:
    release = place.opened()
    follower = place.desk.live(release, actor=ASKER).follow()
    with pytest.raises(Refusal):
        place.desk.end(release, actor=CHIEF)
    place.desk.end(release, actor=who)
    over(place, release, follower)


def over(place: Place, release: str, follower: Follower) -> None:
    with pytest.raises(Refusal, match="over"):
        follower.read()
    place.desk.tidy()
    assert place.state(release) is State.ENDED
    assert place.desk.standing_live() == []
    with pytest.raises(Refusal):
        place.desk.live(release, actor=ASKER)
    follower.close()


def test_a_refusal_ends_it_and_is_recorded(place: Place) -> None:
    release = place.ask()
    place.desk.refuse(release, because="The masked picture does.......", actor=ONE)
    assert place.state(release) is State.REFUSED
    assert place.steps() == ["asked", "refused"]


def test_whoever_asked_takes_it_back_and_agreements_fall_with_it(place: Place) -> None:
    release = place.ask()
    place.desk.agree(release, passphrase=WORDS[ONE.id], actor=ONE)
    for who in (OTHER, ONE, CHIEF):
        with pytest.raises(Refusal, match="alone"):
            place.desk.withdraw(release, actor=who)
    place.desk.withdraw(release, actor=ASKER)
    assert place.state(release) is State.WITHDRAWN
    assert place.steps() == ["asked", "agreed", "withdrawn"]
    assert place.desk.standing_live() == [], "nobody is asked any more"
    with pytest.raises(Refusal, match="is withdrawn; ask for a new one"):
        place.desk.agree(release, passphrase=WORDS[TWO.id], actor=TWO)
    with pytest.raises(Refusal, match="nothing to withdraw"):
        place.desk.withdraw(release, actor=ASKER)
    place.now[0] += timedelta(hours=1)
    place.desk.tidy()
    assert place.state(release) is State.WITHDRAWN
    again = place.ask()
    place.desk.agree(again, passphrase=WORDS[TWO.id], actor=TWO)
    assert place.state(again) is State.ASKED, "no word given before counts for another request"


def test_what_is_open_is_ended_and_not_withdrawn(place: Place) -> None:
    release = place.opened()
    with pytest.raises(Refusal, match="end it"):
        place.desk.withdraw(release, actor=ASKER)
    assert place.state(release) is State.OPEN


def test_nobody_waits_longer_than_half_an_hour(place: Place) -> None:
    release = place.ask()
    place.now[0] += timedelta(minutes=30)
    place.desk.tidy()
    assert place.state(release) is State.LAPSED
    assert place.steps() == ["asked", "lapsed"]


def test_a_permit_that_ends_while_custodians_are_asked_opens_nothing(place: Place) -> None:
    release = place.ask()
    place.desk.agree(release, passphrase=WORDS["u-cust-one"], actor=ONE)
    place.permitted[0] = 0
    with pytest.raises(Refusal, match="no permit"):
        place.desk.agree(release, passphrase=WORDS["u-cust-two"], actor=TWO)
    assert place.state(release) is State.ASKED


def test_what_an_ended_process_left_open_is_ended_at_the_next_start(place: Place) -> None:
    release = place.opened()
    place.desk._live.clear()  # as in a process that was killed
    place.desk.begin()
    assert place.state(release) is State.FORGOTTEN
    assert place.steps()[-1] == "forgotten"


def test_why_it_was_asked_for_is_not_in_the_tree(place: Place) -> None:
    place.ask()
    with place.store.reading() as connection:
        leaf = log.find(connection, log.size(connection) - 1)
    assert "tracks" not in str(dict(leaf.what))
