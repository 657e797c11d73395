"""The shield worker that `evals.live` watches; not run by hand.

It masks and publishes as a site's does, and writes down when each packet came from its camera:
a line a masked picture, with the camera, the picture's media time and the wall time in ns.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from evals.paced_camera import PacedCamera
from evals.shield_cost import SUB_FPS, sub_stream
from evals.shield_worker_process import Shielded, background_of
from insyn.site.archive.index import Index
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive
from insyn.site.cameras.source import OpenStream
from insyn.site.clocks import system_clocks
from insyn.site.shield.engine import Step
from insyn.site.shield.frame import YuvFrame
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.line import Shielding
from insyn.site.shielding.worker import Plan, Worker
from insyn.site.streams import Packet


class TimedCamera:
    """A paced camera that remembers when its last packet came; for one line's thread."""

    def __init__(self, inner: PacedCamera) -> None:
        self._inner = inner
        self.received_ns = 0

    def open(self) -> OpenStream:
        """Connect."""
        stream = self._inner.open()
        handed_over = stream.packets

        def packets() -> Iterator[Packet]:
            for packet in handed_over():
                self.received_ns = packet.received_ns
                yield packet

        stream.packets = packets  # type: ignore[method-assign] # the stream is ours, and paced
        return stream


class TimedShield:
    """A shield that writes down which picture came when."""

    scene = Shielded.scene

    def __init__(self, inner: Shielding, camera: str, source: TimedCamera, out: TextIO) -> None:
        self._inner = inner
        self._camera = camera
        self._source = source
        self._out = out

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture."""
        # Cameras tell monotonic time, browsers tell the wall's: both are this machine's.
        wall_ns = time.time_ns() - time.monotonic_ns() + self._source.received_ns
        self._out.write(f"{self._camera} {frame.pts_90k} {wall_ns}\n")
        step = self._inner.step(frame)
        assert isinstance(step, Step)
        return step


def main() -> None:
    """Mask until SIGTERM: `evals.live_process RUN_FOLDER HOME CAMERA...`."""
    logging.basicConfig(level=logging.WARNING)
    run, home, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    packets = sub_stream()
    background = background_of(packets)
    root = open_root(home / "archive", expected=None)
    keeper = Keeper(
        lambda: Archive(root, Index(home / "archive" / "index.sqlite")),
        boot="eval",
        clocks=system_clocks,
        may_record=lambda: "",
    )
    with (home / "times.txt").open("w", buffering=1) as out:

        def plan(name: str) -> Plan:
            source = TimedCamera(PacedCamera(packets, home / f"{name}.count", fps=SUB_FPS))
            return Plan(
                source=source,
                make_shield=lambda width, height, fps: TimedShield(
                    Shielded((width, height), fps, background), name, source, out
                ),
                settings="",
            )

        plans = {name: plan(name) for name in names}
        worker = Worker(
            lambda: plans,
            socket=run / "shield-1.sock",
            state=run / "shield-1.json",
            keeper=keeper,
            clocks=system_clocks,
        )
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        worker.run()


if __name__ == "__main__":
    main()
