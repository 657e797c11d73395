"""One thread that reads for all: each session alone, nothing that stops the thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from tests.support.recorder_desk import until

from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.recorder import gathering
from insyn.site.recorder.gathering import Gatherer
from insyn.site.streams import Packet


class Pipe:
    """A session that yields a packet for each byte that a test writes."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.is_broken = False

    def fileno(self) -> int:
        return self.reading

    def pump(self) -> list[Packet]:
        if self.is_broken:
            raise ZeroDivisionError
        try:
            content = os.read(self.reading, 100)
        except BlockingIOError:
            return []
        if not content:
            raise CameraFailure(Trouble.ENDED, "closed")
        from time import monotonic_ns

        return [
            Packet(
                data=bytes((byte,)),
                pts_90k=None,
                dts_90k=None,
                is_key=True,
                received_ns=monotonic_ns(),
            )
            for byte in content
        ]

    def close(self) -> None:
        for number in (self.reading, self.writing):
            if number >= 0:
                os.close(number)
        self.reading = self.writing = -1

    def end(self) -> None:
        os.close(self.writing)
        self.writing = -1


class Followed:
    """A session followed in a thread, as a camera's own thread does."""

    def __init__(self, gatherer: Gatherer, pipe: Pipe) -> None:
        self.pipe = pipe
        self.seen = b""
        self.failure: CameraFailure | None = None
        self.thread = threading.Thread(target=self._follow, args=(gatherer,))
        self.thread.start()

    def _follow(self, gatherer: Gatherer) -> None:
        self.failure = gatherer.follow(self.pipe, self._take)

    def _take(self, packets: list[Packet]) -> None:
        self.seen += b"".join(packet.data for packet in packets)


@pytest.fixture
def gatherer() -> Iterator[Gatherer]:
    running = Gatherer()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def pipes() -> Iterator[list[Pipe]]:
    made = [Pipe() for _ in range(3)]
    yield made
    for pipe in made:
        pipe.close()


def test_sessions_are_read_beside_each_other_and_one_that_ends_ends_alone(
    gatherer: Gatherer, pipes: list[Pipe]
) -> None:
    one, two, three = (Followed(gatherer, pipe) for pipe in pipes)
    for followed in (one, two, three):
        os.write(followed.pipe.writing, b"abc")
    until(lambda: [one.seen, two.seen, three.seen] == [b"abc"] * 3)
    one.pipe.end()
    two.pipe.is_broken = True
    os.write(two.pipe.writing, b"d")
    one.thread.join(5)
    two.thread.join(5)
    os.write(three.pipe.writing, b"def")
    until(lambda: three.seen == b"abcdef")
    assert one.failure is not None
    assert one.failure.trouble is Trouble.ENDED
    assert two.failure is not None
    assert two.failure.trouble is Trouble.GARBAGE
    gatherer.stop()
    three.thread.join(5)
    assert not three.thread.is_alive()


def test_a_session_that_falls_silent_is_stalled(
    gatherer: Gatherer, pipes: list[Pipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert gathering.SILENT_NS <= 10**10
    monkeypatch.setattr(gathering, "SILENT_NS", 100_000_000)
    followed = Followed(gatherer, pipes[0])
    os.write(pipes[0].writing, b"a")
    followed.thread.join(10)
    assert followed.failure is not None
    assert followed.failure.trouble is Trouble.STALLED
    assert followed.seen == b"a"


def test_a_session_that_is_closed_before_it_is_read_ends_and_stops_nothing(
    gatherer: Gatherer, pipes: list[Pipe]
) -> None:
    pipes[0].close()
    closed = Followed(gatherer, pipes[0])
    closed.thread.join(5)
    assert closed.failure is not None
    other = Followed(gatherer, pipes[1])
    os.write(pipes[1].writing, b"x")
    until(lambda: other.seen == b"x")
    pipes[1].end()
    other.thread.join(5)


def test_who_follows_after_the_end_is_let_go(pipes: list[Pipe]) -> None:
    gatherer = Gatherer()
    gatherer.start()
    gatherer.stop()
    late = Followed(gatherer, pipes[0])
    late.thread.join(5)
    assert not late.thread.is_alive()
