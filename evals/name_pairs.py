"""How well two names are compared: `python -m evals.name_pairs [FILE.csv] [--opponent]`.

Runs `insyn compare --file` on labelled pairs (name1, name2, schema, is_match; case_group where
given) and reports precision, recall and F1 at 0.7, at the best threshold and by group.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from evals import opponents
from evals.scorecard import (
    BAR,
    SHARED,
    Report,
    Row,
    Run,
    best_count,
    count,
    insyn_option,
    is_true,
    machine,
    misses_option,
    print_report,
    print_table,
    read_csv,
    run_command,
)

_HEAD = ("group", "pairs", "tp", "fp", "fn", "tn", "P", "R", "F1")


def score_with_insyn(insyn: Path, path: Path, expected: int) -> tuple[list[float], Run]:
    """Insyn's score of every pair of the file, in order, 0 to 1.

    Raises:
        SystemExit: it did not answer once for every row.
    """
    run = run_command([insyn, "compare", "--file", path, "--json-lines"], accepted=(0, 1))
    scores = [float(json.loads(line)["score"]) for line in run.lines]
    if len(scores) != expected:
        raise SystemExit(f"{insyn} answered {len(scores)} times for {expected} pairs of {path}")
    return scores, run


def judge(rows: Sequence[Row], scores: Sequence[float], group: str) -> Report:
    """Counts at the bar and at the best threshold, by group, and the pairs judged wrongly."""
    labels = [is_true(row["is_match"]) for row in rows]
    groups: dict[str, list[int]] = {}
    for at, row in enumerate(rows):
        if row.get(group):
            groups.setdefault(row[group], []).append(at)
    wrong = [
        {
            **{key: row[key] for key in ("name1", "name2", group, "note") if row.get(key)},
            "is_match": label,
            "score": value,
        }
        for row, label, value in zip(rows, labels, scores, strict=True)
        if (value >= BAR) != label
    ]
    return {
        "at_bar": count(scores, labels).to_json(),
        "best": best_count(scores, labels).to_json(),
        "groups": {
            name: count([scores[at] for at in places], [labels[at] for at in places]).to_json()
            for name, places in sorted(groups.items())
        },
        "wrong": wrong,
    }


def show(title: str, found: Report, *, misses: int) -> None:
    """The table of one system and its wrong pairs, on stderr."""
    groups = found["groups"]
    assert isinstance(groups, dict)
    at_bar, best = found["at_bar"], found["best"]
    assert isinstance(at_bar, dict)
    assert isinstance(best, dict)
    rows = [_line("all at 0.7", at_bar), _line(f"all at {best['threshold']} (best)", best)]
    print_table(title, _HEAD, rows + [_line(name, counts) for name, counts in groups.items()])
    wrong = found["wrong"]
    assert isinstance(wrong, list)
    for label, wanted in (("missed", True), ("taken for the same", False)):
        cases = [case for case in wrong if case["is_match"] is wanted]
        if cases and misses:
            listed = [(case["score"], case["name1"], case["name2"]) for case in cases[:misses]]
            caption = f"{title}: {label}, {len(listed)} of {len(cases)}"
            print_table(caption, ("score", "name1", "name2"), listed)


def _line(label: str, counts: Report) -> tuple[object, ...]:
    pairs = sum(int(str(counts[key])) for key in ("tp", "fp", "fn", "tn"))
    keys = ("tp", "fp", "fn", "tn", "precision", "recall", "f1")
    return (label, pairs, *(counts[key] for key in keys))


def score_file(path: Path, group: str, *, insyn: Path, with_opponent: bool) -> Report:
    """The whole finding on one file of pairs."""
    rows = read_csv(path, "name1", "name2", "is_match")
    scores, run = score_with_insyn(insyn, path, len(rows))
    report: Report = {
        "file": path.name,
        "pairs": len(rows),
        "positive": sum(is_true(row["is_match"]) for row in rows),
        "machine": machine(),
        "insyn": {**judge(rows, scores, group), "wall_s": round(run.wall_s, 2)},
    }
    if with_opponent:
        theirs, their_run = opponents.score_pairs(rows)
        found = {**judge(rows, theirs, group), "wall_s": round(their_run.wall_s, 2)}
        report["opponent"] = {"name": opponents.NAME, **found}
    return report


def run_card(description: str | None, default: Path, group: str) -> None:
    """Read the options, score the file, print: the whole of this and of `cross_script`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("file", nargs="?", type=Path, default=default, metavar="FILE.csv")
    parser.add_argument("--opponent", action="store_true", help="Score with logic-v2 too.")
    insyn_option(parser)
    misses_option(parser)
    given = parser.parse_args()
    report = score_file(given.file, group, insyn=given.insyn, with_opponent=given.opponent)
    for system in ("insyn", "opponent"):
        found = report.get(system)
        if isinstance(found, dict):
            title = f"{found.get('name', system)} on {report['pairs']} pairs of {report['file']}"
            show(title, found, misses=given.misses)
    print_report(report)


def main() -> None:
    """Score the file named, or the shared pairs."""
    run_card(__doc__, SHARED / "names" / "name_pairs.csv", "case_group")


if __name__ == "__main__":
    main()
