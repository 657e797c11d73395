"""Whether listed people are found and others left alone: `python -m evals.list_queries`.

    python -m evals.list_queries --lists FILE... --queries FILE [--people FILE] [--opponent]

Imports the lists into a temporary data directory, screens the queries and the people who are on
no list (with the bare name, with name and kind, with all columns) and reports: queries whose
expected entry stands among the matches at or over 0.7 of an outcome that is not clear; the same
at the top; and people who were flagged. A query may name several expected entries, parted by `;`.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals import opponents
from evals.scorecard import (
    BAR,
    SHARED,
    Report,
    Row,
    Run,
    insyn_option,
    machine,
    misses_option,
    print_report,
    print_table,
    read_csv,
    run_command,
    share,
    write_csv,
)

COLUMNS = ("id", "name", "kind", "country", "birth_date", "identifier")
WAYS: Mapping[str, Sequence[str]] = {
    "bare name": ("id", "name"),
    "name only": ("id", "name", "kind"),
    "with data": COLUMNS,
}
"""What a customer file tells. `name only` is the published benchmark's: a person's name; `bare
name` does not even say that it is a person's, so it is held against companies and ships too."""
_SEED = 20261123


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a system says of one customer: entries best first, scores 0 to 1."""

    is_flagged: bool
    matches: Sequence[tuple[str, float]]
    names: Sequence[str] = ()

    def entries(self) -> list[str]:
        """The entries at or over the bar, best first."""
        return [entry for entry, score in self.matches if score >= BAR]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The answers to a file of customers, by id, and what they cost."""

    answers: Mapping[str, Answer]
    costs: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Insyn:
    """The `insyn` command with a data directory of its own."""

    command: Path
    data: Path

    def import_lists(self, lists: Sequence[Path]) -> Run:
        """Import list files; a refused file ends the run with its reason."""
        return run_command([self.command, "lists", "import", *lists, "--data", self.data])

    def screen(self, rows: Sequence[Row], columns: Sequence[str], *extra: str) -> Batch:
        """Screen customers by the columns named.

        Raises:
            SystemExit: not one answer for every customer came back, in order.
        """
        path = write_csv(self.data / "customers.csv", rows, columns)
        words: list[str | Path] = [
            "screen",
            "--file",
            path,
            "--json-lines",
            "--data",
            self.data,
            *extra,
        ]
        run = run_command([self.command, *words], accepted=(0, 1))
        told = [json.loads(line) for line in run.lines[1:]]
        if [record["id"] for record in told] != [row["id"] for row in rows]:
            raise SystemExit(f"{self.command} gave {len(told)} answers for {len(rows)} customers")
        answers = {record["id"]: _answer(record) for record in told}
        return Batch(answers=answers, costs=costs_of(run, len(rows)))


def _answer(record: Mapping[str, object]) -> Answer:
    matches = record["matches"]
    assert isinstance(matches, list)
    return Answer(
        is_flagged=record["outcome"] != "clear",
        matches=[(match["entry"], float(match["score"])) for match in matches],
        names=[match["name"] for match in matches],
    )


def costs_of(run: Run, customers: int) -> Report:
    """Wall and processor time of a whole command, start included, and customers a second."""
    return {
        "customers": customers,
        "wall_s": round(run.wall_s, 2),
        "cpu_s": round(run.cpu_s, 2),
        "cores_used": round(run.cpu_s / run.wall_s, 2),
        "customers_per_s": round(customers / run.wall_s, 1),
        "customers_per_core_s": round(customers / max(run.cpu_s, 1e-9), 1),
        "peak_mb": round(run.peak_mb, 1),
    }


def ask_opponent(lists: Path, rows: Sequence[Row], columns: Sequence[str]) -> Batch:
    """The opponent's answers; flagged is a score at or over the bar."""
    blanked = [{key: row.get(key, "") for key in columns} for row in rows]
    found = opponents.screen(lists, blanked)
    answers = {
        name: Answer(is_flagged=any(score >= BAR for _, score in results), matches=results)
        for name, results in found.results.items()
    }
    costs = costs_of(found.run, len(rows))
    return Batch(answers=answers, costs={**costs, "phases": dict(found.stats)})


def judge_queries(rows: Sequence[Row], batch: Batch, column: str) -> Report:
    """Shares of queries whose expected entry was found, at the top, or met by anything at all."""
    found = top = any_hit = 0
    misses: list[Report] = []
    for row in rows:
        expected = {part.strip() for part in row[column].split(";") if part.strip()}
        answer = batch.answers[row["id"]]
        entries = answer.entries() if answer.is_flagged else []
        any_hit += bool(entries)
        top += bool(entries and entries[0] in expected)
        if expected.intersection(entries):
            found += 1
        else:
            below = [score for entry, score in answer.matches if entry in expected]
            best = max(below, default=None)
            misses.append({"id": row["id"], "name": row["name"], "score_of_expected": best})
    return {
        "queries": len(rows),
        "found": found,
        "found_share": share(found, len(rows)),
        "top": top,
        "top_share": share(top, len(rows)),
        "any_hit_share": share(any_hit, len(rows)),
        "misses": misses,
        "costs": batch.costs,
    }


