"""The disk's side of one camera: from its ring into the archive; used by one thread.

Always: what the disk refused stays to be done and is tried again, in order, so that a full disk
that becomes free loses nothing but what no longer fitted the ring.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from insyn.base.errors import UnreadableInput
from insyn.site.archive.writing import Archive, Begin, RecordingWriter
from insyn.site.cameras.failure import Trouble
from insyn.site.clocks import Reading
from insyn.site.recorder import cutting
from insyn.site.recorder.cutting import Cutter
from insyn.site.recorder.ring import Item, Lost, Opened, Ring
from insyn.site.recorder.state import CameraState
from insyn.site.streams import Sound, StreamName
from insyn.site.vault.public import VaultPublicKey

log = logging.getLogger("insyn.recorder")

NOT_RUNNING = "not running"
UNTOLD_NS = 2_000_000_000
"""A shorter time between the last recording and the first one of a new process is no gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _EndGap:
    end_wall_ns: int


_Do = cutting.Step | _EndGap


class Track:
    """Writes one stream of one camera."""

    def __init__(
        self,
        camera: str,
        ring: Ring,
        state: CameraState,
        *,
        seal: VaultPublicKey,
        boot: str,
        may_record: Callable[[], str],
        may_hear: Callable[[], str] = cutting.never_heard,
        run_id: Callable[[], str] = cutting.new_run_id,
    ) -> None:
        self.camera = camera
        self.ring = ring
        self.state = state
        self._seal = seal
        self._boot = boot
        self._cutter = Cutter(camera, may_record=may_record, may_hear=may_hear, run_id=run_id)
        self._todo: deque[_Do] = deque()
        self._writer: RecordingWriter | None = None
        self._gap: int | None = None
        self._has_resumed = False
        self._before_ns: int | None = None
        self.is_done = False
        """It was told to stop, and all is written."""
        self._is_stopping = False

    @property
    def is_behind(self) -> bool:
        """Whether something waits that the disk refused."""
        return bool(self._todo)

    def stop(self) -> None:
        """Once all is written, end; the ring's last mark ends the recording."""
        self._is_stopping = True

    def turn(self, archive: Archive, clocks: Reading) -> int:
        """Write what has come in; returns how many pieces of work that was.

        Raises:
            EnvironmentFailure: the disk refused; what is left is done at the next turn.
        """
        if not self._has_resumed:
            self._gap, self._before_ns = archive.left_open(self.camera, StreamName.MAIN)
            self._has_resumed = True
        # Asked before the ring is: what is put after this is for the next turn.
        is_last = self._is_stopping
        if not self._todo:
            cutter = self._cutter
            self._todo.extend(cutter.look(clocks))
            for item in self.ring.take():
                self._todo.extend(self._decide(item, clocks))
            state = self.state
            state.refusal, state.absurd = cutter.refusal, cutter.absurd
            state.skipped, state.keyless = cutter.skipped, cutter.keyless
        done = 0
        while self._todo:
            self._do(archive, self._todo[0])
            self._todo.popleft()
            done += 1
        self.is_done = is_last
        return done

    def _decide(self, item: Item, clocks: Reading) -> list[cutting.Step]:
        if isinstance(item, Lost):
            return self._cutter.lose(item.reason, item.gap, clocks)
        if isinstance(item, Opened):
            return self._cutter.open(item.parameters, item.sound)
        if isinstance(item, Sound):
            self._cutter.hear(item)
            return []
        return self._cutter.put(item)

    def _do(self, archive: Archive, step: _Do) -> None:
        match step:
            case cutting.WriteFragment():
                if self._writer is not None:
                    self._writer.append(step.pictures, step.sound)
                    self.state.heard += len(step.sound)
                    self.state.written += len(step.pictures)
                    self.state.written_bytes = self._writer.size_bytes
            case cutting.BeginRecording():
                self._begin(archive, step)
            case cutting.EndRecording():
                self._end(archive, step)
            case cutting.BeginGap():
                self._begin_gap(archive, step.start_wall_ns, step.reason)
            case _EndGap():
                self._end_gap(archive, step.end_wall_ns)

    def _begin(self, archive: Archive, step: cutting.BeginRecording) -> None:
        begin = Begin(
            camera=self.camera,
            stream=StreamName.MAIN,
            run=step.run,
            parameters=step.parameters,
            sound=step.sound,
            started=step.started,
            boot=self._boot,
            media_start_90k=step.media_start_90k,
        )
        try:
            self._writer = archive.begin(begin, seal=self._seal)
        except UnreadableInput as error:
            # Parameter sets that nothing can decode: the pictures that follow are left out.
            log.warning("camera %s: %s", self.camera, error)
            self.state.trouble, self.state.text = str(Trouble.GARBAGE), str(error)
            gap = cutting.BeginGap(start_wall_ns=step.started.wall_ns, reason=str(Trouble.GARBAGE))
            self._todo.insert(1, gap)
            return
        # At its own place in the queue, lest a refusing disk makes the recording begin twice.
        self._todo.insert(1, _EndGap(end_wall_ns=step.started.wall_ns))

    def _end(self, archive: Archive, step: cutting.EndRecording) -> None:
        writer = self._writer
        if writer is None:
            return
        kept = writer.close(archive.index, step.reason, wall_duration_ns=step.wall_duration_ns)
        self._writer = None
        if kept is not None:
            self.state.recordings += 1
            self.state.last_recording = kept.id

    def _begin_gap(self, archive: Archive, start_wall_ns: int, reason: str) -> None:
        self._tell_not_running(archive, start_wall_ns)
        if self._gap is None:
            self._gap = archive.add_gap(
                self.camera, StreamName.MAIN, start_wall_ns=start_wall_ns, reason=reason
            )

    def _end_gap(self, archive: Archive, end_wall_ns: int) -> None:
        self._tell_not_running(archive, end_wall_ns)
        if self._gap is not None:
            archive.end_gap(self._gap, end_wall_ns=end_wall_ns)
            self._gap = None

    def _tell_not_running(self, archive: Archive, until_wall_ns: int) -> None:
        """Once: the time between the last recording of an earlier process and this one's start."""
        before_ns = self._before_ns
        if before_ns is not None and self._gap is None and until_wall_ns - before_ns > UNTOLD_NS:
            archive.add_gap(
                self.camera,
                StreamName.MAIN,
                start_wall_ns=before_ns,
                end_wall_ns=until_wall_ns,
                reason=NOT_RUNNING,
            )
        self._before_ns = None
