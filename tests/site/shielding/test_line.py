"""A line that cannot keep up shows the newest picture; one that can leaves none out."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path

import pytest
from tests.support.coded_video import coded

from insyn.site.clocks import system_clocks
from insyn.site.shield.frame import MaskedFrame, YuvFrame
from insyn.site.shield.paint import coarse
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.kept import Told
from insyn.site.shielding.line import Line, _Session
from insyn.site.shielding.places import Places
from insyn.site.shielding.publisher import Publisher
from insyn.site.streams import TICKS, Packet

FPS = 12
CLIP = coded(frames=24, fps=FPS, gop=12)
BEGAN_NS = time.monotonic_ns()


@dataclasses.dataclass(frozen=True)
class Masked:
    frame: MaskedFrame
    mask: None = None
    state: str = "RUN"
    activity: float = 0.0
    text: str = ""


class Noting:
    """A shield that writes down when in the stream each picture is that it is given."""

    scene = Told()

    def __init__(self) -> None:
        self.came: list[int] = []

    def step(self, frame: YuvFrame) -> Masked:
        self.came.append(round(frame.pts_90k * FPS / TICKS))
        return Masked(frame=coarse(frame))


def session_of(tmp_path: Path, shield: Noting) -> _Session:
    class NoCamera:
        def open(self) -> None:
            raise AssertionError("the session is fed by hand")

    line = Line(
        "cam-hall",
        NoCamera(),  # type: ignore[arg-type] # never opened
        lambda *_: shield,
        publisher=Publisher(tmp_path / "unused.sock"),
        keeper=None,
        clocks=system_clocks,
        places=Places(),
    )
    parameters = CLIP[0].parameters
    assert parameters is not None
    return _Session(line, Decoder(parameters, largest=(640, 360)))


def packets(first: int, count: int) -> list[Packet]:
    """Some of the clip, as if each had come in its time."""
    return [
        dataclasses.replace(packet, received_ns=BEGAN_NS + number * 10**9 // FPS)
        for number, packet in enumerate(CLIP[first : first + count], first)
    ]


def numbers(shield: Noting) -> list[int]:
    return [number - shield.came[0] for number in shield.came]


@pytest.fixture(autouse=True)
def begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """No picture of the clip is old yet, however long the tests before took."""
    monkeypatch.setattr(sys.modules[__name__], "BEGAN_NS", time.monotonic_ns())


def test_a_burst_that_the_camera_sent_is_masked_whole(tmp_path: Path) -> None:
    shield = Noting()
    session = session_of(tmp_path, shield)
    for first in range(0, 12, 3):
        session.take(packets(first, 3), is_ours=False)
    assert len(shield.came) == 12


def test_a_line_that_comes_late_once_leaves_nothing_out(tmp_path: Path) -> None:
    shield = Noting()
    session = session_of(tmp_path, shield)
    session.take(packets(0, 1), is_ours=True)
    session.take(packets(1, 3), is_ours=True)
    session.take(packets(4, 1), is_ours=True)
    assert len(shield.came) == 5


def test_a_line_that_is_behind_masks_the_newest_alone_until_it_has_caught_up(
    tmp_path: Path,
) -> None:
    shield = Noting()
    session = session_of(tmp_path, shield)
    session.take(packets(0, 2), is_ours=True)
    session.take(packets(2, 3), is_ours=True)
    session.take(packets(5, 4), is_ours=True)
    session.take(packets(9, 1), is_ours=True)
    session.take(packets(10, 2), is_ours=True)
    assert numbers(shield) == [0, 1, 4, 8, 9, 10, 11]
    assert session._state.late == 5
