"""How well two names are compared: `python -m evals.name_pairs [FILE.csv]`.

Runs `insyn compare --file` on labelled pairs (name1, name2, schema, is_match) and prints
precision, recall and F1 at 0.7 and at the best threshold: a table on stderr, JSON on stdout.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

BAR = 0.7


def score(path: Path) -> dict[str, object]:
    """Counts at the bar and at the best threshold, and the pairs that are judged wrongly."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    command = [sys.executable, "-m", "insyn.cli.main", "compare", "--file", str(path)]
    printed = subprocess.run(
        [*command, "--json-lines"], capture_output=True, text=True, check=True
    ).stdout
    scores = [float(json.loads(line)["score"]) for line in printed.splitlines()]
    labels = [row["is_match"].strip().lower() == "true" for row in rows]
    at_bar = counts(scores, labels, BAR)
    best = max((counts(scores, labels, t / 100) for t in range(40, 100)), key=lambda c: c["f1"])
    wrong = [
        {"name1": row["name1"], "name2": row["name2"], "is_match": label, "score": value}
        for row, label, value in zip(rows, labels, scores, strict=True)
        if (value >= BAR) != label
    ]
    return {"pairs": len(rows), "at_bar": at_bar, "best": best, "wrong": wrong}


def counts(scores: list[float], labels: list[bool], threshold: float) -> dict[str, float]:
    """True and false positives, false negatives, precision, recall and F1 at a threshold."""
    pairs = list(zip(scores, labels, strict=True))
    tp = sum(value >= threshold and label for value, label in pairs)
    fp = sum(value >= threshold and not label for value, label in pairs)
    fn = sum(value < threshold and label for value, label in pairs)
    return {
        "threshold": threshold,
        "tp": tp,
        "fp": fp,
        "fn": fn,
        "precision": round(tp / max(1, tp + fp), 4),
        "recall": round(tp / max(1, tp + fn), 4),
        "f1": round(2 * tp / max(1, 2 * tp + fp + fn), 4),
    }


def main() -> None:
    """Print the scorecard of the file named, or of the shared pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "file", nargs="?", type=Path, default=Path("../shared/data/names/name_pairs.csv")
    )
    found = score(parser.parse_args().file)
    for label in ("at_bar", "best"):
        print(f"{label:<7} {found[label]}", file=sys.stderr)
    print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
