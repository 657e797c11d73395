"""One thread that reads the network for all cameras whose sessions allow it.

A hundred threads that wake for each picture cost more in handing Python's lock around than the
reading itself; one thread that looks thirty times a second at all connections costs a third.
Each camera keeps its own thread for opening and waiting, which may take long; it sleeps meanwhile.

Always: it never waits for a camera or the disk; a session that fails ends alone.
"""

from __future__ import annotations

import logging
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.streams import Packet

log = logging.getLogger("insyn.recorder")

TURN_S = 0.03
LOOK_S = 0.5
IDLE_S = 0.1
SILENT_NS = 8_000_000_000

Take = Callable[[list[Packet]], None]


@runtime_checkable
class Pumped(Protocol):
    """An open stream that can be read without waiting."""

    def fileno(self) -> int:
        """What to wait on."""

    def pump(self) -> list[Packet]:
        """The packets that have come in; none where none has.

        Raises:
            CameraFailure: the session is over.
        """


@dataclass(slots=True, kw_only=True)
class _Session:
    stream: Pumped
    take: Take
    number: int
    last_ns: int = field(default_factory=time.monotonic_ns)
    is_over: threading.Event = field(default_factory=threading.Event)
    failure: CameraFailure | None = None


class Gatherer:
    """Reads until it is told to stop."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._sessions: dict[int, _Session] = {}
        self._new: deque[_Session] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; sessions that are followed end with it."""
        self._stopping.set()
        self._thread.join(2)

    def follow(self, stream: Pumped, take: Take) -> CameraFailure:
        """Read a session until it fails; blocks the calling thread, which costs nothing."""
        session = _Session(stream=stream, take=take, number=stream.fileno())
        self._new.append(session)
        while not session.is_over.wait(1):
            if not self._thread.is_alive():
                break
        return session.failure or CameraFailure(Trouble.ENDED, "the stream has ended")

    def _run(self) -> None:
        looked_at = time.monotonic()
        while not self._stopping.is_set():
            while self._new:
                self._begin(self._new.popleft())
            ready = self._poll.poll(IDLE_S * 1000) if self._sessions else []
            for number, _ in ready:
                self._read(self._sessions[number])
            if time.monotonic() - looked_at > LOOK_S:
                self._look()
                looked_at = time.monotonic()
            time.sleep(TURN_S)
        for session in (*self._sessions.values(), *self._new):
            session.is_over.set()

    def _begin(self, session: _Session) -> None:
        try:
            self._poll.register(session.number, select.POLLIN)
        except (OSError, ValueError):  # closed meanwhile
            self._end(session, CameraFailure(Trouble.ENDED, "the session was closed"))
            return
        self._sessions[session.number] = session
        self._read(session)  # what came while it was opened

    def _read(self, session: _Session) -> None:
        try:
            packets = session.stream.pump()
            if packets:
                session.last_ns = packets[-1].received_ns
                session.take(packets)
        except CameraFailure as failure:
            self._end(session, failure)
        except Exception:
            # The edge of the task: one session's failure ends no other.
            log.exception("a camera could not be read")
            self._end(session, CameraFailure(Trouble.GARBAGE, "what comes could not be read"))

    def _look(self) -> None:
        now_ns = time.monotonic_ns()
        for session in list(self._sessions.values()):
            if now_ns - session.last_ns > SILENT_NS:
                silent = CameraFailure(
                    Trouble.STALLED, "the camera is connected, and sends nothing"
                )
                self._end(session, silent)

    def _end(self, session: _Session, failure: CameraFailure) -> None:
        if self._sessions.pop(session.number, None) is not None:
            self._poll.unregister(session.number)
        session.failure = failure
        session.is_over.set()
