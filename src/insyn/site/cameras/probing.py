"""What a stream really sends, seen by reading it for a moment."""

from __future__ import annotations

import time
from itertools import pairwise

from insyn.base.canonical import Json
from insyn.site.cameras.source import Source

LOOK_S = 2.5
LEAST, MOST = 12, 150


def look(source: Source) -> dict[str, Json]:
    """Codec, size, pictures a second, bits a second, and how far key pictures are apart.

    Raises:
        CameraFailure: which of the troubles it is.
    """
    with source.open() as stream:
        parameters = stream.parameters
        began = time.monotonic()
        arrived: list[float] = []
        times: list[int] = []
        keys: list[int] = []
        size = 0
        for packet in stream.packets():
            arrived.append(time.monotonic())
            size += len(packet.data)
            if packet.pts_90k is not None:
                times.append(packet.pts_90k)
            if packet.is_key:
                keys.append(len(arrived) - 1)
            is_long = arrived[-1] - began > LOOK_S and len(arrived) >= LEAST
            if is_long or len(arrived) >= MOST:
                break
    steps = sorted(b - a for a, b in pairwise(times) if b > a)
    fps = 90_000 / steps[len(steps) // 2] if steps else 0.0
    seconds = len(arrived) / fps if fps else max(arrived[-1] - began, 0.1)
    found: dict[str, Json] = {
        "codec": str(parameters.codec),
        "size": f"{parameters.width}x{parameters.height}",
        "fps": round(fps, 1),
        "kbit_s": round(size * 8 / seconds / 1000),
    }
    gops = [b - a for a, b in pairwise(keys)]
    if gops and fps:
        found["key_every_s"] = round(max(gops) / fps, 1)
    return found
