"""Whose picture is masked next: as many at once as there are cores, the one that is due first.

Sixteen threads that mask at once are all done at the end of it; one after the other, most are done
long before, and none later.

Always: nobody waits for ever. A camera whose masking hangs keeps its place, and whoever has waited
for long goes on without one.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import os
import threading
from collections.abc import Iterator

PATIENCE_S = 0.5
"""Whoever has waited so long goes on, as if there were no order."""

LEAST = 2
"""Places where there is a single core: one camera that hangs is not to delay the others."""


class Places:
    """Places to mask at; each is held by one thread at a time."""

    def __init__(self, count: int | None = None) -> None:
        """So many places; one a core where nothing is said."""
        usual = max(LEAST, len(os.sched_getaffinity(0)))
        self._free = usual if count is None else count
        self._lock = threading.Lock()
        """Held for moments."""
        self._waiting: list[tuple[int, int, threading.Lock]] = []
        self._numbers = itertools.count()

    @contextlib.contextmanager
    def taken(self, due_ns: int, patience_s: float = PATIENCE_S) -> Iterator[bool]:
        """Hold a place, which goes to the least `due_ns` of those that wait.

        Yields:
            Whether it had to be waited for.
        """
        turn = self._ask(due_ns)
        has_place = turn is None or self._wait(turn, patience_s)
        try:
            yield turn is not None
        finally:
            if has_place:
                self._leave()

    def _ask(self, due_ns: int) -> threading.Lock | None:
        """None for a place at once; else the lock that is let go of with the place."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            turn = threading.Lock()
            turn.acquire()
            heapq.heappush(self._waiting, (due_ns, next(self._numbers), turn))
            return turn

    def _wait(self, turn: threading.Lock, patience_s: float) -> bool:
        if turn.acquire(timeout=patience_s):
            return True
        with self._lock:
            left = [each for each in self._waiting if each[2] is not turn]
            if len(left) == len(self._waiting):
                return True  # it was handed over just now
            self._waiting = left
            heapq.heapify(self._waiting)
            return False

    def _leave(self) -> None:
        with self._lock:
            if self._waiting:
                heapq.heappop(self._waiting)[2].release()
            else:
                self._free += 1
