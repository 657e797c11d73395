"""Nine cameras under one clock in a real browser, one with a gap: how far they are apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.support.chromium import Window, opened
from tests.support.masked_archive import FPS, SECOND_NS, START_NS, MaskedArchive, shade_of
from tests.support.served_site import MadeSite, make_site, serving_console

from insyn.site.streams import TICKS

ZONE = ZoneInfo("Europe/Stockholm")
CAMERAS = tuple(f"Gate {number}" for number in range(1, 10))
BROKEN = 4
"""The place of the camera that was away from the eighth second to the fourteenth."""

GONE_S, BACK_S, LASTS_S = 8, 14, 60
APART_MS = 150
"""What the player corrects by a jump; the pictures are 100 ms apart."""

FRAMES = 25
"""So many frames of the browser in a row they must be in step, and not by chance in one."""

IN_STEP = """([from, absent, apart, frames]) => {
  const player = document.querySelector("insyn-player");
  const here = player.tracks.filter((track) => !track.isEmpty(player.at));
  const times = here.map((track) => track.base + track.video.currentTime * 1000);
  const spread = Math.max(...times, player.at) - Math.min(...times, player.at);
  const holds = player.at >= from && !player.dataset.waits
    && player.tracks.length - here.length === absent
    && here.every((track) => !track.video.paused && !track.video.seeking)
    && spread <= apart * Math.max(1, player.speed);
  window.inStep = holds ? (window.inStep ?? 0) + 1 : 0;
  return window.inStep >= frames;
}"""
STAND = """([at, shades]) => {
  const player = document.querySelector("insyn-player");
  if (player.dataset.waits || Math.abs(player.at - at) > 1) return false;
  return player.tracks.every((track, number) => {
    if (shades[number] === null) return track.figure.dataset.empty === "yes";
    const off = track.base + track.video.currentTime * 1000 - at;
    if (Math.abs(off) > 3 || track.video.seeking) return false;
    const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 9 });
    const context = canvas.getContext("2d");
    context.drawImage(track.video, 0, 0, 16, 9);
    return Math.abs(context.getImageData(8, 4, 1, 1).data[0] - shades[number]) <= 3;
  });
}"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A console, and when its recordings begin: at noon, yesterday."""

    made: MadeSite
    url: str
    noon_ms: int

    def at(self, seconds: float) -> int:
        return self.noon_ms + round(seconds * 1000)

    def shades(self, second: int) -> list[int | None]:
        """What each camera shows in a second; None where it was away."""
        is_away = GONE_S <= second < BACK_S
        lumas: list[int | None] = [
            round((shade_of(second + 11 * number) - 16) * 255 / 219)
            for number in range(len(CAMERAS))
        ]
        return [None if is_away and place == BROKEN else luma for place, luma in enumerate(lumas)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cameras = {name: f"virtual://concourse?seed={n}" for n, name in enumerate(CAMERAS)}
    made = make_site(tmp_path_factory.mktemp("norrby"), cameras, has_vault=False)
    noon = datetime.combine(datetime.now(ZONE).date() - timedelta(days=1), time(12), ZONE)
    begins = int(noon.timestamp()) - START_NS // SECOND_NS
    archive = MaskedArchive(made.site.archive)
    for number, name in enumerate(CAMERAS):
        spans = ((0, LASTS_S),) if number != BROKEN else ((0, GONE_S), (BACK_S, LASTS_S))
        for start, end in spans:
            archive.record(
                begins + start,
                end - start,
                camera=made.cameras[name],
                run=f"{name} {start}",
                first=start + 11 * number,
                media_start_90k=start * TICKS,
            )
    archive.close()
    with serving_console(made) as url:
        yield Place(made=made, url=url, noon_ms=int(noon.timestamp()) * 1000)


@pytest.fixture
def window(browser: Browser, place: Place) -> Iterator[Window]:
    with opened(browser, place.url, place.made.session("oskar")) as made:
        yield made
        assert made.complaints == []


def open_all(window: Window, place: Place, seconds: float) -> Page:
    chosen = "".join(f"&camera={place.made.cameras[name]}" for name in CAMERAS)
    day = datetime.fromtimestamp(place.noon_ms / 1000, ZONE).date()
    page = window.go(f"/playback?day={day}&at={place.at(seconds)}{chosen}")
    expect(page.locator(".track")).to_have_count(len(CAMERAS))
    return page


def stand(page: Page, place: Place, seconds: float) -> None:
    """Until all stand at a time, each with its own picture of that second."""
    shades = place.shades(int(seconds))
    page.wait_for_function(STAND, arg=[place.at(seconds), shades])


def in_step(page: Page, place: Place, from_s: float, *, absent: int = 0) -> None:
    """Until all that were recorded play in step, at or after a time, for many frames on end."""
    page.evaluate("window.inStep = 0")
    page.wait_for_function(IN_STEP, arg=[place.at(from_s), absent, APART_MS, FRAMES], polling="raf")


def test_nine_play_in_step_and_one_goes_and_comes_back(window: Window, place: Place) -> None:
    page = open_all(window, place, 6)
    stand(page, place, 6)
    page.get_by_label("Speed").select_option("0.5")  # room for many frames on a busy machine
    page.get_by_role("button", name="Play").click()
    in_step(page, place, 6)
    in_step(page, place, GONE_S + 0.2, absent=1)
    expect(page.locator(".track .says").nth(BROKEN)).to_have_text(
        "Nothing was recorded at this time"
    )
    in_step(page, place, BACK_S)
    expect(page.locator(".track .says").nth(BROKEN)).to_be_hidden()


def test_they_stay_in_step_at_other_speeds(window: Window, place: Place) -> None:
    page = open_all(window, place, 16)
    stand(page, place, 16)
    page.get_by_role("button", name="Play").click()
    at_s = 16.0
    for speed in ("2", "0.25", "1"):
        page.get_by_label("Speed").select_option(speed)
        in_step(page, place, at_s)
        at_s = (page.evaluate("document.querySelector('insyn-player').at") - place.noon_ms) / 1000
    page.get_by_role("button", name="Pause").click()
    at_s = (page.evaluate("document.querySelector('insyn-player').at") - place.noon_ms) / 1000
    stand(page, place, at_s)


def test_a_picture_on_or_back_is_one_of_every_camera(window: Window, place: Place) -> None:
    page = open_all(window, place, 20)
    stand(page, place, 20)
    player = page.locator("insyn-player")
    player.focus()
    for pressed in range(1, FPS + 1):
        page.keyboard.press(".")
        stand(page, place, 20 + pressed / FPS)
    page.keyboard.press(",")
    stand(page, place, 21 - 1 / FPS)


def test_a_jump_lands_all_of_them_where_it_was_meant(window: Window, place: Place) -> None:
    page = open_all(window, place, 30)
    stand(page, place, 30)
    for seconds in (10.5, 40.5, 7.5, BACK_S + 0.5):  # into the gap of one, out, before, after it
        page.evaluate("at => document.querySelector('insyn-player').go(at)", place.at(seconds))
        stand(page, place, seconds)
        absent = int(GONE_S <= seconds < BACK_S)
        page.get_by_role("button", name="Play").click()
        in_step(page, place, seconds, absent=absent)
        page.get_by_role("button", name="Pause").click()
