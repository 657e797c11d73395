"""Masked video into the archive: fragments of a GOP, recordings of a minute; a thread of its own.

Always: the shield's threads hand over and never wait for the disk; what the disk cannot take is
left out GOP by GOP and told as a gap, and live view goes on.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from insyn.base.errors import EnvironmentFailure
from insyn.site.archive.recording import EndReason
from insyn.site.archive.writing import Archive, Begin, Picture, RecordingWriter
from insyn.site.clocks import Clocks, Reading
from insyn.site.streams import TICKS, Parameters, StreamName

log = logging.getLogger("insyn.shield")

RECORDING_90K = 60 * TICKS
MAX_WAITING = 256
"""GOPs of all cameras of a worker that may wait for the disk: some 30 MB at most."""

RETRY_S = 5.0
"""After a disk refused, the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gop:
    """About a second of masked video, beginning with a key picture."""

    camera: str
    parameters: Parameters
    run: str
    pictures: tuple[Picture, ...]
    activity: int
    """0 (nothing moves) to 255, the most in this second."""
    started: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    camera: str
    reason: EndReason
    gap: str
    """Why nothing follows: a trouble; "" where no gap is to be told."""
    at: Reading


@dataclass(slots=True)
class _Open:
    writer: RecordingWriter
    run: str
    parameters: Parameters
    first: Reading
    target_90k: int
    activity: bytearray = field(default_factory=bytearray)


class Keeper:
    """Keeps what the worker's cameras yield; `put` and `end` from any thread."""

    def __init__(
        self,
        open_archive: Callable[[], Archive],
        *,
        boot: str,
        clocks: Clocks,
        may_record: Callable[[], str],
    ) -> None:
        self._open_archive = open_archive
        self._boot = boot
        self._clocks = clocks
        self._may_record = may_record
        self._waiting: queue.Queue[Gop | _End | None] = queue.Queue(MAX_WAITING)
        self._recordings: dict[str, _Open] = {}
        self._begun: set[str] = set()
        self._gaps: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
        self.dropped = 0
        """GOPs that were left out because the disk was too slow or refused."""
        self.trouble = ""
        """What the disk or the permit refuses now; "" where it takes all."""

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, gop: Gop) -> None:
        """Hand over a GOP; never waits."""
        try:
            self._waiting.put_nowait(gop)
        except queue.Full:
            self.dropped += 1

    def end(self, camera: str, *, gap: str, reason: EndReason = EndReason.CAMERA) -> None:
        """The camera yields nothing for now; `gap` tells why, "" where nothing is to follow."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(_End(camera=camera, reason=reason, gap=gap, at=self._clocks()))

    def close(self) -> None:
        """Write what waits, end all recordings, and the thread."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=5)
        self._thread.join(15)

    def _run(self) -> None:
        archive: Archive | None = None
        retry_at = 0
        while (given := self._waiting.get()) is not None:
            now = self._clocks().monotonic_ns
            if archive is None and now < retry_at:
                self.dropped += 1
                continue
            try:
                if archive is None:
                    archive = self._open_archive()
                self._take(archive, given)
            except EnvironmentFailure as error:
                if self.trouble != str(error):
                    log.error("masked video is not kept: %s", error)
                self.trouble = str(error)
                self.dropped += 1
                for camera in list(self._recordings):
                    self._recordings.pop(camera).writer.abandon()
                if archive is not None:
                    archive.close()
                archive, retry_at = None, now + int(RETRY_S * 1e9)
        if archive is not None:
            for camera in list(self._recordings):
                with contextlib.suppress(EnvironmentFailure):
                    self._close(archive, camera, EndReason.STOPPED, self._clocks())
            archive.close()

    def _take(self, archive: Archive, given: Gop | _End) -> None:
        if isinstance(given, _End):
            self._close(archive, given.camera, given.reason, given.at)
            if given.gap and given.camera not in self._gaps:
                self._gaps[given.camera] = archive.add_gap(
                    given.camera,
                    StreamName.MASKED,
                    start_wall_ns=given.at.wall_ns,
                    reason=given.gap,
                )
            return
        current = self._recordings.get(given.camera)
        if current is not None and self._is_over(current, given):
            self._close(archive, given.camera, EndReason.ROTATED, given.started)
            current = None
        if current is None:
            current = self._begin(archive, given)
            if current is None:
                return
        current.writer.append(given.pictures)
        current.activity.append(given.activity)
        self.trouble = ""

    def _begin(self, archive: Archive, gop: Gop) -> _Open | None:
        refusal = self._may_record()
        if refusal:
            self.trouble = refusal
            if gop.camera not in self._gaps:
                self._gaps[gop.camera] = archive.add_gap(
                    gop.camera,
                    StreamName.MASKED,
                    start_wall_ns=gop.started.wall_ns,
                    reason=str(EndReason.PERMIT),
                )
            return None
        if gop.camera in self._gaps:
            archive.end_gap(self._gaps.pop(gop.camera), end_wall_ns=gop.started.wall_ns)
        is_first = gop.camera not in self._begun
        self._begun.add(gop.camera)
        opened = _Open(
            writer=archive.begin(
                Begin(
                    camera=gop.camera,
                    stream=StreamName.MASKED,
                    run=gop.run,
                    parameters=gop.parameters,
                    started=gop.started,
                    boot=self._boot,
                    media_start_90k=gop.pictures[0].dts_90k,
                ),
                seal=None,
            ),
            run=gop.run,
            parameters=gop.parameters,
            first=gop.started,
            # Staggered, lest all cameras close a file in the same second.
            target_90k=RECORDING_90K - (_stagger_90k(gop.camera) if is_first else 0),
        )
        self._recordings[gop.camera] = opened
        return opened

    def _is_over(self, current: _Open, gop: Gop) -> bool:
        return (
            current.run != gop.run
            or current.parameters != gop.parameters
            or current.writer.duration_90k >= current.target_90k
        )

    def _close(self, archive: Archive, camera: str, reason: EndReason, at: Reading) -> None:
        current = self._recordings.pop(camera, None)
        if current is not None:
            lasted_ns = at.monotonic_ns - current.first.monotonic_ns
            longest_ns = current.writer.duration_90k * 10**9 // TICKS + 2 * 10**9
            current.writer.close(
                archive.index,
                reason,
                wall_duration_ns=max(0, min(lasted_ns, longest_ns)),
                activity=bytes(current.activity),
            )


def _stagger_90k(camera: str) -> int:
    return zlib.crc32(camera.encode()) % (RECORDING_90K // 2)