def judge_people(rows: Sequence[Row], batch: Batch) -> Report:
    """The share of people who are on no list and were flagged all the same."""
    flagged = []
    for row in rows:
        answer = batch.answers[row["id"]]
        if answer.is_flagged:
            entry, score = answer.matches[0] if answer.matches else (None, None)
            name = answer.names[0] if answer.names else None
            case = {"id": row["id"], "name": row["name"], "entry": entry, "entry_name": name}
            flagged.append({**case, "score": score})
    return {
        "people": len(rows),
        "flagged": len(flagged),
        "flagged_share": share(len(flagged), len(rows)),
        "cases": flagged,
        "costs": batch.costs,
    }


def sample(rows: list[dict[str, str]], size: int | None) -> list[dict[str, str]]:
    """At most `size` rows in their order, drawn with a fixed seed; all without a size."""
    if size is None or size >= len(rows):
        return rows
    chosen = sorted(random.Random(_SEED).sample(range(len(rows)), size))
    return [rows[at] for at in chosen]


def _measure(given: argparse.Namespace, folder: Path) -> Report:
    queries = read_csv(given.queries, "id", "name", given.expected_column)
    queries = [row for row in queries if row[given.expected_column].strip()]
    people = sample(read_csv(given.people, "id", "name"), given.sample) if given.people else []
    insyn = Insyn(command=given.insyn, data=folder)
    insyn.import_lists(given.lists)
    insyn.screen(queries[:1], COLUMNS)  # builds the index, which is not screening's cost
    ways = {key: WAYS[key] for key in WAYS if key != "with data" or not given.name_only}
    report: Report = {
        "lists": [path.name for path in given.lists],
        "machine": machine(),
        "insyn": {
            way: _judge(queries, people, given.expected_column, insyn.screen, columns)
            for way, columns in ways.items()
        },
    }
    if given.opponent:
        listed = folder / "lists.ftm.jsonl"
        report["entries"] = opponents.write_ftm(given.lists, listed)
        fewer = people[: given.opponent_sample]

        def ask(rows: Sequence[Row], columns: Sequence[str]) -> Batch:
            return ask_opponent(listed, rows, columns)

        found = {
            way: _judge(queries, fewer, given.expected_column, ask, columns)
            for way, columns in ways.items()
        }
        report["opponent"] = {"name": opponents.NAME, **found}
    return report


def _judge(
    queries: Sequence[Row], people: Sequence[Row], column: str, ask: object, columns: Sequence[str]
) -> Report:
    assert callable(ask)
    report: Report = {"queries": judge_queries(queries, ask(queries, columns), column)}
    if people:
        report["people"] = judge_people(people, ask(people, columns))
    return report


def _show(report: Report, misses: int) -> None:
    lines: list[tuple[object, ...]] = []
    for system in ("insyn", "opponent"):
        ways = report.get(system)
        for way, found in ways.items() if isinstance(ways, dict) else ():
            if isinstance(found, dict):
                lines.append(_line(system, way, found))
                _show_cases(f"{system}, {way}", found, misses)
    head = ("system", "way", "queries", "found", "top", "any hit", "people", "flagged")
    print_table("listed and unlisted people", (*head, "share", "a core and s"), lines)


def _line(system: str, way: str, found: Mapping[str, Mapping[str, object]]) -> tuple[object, ...]:
    queries, people = found["queries"], found.get("people", {})
    costs = people.get("costs") or queries["costs"]
    assert isinstance(costs, dict)
    shares = (queries["found_share"], queries["top_share"], queries["any_hit_share"])
    flagged = (people.get("people"), people.get("flagged"), people.get("flagged_share"))
    return (system, way, queries["queries"], *shares, *flagged, costs["customers_per_core_s"])


def _show_cases(title: str, found: Mapping[str, Mapping[str, object]], misses: int) -> None:
    lost = found["queries"]["misses"]
    flagged = found.get("people", {}).get("cases", [])
    assert isinstance(lost, list)
    assert isinstance(flagged, list)
    if lost and misses:
        rows = [(case["name"], case["score_of_expected"]) for case in lost[:misses]]
        print_table(f"{title}: not found, {len(lost)}", ("name", "score"), rows)
    if flagged and misses:
        keys = ("name", "entry_name", "entry", "score")
        rows = [tuple(case[key] for key in keys) for case in flagged[:misses]]
        print_table(f"{title}: flagged, {len(flagged)}", keys, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--lists", type=Path, nargs="+", required=True, metavar="FILE")
    names = SHARED / "names"
    add("--queries", type=Path, default=names / "un_queries_altered.csv", metavar="CSV")
    add("--expected-column", default="expected_entry", metavar="NAME")
    add("--people", type=Path, metavar="CSV", help="People who are on no list.")
    add("--name-only", action="store_true", help="Leave out the way with data.")
    add("--sample", type=int, metavar="N", help="Only so many people, drawn with a fixed seed.")
    add("--opponent", action="store_true", help="Ask logic-v2 behind its blocker too.")
    add("--opponent-sample", type=int, default=2000, metavar="N", help="People it is asked about.")
    insyn_option(parser)
    misses_option(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = _measure(given, Path(folder))
    _show(report, given.misses)
    print_report(report)


if __name__ == "__main__":
    main()
