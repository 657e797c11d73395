"""The tutorial from a deal to a permit, run as it is written; the site's, where it can mislead."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.warm_insyn import shim

from insyn.site.cameras.address import read_address
from insyn.site.cameras.virtual.concourse import Concourse
from insyn.site.cameras.virtual.source import VirtualSource

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


def test_the_site_s_tutorial_shows_the_shield_a_place_in_which_nobody_is() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("the tutorial's lines are bash's, and there is none here")
    text = TUTORIAL.with_name("run-a-site.md").read_text("utf-8")
    (url,) = re.findall(r"insyn site camera add Hall (.*)", text)
    assert text.index("camera add Hall") < text.index("site serve\n") < text.index("--empty-now")
    printed = subprocess.run([bash, "-c", f"date +%s; echo {url}"], capture_output=True, check=True)
    now, address = printed.stdout.decode().split()
    source = VirtualSource(read_address(address)[0])
    fps, size = 5, (320, 180)
    for minutes, is_empty in ((0, True), (10, True), (30, False)):
        at_s = int(now) % 86_400 + minutes * 60
        place = Concourse(
            seed=7, width=size[0], height=size[1], fps=fps, people=8, events=source.events
        )
        seen = [place.render((at_s + second) * fps).mask.any() for second in range(0, 60, 10)]
        assert any(seen) is not is_empty, f"after {minutes} minutes"
