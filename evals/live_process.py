"""The shield worker that `evals.live` watches; not run by hand.

It masks and publishes as a site's does, from cameras over RTSP, and writes down a line a masked
picture: the camera, the picture's media time, the mark of what the camera sent, and wall times in
ns: read from the socket, taken up to be masked, masked.
"""

from __future__ import annotations

import logging
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import cv2

from evals.live_cameras import mark_of
from evals.shield_worker_process import Shielded, background_of
from insyn.site.archive.index import Index
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive
from insyn.site.cameras.address import read_address
from insyn.site.cameras.opening import live_source_for
from insyn.site.clocks import system_clocks
from insyn.site.shield.engine import Step
from insyn.site.shield.frame import YuvFrame
from insyn.site.shielding import line
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.line import Shielding
from insyn.site.shielding.worker import Plan, Worker
from insyn.site.streams import Packet

_LAST = threading.local()
"""The packet that this thread decoded last: the line's thread masks what comes of it."""


class TimedDecoder(Decoder):
    """A decoder that remembers what it was given."""

    def decode(self, packet: Packet) -> Iterator[YuvFrame]:
        """As every decoder's."""
        _LAST.mark, _LAST.received_ns = mark_of(packet.data), packet.received_ns
        return super().decode(packet)


class TimedShield:
    """A shield that writes down which picture came when."""

    scene = Shielded.scene

    def __init__(self, inner: Shielding, camera: str, out: TextIO) -> None:
        self._inner = inner
        self._camera = camera
        self._out = out

    def step(self, frame: YuvFrame) -> Step:
        """Mask the next picture."""
        began_ns = time.time_ns()
        # Cameras tell monotonic time, browsers tell the wall's: both are this machine's.
        received_ns = began_ns - time.monotonic_ns() + _LAST.received_ns
        step = self._inner.step(frame)
        assert isinstance(step, Step)
        self._out.write(
            f"{self._camera} {frame.pts_90k} {_LAST.mark}"
            f" {received_ns} {began_ns} {time.time_ns()}\n"
        )
        return step


def main() -> None:
    """Mask until SIGTERM: `evals.live_process RUN_FOLDER HOME CLIP PORT CAMERA...`."""
    logging.basicConfig(level=logging.WARNING)
    vars(line)["Decoder"] = TimedDecoder  # where lines find theirs
    cv2.setNumThreads(1)  # as `insyn site shield-worker` does
    run, home, clip, port = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    packets: list[Packet] = pickle.loads(clip.read_bytes())
    background = background_of(packets)
    root = open_root(home / "archive", expected=None)
    keeper = Keeper(
        lambda: Archive(root, Index(home / "archive" / "index.sqlite")),
        boot="eval",
        clocks=system_clocks,
        may_record=lambda: "",
    )
    with (home / "masked.txt").open("w", buffering=1) as out:

        def plan(name: str) -> Plan:
            address, _ = read_address(f"rtsp://127.0.0.1:{port}/{name}")
            return Plan(
                source=live_source_for(address),
                make_shield=lambda width, height, fps: TimedShield(
                    Shielded((width, height), fps, background), name, out
                ),
                settings="",
            )

        plans = {name: plan(name) for name in sys.argv[5:]}
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
