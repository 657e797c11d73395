"""The recorder against GStreamer's RTSP server: nothing of ours sends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.coded_video import coded
from tests.support.recorder_desk import Desk, until
from tests.support.rtsp_server import RtspServer, available, write_units

from insyn.site.cameras.address import Address
from insyn.site.cameras.opening import recording_source_for
from insyn.site.recorder import feeding, process
from insyn.site.streams import TICKS, Codec

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "it is there")

FRAMES = 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtspServer]:
    clip = coded(frames=FRAMES, gop=25)
    newer = coded(frames=FRAMES, gop=25, codec=Codec.H265)
    reordered = coded(frames=FRAMES, gop=25, b_frames=2)
    length = FRAMES * TICKS // 25
    mounts = {
        "/h264": write_units(tmp_path / "h264", Codec.H264, clip, length),
        "/h265": write_units(tmp_path / "h265", Codec.H265, newer, length),
        "/reordered": write_units(tmp_path / "reordered", Codec.H264, reordered, length),
    }
    with RtspServer(mounts) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(feeding, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(process, "TURN_S", 0.05)
    return Desk(tmp_path)


def test_every_packet_of_three_kinds_of_streams_is_on_the_disk(
    server: RtspServer, desk: Desk
) -> None:
    names = ("h264", "h265", "reordered")
    sources = {name: recording_source_for(Address(url=server.url(f"/{name}"))) for name in names}
    with desk.recording(**sources) as recorder:
        for name in names:
            until(lambda: desk.state(name).get("written", 0) > 40)  # noqa: B023
    received = recorder.received()
    for name in names:
        (recording,) = desk.recordings(name)
        assert recording.frames == received[name]
        assert desk.decoded(name) == received[name]
        assert recording.duration_90k == pytest.approx(received[name] * TICKS // 25, abs=3 * 3600)


def test_a_server_that_is_killed_costs_nothing_that_had_come_and_is_taken_up_again(
    server: RtspServer, desk: Desk
) -> None:
    source = recording_source_for(Address(url=server.url("/h264")))
    with desk.recording(one=source) as recorder:
        until(lambda: desk.state("one").get("written", 0) > 30)
        server.kill()
        until(lambda: desk.state("one").get("state") == "lost")
        until(lambda: desk.state("one").get("trouble") == "unreachable")
        before = desk.state("one")["written"]
        server.start()
        until(lambda: desk.state("one").get("written", 0) > before + 30)
    assert desk.decoded("one") == recorder.received()["one"]
    (gap,) = desk.gaps("one")
    assert gap.reason == "ended"
    first, second = desk.recordings("one")
    assert (gap.start_wall_ns, gap.end_wall_ns) == (first.end_wall_ns, second.start_wall_ns)
