"""The playback page: which day it opens on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import START_NS, MaskedArchive
from tests.support.served_site import MadeSite, make_site

from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.web.signing import COOKIE

NOON_S = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()) - START_NS // 10**9
DAY_S = 86_400


@pytest.fixture
def made(tmp_path: Path) -> MadeSite:
    cameras = dict.fromkeys(("Hall", "Gate"), "virtual://concourse?size=320x180")
    return make_site(tmp_path, cameras, has_vault=False)


@pytest.fixture
def archive(made: MadeSite) -> Iterator[MaskedArchive]:
    opened = MaskedArchive(made.site.archive)
    yield opened
    opened.close()


def day_of(made: MadeSite, asked: str) -> str:
    desk = SiteDesk(made.site)
    try:
        client: Any = AsgiClient(create_app(desk))
        client.cookies.set(COOKIE, made.session("oskar"))
        page = client.get(f"/playback?{asked}")
        assert page.status_code == 200
        (found,) = re.findall(r'<insyn-player day="([0-9-]+)"', page.text)
        return str(found)
    finally:
        desk.close()


def today() -> set[str]:
    """The site's day is Stockholm's, and midnight may pass meanwhile."""
    now = datetime.now(UTC)
    return {(now + timedelta(hours=one)).date().isoformat() for one in (0, 1, 2)}


def test_it_opens_on_the_day_of_the_newest_recording(
    made: MadeSite, archive: MaskedArchive
) -> None:
    hall, gate = (f"camera={made.cameras[name]}" for name in ("Hall", "Gate"))
    assert day_of(made, hall) in today(), "nothing is recorded yet"
    archive.record(NOON_S, 5, camera=made.cameras["Hall"], run="one")
    assert day_of(made, hall) == "2026-11-20"
    assert day_of(made, gate) in today()
    archive.record(NOON_S + 2 * DAY_S, 5, camera=made.cameras["Gate"], run="two")
    assert day_of(made, f"{hall}&{gate}") == "2026-11-22"
    assert day_of(made, f"{hall}&day=2026-11-19") == "2026-11-19", "a day that is asked for stays"


def test_what_is_being_written_counts(made: MadeSite, archive: MaskedArchive) -> None:
    hall = made.cameras["Hall"]
    archive.record(NOON_S, 5, camera=hall, run="one")
    written = archive.begin(NOON_S + DAY_S, camera=hall, run="two")
    written.go_on(2)
    assert day_of(made, f"camera={hall}") == "2026-11-21"
    written.close()


def test_a_recording_until_midnight_is_of_the_day_before(
    made: MadeSite, archive: MaskedArchive
) -> None:
    midnight_s = NOON_S + 11 * 3600  # in Stockholm
    archive.record(midnight_s - 5, 5, camera=made.cameras["Hall"], run="one")
    assert day_of(made, f"camera={made.cameras['Hall']}") == "2026-11-20"


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ("day=2026-11-20", ("2026-11-20T13:50:00", "2026-11-20T14:00:00")),  # the newest of it
        ("day=2026-11-21", ("2026-11-21T00:00:00", "2026-11-21T00:01:05")),  # of that day alone
        ("day=2026-11-22", ("", "")),  # nothing was recorded
        ("day=tomorrow", ("", "")),
        ("", ("", "")),
        (
            "day=2026-11-20&at=2026-11-20T12:20:30.400Z",
            ("2026-11-20T13:10:31", "2026-11-20T13:20:31"),
        ),
        (
            f"day=2026-11-20&at={(NOON_S * 1000) + START_NS // 10**6}",
            ("2026-11-20T12:50:00", "2026-11-20T13:00:00"),
        ),
        ("day=2026-11-20&at=soon", ("", "")),
        (f"at={'9' * 40}", ("", "")),
    ],
)
def test_an_export_from_playback_begins_with_what_is_watched_or_the_newest(
    made: MadeSite, archive: MaskedArchive, asked: str, span: tuple[str, str]
) -> None:
    hall = made.cameras["Hall"]
    for number, begins_s in enumerate((NOON_S, NOON_S + 3600 - 5, NOON_S + 11 * 3600 + 60)):
        archive.record(begins_s, 5, camera=hall, run=str(number))
    desk = SiteDesk(made.site)
    try:
        client: Any = AsgiClient(create_app(desk))
        client.cookies.set(COOKIE, made.session("oskar"))
        page = client.get(f"/exports?camera={hall}&{asked}")
    finally:
        desk.close()
    assert page.status_code == 200
    fields = [
        re.search(rf'<input [^>]*name="{name}"[^>]*>', page.text) for name in ("begins", "ends")
    ]
    values = [re.search(r'value="([^"]*)"', one[0]) if one else None for one in fields]
    assert tuple(one[1] if one else "" for one in values) == span
