"""Where screenings are worked: a few threads beside the event loop.

Always: no screener is used by two threads, so nothing in it needs a lock; results come in order.

Why threads, and so few: a screening is Python for the most part, and threads share one
interpreter lock. Measured with 1,000 people against 28,000 entries: 1 thread 1.9 s, 2 threads
1.5 s, 4 threads 2.2 s. The second thread is there so that a long batch does not hold up a single
name. Processes would use more cores and cost 150 MB each; more cores are had by running more
servers.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from insyn.office.console.standing import Standing
from insyn.office.screening.engine import Screener
from insyn.office.screening.index import Index
from insyn.office.screening.model import Screening, Subject

THREADS = 2
SLICE = 32
"""Subjects worked on at once; between slices, others have their turn."""


class Bench:
    """Screens for the routes."""

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="screening")
        self._own = threading.local()

    def warm_up(self, standing: Standing) -> None:
        """Load what the first screening would wait for, a third of a second, and settle memory."""
        subject = Subject(id="", name="Tarquin Vellmark 張偉 Иван Пример")
        for done in [self._pool.submit(self._work, standing, [subject]) for _ in range(THREADS)]:
            done.result()
        # Tables and caches stay: a collector that walks them again and again stops every thread.
        gc.freeze()

    def close(self) -> None:
        """Finish what is being worked on, drop what waits."""
        self._pool.shutdown(cancel_futures=True)

    async def screen(self, standing: Standing, subjects: Sequence[Subject]) -> list[Screening]:
        """One screening a subject, in order; clearances are not applied."""
        loop = asyncio.get_running_loop()
        done: list[Screening] = []
        for start in range(0, len(subjects), SLICE):
            part = subjects[start : start + SLICE]
            done += await loop.run_in_executor(self._pool, self._work, standing, part)
        return done

    def _work(self, standing: Standing, subjects: Sequence[Subject]) -> list[Screening]:
        wanted = (standing.index, standing.manifest)
        held: tuple[tuple[Path, object], Screener] | None = getattr(self._own, "held", None)
        if held is None or held[0] != wanted:
            held = (wanted, Screener(Index(standing.index), standing.manifest))
            self._own.held = held
        return held[1].screen(subjects)
