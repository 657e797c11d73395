"""A large ledger: `python -m evals.ledger_scale [--leaves 1000000]`.

Grows a ledger in SQLite by pages of a thousand leaves and measures, as it grows: one leaf added in
a transaction of its own, the root, an inclusion and a consistency proof, with the rows each reads;
at the end the check of the database, the export and its verification.
"""

from __future__ import annotations

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from evals.scorecard import Report, machine, print_report, print_table
from insyn.base.config import DataDirectory
from insyn.office.screening.store import Store, open_store
from insyn.trust.ledger import checkpoints, export, log, tree
from insyn.trust.ledger.check import check
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.ledger.verify import verify_file

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAGE = 1000
SIGNER = FileSigner("example.org/eval", bytes(32))
GROWN = register(
    Kind(
        name="eval.leaf-grown",
        title="a leaf of a large ledger",
        what={"row": Shape.COUNT, "digest": Shape.DIGEST},
    )
)


def leaf(number: int) -> Leaf:
    """About as large as a real one."""
    return Leaf(kind=GROWN.name, who="w-1", what={"row": number, "digest": f"{number:064x}"})


def grow(store: Store, end: int) -> float:
    """Add leaves up to `end`, a page a transaction; seconds."""
    started = time.perf_counter()
    with store.reading() as connection:
        start = log.size(connection)
    for first in range(start, end, PAGE):
        with store.writing() as connection:
            page = [leaf(number) for number in range(first, min(first + PAGE, end))]
            log.append_all(connection, page, now=NOW)
    return time.perf_counter() - started


def measure_at(store: Store, size: int, rounds: int) -> Report:
    """What one question costs at this size: medians in milliseconds, and most rows read."""
    picked = random.Random(7)
    singles = []
    for _ in range(rounds):
        started = time.perf_counter()
        with store.writing() as connection:
            log.append(connection, leaf(0), now=NOW)
        singles.append(1000 * (time.perf_counter() - started))
    figures: Report = {"leaves": size, "append_one_ms": round(statistics.median(singles), 2)}
    with store.reading() as connection:
        for name, ask in (
            ("root", lambda read: tree.root_of(size, read)),
            (
                "inclusion",
                lambda read: tree.range_hashes(
                    tree.inclusion_ranges(picked.randrange(size), size), read
                ),
            ),
            (
                "consistency",
                lambda read: tree.range_hashes(
                    tree.consistency_ranges(picked.randrange(1, size), size), read
                ),
            ),
        ):
            median_ms, rows = _cost(connection, ask, rounds)
            figures |= {f"{name}_ms": median_ms, f"{name}_rows": rows}
    return figures


def _cost(
    connection: sa.Connection, ask: Callable[[tree.Read], object], rounds: int
) -> tuple[float, int]:
    plain = log.reader(connection)
    rows = []
    times = []

    def read(nodes: Iterable[tree.Node]) -> Mapping[tree.Node, bytes]:
        found = plain(nodes)
        rows.append(len(found))
        return found

    for _ in range(rounds):
        started = time.perf_counter()
        ask(read)
        times.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(times), 2), max(rows)


def measure_whole(store: Store, folder: Path) -> Report:
    """The check, the export and its verification, each in seconds, and all sound."""
    with store.writing() as connection:
        checkpoints.make(connection, SIGNER)
    keys = [SIGNER.public]
    started = time.perf_counter()
    with store.reading() as connection:
        checked = check(connection, keys)
    check_s = time.perf_counter() - started
    started = time.perf_counter()
    file = folder / "export.jsonl"
    with store.reading() as connection, file.open("wb") as out:
        out.writelines(export.lines(connection))
    export_s = time.perf_counter() - started
    started = time.perf_counter()
    verified = verify_file(file, keys)
    return {
        "size": verified.size,
        "sound": checked.is_sound and verified.is_sound,
        "check_s": round(check_s, 1),
        "export_s": round(export_s, 1),
        "verify_export_s": round(time.perf_counter() - started, 1),
        "export_mb": round(file.stat().st_size / 2**20, 1),
        "database_mb": round((folder / "office.sqlite").stat().st_size / 2**20, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=50, metavar="N", help="Of each question.")
    given = parser.parse_args()
    steps = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(DataDirectory(root=folder), environ={}) as store:
            grow_s = 0.0
            for size in sorted({given.leaves // 100, given.leaves // 10, given.leaves}):
                grow_s += grow(store, size)
                steps.append(measure_at(store, size, given.rounds))
            whole = measure_whole(store, folder)
    whole["append_pages_per_s"] = round(given.leaves / grow_s)
    print_table("Questions", list(steps[0]), [list(step.values()) for step in steps])
    print_table("Whole", list(whole), [list(whole.values())])
    print_report({"machine": machine(), "steps": steps, "whole": whole})


if __name__ == "__main__":
    main()
