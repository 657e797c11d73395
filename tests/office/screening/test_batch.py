"""Batches: order, counts, and the same bytes however many processes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.small_lists import put_in_force, work_in, write_list

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.office.screening import batch
from insyn.office.screening.batch import CHUNK, Done, Work, Worker, chunks, in_order, screen_batch
from insyn.office.screening.customers import BadRow
from insyn.office.screening.model import Subject

Row = Subject | BadRow


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return work_in(put_in_force(tmp_path, write_list(tmp_path)))


def rows(count: int) -> list[Row]:
    names = ("Zeb Quartzwel", "Ada Example", "Harbinger Lens", "???")
    return [
        BadRow(line=at + 2, reason="the name is empty", id=f"c-{at}")
        if at % 7 == 3
        else Subject(id=f"c-{at}", name=names[at % 4])
        for at in range(count)
    ]


def output(done: Iterator[Done]) -> bytes:
    return b"".join(part.lines for part in done)


def test_one_and_two_processes_give_the_same_bytes_in_order(work: Work) -> None:
    given = rows(2 * CHUNK + 5)
    one = output(screen_batch(work, given, workers=1))
    two = output(screen_batch(work, given, workers=2))
    assert one == two
    assert [json.loads(line)["id"] for line in one.splitlines()] == [row.id for row in given]


def test_a_chunk_counts_its_outcomes_and_names_its_bad_rows(work: Work) -> None:
    (done,) = screen_batch(work, rows(28), workers=1)
    assert done.subjects == 28
    assert done.outcomes == {"match": 0, "review": 18, "clear": 6}
    assert [row.line for row in done.bad] == [5, 12, 19, 26]


def test_a_bad_row_is_a_line_of_its_own_with_no_outcome(work: Work) -> None:
    (done,) = screen_batch(work, [BadRow(line=4, reason="the name is empty", id="c-9")], workers=1)
    assert json.loads(done.lines) == {"id": "c-9", "line": 4, "error": "the name is empty"}


def test_nothing_gives_nothing(work: Work) -> None:
    assert list(screen_batch(work, [], workers=2)) == []


def test_an_unknown_engine_is_wrong_usage(work: Work) -> None:
    with pytest.raises(UsageError, match="local, ray"):
        screen_batch(work, [], engine="steam")


def test_a_process_that_is_ended_from_outside_is_told_with_what_to_do(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shot(ProcessPoolExecutor):
        """A pool whose first process is killed, as by a machine out of memory."""

        def submit(self, *_: object, **__: object) -> Future[Done]:  # type: ignore[override]
            return super().submit(os._exit, 9)  # it never returns

    monkeypatch.setattr(batch, "ProcessPoolExecutor", Shot)
    with pytest.raises(EnvironmentFailure, match="fewer --workers"):
        list(screen_batch(work, rows(CHUNK + 1), workers=2))


def test_a_worker_made_in_another_process_screens_the_same(work: Work) -> None:
    given = rows(20)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(_screen, work, given).result()
    assert there == Worker(work).screen(given).lines


def _screen(work: Work, given: list[Row]) -> bytes:
    return Worker(work).screen(given).lines


@given(count=st.integers(0, 50), size=st.integers(1, 9))
def test_chunks_keep_every_row_in_order(count: int, size: int) -> None:
    given = rows(count)
    parts = list(chunks(given, size))
    assert [row for part in parts for row in part] == given
    assert all(len(part) == size for part in parts[:-1])


@given(count=st.integers(0, 30), window=st.integers(1, 5))
def test_results_come_in_order_and_no_more_than_a_window_is_in_work(
    count: int, window: int
) -> None:
    waiting = 0
    most = 0

    def submit(rows: list[Row]) -> Future[Done]:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        future: Future[Done] = Future()
        future.set_result(Done(lines=rows[0].id.encode(), subjects=1, outcomes={}))
        return future

    found = []
    for done in in_order(chunks(rows(count), 1), submit, window=window):
        waiting -= 1
        found.append(done.lines.decode())
    assert found == [row.id for row in rows(count)]
    assert most <= window + 1
