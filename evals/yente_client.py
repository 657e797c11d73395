"""An unmodified yente client against our server: `python -m evals.yente_client [FILE...]`.

    python -m evals.yente_client [FILE.csv...] [--lists FILE...] [--sample N] [--key]

Starts the server on a data directory of its own with the lists (the real ones in ../shared/data
where they are, and always the bundled samples), and has nomenklatura's YenteEnricher match and
expand a handful of invented customers and a sample of each file (columns id, name, kind, country,
birth_date; expected_entry where the right one is known, `;` between several). Reports the share
of right entries enriched, subjects enriched at all, errors, and the client's time a subject.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from evals import opponents
from evals.scorecard import (
    SHARED,
    Report,
    Row,
    insyn_option,
    machine,
    misses_option,
    print_report,
    print_table,
    read_csv,
    run_command,
    share,
)
from insyn.demo.tour import REAL_LISTS
from insyn.office.console.ftm import split_id

SCRIPT = Path(__file__).with_name("yente_client_script.py")
FILES = ("un_queries_altered.csv", "people_unlisted_us.csv")
HANDFUL = {
    "c-1": "SAi.001", "c-2": "SAi.002", "c-3": "", "c-4": "SAe.001", "c-5": "W-2", "c-6": "",
    "c-7": "SAi.002",
}  # fmt: skip
"""Customers of the bundled sample and the entry that each has to meet; "" for none."""
KEY = "a-key-for-this-run-only"
_SEED = 20261123


@dataclass(frozen=True, slots=True, kw_only=True)
class Enriched:
    """What the client made of one subject: entries in the server's order, and its error."""

    entries: tuple[str, ...]
    sanctions: int
    error: str | None
    seconds: float


@contextlib.contextmanager
def serving(insyn: Path, data: Path, key: str) -> Iterator[str]:
    """The real server on a free port; gives its URL."""
    command = [str(insyn), "office", "serve", "--port", "0", "--data", str(data)]
    key_file = data.parent / "key"
    if key:
        key_file.write_text(key, "utf-8")
        command += ["--api-key-file", str(key_file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            if not url:
                raise SystemExit("the server did not start; run `insyn office serve` to see why")
            yield url
        finally:
            server.terminate()
            server.wait(30)


def enrich(url: str, key: str, rows: Sequence[Row]) -> list[Enriched]:
    """Every row through the client, in order."""
    opponents.require()
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "in.jsonl"
        lines = (
            json.dumps(opponents.customer_entity(row, number), ensure_ascii=False)
            for number, row in enumerate(rows)
        )
        given.write_text("\n".join(lines) + "\n", "utf-8")
        words: list[str | Path] = [opponents.PYTHON, SCRIPT, url, *([key] if key else [])]
        run = run_command(words, stdin=given, environ={"YENTE_API_KEY": ""})
    return [_enriched(json.loads(line)) for line in run.lines]


def _enriched(record: dict[str, list[dict[str, str]]]) -> Enriched:
    places = [split_id(match["id"]) for match in record["matches"]]
    return Enriched(
        entries=tuple(place[1] for place in places if place),
        sanctions=sum(int(match["sanctions"]) for match in record["matches"]),
        error=str(record["error"]) if record["error"] else None,
        seconds=float(str(record["seconds"])),
    )


def report_of(rows: Sequence[Row], answers: Sequence[Enriched]) -> Report:
    """The figures of one file."""
    asked = [(want, got) for want, got in zip(map(_expected, rows), answers, strict=True) if want]
    times = [answer.seconds for answer in answers]
    return {
        "subjects": len(rows),
        "expected": len(asked),
        "right_entry": share(sum(bool(w & set(g.entries)) for w, g in asked), len(asked)),
        "enriched": share(sum(bool(answer.entries) for answer in answers), len(rows)),
        "entries_expanded": sum(answer.sanctions for answer in answers),
        "errors": sum(answer.error is not None for answer in answers),
        "median_ms": round(statistics.median(times) * 1000, 2) if times else None,
        "total_s": round(sum(times), 3),
    }  # fmt: skip


def _expected(row: Row) -> set[str]:
    return set(filter(None, row.get("expected_entry", "").split(";")))


def _handful(samples: Path) -> list[Row]:
    rows = read_csv(samples / "customers.csv", "id", "name")
    return [{**row, "expected_entry": HANDFUL[row["id"]]} for row in rows if row["id"] in HANDFUL]


def _sample(path: Path, size: int) -> list[Row]:
    rows: list[Row] = [row for row in read_csv(path, "name") if row["name"].strip()]
    return random.Random(_SEED).sample(rows, min(size, len(rows)))


def _import(insyn: Path, data: Path, lists: Sequence[Path], samples: Path) -> None:
    base: list[str | Path] = [insyn, "--data", data, "lists", "import"]
    run_command([*base, samples / "sample_un.xml", "--list", "sample-un"])
    run_command([*base, samples / "sample_watch.csv"])
    if lists:
        run_command([*base, *lists])


def main() -> None:
    """Serve, enrich, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="Files of subjects.")
    parser.add_argument("--lists", nargs="+", type=Path, metavar="FILE", help="List files.")
    parser.add_argument("--sample", type=int, default=200, help="Subjects of each file.")
    parser.add_argument("--key", action="store_true", help="Serve with an API key, as yente can.")
    insyn_option(parser)
    misses_option(parser)
    given = parser.parse_args()
    opponents.require()
    shared = SHARED / "lists"
    lists = given.lists or sorted(f for pattern in REAL_LISTS for f in shared.glob(pattern))
    paths = given.files or [SHARED / "names" / f for f in FILES if (SHARED / "names" / f).is_file()]
    key = KEY if given.key else ""
    report: Report = {"client": "nomenklatura 4.17.4 YenteEnricher", **machine()}
    with (
        tempfile.TemporaryDirectory() as folder,
        as_file(files("insyn.demo").joinpath("data")) as samples,
    ):
        data = Path(folder) / "data"
        _import(given.insyn, data, lists, samples)
        sets = {"handful": _handful(samples)}
        sets |= {path.name: _sample(path, given.sample) for path in paths}
        with serving(given.insyn, data, key) as url:
            answers = {name: enrich(url, key, rows) for name, rows in sets.items()}
    reports = {name: report_of(rows, answers[name]) for name, rows in sets.items()}
    print_table(
        "An unmodified yente client",
        ("figure", *reports),
        [(key, *(found[key] for found in reports.values())) for key in reports["handful"]],
    )
    for name, rows in sets.items():
        missed = [
            (row["name"], row["expected_entry"], " ".join(answer.entries), answer.error)
            for row, answer in zip(rows, answers[name], strict=True)
            if answer.error or (_expected(row) and not _expected(row) & set(answer.entries))
        ]
        if missed:
            print_table(
                f"{name}: missed", ("name", "expected", "got", "error"), missed[: given.misses]
            )
    print_report({**report, "lists": len(lists) + 2, "key": given.key, "files": reports})


if __name__ == "__main__":
    main()
