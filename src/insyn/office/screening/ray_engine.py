"""Batches on a Ray cluster, or on a local one that this process starts.

Always: workers map the index where it lies (a path that every node sees); chunks and results
travel, lists do not; the output equals the local engine's to the byte.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from insyn.base.errors import EnvironmentFailure

if TYPE_CHECKING:
    from insyn.office.screening.batch import Done, Work
    from insyn.office.screening.customers import BadRow
    from insyn.office.screening.model import Subject


def screen_on_ray(
    work: Work, batches: Iterator[list[Subject | BadRow]], *, workers: int | None
) -> Iterator[Done]:
    """Screen chunks on Ray actors, results in order.

    `RAY_ADDRESS` names a cluster; without it a local one is started and stopped again.

    Raises:
        EnvironmentFailure: Ray is not installed, or its cluster cannot be reached.
    """
    try:
        import ray
    except ImportError as error:
        raise EnvironmentFailure(
            "the Ray engine needs the optional extra: pip install 'insyn[ray]'"
        ) from error
    from insyn.office.screening.batch import Worker

    started = not ray.is_initialized()
    try:
        if started:
            ray.init(log_to_driver=False, include_dashboard=False, configure_logging=False)
        count = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    except (ConnectionError, RuntimeError) as error:
        raise EnvironmentFailure(
            f"the Ray cluster cannot be reached ({error}); check RAY_ADDRESS"
        ) from error
    try:
        actor = ray.remote(num_cpus=1)(Worker)
        shared = ray.put(work)
        pool = [actor.remote(shared) for _ in range(count)]
        free = itertools.cycle(pool)
        waiting = [next(free).screen.remote(b) for b in itertools.islice(batches, count * 2)]
        while waiting:
            done: Done = ray.get(waiting.pop(0))
            waiting += [next(free).screen.remote(b) for b in itertools.islice(batches, 1)]
            yield done
    finally:
        if started:
            ray.shutdown()
