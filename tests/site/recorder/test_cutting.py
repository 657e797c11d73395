"""Fragments, recordings, runs and the wall clock: decided from packets alone."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.site.archive.recording import EndReason
from insyn.site.clocks import Reading
from insyn.site.recorder.cutting import (
    FRAGMENT_90K,
    LONGEST_90K,
    RECORDING_90K,
    BeginGap,
    BeginRecording,
    Cutter,
    EndRecording,
    Step,
    WriteFragment,
    stagger_90k,
)
from insyn.site.streams import TICKS, Codec, Packet, Parameters

SMALL = Parameters(codec=Codec.H264, width=16, height=16, parameter_sets=(b"\x67a",))
LARGE = Parameters(codec=Codec.H264, width=32, height=32, parameter_sets=(b"\x67b",))
SECOND_NS = 10**9
WALL_NS = 1_800_000_000 * SECOND_NS
FRAME_NS = SECOND_NS // 25


@dataclass
class Camera:
    """Sends 25 pictures a second into a cutter, and keeps what it decides."""

    gop: int = 50
    name: str = "cam-a"
    refusal: str = ""
    ppm: int = 0
    steps: list[Step] = field(default_factory=list)
    frame: int = 0
    now_ns: int = 50 * SECOND_NS
    delta_ns: int = WALL_NS

    def __post_init__(self) -> None:
        runs = itertools.count(1)
        self.cutter = Cutter(
            self.name, may_record=lambda: self.refusal, run_id=lambda: f"run {next(runs)}"
        )
        self.steps += self.cutter.open(SMALL)

    def reading(self) -> Reading:
        return Reading(wall_ns=self.now_ns + self.delta_ns, monotonic_ns=self.now_ns)

    def send(
        self,
        seconds: float,
        *,
        parameters: Parameters | None = None,
        delays_ns: tuple[int, ...] = (0,),
    ) -> None:
        for number in range(round(seconds * 25)):
            is_key = self.frame % self.gop == 0 or (number == 0 and parameters is not None)
            self.steps += self.cutter.look(self.reading())
            self.steps += self.cutter.put(
                Packet(
                    data=b"\x00\x00\x01\x65" + self.frame.to_bytes(4, "big"),
                    pts_90k=self.frame * 3600,
                    dts_90k=self.frame * 3600,
                    is_key=is_key,
                    received_ns=self.now_ns + delays_ns[self.frame % len(delays_ns)],
                    parameters=parameters if number == 0 else None,
                )
            )
            self.frame += 1
            self.now_ns += FRAME_NS + FRAME_NS * self.ppm // 1_000_000

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * SECOND_NS)
        self.steps += self.cutter.look(self.reading())

    def lose(self, gap: str = "stalled", reason: EndReason = EndReason.CAMERA) -> None:
        self.steps += self.cutter.lose(reason, gap, self.reading())

    def of(self, kind: type[Step]) -> list[Step]:
        return [step for step in self.steps if isinstance(step, kind)]

    @property
    def begun(self) -> list[BeginRecording]:
        return [step for step in self.steps if isinstance(step, BeginRecording)]

    @property
    def ended(self) -> list[EndRecording]:
        return [step for step in self.steps if isinstance(step, EndRecording)]

    @property
    def fragments(self) -> list[WriteFragment]:
        return [step for step in self.steps if isinstance(step, WriteFragment)]

    @property
    def gaps(self) -> list[BeginGap]:
        return [step for step in self.steps if isinstance(step, BeginGap)]

    def frames(self) -> list[int]:
        return [
            int.from_bytes(picture.data[4:], "big")
            for fragment in self.fragments
            for picture in fragment.pictures
        ]


def test_no_picture_is_lost_or_written_twice() -> None:
    camera = Camera()
    camera.send(200)
    camera.lose("", EndReason.STOPPED)
    assert camera.frames() == list(range(5000))


def test_fragments_last_less_than_a_second_and_begin_at_every_key_picture() -> None:
    camera = Camera()
    camera.send(30)
    for fragment in camera.fragments:
        assert sum(picture.duration_90k for picture in fragment.pictures) <= FRAGMENT_90K
        assert not any(picture.is_key for picture in fragment.pictures[1:])


def test_recordings_last_a_minute_and_are_cut_at_key_pictures() -> None:
    camera = Camera()
    camera.send(200)
    first, *others = camera.begun
    assert others[0].media_start_90k == pytest.approx(
        RECORDING_90K - stagger_90k("cam-a"), abs=2 * TICKS
    )
    lengths = [b.media_start_90k - a.media_start_90k for a, b in itertools.pairwise(others)]
    assert lengths == [RECORDING_90K] * len(lengths)
    assert first.run == others[-1].run
    begins = [
        after
        for before, after in itertools.pairwise(camera.steps)
        if isinstance(before, BeginRecording)
    ]
    assert all(isinstance(f, WriteFragment) and f.pictures[0].is_key for f in begins)


def test_cameras_are_cut_at_different_moments() -> None:
    assert len({stagger_90k(f"cam-{n}") // TICKS for n in range(60)}) > 20


def test_a_recording_follows_the_last_one_without_overlap_or_slit() -> None:
    camera = Camera(ppm=400)
    camera.send(400)
    camera.lose()
    for begun, ended, following in zip(camera.begun, camera.ended, camera.begun[1:], strict=False):
        assert following.started.wall_ns == begun.started.wall_ns + ended.wall_duration_ns


@pytest.mark.parametrize("ppm", [-500, 500])
def test_a_drift_of_500_ppm_is_followed(ppm: int) -> None:
    """An hour: the camera's clock is 1.8 s off, the recordings' are not."""
    camera = Camera(ppm=ppm)
    camera.send(3600)
    last = camera.begun[-1]
    frame = last.media_start_90k // 3600
    true_ns = 50 * SECOND_NS + frame * (FRAME_NS + FRAME_NS * ppm // 1_000_000) + WALL_NS
    assert last.started.wall_ns == pytest.approx(true_ns, abs=50_000_000)
    assert len({begun.run for begun in camera.begun}) == 1


def test_the_least_delayed_packet_tells_the_time() -> None:
    """A delay of up to 300 ms on most packets does not make recordings late."""
    camera = Camera()
    camera.send(120, delays_ns=(300_000_000, 250_000_000, 0, 120_000_000))
    last = camera.begun[-1]
    true_ns = 50 * SECOND_NS + WALL_NS + last.media_start_90k * 100_000 // 9
    assert last.started.wall_ns == pytest.approx(true_ns, abs=31_000_000)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_step_of_the_clock_begins_a_run_that_has_the_new_time(hours: int) -> None:
    camera = Camera()
    camera.send(21)
    camera.delta_ns += hours * 3600 * SECOND_NS
    camera.send(61)
    assert [ended.reason for ended in camera.ended][:1] == [EndReason.CLOCK_STEP]
    before, after = camera.begun[:2]
    assert before.run != after.run
    assert after.media_start_90k == 0
    moved = after.started.wall_ns - before.started.wall_ns
    lasted = after.started.monotonic_ns - before.started.monotonic_ns
    assert moved - lasted == pytest.approx(hours * 3600 * SECOND_NS, abs=10_000_000)
    assert camera.gaps == []
    camera.lose("", EndReason.STOPPED)
    assert camera.frames() == list(range(82 * 25))


def test_a_small_correction_of_the_clock_is_no_step() -> None:
    camera = Camera()
    camera.send(21)
    camera.delta_ns += SECOND_NS
    camera.send(61)
    assert len({begun.run for begun in camera.begun}) == 1


def test_new_parameters_begin_a_recording_of_the_same_run() -> None:
    camera = Camera()
    camera.send(3.3)
    camera.send(3, parameters=LARGE)
    assert [ended.reason for ended in camera.ended] == [EndReason.PARAMETERS]
    assert [begun.parameters for begun in camera.begun] == [SMALL, LARGE]
    assert camera.begun[0].run == camera.begun[1].run


def test_parameters_told_again_change_nothing() -> None:
    camera = Camera()
    camera.send(4)
    camera.send(4, parameters=SMALL)
    assert len(camera.begun) == 1


def test_what_came_in_is_written_within_a_second_though_nothing_follows() -> None:
    camera = Camera()
    camera.send(2.2)
    camera.wait(0.95)
    assert camera.frames() == list(range(55))


def test_a_camera_that_falls_silent_ends_its_recording_and_a_gap_begins_there() -> None:
    camera = Camera()
    camera.send(3)
    camera.wait(9)
    camera.lose("stalled")
    camera.lose("unreachable")
    (gap,) = camera.gaps
    assert gap.reason == "stalled"
    assert gap.start_wall_ns == pytest.approx(WALL_NS + 53 * SECOND_NS, abs=2 * FRAME_NS)
    assert [ended.reason for ended in camera.ended] == [EndReason.CAMERA]


def test_pictures_before_the_first_key_picture_are_left_out() -> None:
    camera = Camera()
    camera.frame = 10
    camera.send(4)
    assert camera.frames()[0] == 50
    assert camera.cutter.skipped == 40


def test_a_camera_without_key_pictures_is_cut_at_two_minutes() -> None:
    camera = Camera(gop=10**9)
    camera.send(400)
    starts = [begun.media_start_90k for begun in camera.begun]
    assert starts == [LONGEST_90K * n for n in range(4)]
    assert camera.cutter.keyless == 3
    assert len({begun.run for begun in camera.begun}) == 1


def test_no_recording_begins_without_the_permit_and_one_does_when_it_is_back() -> None:
    camera = Camera()
    camera.send(2)
    camera.refusal = "The permit has expired."
    camera.send(120)
    assert [ended.reason for ended in camera.ended] == [EndReason.PERMIT]
    assert [gap.reason for gap in camera.gaps] == ["permit"]
    assert camera.cutter.refusal == "The permit has expired."
    written = len(camera.frames())
    camera.refusal = ""
    camera.send(10)
    assert len(camera.begun) == 2
    assert len(camera.frames()) > written
    assert camera.begun[0].run != camera.begun[1].run
    assert camera.begun[1].media_start_90k == 0
    assert camera.cutter.refusal == ""


def test_a_camera_that_sends_its_last_seconds_at_once_is_not_recorded_in_the_future() -> None:
    camera = Camera()
    burst = camera.now_ns
    camera.send(4, delays_ns=(0,))
    camera = Camera()
    for _ in range(100):
        camera.now_ns = burst
        camera.send(0.04)
    camera.now_ns = burst + FRAME_NS
    camera.send(120)
    _, second, *_ = camera.begun
    behind_ns = second.started.wall_ns - WALL_NS - burst
    assert behind_ns == pytest.approx(
        second.media_start_90k * 100_000 // 9 - 4 * SECOND_NS, abs=1e8
    )


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3 * 10**9),
            st.none() | st.integers(-(1 << 40), 1 << 40),
            st.booleans(),
            st.sampled_from(["", "", "", "lose", "step", "refuse", "allow", "open"]),
        ),
        max_size=150,
    )
)
def test_whatever_happens_steps_come_in_an_order_that_can_be_written(
    events: list[tuple[int, int | None, bool, str]],
) -> None:
    camera = Camera()
    for passed_ns, pts, is_key, event in events:
        camera.now_ns += passed_ns
        if event == "lose":
            camera.lose()
        elif event == "step":
            camera.delta_ns += 5 * SECOND_NS
        elif event in ("refuse", "allow"):
            camera.refusal = "no" if event == "refuse" else ""
        elif event == "open":
            camera.steps += camera.cutter.open(SMALL)
        camera.steps += camera.cutter.look(camera.reading())
        packet = Packet(
            data=b"\x00\x00\x01e",
            pts_90k=pts,
            dts_90k=None,
            is_key=is_key,
            received_ns=camera.now_ns,
        )
        camera.steps += camera.cutter.put(packet)
    camera.lose("", EndReason.STOPPED)
    is_open, end, run = False, -1, ""
    for step in camera.steps:
        match step:
            case BeginRecording():
                assert not is_open
                assert step.media_start_90k >= (end if step.run == run else 0)
                is_open, end, run = True, step.media_start_90k, step.run
            case WriteFragment():
                assert is_open
                for picture in step.pictures:
                    assert picture.dts_90k >= end
                    assert 0 < picture.duration_90k < 1 << 32
                    end = picture.dts_90k + picture.duration_90k
            case EndRecording():
                assert is_open
                assert step.wall_duration_ns >= 0
                is_open = False
            case BeginGap():
                assert not is_open
    assert not is_open
