"""A viewer without a browser, for `evals.live`: a WebSocket that only notes when pictures come.

It writes down a line a picture: the camera, its media time and the wall time in ns.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import time
from pathlib import Path
from typing import TextIO

from websockets.asyncio.client import connect

from insyn.site.archive.fmp4 import TFDT_AT
from insyn.web.signing import COOKIE


async def _watch(url: str, session: str, camera: str, out: TextIO) -> None:
    # Compression is offered, as browsers offer it.
    async with connect(
        f"{url.replace('http', 'ws', 1)}/live/{camera}",
        origin=url,  # type: ignore[arg-type] # a text, for the type checker another
        additional_headers={"Cookie": f"{COOKIE}={session}"},
    ) as socket:
        async for part in socket:
            now_ns = time.time_ns()
            if isinstance(part, bytes) and part[4:8] == b"moof":
                (at_90k,) = struct.unpack_from(">Q", part, TFDT_AT)
                out.write(f"{camera} {at_90k} {now_ns}\n")


async def _run(url: str, session: str, seen: Path, cameras: list[str]) -> None:
    with seen.open("w", buffering=1) as out:
        await asyncio.gather(*(_watch(url, session, camera, out) for camera in cameras))


def main() -> None:
    """Watch until SIGTERM: `evals.live_client URL SESSION SEEN CAMERA...`."""
    asyncio.run(_run(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]))


if __name__ == "__main__":
    main()
