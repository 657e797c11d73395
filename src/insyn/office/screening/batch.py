"""Many subjects over all cores: chunks out, results back in order.

Always: the output is the same, to the byte, whatever the engine and the number of workers.
"""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import orjson

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.office.screening.clearances import ClearanceBook
from insyn.office.screening.customers import BadRow
from insyn.office.screening.engine import Screener
from insyn.office.screening.index import Index
from insyn.office.screening.model import Manifest, Outcome, Subject

CHUNK = 2000
"""Subjects handed to a worker at once: a second's work, so that progress moves."""

ENGINES = ("local", "ray")

COLLECT_EVERY = 100_000
"""New objects after which the cycle collector looks at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker needs to screen: all of it can be sent to another process or machine."""

    index: Path
    manifest: Manifest
    clearances: ClearanceBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One chunk's result lines (JSON, one a subject, in order) and its counts by outcome."""

    lines: bytes
    subjects: int
    outcomes: dict[str, int]
    bad: tuple[BadRow, ...] = ()


class Worker:
    """Screens chunks; opens the index once."""

    def __init__(self, work: Work) -> None:
        self._screener = Screener(Index(work.index), work.manifest)
        self._clearances = work.clearances

    def screen(self, rows: list[Subject | BadRow]) -> Done:
        """Screen one chunk. A bad row is a line of its own, with the error and no outcome."""
        subjects = [row for row in rows if isinstance(row, Subject)]
        screened = iter(self._screener.screen(subjects))
        counts = dict.fromkeys((str(outcome) for outcome in Outcome), 0)
        lines: list[bytes] = []
        bad: list[BadRow] = []
        for row in rows:
            if isinstance(row, BadRow):
                bad.append(row)
                lines.append(orjson.dumps({"id": row.id, "line": row.line, "error": row.reason}))
                continue
            result = next(screened)
            if result.matches:
                result = self._clearances.apply(result, row)
            counts[str(result.outcome)] += 1
            lines.append(orjson.dumps(result.to_json()))
        return Done(
            lines=b"\n".join(lines) + b"\n" if lines else b"",
            subjects=len(rows),
            outcomes=counts,
            bad=tuple(bad),
        )


def chunks(rows: Iterable[Subject | BadRow], size: int = CHUNK) -> Iterator[list[Subject | BadRow]]:
    """Rows in lists of `size`, the last one shorter."""
    iterator = iter(rows)
    while chunk := list(itertools.islice(iterator, size)):
        yield chunk


def screen_batch(
    work: Work,
    rows: Iterable[Subject | BadRow],
    *,
    engine: str = "local",
    workers: int | None = None,
) -> Iterator[Done]:
    """Screen rows chunk by chunk, results in order.

    Raises:
        UsageError: no such engine.
        EnvironmentFailure: a worker is lost, or Ray is asked for and cannot be had.
    """
    if engine == "ray":
        from insyn.office.screening.ray_engine import screen_on_ray

        return screen_on_ray(work, chunks(rows), workers=workers)
    if engine != "local":
        raise UsageError(f"there is no engine {engine!r}; there are {', '.join(ENGINES)}")
    return _screen_local(work, chunks(rows), workers or os.cpu_count() or 1)


def _screen_local(
    work: Work, batches: Iterator[list[Subject | BadRow]], workers: int
) -> Iterator[Done]:
    head = list(itertools.islice(batches, 2))
    if workers == 1 or len(head) < 2:
        worker = Worker(work)
        _spare_collector()
        for batch in itertools.chain(head, batches):
            yield worker.screen(batch)
        return
    with ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_start, initargs=(work,)
    ) as pool:
        submit: Callable[[list[Subject | BadRow]], Future[Done]] = lambda b: pool.submit(_run, b)  # noqa: E731
        try:
            yield from in_order(itertools.chain(head, batches), submit, window=workers * 2)
        except BrokenProcessPool as error:
            raise EnvironmentFailure(
                "a screening process was ended from outside, most likely for want of memory; the "
                "output so far is whole rows and ends too early; run again with fewer --workers"
            ) from error


def in_order(
    batches: Iterator[list[Subject | BadRow]],
    submit: Callable[[list[Subject | BadRow]], Future[Done]],
    *,
    window: int,
) -> Iterator[Done]:
    """Keep `window` chunks in work, give results in the order of the input."""
    waiting: list[Future[Done]] = [submit(batch) for batch in itertools.islice(batches, window)]
    while waiting:
        done = waiting.pop(0).result()
        waiting += [submit(batch) for batch in itertools.islice(batches, 1)]
        yield done


_worker: Worker | None = None


def _start(work: Work) -> None:
    global _worker  # one worker a process, made once by the pool
    _worker = Worker(work)
    _spare_collector()


def _spare_collector() -> None:
    """Let the cycle collector run seldom: what is loaded or remembered stays, and has no cycles.

    Walking it again and again costs a tenth of a screening.
    """
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 10, 100)


def _run(rows: list[Subject | BadRow]) -> Done:
    assert _worker is not None
    return _worker.screen(rows)
