"""The supervisor with real processes of `insyn`."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from insyn.site.serving.supervisor import Job, Supervisor


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def states(tmp_path: Path) -> Path:
    return tmp_path / "processes.json"


def said(states: Path) -> dict[str, dict[str, int]]:
    try:
        return dict(json.loads(states.read_bytes()))
    except FileNotFoundError:
        return {}


@pytest.fixture
def office(tmp_path: Path, states: Path) -> Iterator[Supervisor]:
    """A supervisor of one process that runs for ever: the office's server on a free port."""
    job = Job(
        name="web", arguments=("--data", str(tmp_path / "d"), "office", "serve", "--port", "0")
    )
    made = Supervisor(lambda: [job], states=states)
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.usefixtures("office")
def test_a_killed_process_is_started_again(states: Path) -> None:
    until(lambda: bool(said(states).get("web", {}).get("pid")))
    first = said(states)["web"]["pid"]
    os.kill(first, signal.SIGKILL)
    until(lambda: (said(states)["web"]["pid"] or first) != first)
    assert said(states)["web"]["restarts"] == 1


def test_stop_ends_the_processes_and_their_state(office: Supervisor, states: Path) -> None:
    until(lambda: bool(said(states).get("web", {}).get("pid")))
    pid = said(states)["web"]["pid"]
    office.stop()
    until(lambda: not states.exists())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_fails_at_once_is_tried_again_ever_later(states: Path) -> None:
    supervisor = Supervisor(
        lambda: [Job(name="wrong", arguments=("no-such-command",))], states=states
    )
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    until(lambda: said(states).get("wrong", {}).get("restarts", 0) >= 1)
    supervisor.stop()
    thread.join(30)
    assert not thread.is_alive()
