"""A site is served once, and made before it is asked how it is."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn

from insyn.base.files import alone
from insyn.site.directory import SiteDirectory


@pytest.mark.parametrize("asked", ["status", "serve"])
def test_a_site_that_is_not_made_is_not_made_by_asking(tmp_path: Path, asked: str) -> None:
    answer = insyn("--data", str(tmp_path), "site", asked)
    assert answer.code == 3
    assert "insyn site init" in answer.err
    assert not any(tmp_path.rglob("site-key.pem"))


def test_a_second_one_is_refused_while_the_first_serves(tmp_path: Path) -> None:
    assert insyn("--data", str(tmp_path), "site", "init").code == 0
    assert json.loads(insyn("--data", str(tmp_path), "site", "status", "--json").out)["fingerprint"]
    assert "vault      none" in insyn("--data", str(tmp_path), "site", "status").out
    site = SiteDirectory(root=tmp_path / "site")
    with alone(site.run, "serve.lock") as is_first:
        assert is_first
        second = insyn("--data", str(tmp_path), "site", "serve")
    assert second.code == 1
    assert "served by another process" in second.err


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    assert insyn("--data", str(tmp_path), "site", "init").code == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        served = insyn("--data", str(tmp_path), "site", "serve", "--port", port)
    assert served.code == 3
    assert "--port" in served.err
