"""Viewers who go away while they are sent pictures: real console, real sockets, a quiet log."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.plain_viewer import (
    close_the_tab,
    connected,
    publishing,
    read_message,
    reset,
)
from tests.support.served_site import make_site, serving_console

TIMES = 5


@pytest.mark.parametrize("go", [reset, close_the_tab])
@pytest.mark.parametrize("what", ["/live/{camera}", "/live/{camera}/full", "/alarms"])
def test_a_viewer_who_goes_away_leaves_no_traceback(
    what: str, go: Callable[[socket.socket], None], tmp_path: Path
) -> None:
    made = make_site(tmp_path, {"Hall": "virtual://concourse?seed=7"}, has_vault=False)
    camera, session = made.cameras["Hall"], made.session("oskar")
    path = what.format(camera=camera)
    with serving_console(made) as url, publishing(made.site, camera):
        for _ in range(TIMES):
            with connected(url, path, session) as viewer:
                read_message(viewer)
                go(viewer)
    log = (made.site.root / "serve.log").read_text()
    assert log.count(f'"WebSocket {path}" [accepted]') == TIMES, "each was let in, and has gone"
    assert "Traceback" not in log, log[log.index("Traceback") :][:2000]
    assert " ERROR " not in log
