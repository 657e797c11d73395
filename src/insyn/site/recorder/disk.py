"""The disk's threads: each writes the tracks of some cameras into the archive.

Always: a disk that refuses stops nothing; it is tried again each second, the rings hold what comes
meanwhile, and the state tells. What has been written is made to survive a power cut every second or
two, by one call for all files of the archive's file system.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, InsynError
from insyn.site.archive.writing import Archive
from insyn.site.clocks import Clocks, Reading
from insyn.site.recorder.track import Track

log = logging.getLogger("insyn.recorder")

TURN_S = 0.1
RETRY_S = 1.0
SLOW_NS = 1_000_000_000
"""A turn that takes longer is told as a slow disk: what comes in then waits in the rings."""

SLOW_SHOWN_NS = 30_000_000_000
SYNC_S = 1.0


class DiskThread:
    """Writes until it is told to stop; tracks are given and end by themselves."""

    def __init__(self, name: str, open_archive: Callable[[], Archive], clocks: Clocks) -> None:
        self._open_archive = open_archive
        self._clocks = clocks
        self._archive: Archive | None = None
        self._tracks: dict[str, Track] = {}
        self._new: deque[Track] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._refused = ""
        self._slow_at_ns = 0
        self.worst_ns = 0
        """The longest turn of a track since it was last asked (`take_worst`)."""

    @property
    def trouble(self) -> str:
        """What is wrong with the disk, in a sentence; "" where nothing is."""
        if self._refused:
            return self._refused
        if self._slow_at_ns and time.monotonic_ns() - self._slow_at_ns < SLOW_SHOWN_NS:
            return (
                "the archive's disk is too slow for these cameras; use a quicker one, or record "
                "fewer cameras or smaller streams"
            )
        return ""

    def take_worst(self) -> int:
        """The longest turn in nanoseconds since this was last called."""
        worst, self.worst_ns = self.worst_ns, 0
        return worst

    def give(self, track: Track) -> None:
        """Write this track from now on; it waits for an earlier one of its camera to end."""
        self._new.append(track)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Let all tracks end, and the thread; False where they did not in that time."""
        self._stopping.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        retry_at = 0.0
        try:
            while True:
                is_last = self._stopping.is_set()
                self._take_new()
                now = time.monotonic()
                if now >= retry_at and not self._turn():
                    retry_at = time.monotonic() + RETRY_S
                has_ended = not self._tracks and not self._new
                if is_last and (has_ended or self._archive is None):
                    return
                self._stopping.wait(TURN_S) if not is_last else time.sleep(TURN_S)
        finally:
            if self._archive is not None:
                with contextlib.suppress(Exception):
                    self._archive.close()

    def _take_new(self) -> None:
        for _ in range(len(self._new)):
            track = self._new.popleft()
            if track.camera in self._tracks:
                self._new.append(track)
            else:
                self._tracks[track.camera] = track

    def _turn(self) -> bool:
        """One turn over all tracks; False where the disk refused."""
        try:
            if self._archive is None:
                self._archive = self._open_archive()
            clocks = self._clocks()
            for track in list(self._tracks.values()):
                took_ns = self._write(track, self._archive, clocks)
                if took_ns > TURN_S * 1e9:
                    clocks = self._clocks()  # they must not look back far
        except EnvironmentFailure as error:
            self._refuse(str(error))
            return False
        except InsynError as error:
            self._refuse(str(error))
            return False
        except Exception:
            # The edge of the task: told as a trouble, and tried again.
            log.exception("the archive could not be written")
            self._refuse("the archive could not be written; see the log")
            return False
        if self._refused:
            log.warning("the archive's disk takes recordings again")
            self._tell("")
        return True

    def _write(self, track: Track, archive: Archive, clocks: Reading) -> int:
        began_ns = time.monotonic_ns()
        done = track.turn(archive, clocks)
        took_ns = time.monotonic_ns() - began_ns
        if done and took_ns > self.worst_ns:
            self.worst_ns = took_ns
        if took_ns > SLOW_NS:
            self._slow_at_ns = time.monotonic_ns()
        if track.is_done:
            del self._tracks[track.camera]
        return took_ns

    def _refuse(self, sentence: str) -> None:
        if not self._refused:
            log.warning("nothing can be recorded: %s", sentence)
        self._tell(sentence)

    def _tell(self, sentence: str) -> None:
        self._refused = sentence
        for track in self._tracks.values():
            track.ring.disk_trouble = bool(sentence)
            track.state.disk_trouble = sentence


class Syncer:
    """Makes what is written durable, every second: Linux's syncfs on the archive's folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sync", daemon=True)
        self.took_ns = 0
        """How long the last one took: what the disk needs to write a second of video."""
        self.done_ns = 0
        """Monotonic time of the last one: what was written before it survives a power cut."""
        self.trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, without waiting for a slow disk."""
        self._stopping.set()
        self._thread.join(1)

    def _run(self) -> None:
        while not self._stopping.wait(SYNC_S):
            began_ns = time.monotonic_ns()
            try:
                _syncfs(self._root)
                self.trouble = ""
            except FileNotFoundError:
                continue  # no archive yet, or its disk has gone: the disk's threads tell
            except OSError as error:
                if not self.trouble:
                    log.warning("the archive's disk failed to sync: %s", error.strerror)
                self.trouble = f"the archive's disk fails: {error.strerror}; check the disk"
                continue
            self.done_ns = time.monotonic_ns()
            self.took_ns = self.done_ns - began_ns


def _syncfs(root: Path) -> None:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        call = getattr(_LIBC, "syncfs", None)
        if call is None:  # no Linux: all file systems then
            os.sync()
        elif call(folder) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(folder)


_LIBC = ctypes.CDLL(None, use_errno=True)
