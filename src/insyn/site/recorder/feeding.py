"""The network's thread of one camera: open, read, wait, open again.

Always: it never touches the disk; whatever a camera does, the thread goes on; a camera is never
asked so often that it locks us out.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence

from insyn.site.archive.recording import EndReason
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.source import OpenStream, Sounding, Source
from insyn.site.recorder.gathering import Gatherer, Pumped
from insyn.site.recorder.ring import Lost, Opened, Ring
from insyn.site.recorder.state import CameraState
from insyn.site.streams import Packet

log = logging.getLogger("insyn.recorder")

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 30.0
CREDENTIALS_WAIT_S = 60.0
LONGEST_CREDENTIALS_WAIT_S = 600.0
STEADY_S = 20.0
"""A session that lasted so long makes the next wait the shortest again."""


def wait_s(tries: int, trouble: Trouble, *, jitter: float) -> float:
    """How long to wait before the next try.

    Args:
        tries: failures since the last steady session, from 1.
        trouble: a refused password is tried rarely: cameras lock out whoever tries too often.
        jitter: 0 to 1; spreads many cameras that fell silent at once.
    """
    first, longest = FIRST_WAIT_S, LONGEST_WAIT_S
    if trouble is Trouble.CREDENTIALS:
        first, longest = CREDENTIALS_WAIT_S, LONGEST_CREDENTIALS_WAIT_S
    usual = min(longest, first * 2.0 ** min(tries - 1, 16))
    return usual * (0.8 + 0.4 * jitter)


class Feeder:
    """Reads one camera until it is told to stop."""

    def __init__(
        self,
        camera: str,
        source: Source,
        ring: Ring,
        state: CameraState,
        gatherer: Gatherer | None = None,
    ) -> None:
        self.camera = camera
        self._source = source
        self._ring = ring
        self._state = state
        self._stopping = threading.Event()
        self._gatherer = gatherer
        self._stream: OpenStream | None = None
        self._sounding: Sounding | None = None
        self._before_ns = 0
        self._thread = threading.Thread(target=self._run, name=f"camera {camera}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is put into the ring from now on. Does not wait."""
        self._stopping.set()
        self.break_off()

    def break_off(self) -> None:
        """Close the session, which has fallen silent; the thread then tries anew."""
        stream = self._stream
        if stream is not None:
            stream.close()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            failure = self._session()
            if self._stopping.is_set():
                return
            self._fail(failure)
            tries = 1 if time.monotonic() - began > STEADY_S else tries + 1
            self._stopping.wait(wait_s(tries, failure.trouble, jitter=random.random()))  # noqa: S311

    def _session(self) -> CameraFailure:
        try:
            self._state.opened_ns = time.monotonic_ns()
            with self._source.open() as stream:
                self._stream = stream
                if self._stopping.is_set():
                    return CameraFailure(Trouble.ENDED, "stopped")
                self._sounding = stream if isinstance(stream, Sounding) else None
                sound = self._sounding.sound if self._sounding is not None else None
                self._state.sound = str(sound.codec) if sound is not None else ""
                self._ring.mark(Opened(parameters=stream.parameters, sound=sound))
                self._read(stream)
            return CameraFailure(Trouble.ENDED, "the stream has ended")
        except CameraFailure as error:
            return error
        except Exception:
            # The edge of the task: the camera is told as lost, and tried again.
            log.exception("camera %s could not be read", self.camera)
            return CameraFailure(Trouble.GARBAGE, "what comes could not be read; see the log")
        finally:
            self._stream = self._sounding = None
            self._state.is_open = False

    def _read(self, stream: OpenStream) -> None:
        self._before_ns = 0
        if self._gatherer is not None and isinstance(stream, Pumped):
            raise self._gatherer.follow(stream, self._take)
        for packet in stream.packets():
            if self._stopping.is_set():
                return
            self._take((packet,))

    def _take(self, packets: Sequence[Packet]) -> None:
        state, put = self._state, self._ring.put
        if self._stopping.is_set():
            return
        if self._sounding is not None:
            # Before the pictures: one of them may end the fragment that this belongs into.
            for sound in self._sounding.heard():
                self._ring.put_sound(sound)
            state.sound_trouble = self._sounding.sound_trouble
        for packet in packets:
            put(packet)
            now_ns = packet.received_ns
            if self._before_ns and now_ns - self._before_ns > state.worst_gap_ns:
                state.worst_gap_ns = now_ns - self._before_ns
            self._before_ns = state.last_ns = now_ns
            state.packets += 1
            state.bytes += len(packet.data)
        if packets and not state.is_open:
            state.is_open, state.trouble, state.text = True, "", ""

    def _fail(self, failure: CameraFailure) -> None:
        state = self._state
        if str(failure.trouble) != state.trouble:
            log.warning("camera %s: %s (%s)", self.camera, failure.trouble, failure)
        state.trouble, state.text = str(failure.trouble), str(failure)
        state.failures += 1
        self._ring.mark(Lost(reason=EndReason.CAMERA, gap=str(failure.trouble)))
