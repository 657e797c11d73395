"""What a viewer is sent while things go wrong: pictures decoded again, and nobody is in them.

Real workers, sockets, H.264 and hub; `python -m evals.shield_faults` does the same at length.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.telltale import (
    Fault,
    Judged,
    Place,
    Processes,
    Seen,
    judge,
    make_place,
    make_worker,
    watch,
)

CAMERAS, PICTURES = 10, 200
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def place() -> Place:
    return make_place()


@contextmanager
def working(folder: Path, place: Place, fault: Fault) -> Iterator[None]:
    worker = make_worker(folder, place, fault, cameras=CAMERAS, seed=1)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        thread.join(30)


def looked(folder: Path, told: str, pictures: int = PICTURES) -> tuple[Seen, Judged]:
    awaited = frozenset(told.split(", ")) if told else frozenset()
    seen = asyncio.run(watch(folder, CAMERAS, pictures, told=awaited, timeout_s=TIMEOUT_S))
    return seen, judge(seen.films)


def test_the_eye_sees_people_through_a_shield_that_leaks(place: Place, tmp_path: Path) -> None:
    with working(tmp_path, place, Fault.LEAK):
        _, found = looked(tmp_path, "", 60)
    assert found.clear == found.pictures >= 60


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault.STALLED, "LATE"),
        (Fault.RESIZED, ""),
        (Fault.MOVED, "SHAKE, LIGHT, BLOCKED"),
        (Fault.RAISED, "LATE"),
    ],
    ids=lambda value: getattr(value, "value", ""),
)
def test_nobody_is_seen_when(fault: Fault, told: str, place: Place, tmp_path: Path) -> None:
    with working(tmp_path, place, fault):
        seen, found = looked(tmp_path, told)
    assert found.pictures >= PICTURES
    assert found.clear == 0
    assert found.open > 0  # the scene itself is shown meanwhile: not all is merely covered
    if fault is Fault.RESIZED:
        assert len(seen.films) > CAMERAS


def test_nobody_is_seen_when_the_worker_is_killed_mid_frame(place: Place, tmp_path: Path) -> None:
    with Processes(tmp_path, place, Fault.KILLED, cameras=CAMERAS) as processes:
        _, found = looked(tmp_path, "worker gone")
    assert processes.lives >= 2
    assert found.pictures >= PICTURES
    assert found.clear == 0 < found.open
