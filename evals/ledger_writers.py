"""Many writers at once: `python -m evals.ledger_writers [--writers 50] [--leaves 20]`.

Each writer is a process of its own; every transaction writes a row and the leaf that records it,
and every fifth is rolled back. Afterwards no leaf may be lost or doubled, none of a rolled-back
change may be there, and the whole ledger must verify. On SQLite, and on PostgreSQL where Debian's
is installed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from tests.support import postgres

from evals.scorecard import Report, machine, print_report, print_table
from insyn.base.config import DataDirectory
from insyn.office.screening.database import URL_VARIABLE
from insyn.office.screening.store import open_store
from insyn.trust.ledger import checkpoints, log
from insyn.trust.ledger.check import check
from insyn.trust.ledger.keyfile import FileSigner
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SIGNER = FileSigner("example.org/eval", bytes(32))
WRITTEN = register(Kind(name="eval.row-written", title="a row was written", what={"row": Shape.ID}))
_ROWS = sa.Table("eval_rows", sa.MetaData(), sa.Column("id", sa.Text, primary_key=True))


class _RolledBackError(Exception):
    """Ends a transaction that is to leave nothing."""


def write(root: Path, environ: dict[str, str], writer: int, leaves: int) -> None:
    """One writer's whole life."""
    with open_store(DataDirectory(root=root), environ=environ) as store:
        for number in range(leaves):
            row = f"{writer}-{number}"
            try:
                with store.writing() as connection:
                    connection.execute(sa.insert(_ROWS).values(id=row))
                    leaf = Leaf(kind=WRITTEN.name, who=f"w-{writer}", what={"row": row})
                    log.append(connection, leaf, now=NOW)
                    if number % 5 == 4:
                        raise _RolledBackError
            except _RolledBackError:
                pass


def measure(name: str, url: str, writers: int, leaves: int) -> Report:
    """All writers on one database, and what is left of it."""
    environ = {URL_VARIABLE: url} if url else {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with open_store(DataDirectory(root=root), environ=environ) as store:
            with store.writing() as connection:
                _ROWS.create(connection)
            started = time.perf_counter()
            codes = _run_all(root, environ, writers, leaves)
            wall_s = time.perf_counter() - started
            with store.writing() as connection:
                checkpoints.make(connection, SIGNER)
            with store.reading() as connection:
                report = check(connection, [SIGNER.public])
                kept = [log.find(connection, n).what["row"] for n in range(report.size)]
                rows = connection.execute(sa.select(_ROWS.c.id)).scalars().all()
    expected = {f"{w}-{n}" for w in range(writers) for n in range(leaves) if n % 5 != 4}
    return {
        "database": name,
        "writers": writers,
        "failed_writers": sum(code != 0 for code in codes),
        "leaves": report.size,
        "lost": len(expected - set(kept)),
        "doubled": sum(count - 1 for count in Counter(kept).values()),
        "without_their_row": len(set(kept) ^ set(rows)),
        "findings": len(report.findings),
        "wall_s": round(wall_s, 1),
        "transactions_per_s": round(writers * leaves / wall_s),
    }


def _run_all(
    root: Path, environ: dict[str, str], writers: int, leaves: int
) -> Sequence[int | None]:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=write, args=(root, environ, writer, leaves))
        for writer in range(writers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return [process.exitcode for process in processes]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=50, metavar="N")
    parser.add_argument("--leaves", type=int, default=20, metavar="N", help="Of each writer.")
    given = parser.parse_args()
    results = [measure("sqlite", "", given.writers, given.leaves)]
    if postgres.find_programs() is not None:
        with postgres.server() as url:
            results.append(measure("postgresql", url, given.writers, given.leaves))
    print_table("Writers at once", list(results[0]), [list(row.values()) for row in results])
    print_report({"machine": machine(), "results": results})


if __name__ == "__main__":
    main()
