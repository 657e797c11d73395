"""The health page: figures that mean what they say."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from tests.support.asgi_client import AsgiClient
from tests.support.served_site import MadeSite, make_site

from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.site.settings import change_settings
from insyn.web.signing import COOKIE


@pytest.fixture
def made(tmp_path: Path) -> MadeSite:
    return make_site(tmp_path, {"Hall": "virtual://concourse?size=320x180"})


def page(made: MadeSite, **disk: float) -> str:
    """The page, where a recorder tells this of its disk."""
    told = {"pid": 1, "at_ns": time.time_ns(), "text": "", "disk": disk, "cameras": {}}
    (made.site.run / "recorder-1.json").write_text(json.dumps(told))
    desk = SiteDesk(made.site)
    try:
        client = AsgiClient(create_app(desk))
        client.cookies.set(COOKIE, made.session("oskar"))
        answer = client.get("/health")
        assert answer.status_code == 200
        return re.sub(r"\s+", " ", answer.text)
    finally:
        desk.close()


def test_what_was_not_measured_is_no_figure(made: MadeSite) -> None:
    idle = page(made, worst_write_ms=0.0, sync_ms=0.0)
    assert "0.0 ms" not in idle
    assert "<dt>Longest write lately</dt><dd>none</dd>" in idle
    assert "<dt>Last made durable in</dt><dd>nothing yet</dd>" in idle
    busy = page(made, worst_write_ms=15.3, sync_ms=1.2)
    assert "<dt>Longest write lately</dt><dd>15.3 ms</dd>" in busy
    assert "<dt>Last made durable in</dt><dd>1.2 ms</dd>" in busy


def test_no_two_columns_bear_the_same_name(made: MadeSite) -> None:
    columns = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', page(made))
    assert len(columns) == len(set(columns)) == 10
    assert columns[-2:] == ["Originals kept", "Masked kept"]


def test_kept_for_says_what_applies_and_not_what_is_set(made: MadeSite) -> None:
    assert "<dt>Kept for</dt><dd>14 days</dd>" in page(made)
    change_settings(made.site, retention_days=99)
    said = page(made)
    assert "<dt>Kept for</dt><dd>30 days <span" in said
    assert "99 days are set" in said
