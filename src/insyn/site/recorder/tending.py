"""What the recorder does for the archive beside recording: salvage at its start, then retention.

Always: salvage comes before the first row of a new process, while the rings already fill, so that
gaps begin where the salvaged recordings end and nothing waits that could be lost.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable

from insyn.site.archive.retention import Policy, turn
from insyn.site.archive.salvage import salvage
from insyn.site.archive.writing import Archive
from insyn.site.clocks import Clocks

log = logging.getLogger("insyn.recorder")

TURN_S = 30.0
LITTLE_BYTES = 256 << 20
"""With less than this free, retention does not wait for its turn."""

SHORT = (
    "the archive's disk is short of space, and all that may be deleted is gone; free space on it, "
    "end holds, or shorten the retention"
)


class Opener:
    """Opens the archive for the disk's threads; the first time, takes in what a killed one left."""

    def __init__(self, open_archive: Callable[[], Archive]) -> None:
        self._open_archive = open_archive
        self._lock = threading.Lock()
        self._is_salvaged = False

    def __call__(self) -> Archive:
        """The archive, for one thread.

        Raises:
            EnvironmentFailure: its disk is not the right one, or fails.
        """
        with self._lock:
            archive = self._open_archive()
            if not self._is_salvaged:
                try:
                    done = salvage(archive.root, archive.index)
                except BaseException:
                    archive.close()
                    raise
                self._is_salvaged = True
                if done.recordings or done.quarantined:
                    log.warning(
                        "taken in after an unclean end: %d recordings; put aside: %d files",
                        done.recordings,
                        done.quarantined,
                    )
            return archive


class Tender:
    """Retention, called again and again by one process's own thread."""

    def __init__(
        self, open_archive: Callable[[], Archive], policy: Callable[[], Policy], clocks: Clocks
    ) -> None:
        self._open_archive = open_archive
        self._policy = policy
        self._clocks = clocks
        self._next_at = 0.0
        self._trouble = ""

    def __call__(self) -> str:
        """Delete what is due, if a turn is due; returns what is wrong, in a sentence, or "".

        Raises:
            EnvironmentFailure: the archive's disk is not the right one, or fails.
        """
        archive = self._open_archive() if time.monotonic() >= self._next_at else None
        if archive is None:
            return self._trouble
        try:
            done = turn(archive.root, archive.index, self._policy(), now_ns=self._clocks().wall_ns)
            is_tight = shutil.disk_usage(archive.root.path).free < LITTLE_BYTES
        finally:
            archive.close()
        if done.by_age or done.by_bytes:
            log.info("deleted: %d by age, %d for space", done.by_age, done.by_bytes)
        self._trouble = SHORT if done.is_short else ""
        self._next_at = time.monotonic() + (0.0 if is_tight else TURN_S)
        return self._trouble
