"""The cameras that `evals.live` watches: RTSP over TCP, a process of their own; not run by hand.

Every camera plays the same clip in real time, at a phase of its own, as cameras do that know
nothing of each other. Written down is when each picture went to its socket: a line with the
camera, a checksum of the picture's end and the wall time in ns.
"""

from __future__ import annotations

import asyncio
import pickle
import random
import sys
import time
import zlib
from pathlib import Path

from tests.support.rtsp_camera import Cameras

from insyn.site.streams import Packet

ENDING = 48
"""Bytes of a picture's end that tell it from all others of the clip."""


def mark_of(data: bytes) -> int:
    """What tells one picture from another, whatever was done to its start codes."""
    return zlib.crc32(data[-ENDING:])


async def _run(clip: Path, port: int, sent: Path, fps: int) -> None:
    packets: list[Packet] = pickle.loads(clip.read_bytes())
    with sent.open("w", buffering=1) as out:

        def note(name: str, packet: Packet) -> None:
            out.write(f"{name} {mark_of(packet.data)} {time.time_ns()}\n")

        def phase(name: str) -> float:
            return random.Random(name).random()

        cameras = Cameras(packets, fps, phase=phase, on_sent=note)
        server = await asyncio.start_server(cameras.serve, "127.0.0.1", port)
        async with server:
            await server.serve_forever()


def main() -> None:
    """Send until SIGTERM: `evals.live_cameras CLIP PORT SENT FPS`."""
    asyncio.run(_run(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))


if __name__ == "__main__":
    main()
