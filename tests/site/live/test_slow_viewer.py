"""A viewer who reads slowly, over a real socket of the real console: dropped ahead, and told."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.plain_viewer import COUNT, FRAGMENT, connected, publishing, read_message
from tests.support.served_site import make_site, serving_console


def test_a_viewer_who_reads_slowly_gets_little_that_is_old_and_is_told(tmp_path: Path) -> None:
    made = make_site(tmp_path, {"Hall": "virtual://concourse?seed=7"}, has_vault=False)
    camera, session = made.cameras["Hall"], made.session("oskar")
    with (
        serving_console(made) as url,
        publishing(made.site, camera) as has_sent,
        connected(url, f"/live/{camera}", session) as viewer,
    ):
        assert has_sent.wait(60)  # all this time, nothing is read
        old, dropped = 0, 0
        while not dropped and old < COUNT * len(FRAGMENT):
            is_text, content = read_message(viewer)
            if is_text:
                dropped = json.loads(content).get("frames", 0)
            else:
                old += len(content)
    assert dropped > 0
    assert old < COUNT * len(FRAGMENT) // 3, "what the kernels had, and no more"
