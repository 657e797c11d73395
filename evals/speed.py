"""How fast and how large: `python -m evals.speed --lists FILE... --people FILE [--rows N]`.

Side by side in one run, alternately, at least three times: building the index, opening it in a
fresh process, screening, and resident memory, of Insyn and of nomenklatura's blocker with
logic-v2 over the same entries. Medians and their ratios. Customers a second and core are customers
over processor seconds of the whole command, start included, so other work on the machine weighs
little; the opponent's phases are timed apart, and its index build is not charged to screening.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from evals import opponents
from evals.list_queries import COLUMNS, Insyn, sample
from evals.scorecard import (
    SHARED,
    Report,
    Row,
    insyn_option,
    machine,
    print_report,
    print_table,
    read_csv,
    run_command,
)

# VmHWM, since ru_maxrss of a fresh process begins with what its parent had (Linux, getrusage(2)).
_OPEN = """
import re, sys, time
from pathlib import Path
from insyn.office.screening.index import Index
from insyn.office.screening.retrieval import Retrieval
started = time.perf_counter()
Retrieval(Index(Path(sys.argv[1])))
taken = time.perf_counter() - started
print(taken, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
_BUILD = """
import sys, time
from insyn.base.config import find_data_directory
from insyn.office.screening.engine import compile_in_force
directory = find_data_directory()
started = time.perf_counter()
print(compile_in_force(directory)[0], time.perf_counter() - started, sep="\\n")
"""
Figures = Mapping[str, float]


def measure_insyn(insyn: Insyn, people: Sequence[Row], folder: Path) -> tuple[Figures, int]:
    """One round: build from imported lists, open in a fresh process, screen on one core and all.

    Returns the figures (seconds, MiB, customers a second) and how many customers were flagged.
    """
    fresh = Insyn(command=insyn.command, data=folder)
    for state in insyn.data.iterdir():
        if state.name == "lists":
            (folder / "lists").symlink_to(state)
    python = Path(sys.executable)
    built = run_command([python, "-c", _BUILD], environ={"INSYN_DATA": str(folder)})
    opened = run_command([python, "-c", _OPEN, built.lines[0]])
    open_s, open_mb = (float(word) for word in opened.lines[0].split())
    single = fresh.screen(people, COLUMNS, "--workers", "1")
    spread = fresh.screen(people, COLUMNS)
    figures = {
        "build_s": float(built.lines[1]),
        "open_s": open_s,
        "open_process_s": opened.wall_s,
        "open_mb": open_mb,
        "build_mb": built.peak_mb,
        "screen_mb": float(str(single.costs["peak_mb"])),
        "per_core_s": float(str(single.costs["customers_per_core_s"])),
        "one_worker_wall_per_s": float(str(single.costs["customers_per_s"])),
        "all_cores_wall_per_s": float(str(spread.costs["customers_per_s"])),
    }
    return figures, sum(answer.is_flagged for answer in spread.answers.values())


def measure_opponent(lists: Path, people: Sequence[Row]) -> Figures:
    """One round of the opponent: its whole life in one process, by phase."""
    stats = opponents.screen(lists, people).stats
    return {
        "build_s": stats["build_s"],
        "open_s": stats["load_s"] + stats["build_s"],
        "open_process_s": stats["import_s"] + stats["load_s"] + stats["build_s"],
        "open_mb": stats["peak_open_mb"],
        "screen_mb": stats["peak_mb"],
        "per_core_s": len(people) / stats["screen_cpu_s"],
        "one_worker_wall_per_s": len(people) / stats["screen_s"],
    }


def medians(rounds: Sequence[Figures]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {key: round(statistics.median(one[key] for one in rounds), 4) for key in rounds[0]}


def ratios(ours: Figures, theirs: Figures) -> dict[str, float]:
    """How many times better ours is: rates as ours over theirs, seconds and MiB the reverse."""
    found = {}
    for key in theirs:
        top, bottom = (
            (ours, theirs) if key.endswith("per_s") or key == "per_core_s" else (theirs, ours)
        )
        found[key] = round(top[key] / max(bottom[key], 1e-9), 2)
    return found


def _measure(given: argparse.Namespace, folder: Path) -> Report:
    people = read_csv(given.people, "id", "name")[: given.rows]
    fewer = sample(people, given.opponent_sample)
    insyn = Insyn(command=given.insyn, data=folder / "data")
    insyn.data.mkdir()
    imported = insyn.import_lists(given.lists)
    listed = folder / "lists.ftm.jsonl"
    entries = opponents.write_ftm(given.lists, listed)
    ours: list[Figures] = []
    theirs: list[Figures] = []
    flagged = 0
    for number in range(given.rounds):
        place = folder / f"round-{number}"
        place.mkdir()
        figures, flagged = measure_insyn(insyn, people, place)
        ours.append(figures)
        if opponents.is_installed():
            theirs.append(measure_opponent(listed, fewer))
    report: Report = {
        "machine": machine(),
        "lists": [path.name for path in given.lists],
        "entries": entries,
        "rounds": given.rounds,
        "import_s": round(imported.wall_s, 2),
        "insyn": {"customers": len(people), "flagged": flagged, **medians(ours)},
    }
    if theirs:
        found = {"name": opponents.NAME, "customers": len(fewer), **medians(theirs)}
        report |= {"opponent": found, "ratios": ratios(medians(ours), medians(theirs))}
    return {**report, "all_rounds": {"insyn": ours, "opponent": theirs}}


def _show(report: Report) -> None:
    ours, theirs, times = (report.get(key, {}) for key in ("insyn", "opponent", "ratios"))
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    assert isinstance(times, dict)
    keys = [key for key in ours if key != "flagged"]
    title = f"{report['entries']} entries, medians of {report['rounds']} rounds"
    rows = [(key, ours[key], theirs.get(key), times.get(key)) for key in keys]
    print_table(title, ("figure", "insyn", "logic-v2 + blocker", "times better"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--lists", type=Path, nargs="+", required=True, metavar="FILE")
    people = SHARED / "names" / "people_unlisted_us.csv"
    add("--people", type=Path, default=people, metavar="CSV")
    add("--rows", type=int, default=10_000, metavar="N", help="Customers Insyn screens.")
    add("--opponent-sample", type=int, default=1000, metavar="N", help="Customers it screens.")
    add("--rounds", type=int, default=3, metavar="N")
    insyn_option(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = _measure(given, Path(folder))
    _show(report)
    print_report(report)


if __name__ == "__main__":
    main()
