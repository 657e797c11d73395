"""Load of full-size lists: `python -m evals.synthetic_lists OUT_DIR [--entries N]`.

Writes invented list files in the formats whose real files are large or not at hand, and imports
each through the real intake in a process of its own. Every list is imported twice, whole and a
tenth of it: parsing that streams needs nearly the same memory for both. Exit 1 where an import
does not hold exactly the entries that were written.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evals import synthetic_files as files
from evals.scorecard import Report, machine, print_report, print_table, run_command
from evals.synthetic_parties import make_parties

ENTRIES = 5_800
"""Entries of the EU list in 2026; the other lists are as many times larger as they are in truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One format: the name of its file, its size against the EU list, and who writes it."""

    format: str
    name: str
    share: float
    write: Callable[[Path, int], None]


def _once(writer: Callable[..., None], path: Path, count: int) -> None:
    writer(path, make_parties(count))


def _again(path: Path, count: int) -> None:
    files.write_ofac_advanced(path, lambda: make_parties(count))


KINDS = tuple(
    Kind(format=format_id, name=name, share=share, write=write)
    for format_id, name, share, write in (
        ("eu-xml", "eu.xml", 1.0, partial(_once, files.write_eu_xml)),
        ("eu-csv", "eu.csv", 1.0, partial(_once, files.write_eu_csv)),
        ("uk-xml", "uk.xml", 0.7, partial(_once, files.write_uk_xml)),
        ("uk-csv", "uk.csv", 0.7, partial(_once, files.write_uk_csv)),
        ("seco-xml", "seco.xml", 0.8, partial(_once, files.write_seco_xml)),
        ("ofac-advanced-xml", "sdn_advanced.xml", 3.0, _again),
    )
)


def take_in_file(path: Path, store: Path) -> Report:
    """What the intake makes of one file, in seconds; run in a process of its own."""
    from insyn.base.clock import system_clock
    from insyn.office.lists.intake import gather, take_in
    from insyn.office.lists.snapshots import ListStore

    started = time.perf_counter()
    (publication,), _ = gather([path])
    done = take_in(ListStore(store, system_clock), publication)
    return {
        "format": done.format,
        "outcome": done.outcome,
        "entries": done.entries,
        "unread": done.unread,
        "seconds": round(time.perf_counter() - started, 2),
    }


def measure(kind: Kind, count: int, folder: Path) -> Report:
    """Write one file, import it, and say what it took."""
    path, store = folder / kind.name, folder / "store"
    kind.write(path, count)
    shutil.rmtree(store, ignore_errors=True)
    run = run_command([sys.executable, "-m", "evals.synthetic_lists", "--take-in", path, store])
    found: Report = json.loads(run.lines[-1])
    whole = (found["format"], found["entries"], found["unread"]) == (kind.format, count, 0)
    seconds = float(str(found["seconds"]))
    return {
        **found,
        "whole": whole and found["outcome"] == "in force",
        "bytes": path.stat().st_size,
        "per_second": round(count / seconds) if seconds else None,
        "peak_mb": round(run.peak_mb, 1),
    }


def main() -> int:
    """Write, import, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, metavar="OUT_DIR", nargs="?")
    parser.add_argument("--entries", type=int, default=ENTRIES, metavar="N")
    parser.add_argument("--take-in", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.take_in:
        print(json.dumps(take_in_file(*given.take_in)))
        return 0
    if given.folder is None or given.entries < 10:
        parser.error("name a folder to write to, and at least 10 entries")
    given.folder.mkdir(parents=True, exist_ok=True)
    lists: list[Report] = []
    for kind in KINDS:
        count = round(given.entries * kind.share)
        tenth = measure(kind, count // 10, given.folder)
        lists.append({**measure(kind, count, given.folder), "peak_mb_tenth": tenth["peak_mb"]})
    columns = ("format", "bytes", "entries", "seconds", "per_second", "peak_mb", "peak_mb_tenth")
    print_table(
        "Invented full-size lists through the intake",
        (*columns, "whole"),
        [[found[column] for column in (*columns, "whole")] for found in lists],
    )
    print_report({"scorecard": "synthetic-lists", **machine(), "lists": lists})
    return 0 if all(found["whole"] for found in lists) else 1


if __name__ == "__main__":
    sys.exit(main())
