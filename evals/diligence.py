"""Whether deals are judged as they should be: `python -m evals.diligence FILE...`.

    python -m evals.diligence ../shared/data/deals/example_deals.json [--misses N] [--no-marks]

Runs `insyn deal assess` over each file (its scoring fields are not given to it) and compares the
outcome with `expected` and `acceptable`. Reports the share of exact outcomes, of those within one
step, of acceptable ones; red deals (expected INVESTIGATE or worse) that come below INVESTIGATE,
which is the failure that counts most; and ordinary deals (expected PASS or CONDITIONS) above
CONDITIONS. A deal with several acceptable outcomes on both sides of the line is in neither group.
`--no-marks` turns every `contradicts` of the evidence into `supports`: what is then still held is
held for what it says, not because its author marked a contradiction.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.scorecard import (
    SHARED,
    Report,
    insyn_option,
    machine,
    misses_option,
    print_report,
    print_table,
    run_command,
    share,
)

OUTCOMES = ("PASS", "CONDITIONS", "INVESTIGATE", "PRESUMED_DECLINE", "STOP")
OWN = (
    "deals.json",
    "deals_by_others.json",
    "deals_held_out.json",
    "deals_unseen_d.json",
    "deals_unseen_e.json",
    "deals_unseen_f.json",
    "deals_unseen_g.json",
    "deals_unseen_h.json",
)
"""Sets in evals/cases: ours, then by others; each was measured once before anybody looked."""
HELD = OUTCOMES.index("INVESTIGATE")
GROUPS = ("deals", "cases", "legitimate", "adversarial")
SCORING = (
    "expected",
    "acceptable",
    "group",
    "why",
    "assessed_factors",
    "expected_rules_min",
    "rules_also_proposed",
    "half",
    "axis_position",
    "quote_axis",
    "quote_amnesty",
)
"""Removed before a deal is assessed, with what was only said after the fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One deal: what was expected and what came out, as places in OUTCOMES; 0 is best."""

    id: str
    part: str
    expected: int
    acceptable: frozenset[int]
    got: int
    rules: tuple[str, ...]

    @property
    def is_red(self) -> bool:
        """Expected to be held, and nothing laxer is acceptable."""
        return self.expected >= HELD and min(self.acceptable) >= HELD

    @property
    def is_ordinary(self) -> bool:
        """Expected to go on, and holding it is not acceptable."""
        return self.expected < HELD and max(self.acceptable) < HELD


def main() -> None:
    """Score the files, one table a file and part, one JSON object at the end."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--no-marks", action="store_true", help="Hide marks of contradiction.")
    insyn_option(parser)
    misses_option(parser)
    args = parser.parse_args()
    files = args.files or [
        SHARED / "deals" / "letter_deals.json",
        SHARED / "deals" / "example_deals.json",
        *(Path(__file__).parent / "cases" / name for name in OWN),
    ]
    found: dict[str, Report] = {}
    for file in files:
        judged = judge(file, args.insyn, hide_marks=args.no_marks)
        parts: dict[str, list[Judged]] = defaultdict(list)
        for one in judged:
            parts[one.part].append(one)
        found[file.name] = {"all": score(judged), **{k: score(v) for k, v in parts.items() if k}}
        show(file.name, found[file.name], judged, args.misses)
    print_report({"diligence": found, "marks": not args.no_marks, "machine": machine()})


def judge(file: Path, insyn: Path, *, hide_marks: bool = False) -> list[Judged]:
    """Assess every deal of a file with the command.

    Raises:
        SystemExit: the file holds no deal with an expected outcome.
    """
    records = read(file)
    bare = [{k: v for k, v in record.items() if k not in SCORING} for record in records]
    if hide_marks:
        bare = [_unmarked(record) for record in bare]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.json"
        path.write_text(json.dumps(bare, ensure_ascii=False), encoding="utf-8")
        run = run_command([insyn, "deal", "assess", path, "--json-lines"], accepted=(0, 1))
    lines = [json.loads(line) for line in run.lines]
    return [_judged(record, line) for record, line in zip(records, lines, strict=True)]


def read(file: Path) -> list[dict[str, object]]:
    """The records of a file that have an expected outcome."""
    try:
        given = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"cannot read deals from {file}: {error}") from error
    lists = [given] if isinstance(given, list) else [given.get(key) or [] for key in GROUPS]
    records = [record for rows in lists for record in rows if record.get("expected") in OUTCOMES]
    if not records:
        raise SystemExit(f"{file} holds no deal with an expected outcome")
    return records


def score(judged: Sequence[Judged]) -> Report:
    """Counts and shares of one group of deals."""
    red = [one for one in judged if one.is_red]
    ordinary = [one for one in judged if one.is_ordinary]
    through = [one.id for one in red if one.got < HELD]
    held = [one.id for one in ordinary if one.got >= HELD]
    total = len(judged)
    return {
        "deals": total,
        "exact": share(sum(one.got == one.expected for one in judged), total),
        "within_one_step": share(sum(abs(one.got - one.expected) <= 1 for one in judged), total),
        "acceptable": share(sum(one.got in one.acceptable for one in judged), total),
        "red": len(red),
        "red_let_through": len(through),
        "ordinary": len(ordinary),
        "ordinary_held": len(held),
        "ordinary_held_share": share(len(held), len(ordinary)),
        "let_through": through,
        "held": held,
    }


def show(name: str, parts: Mapping[str, object], judged: Sequence[Judged], misses: int) -> None:
    """A table of the parts of a file, and the deals that came out wrong, on stderr."""
    columns = ("deals", "exact", "within_one_step", "acceptable", "red", "red_let_through",
               "ordinary", "ordinary_held")  # fmt: skip
    rows = []
    for part, found in parts.items():
        assert isinstance(found, dict)
        rows.append([part, *(found[column] for column in columns)])
    print_table(name, ("part", *columns), rows)
    wrong = [one for one in judged if one.got not in one.acceptable][:misses]
    if wrong:
        print_table(
            "not acceptable",
            ("deal", "expected", "got", "rules"),
            [(w.id, OUTCOMES[w.expected], OUTCOMES[w.got], " ".join(w.rules)) for w in wrong],
        )


def _judged(record: Mapping[str, object], line: Mapping[str, object]) -> Judged:
    expected = str(record["expected"])
    acceptable = record.get("acceptable")
    names = [expected, *(acceptable if isinstance(acceptable, list) else [])]
    rules = line["rules"]
    assert isinstance(rules, list)
    return Judged(
        id=str(record.get("id")),
        part=str(record.get("half") or ""),
        expected=OUTCOMES.index(expected),
        acceptable=frozenset(OUTCOMES.index(name) for name in names if name in OUTCOMES),
        got=OUTCOMES.index(str(line["outcome"])),
        rules=tuple(str(rule["id"]) for rule in rules),
    )


def _unmarked(record: Mapping[str, object]) -> dict[str, object]:
    evidence = record.get("evidence")
    if not isinstance(evidence, list):
        return dict(record)
    items = [
        {("supports" if key == "contradicts" else key): value for key, value in item.items()}
        for item in evidence
    ]
    return {**record, "evidence": items}


if __name__ == "__main__":
    main()
