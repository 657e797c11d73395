"""A recorder that runs: real archive, real video, cameras that a test plays."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.coded_video import again, coded, parameters_of
from tests.support.recorder_desk import Desk, PlayedCamera, until

from insyn.base.errors import EnvironmentFailure
from insyn.site.archive.fmp4_sound import SoundSample
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Archive, Begin, Picture, RecordingWriter
from insyn.site.cameras.failure import Trouble
from insyn.site.clocks import Reading
from insyn.site.recorder import feeding, process
from insyn.site.streams import Packet
from insyn.site.vault.public import VaultPublicKey

VIDEO = coded(frames=50, gop=25)
ROUND_90K = 50 * 3600


def video(rounds: int) -> list[Packet]:
    return again(VIDEO, rounds, ROUND_90K)


def camera() -> PlayedCamera:
    return PlayedCamera(parameters_of(VIDEO))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(feeding, "FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(process, "TURN_S", 0.05)
    return Desk(tmp_path)


def test_every_picture_that_came_is_on_the_disk_and_decodes(desk: Desk) -> None:
    one, two = camera(), camera()
    with desk.recording(one=one, two=two):
        one.send(video(40))  # 80 s of media: a rotation
        two.send(video(3))
        until(lambda: desk.state("one").get("written") == 2000)
        until(lambda: desk.state("two").get("written") == 150)
    assert desk.decoded("one") == 2000
    assert desk.decoded("two") == 150
    reasons = [recording.end_reason for recording in desk.recordings("one")]
    assert reasons == [EndReason.ROTATED, EndReason.STOPPED]
    assert sum(recording.frames for recording in desk.recordings("one")) == 2000
    assert desk.gaps("one") == []


def test_a_camera_that_dies_leaves_a_gap_with_its_reason_and_comes_back_alone(desk: Desk) -> None:
    dying, other = camera(), camera()
    with desk.recording(dying=dying, other=other):
        dying.send(video(2))
        until(lambda: dying.opened == 1)
        dying.refusal = Trouble.UNREACHABLE
        dying.fail(Trouble.ENDED)
        until(lambda: desk.state("dying").get("state") == "lost")
        until(lambda: dying.opened > 2)
        assert desk.state("dying")["trouble"] in ("ended", "unreachable")
        other.send(video(1))
        until(lambda: desk.state("other").get("written") == 50)
        dying.refusal = None
        dying.send(video(1))
        until(lambda: desk.state("dying").get("written") == 150)
        until(lambda: desk.state("dying").get("state") == "running")
    (gap,) = desk.gaps("dying")
    assert gap.reason == "ended"
    first, second = desk.recordings("dying")
    assert first.end_reason is EndReason.CAMERA
    assert gap.end_wall_ns == second.start_wall_ns
    assert first.run != second.run
    assert desk.decoded("dying") == 150
    assert desk.gaps("other") == []


def test_an_archive_whose_disk_goes_away_loses_nothing_that_the_ring_can_hold(desk: Desk) -> None:
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: desk.state("one").get("written") == 50)
        mark = desk.root / "archive.json"
        mark.rename(desk.path / "aside")
        one.fail(Trouble.ENDED)
        one.send(video(2))
        until(lambda: desk.state("one").get("state") == "disk")
        assert "mount its disk" in desk.state("one")["text"]
        (desk.path / "aside").rename(mark)
        until(lambda: desk.state("one").get("written") == 150)
        until(lambda: desk.state("one").get("state") == "running")
    assert desk.decoded("one") == 150


class _StuckWriter:
    """Forwards to a real writer, once the disk lets go."""

    def __init__(self, writer: RecordingWriter, gate: threading.Event) -> None:
        self._writer = writer
        self._gate = gate

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)

    def append(self, pictures: Sequence[Picture], sound: Sequence[SoundSample] = ()) -> bytes:
        assert self._gate.wait(20)
        return self._writer.append(pictures, sound)


class StuckArchive(Archive):
    """A disk that takes nothing until it is let go."""

    gate = threading.Event()

    def begin(self, begin: Begin, *, seal: VaultPublicKey | None) -> RecordingWriter:
        return _StuckWriter(super().begin(begin, seal=seal), self.gate)  # type: ignore[return-value]  # whole interface


def test_a_slow_disk_costs_whole_gops_which_a_gap_tells_and_nothing_else(desk: Desk) -> None:
    desk.ring_bytes = lambda _count: 40_000
    StuckArchive.gate = threading.Event()
    desk.archive_class = StuckArchive
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: desk.state("one").get("packets") == 50)
        one.send(video(10))
        until(lambda: desk.state("one").get("dropped", 0) > 100)
        StuckArchive.gate.set()
        until(lambda: desk.state("one").get("waiting_bytes") == 0)
        one.send(video(1))
        until(lambda: desk.recordings("one") != [])
        until(lambda: desk.state("one").get("packets") == 600)
    assert {gap.reason for gap in desk.gaps("one")} == {"overflow"}
    assert desk.recordings("one")[0].end_reason is EndReason.OVERFLOW
    assert desk.decoded("one") == sum(one.frames for one in desk.recordings("one"))


def test_a_new_process_tells_how_long_none_ran(desk: Desk) -> None:
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: desk.state("one").get("written") == 50)
    (first,) = desk.recordings("one")
    two = PlayedCamera(parameters_of(VIDEO))
    later = first.end_wall_ns + 100 * 10**9
    ahead = desk.clocks().wall_ns

    def clocks_later() -> Reading:
        now = Desk(desk.path).clocks()
        return Reading(wall_ns=now.wall_ns - ahead + later, monotonic_ns=now.monotonic_ns)

    desk.clocks = clocks_later
    with desk.recording(one=two):
        two.send(video(1))
        until(lambda: desk.state("one").get("written") == 50)
    (gap,) = desk.gaps("one")
    assert gap.reason == "not running"
    assert gap.start_wall_ns == first.end_wall_ns
    assert gap.end_wall_ns == desk.recordings("one")[1].start_wall_ns


def test_a_gap_that_a_killed_process_left_goes_on_until_a_recording_begins(desk: Desk) -> None:
    one = camera()
    one.refusal = Trouble.UNREACHABLE
    with desk.recording(one=one):
        until(lambda: desk.root.joinpath("index.sqlite").exists() and desk.gaps("one") != [])
    (left,) = desk.gaps("one")
    assert left.end_wall_ns is None
    two = camera()
    with desk.recording(one=two):
        two.send(video(1))
        until(lambda: desk.state("one").get("written") == 50)
    (gap,) = desk.gaps("one")
    assert (gap.id, gap.reason) == (left.id, "unreachable")
    assert gap.end_wall_ns == desk.recordings("one")[0].start_wall_ns


def test_without_the_permit_nothing_is_recorded_and_a_gap_says_so(desk: Desk) -> None:
    desk.refusal = "The permit has expired; ask the office for a new one."
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: desk.state("one").get("state") == "permit")
        assert desk.state("one")["text"] == desk.refusal
        until(lambda: [gap.reason for gap in desk.gaps("one")] == ["permit"])
        desk.refusal = ""
        one.send(video(1))
        until(lambda: desk.state("one").get("written", 0) > 0)
    assert desk.gaps("one")[0].end_wall_ns is not None
    assert list(desk.root.glob("**/*.part")) == []


def test_a_camera_taken_out_of_use_is_let_go_and_one_put_in_is_taken_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insyn.site.recorder.process.LOOK_S", 0.05)
    one, two = camera(), camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: desk.state("one").get("written") == 50)
        desk.sources = {"two": two}
        two.send(video(1))
        until(lambda: desk.state("two").get("written") == 50)
        until(lambda: desk.state("one") == {})
        assert [recording.end_reason for recording in desk.recordings("one")] == [EndReason.STOPPED]


def test_parameters_that_nothing_can_decode_are_told_as_garbage(desk: Desk) -> None:
    bad = dataclasses.replace(parameters_of(VIDEO), parameter_sets=())
    one = PlayedCamera(bad)
    packets = [dataclasses.replace(packet, parameters=None) for packet in video(1)]
    with desk.recording(one=one):
        one.send(packets)
        until(lambda: [gap.reason for gap in desk.gaps("one")] == ["garbage"])
    assert desk.recordings("one") == []


def test_a_session_that_falls_silent_is_broken_off_within_ten_seconds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert process.SILENT_NS <= 10**10
    monkeypatch.setattr("insyn.site.recorder.process.SILENT_NS", 200_000_000)
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: one.opened >= 2)
        until(lambda: [gap.reason for gap in desk.gaps("one")] == ["stalled"])
    assert desk.decoded("one") == 50


@pytest.mark.parametrize(
    ("tries", "trouble", "least", "most"),
    [
        (1, Trouble.UNREACHABLE, 0.8, 1.2),
        (3, Trouble.STALLED, 3.2, 4.8),
        (50, Trouble.ENDED, 24, 36),
        (1, Trouble.CREDENTIALS, 48, 72),
        (50, Trouble.CREDENTIALS, 480, 720),
    ],
)
def test_tries_become_rarer_and_refused_passwords_are_rare_from_the_start(
    tries: int, trouble: Trouble, least: float, most: float
) -> None:
    assert feeding.wait_s(tries, trouble, jitter=0) == pytest.approx(least)
    assert feeding.wait_s(tries, trouble, jitter=1) == pytest.approx(most)


def test_an_index_that_cannot_be_opened_is_a_state_and_no_crash(desk: Desk) -> None:
    def broken() -> Archive:
        raise EnvironmentFailure("the archive's index cannot be used; check the disk")

    desk.open_archive = broken  # type: ignore[method-assign]  # a disk that is broken
    one = camera()
    with desk.recording(one=one):
        one.send(video(1))
        until(lambda: "index cannot be used" in desk.state("one").get("text", ""))
