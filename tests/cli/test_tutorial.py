"""The tutorial from a deal to a permit, run as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.warm_insyn import shim

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial" / "decide-a-deal.md"
WANTED = (
    "nobody is listed (none)",
    "camera_cap: 24",
    "2 of 2 signatures now",
    "status list 1 names it as active",
    "valid: The permit is valid",
    "nothing has changed under any decided case",
    "still stands",
    "is suspended since status list 2",
    "today",
)
"""What a reader sees on the way; each line of it once missing would be a dead end."""


def test_every_command_of_the_tutorial_works_as_it_stands(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("the tutorial's lines are bash's, and there is none here")
    blocks = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text("utf-8"), flags=re.DOTALL)
    assert len(blocks) > 8
    (tmp_path / "script").write_text("set -euo pipefail\n" + "\n".join(blocks))
    (tmp_path / "work").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INSYN_")}
    with shim(tmp_path) as commands, subprocess.Popen(["yes"], stdout=subprocess.PIPE) as yes:
        done = subprocess.run(
            [bash, str(tmp_path / "script")],
            stdin=yes.stdout,  # what is to be signed is shown, and agreed to
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path / "work",
            env={
                **kept,
                "PATH": f"{commands}:{os.environ['PATH']}",
                "XDG_STATE_HOME": str(tmp_path / "state"),
                "COLUMNS": "120",
            },
            check=False,
            timeout=1200,  # hung, not slow
        )
        yes.terminate()
    assert done.returncode == 0, done.stdout[-3000:]
    missing = [words for words in WANTED if words not in done.stdout]
    assert not missing, done.stdout
