"""Fuzzed parsers: `python -m evals.parsers_fuzz [--seconds 60] [--format ID]`.

Every list format and the customer file reader, each in a process of its own. The only accepted
answers are entries or `UnreadableInput`; any other exception, and an input that takes over 5 s, is
a finding: printed, and saved in `.fuzz/findings`. Exit 1 where there is one.

Atheris guides the search by the parsers' branches. It lives with Insyn in `.fuzz/venv`
(git-ignored), which the first run makes; where it has no wheel, inputs are drawn without guidance.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evals.parsers_fuzz_target import CUSTOMERS, SLOW_S
from evals.scorecard import REPOSITORY, Report, machine, print_report, print_table
from insyn.office.lists.recognise import known_formats

FOLDER = REPOSITORY / ".fuzz"
PYTHON = FOLDER / "venv" / "bin" / "python"
SEEDS = Path(__file__).with_name("fuzz_seeds")
GRACE_S = 60.0
"""Beyond its time, a target that has not ended hangs where no signal reaches: a finding."""


def find_python() -> tuple[Path, str]:
    """The interpreter to fuzz with, and "atheris" or "unguided"; makes the environment once."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "venv")], check=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-e", str(REPOSITORY)], check=True, stdout=sys.stderr)
        subprocess.run([*pip, "--only-binary=:all:", "atheris"], check=False, stdout=sys.stderr)
    found = subprocess.run([PYTHON, "-c", "import atheris"], capture_output=True, check=False)
    return PYTHON, "atheris" if found.returncode == 0 else "unguided"


def fuzz(python: Path, target: str, seconds: float) -> Report:
    """What a target answered in that time."""
    findings = FOLDER / "findings"
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command: list[str | Path] = [
            *(python, "-m", "evals.parsers_fuzz_target", target),
            *("--seeds", SEEDS, "--findings", findings),
            *("--report", report, "--seconds", str(seconds)),
        ]
        died = ""
        try:
            done = subprocess.run(
                command,
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
                capture_output=True,
                timeout=seconds + GRACE_S,
                check=False,
            )
            if done.returncode:
                died = f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-400:]}"
        except subprocess.TimeoutExpired:
            died = f"it did not end {GRACE_S:.0f} s after its time"
        empty: Report = {"target": target, "inputs": 0, "read": 0, "refused": 0, "findings": {}}
        found: Report = json.loads(report.read_text()) if report.exists() else empty
        if died:
            known = found["findings"]
            assert isinstance(known, dict)
            found["findings"] = {**known, "the process died": died}
        return found


def main() -> None:
    """Fuzz the targets and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="For all targets together.")
    parser.add_argument("--format", metavar="ID", help="Only this format, or customers.")
    given = parser.parse_args()
    targets = [*known_formats(), CUSTOMERS]
    if given.format and given.format not in targets:
        parser.error(f"--format is one of {', '.join(targets)}")
    targets = [given.format] if given.format else targets
    python, guide = find_python()
    abreast = min(len(targets), os.cpu_count() or 1)
    share = given.seconds * abreast / len(targets)
    with ThreadPoolExecutor(abreast) as pool:
        reports = list(pool.map(lambda target: fuzz(python, target, share), targets))
    found = [
        {"target": report["target"], "what": what, "saved": saved}
        for report in reports
        if isinstance(report["findings"], dict)
        for what, saved in report["findings"].items()
    ]
    columns = ("target", "inputs", "read", "refused", "slowest_s")
    rows = [[report.get(column) for column in columns] for report in reports]
    print_table(f"Parsers under the fuzzer ({guide}, {share:.0f} s each)", columns, rows)
    for finding in found:
        print(f"{finding['target']}: {finding['what']}: {finding['saved']}", file=sys.stderr)
    print_report(
        {
            "guide": guide,
            "seconds": given.seconds,
            "slow_s": SLOW_S,
            "targets": reports,
            "findings": found,
            **machine(),
        }
    )
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
