"""Keeps the site's processes running; one that ends is started again, and none stops another.

Always: a process that ends soon after its start waits longer before the next try, at most half a
minute; a stop is passed on, waited for, and in the end enforced; children end with their parent.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from insyn.base.files import write_atomically

log = logging.getLogger("insyn.site")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0
"""A process that ran so long begins again with the shortest wait."""

STOP_S = 15.0
"""What a recorder has to close its recordings; then it is killed, and salvage does the rest."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A process to keep running: its name in logs and states, and its arguments after `insyn`."""

    name: str
    arguments: tuple[str, ...]


class _Child:
    def __init__(self, job: Job, environment: dict[str, str]) -> None:
        self.job = job
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._wait_s = FIRST_WAIT_S
        self._next_at = 0.0
        self.restarts = -1

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def look(self, now: float) -> None:
        """Start the process if it does not run and its wait is over."""
        if self._process is not None:
            code = self._process.poll()
            if code is None:
                return
            self._process = None
            if now - self._started_at > STEADY_S:
                self._wait_s = FIRST_WAIT_S
            log.warning(
                "%s ended with %d; it is started again in %.1f s", self.job.name, code, self._wait_s
            )
            self._next_at = now + self._wait_s
            self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)
        if now >= self._next_at:
            self._start(now)

    def _start(self, now: float) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own program, our own arguments
            [sys.executable, "-m", "insyn.cli.main", *self.job.arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )
        self._started_at = now
        self.restarts += 1

    def send(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def wait(self, timeout_s: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True


class Supervisor:
    """Runs jobs until told to stop."""

    def __init__(
        self,
        jobs: Callable[[], Sequence[Job]],
        *,
        states: Path,
        environment: dict[str, str] | None = None,
    ) -> None:
        """Keep running what `jobs` names; it is asked again every few seconds.

        Args:
            jobs: which processes there should be now; one that is named no more is stopped.
            states: the file that says which run, for the health page.
            environment: of the children; else that of this process.
        """
        self._jobs = jobs
        self._states = states
        self._environment = dict(environment if environment is not None else os.environ)
        self._children: dict[str, _Child] = {}
        self._stopping = False

    def stop(self) -> None:
        """Ask `run` to end; from any thread or a signal handler."""
        self._stopping = True

    def run(self, *, on_turn: Callable[[], None] = lambda: None, turn_s: float = 0.2) -> None:
        """Keep the jobs running until `stop`; then end them, recorders first of all cleanly."""
        asked_at = float("-inf")
        try:
            while not self._stopping:
                now = time.monotonic()
                if now - asked_at >= 2:
                    self._reconcile(self._jobs())
                    asked_at = now
                for child in self._children.values():
                    child.look(now)
                self._tell()
                on_turn()
                time.sleep(turn_s)
        finally:
            self._end(list(self._children.values()))
            self._states.unlink(missing_ok=True)

    def _reconcile(self, jobs: Sequence[Job]) -> None:
        wanted = {job.name: job for job in jobs}
        gone = [child for name, child in self._children.items() if wanted.get(name) != child.job]
        self._end(gone)
        for child in gone:
            del self._children[child.job.name]
        for name, job in wanted.items():
            if name not in self._children:
                self._children[name] = _Child(job, self._environment)

    def _end(self, children: Sequence[_Child]) -> None:
        for child in children:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + STOP_S
        for child in children:
            if not child.wait(max(0.1, deadline - time.monotonic())):
                log.warning("%s did not stop within %.0f s and is killed", child.job.name, STOP_S)
                child.send(signal.SIGKILL)
                child.wait(5)

    def _tell(self) -> None:
        said = {
            name: {"pid": child.pid, "restarts": max(0, child.restarts)}
            for name, child in self._children.items()
        }
        content = json.dumps(said, sort_keys=True).encode()
        if not self._states.exists() or self._states.read_bytes() != content:
            write_atomically(self._states, content)


def _end_with_parent() -> None:
    """In the child, before it runs: be told to stop when the supervisor dies (Linux)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to pass on
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
