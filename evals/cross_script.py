"""Names across scripts: `python -m evals.cross_script [FILE.csv] [--opponent]`.

Pairs of a name and the same name (or another) in another script or romanisation; columns name1,
name2, schema, is_match, script, note. The file `cases/cross_script.csv` is our own.
"""

from __future__ import annotations

from pathlib import Path

from evals.name_pairs import run_card


def main() -> None:
    """Score the file named, or our own cases, by script."""
    run_card(__doc__, Path(__file__).with_name("cases") / "cross_script.csv", "script")


if __name__ == "__main__":
    main()
