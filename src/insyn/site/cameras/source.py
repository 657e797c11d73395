"""Where packets come from: the one interface of RTSP, file and virtual cameras."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from insyn.site.streams import Packet, Parameters, Sound, SoundParameters


class OpenStream(Protocol):
    """An open stream of a camera; read by one thread, closed by any."""

    @property
    def parameters(self) -> Parameters:
        """What holds from the first packet on."""
        ...

    def packets(self) -> Iterator[Packet]:
        """Packets as they come, the first a key packet; blocks between them.

        Raises:
            CameraFailure: nothing came for the time-out, the camera closed the stream, or what
                comes is no video. A live stream never ends otherwise; a file that is not looped
                ends without an exception.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; a blocked `packets` ends within its time-out. Twice is fine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@runtime_checkable
class Sounding(Protocol):
    """An open stream whose sound was asked for; read by the thread that reads its pictures."""

    @property
    def sound(self) -> SoundParameters | None:
        """What comes; None where none does."""
        ...

    @property
    def sound_trouble(self) -> str:
        """Why none comes although it was asked for, in a few words; "" where nothing is wrong."""
        ...

    def heard(self) -> list[Sound]:
        """The frames that came with the pictures that were read last; never waits, never fails."""
        ...


class UntilTold:
    """A stream of this process's own making, which ends soon after it is told to."""

    def __init__(self) -> None:
        """Not told yet."""
        self._closing = threading.Event()
        self._heard: list[Sound] = []

    def heard(self) -> list[Sound]:
        """The frames that came with the pictures that were read last; see `Sounding`."""
        heard, self._heard = self._heard, []
        return heard

    def close(self) -> None:
        """Stop soon."""
        self._closing.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Source(Protocol):
    """A stream of a camera that can be opened again and again."""

    def open(self) -> OpenStream:
        """Connect and read until the parameters are known.

        Raises:
            CameraFailure: which of the troubles it is.
        """
        ...
