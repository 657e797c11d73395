"""Batches on a Ray cluster, or on a local one that this process starts and stops.

Always: workers map the index where it lies (a path that every node sees); chunks and results
travel, lists do not; the output equals the local engine's to the byte. What Ray has to say never
reaches standard output, and its usage report stays off.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO, cast

from insyn.base.errors import EnvironmentFailure, InsynError

if TYPE_CHECKING:
    from insyn.office.screening.batch import Done, Work, Worker
    from insyn.office.screening.customers import BadRow
    from insyn.office.screening.model import Subject

ADDRESS = "RAY_ADDRESS"
"""Names an existing cluster, as `ray start` prints it; "auto" is the one on this machine."""

START_TIMEOUT_S = 120.0
"""Within this, every worker has opened the index; a cluster busy with other work may not."""

KNOCK_TIMEOUT_S = 10.0

Batches = Iterator["list[Subject | BadRow]"]


class RemoteWorker:
    """A batch worker on whatever node Ray puts it."""

    def __init__(self) -> None:
        self._worker: Worker | None = None

    def open(self, work: Work) -> str:
        """Map the index; returns why that cannot be, else ""."""
        from insyn.office.screening.batch import Worker

        if not (work.index / "index.json").is_file():
            return (
                f"the node {socket.gethostname()} does not see the index {work.index}; every node "
                "must see the data directory under the same path: name one on a shared disk with "
                "--data DIR"
            )
        try:
            self._worker = Worker(work)
        except InsynError as error:
            return f"the node {socket.gethostname()}: {error}"
        return ""

    def screen(self, rows: list[Subject | BadRow]) -> Done:
        """Screen one chunk."""
        assert self._worker is not None
        return self._worker.screen(rows)


def screen_on_ray(work: Work, batches: Batches, *, workers: int | None) -> Iterator[Done]:
    """Screen chunks on Ray actors, results in order.

    `RAY_ADDRESS` names a cluster, and no more workers are used than it has cores; without it a
    local one of `workers` processes (None: all cores) is started, and stopped again.

    Raises:
        EnvironmentFailure: Ray is not installed, its cluster cannot be reached or gives too few
            cores, a node does not see the index, or a worker is lost.
    """
    try:
        import ray
    except ImportError as error:
        raise EnvironmentFailure(
            "the Ray engine needs the optional extra: pip install 'insyn[ray]'"
        ) from error
    started = not ray.is_initialized()
    with _own_stdout():
        try:
            if started:
                _connect(ray, workers)
            yield from _screen(ray, work, batches, workers)
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise EnvironmentFailure(
                f"Ray lost a worker or could not start one ({_head(error)}); the output so far is "
                "whole rows and ends too early. Insyn must be installed on every node in this "
                "version, with memory for each worker: try fewer with --workers, or --engine local"
            ) from error
        finally:
            if started:
                ray.shutdown()


class _OneThreadsStdout:
    """Standard output for one thread; what other threads print goes to standard error.

    Ray's listener prints cluster events to standard output, where the result lines go, and has no
    setting against it.
    """

    def __init__(self, stdout: TextIO) -> None:
        self.stdout = stdout
        self._owner = threading.get_ident()

    def write(self, text: str) -> int:
        mine = threading.get_ident() == self._owner
        return (self.stdout if mine else sys.stderr).write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self.stdout, name)


@contextlib.contextmanager
def _own_stdout() -> Iterator[None]:
    before = sys.stdout
    sys.stdout = cast("TextIO", _OneThreadsStdout(before))
    try:
        yield
    finally:
        sys.stdout = before


# `ray` is passed on as Any: it is optional, so it cannot be imported above, and brings no types
# that hold under --strict.


def _connect(ray: Any, workers: int | None) -> None:
    # A batch of customers is nobody else's business: Ray's usage report stays off.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Accelerators are not used; without this, recent versions warn about their variables.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    logging.getLogger("ray").setLevel(logging.ERROR)
    address = os.environ.get(ADDRESS, "").strip()
    quiet = {"log_to_driver": False, "configure_logging": False}
    try:
        if address:
            _knock(address)
            ray.init(address, **quiet)
        else:
            # "local": never a cluster that happens to run here and that nobody named.
            ray.init("local", num_cpus=workers, include_dashboard=False, **quiet)
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        what = f"the Ray cluster at {address}" if address else "a local Ray cluster"
        raise EnvironmentFailure(
            f"{what} cannot be reached or started ({_head(error)}); check {ADDRESS}, that "
            "Ray and Python have the same versions there, and, where the cluster wants a token, "
            "that RAY_AUTH_MODE=token is set"
        ) from error


def _knock(address: str) -> None:
    """Find out in seconds whether a host:port answers at all; Ray itself would try for minutes."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK_TIMEOUT_S).close()


def _screen(ray: Any, work: Work, batches: Batches, workers: int | None) -> Iterator[Done]:
    pool = _opened(ray, work, workers)
    free = itertools.cycle(pool)
    waiting = [next(free).screen.remote(b) for b in itertools.islice(batches, len(pool) * 2)]
    while waiting:
        done: Done = ray.get(waiting.pop(0))
        waiting += [next(free).screen.remote(b) for b in itertools.islice(batches, 1)]
        yield done


def _opened(ray: Any, work: Work, workers: int | None) -> list[Any]:
    """One actor a worker, each with the index mapped."""
    cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
    actor = ray.remote(num_cpus=1)(RemoteWorker)
    pool = [actor.remote() for _ in range(min(workers or cores, cores))]
    shared = ray.put(work)
    try:
        answers = ray.get([one.open.remote(shared) for one in pool], timeout=START_TIMEOUT_S)
    except ray.exceptions.GetTimeoutError as error:
        raise EnvironmentFailure(
            f"the Ray cluster did not give {len(pool)} free cores within {START_TIMEOUT_S:.0f} s; "
            "ask for fewer with --workers, or wait until its other work is done"
        ) from error
    if failed := next(filter(None, answers), ""):
        raise EnvironmentFailure(failed)
    return pool


def _head(error: BaseException) -> str:
    """The kind and first line of an error: what follows is a stack, and may hold names."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__
