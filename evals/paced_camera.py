"""A camera that plays a clip in real time and counts what it handed over, outside the process.

The count lies in a shared file, so that it outlives a process that is killed: what was handed over
and is not on the disk has been lost.
"""

from __future__ import annotations

import dataclasses
import mmap
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from insyn.site.cameras.source import OpenStream
from insyn.site.streams import Packet, Parameters

_COUNT = struct.Struct("<Q")


class PacedCamera:
    """Plays packets again and again, at their frame rate times `speed`."""

    def __init__(
        self, packets: list[Packet], count: Path, *, fps: int = 25, speed: float = 1.0
    ) -> None:
        self._packets = packets
        self._count = count
        self._fps = fps
        self._speed = speed
        if not count.exists():
            count.write_bytes(_COUNT.pack(0))

    def open(self) -> OpenStream:
        """Connect."""
        return _PacedStream(self._packets, self._count, self._fps, self._speed)


class _PacedStream:
    def __init__(self, packets: list[Packet], count: Path, fps: int, speed: float) -> None:
        self._packets = packets
        self._fps = fps
        self._speed = speed
        self._closed = False
        with count.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _COUNT.size)

    @property
    def parameters(self) -> Parameters:
        """Of the first packet."""
        found = self._packets[0].parameters
        assert found is not None
        return found

    def packets(self) -> Iterator[Packet]:
        """Packets in time."""
        began = time.monotonic()
        number = 0
        while not self._closed:
            wait_s = began + number / self._fps / self._speed - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            packet = self._packets[number % len(self._packets)]
            told = number * 90_000 // self._fps
            (count,) = _COUNT.unpack(self._shared[:])
            self._shared[:] = _COUNT.pack(count + 1)
            yield dataclasses.replace(
                packet,
                pts_90k=told,
                dts_90k=told,
                received_ns=time.monotonic_ns(),
                parameters=None,
            )
            number += 1

    def close(self) -> None:
        """End."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        self._shared.close()


def handed_over(count: Path) -> int:
    """How many packets the camera has handed over since its count was made."""
    (found,) = _COUNT.unpack(count.read_bytes())
    return int(found)
