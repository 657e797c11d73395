"""What every scorecard shares: running commands, counting, printing.

Always: a scorecard prints a table for people on stderr and one JSON object on stdout, ends with
exit code 0 when it could measure, and names the sample size beside every share.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

BAR = 0.7
"""The score from which a match asks for a human; the alert bar of Insyn and of logic-v2."""

THRESHOLDS = tuple(step / 100 for step in range(40, 100))
"""Thresholds swept for the best F1: .40 to .99."""

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("INSYN_SHARED", REPOSITORY.parent / "shared" / "data"))
"""Where the real data lies; it is read from there and never copied."""

Row = Mapping[str, str]
Report = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished command. `cpu_s` and `peak_mb` hold the command and its own workers.

    `peak_mb` is the resident memory, in MiB, of the largest single process of the command.
    """

    lines: tuple[str, ...]
    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """True and false positives and negatives at a threshold."""

    threshold: float
    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def f1(self) -> float:
        """F1, 0 to 1; 0 where nothing is found and nothing was to be found."""
        found = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / found if found else 0.0

    def to_json(self) -> Report:
        """Counts and shares, rounded to four places."""
        return {
            "threshold": self.threshold,
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "tn": self.tn,
            "precision": share(self.tp, self.tp + self.fp),
            "recall": share(self.tp, self.tp + self.fn),
            "f1": round(self.f1, 4),
        }


def count(scores: Sequence[float], labels: Sequence[bool], threshold: float = BAR) -> Counts:
    """Counts of scores at or over a threshold against the labels."""
    hits = [value >= threshold for value in scores]
    return Counts(
        threshold=threshold,
        tp=sum(hit and label for hit, label in zip(hits, labels, strict=True)),
        fp=sum(hit and not label for hit, label in zip(hits, labels, strict=True)),
        fn=sum(not hit and label for hit, label in zip(hits, labels, strict=True)),
        tn=sum(not hit and not label for hit, label in zip(hits, labels, strict=True)),
    )


def best_count(scores: Sequence[float], labels: Sequence[bool]) -> Counts:
    """The counts at the threshold of the best F1; the lowest of equal ones."""
    return max((count(scores, labels, at) for at in THRESHOLDS), key=lambda found: found.f1)


def share(part: int, whole: int) -> float | None:
    """A share rounded to four places; None of nothing."""
    return round(part / whole, 4) if whole else None


def run_command(
    command: Sequence[str | Path],
    *,
    stdin: Path | None = None,
    accepted: Iterable[int] = (0,),
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run a command to its end and read what it printed.

    Raises:
        SystemExit: it ended with another code than those accepted; its last words are shown.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        source = stdin.open("rb") if stdin else subprocess.DEVNULL
        started = time.perf_counter()
        try:
            child = subprocess.Popen(
                [str(word) for word in command],
                stdin=source,
                stdout=out,
                stderr=err,
                env={**os.environ, **(environ or {})},
            )
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            if not isinstance(source, int):
                source.close()
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode not in accepted:
            words = err.read()[-2000:].decode("utf-8", "replace")
            raise SystemExit(f"{command[0]} ended with {child.returncode}: {words}")
        lines = tuple(out.read().decode().splitlines())
    return Run(
        lines=lines,
        wall_s=wall,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
    )


def insyn_option(parser: argparse.ArgumentParser) -> None:
    """Add `--insyn PATH`, the command that is measured."""
    parser.add_argument(
        "--insyn",
        type=Path,
        default=Path(sys.executable).parent / "insyn",
        metavar="PATH",
        help="The insyn command; the one beside this Python if not given.",
    )


def misses_option(parser: argparse.ArgumentParser) -> None:
    """Add `--misses N`, how many wrong cases the table on stderr shows."""
    parser.add_argument(
        "--misses", type=int, default=10, metavar="N", help="Wrong cases to show, of each kind."
    )


def read_csv(path: Path, *needed: str) -> list[dict[str, str]]:
    """All rows of a CSV.

    Raises:
        SystemExit: it cannot be read or lacks a needed column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
    except OSError as error:
        raise SystemExit(f"cannot read {path}: {error.strerror}; name another file") from error
    if missing:
        raise SystemExit(f"{path} has no column {', '.join(missing)}")
    return rows


def write_csv(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> Path:
    """Write the named columns of rows; what a row lacks is left empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def is_true(text: str) -> bool:
    """Whether a label says yes: true, 1, yes, in any case."""
    return text.strip().lower() in {"true", "1", "yes", "t", "y"}


def machine() -> Report:
    """On what the figures were taken."""
    return {"python": platform.python_version(), "cores": os.cpu_count()}


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One table on stderr; floats to four places at most, None as a dash."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    Console(stderr=True, highlight=False, markup=False).print(table)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def print_report(report: Report) -> None:
    """The whole finding as one JSON object on stdout."""
    print(json.dumps(report, ensure_ascii=False))
