"""The shield worker that `evals.shield --workers` measures; not run by hand.

Its cameras play one sub-stream in real time, each from a place of its own; the empty scene is
confirmed beforehand. What is masked goes into an archive and to a socket, as in a site.
"""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path

import cv2

from evals.paced_camera import PacedCamera
from evals.shield_cost import SUB_FPS, sub_stream
from insyn.site.archive.index import Index
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive
from insyn.site.cameras.source import Source
from insyn.site.clocks import system_clocks
from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.engine import Shield, Step
from insyn.site.shield.frame import YuvFrame
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.kept import Told
from insyn.site.shielding.worker import Plan, Worker
from insyn.site.streams import Packet

EMPTY = 60


class Shielded:
    """A shield whose empty scene is known."""

    scene = Told()

    def __init__(self, size: tuple[int, int], fps: float, background: Background) -> None:
        self._shield = Shield(*size, fps, background=background)

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture."""
        return self._shield.step(frame)


def main() -> None:
    """Mask until SIGTERM."""
    logging.basicConfig(level=logging.WARNING)
    cv2.setNumThreads(1)  # as `insyn site shield-worker` does
    folder, streams = Path(sys.argv[1]), int(sys.argv[2])
    packets = sub_stream()
    background = background_of(packets)
    root = open_root(folder / "archive", expected=None)
    keeper = Keeper(
        lambda: Archive(root, Index(folder / "archive" / "index.sqlite")),
        boot="eval",
        clocks=system_clocks,
        may_record=lambda: "",
    )
    names = [f"cam-{number:03d}" for number in range(streams)]

    def make_shield(width: int, height: int, fps: float) -> Shielded:
        return Shielded((width, height), fps, background)

    plans = {
        name: Plan(source=_camera(packets, folder / name), make_shield=make_shield, settings="")
        for name in names
    }
    worker = Worker(
        lambda: plans,
        socket=folder / "shield-1.sock",
        state=folder / "shield-1.json",
        keeper=keeper,
        clocks=system_clocks,
    )
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()


def _camera(packets: list[Packet], count: Path) -> Source:
    return PacedCamera(packets, count.with_suffix(".count"), fps=SUB_FPS)


def background_of(packets: list[Packet]) -> Background:
    """The empty scene of a stream that begins with it."""
    parameters = packets[0].parameters
    assert parameters is not None
    decoder = Decoder(parameters, largest=(640, 360))
    size = Shield(640, 360, SUB_FPS).small_size
    shown = [
        analysed(frame, size) for packet in packets[:EMPTY] for frame in decoder.decode(packet)
    ]
    return confirmed(shown)


if __name__ == "__main__":
    main()
