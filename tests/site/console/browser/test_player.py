"""Yesterday, played in a real browser: each second has a shade of its own, which tells the time."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.site.console.browser.conftest import CAMERAS, LEFT_OUT_S, MOVED_S, ZONE, Site
from tests.support.chromium import Window, opened
from tests.support.masked_archive import FPS, shade_of
from tests.support.served_site import kill, until

from insyn.site.store import open_site
from insyn.trust.ledger import log

LUMA = """number => {
  const video = document.querySelectorAll(".track video")[number];
  const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 9 });
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 16, 9);
  return context.getImageData(8, 4, 1, 1).data[0];
}"""
STANDS = """([at, shades]) => {
  const player = document.querySelector("insyn-player");
  if (Math.abs(Number(player.dataset.at) - at) > 1 || player.dataset.waits) return false;
  return shades.every((shade, number) => Math.abs((LUMA)(number) - shade) <= 3);
}""".replace("LUMA", LUMA)
PASSED = 'at => Number(document.querySelector("insyn-player").dataset.at) >= at'


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Window]:
    with opened(browser, site.url, site.made.session("oskar")) as made:
        yield made
        assert made.complaints == []


def luma_of(second: int) -> int:
    """What the browser draws of a second: full range, where the recording has 16 to 235."""
    return round((shade_of(second) - 16) * 255 / 219)


def play(window: Window, site: Site, seconds: float, *names: str) -> Page:
    """Yesterday's page, at so long after noon."""
    chosen = "".join(f"&camera={site.made.cameras[name]}" for name in names or CAMERAS[:1])
    return window.go(f"/playback?day={site.yesterday.day}&at={site.yesterday.at(seconds)}{chosen}")


def wait_for(page: Page, site: Site, seconds: float, *shades: int) -> None:
    """Until the player stands at a time, with the picture of that second in each camera."""
    page.wait_for_function(STANDS, arg=[site.yesterday.at(seconds), list(shades)])


def test_yesterday_plays_from_the_time_asked_for(window: Window, site: Site) -> None:
    page = play(window, site, 12.5)
    wait_for(page, site, 12.5, luma_of(12))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PASSED, arg=site.yesterday.at(14.2))
    page.get_by_role("button", name="Pause").click()
    at_ms = int(page.locator("insyn-player").get_attribute("data-at") or 0)
    second = (at_ms - site.yesterday.noon_ms) // 1000
    wait_for(page, site, (at_ms - site.yesterday.noon_ms) / 1000, luma_of(second))
    assert "at=" in page.url, "the address tells the time, to be kept"


def test_a_day_is_opened_on_what_was_recorded_last_and_not_on_a_gap(
    window: Window, site: Site
) -> None:
    chosen = f"camera={site.made.cameras[CAMERAS[0]]}"
    page = window.go(f"/playback?day={site.yesterday.day}&{chosen}")
    wait_for(page, site, 300, luma_of(60))  # half a minute was recorded then, after four without


def test_recordings_of_one_run_join_without_a_seam(window: Window, site: Site) -> None:
    page = play(window, site, 28.5)
    wait_for(page, site, 28.5, luma_of(28))
    page.keyboard.press("Tab")
    page.locator("insyn-player").focus()
    page.keyboard.press("k")
    page.wait_for_function(PASSED, arg=site.yesterday.at(31.5))
    assert page.evaluate("document.querySelector('.track video').buffered.length") == 1


def test_the_keys_work_on_a_page_that_was_just_opened(window: Window, site: Site) -> None:
    page = play(window, site, 5)
    wait_for(page, site, 5, luma_of(5))
    assert page.evaluate("document.activeElement === document.body")
    page.keyboard.press(".")
    wait_for(page, site, 5 + 1 / FPS, luma_of(5))
    page.keyboard.press("ArrowRight")
    wait_for(page, site, 15 + 1 / FPS, luma_of(15))
    page.locator("insyn-timeline").focus()
    page.keyboard.press("ArrowLeft")
    wait_for(page, site, 5 + 1 / FPS, luma_of(5))  # once, not twice
    page.locator("input[type=date]").focus()
    page.keyboard.press("ArrowLeft")
    page.locator(".keys summary").press("Space")
    expect(page.locator(".keys dl")).to_be_visible()
    wait_for(page, site, 5 + 1 / FPS, luma_of(5))  # these were the field's and the summary's
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    page.wait_for_function(PASSED, arg=site.yesterday.at(6))
    page.keyboard.press("k")
    at_ms = int(page.locator("insyn-player").get_attribute("data-at") or 0)
    page.get_by_role("button", name="Export a span").click()
    ends = page.get_by_label("Until").input_value()
    said = datetime.fromisoformat(ends).replace(tzinfo=ZONE).timestamp()
    assert abs(said - at_ms / 1000) < 2, "what was watched is what is exported"


def test_a_gap_is_passed_over_and_told(window: Window, site: Site) -> None:
    page = play(window, site, 58.5)
    wait_for(page, site, 58.5, luma_of(58))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PASSED, arg=site.yesterday.at(300.5))
    page.get_by_role("button", name="Pause").click()
    page.locator("insyn-timeline").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")  # a minute back
    expect(page.locator(".track .says")).to_have_text("Nothing was recorded at this time")


def test_where_pictures_were_left_out_the_one_before_stands(window: Window, site: Site) -> None:
    page = play(window, site, 8.5, CAMERAS[2])
    wait_for(page, site, 8.5, luma_of(8))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PASSED, arg=site.yesterday.at(LEFT_OUT_S.stop + 1))
    page.get_by_role("button", name="Pause").click()
    page.evaluate("at => document.querySelector('insyn-player').go(at)", site.yesterday.at(11.5))
    wait_for(page, site, 11.5, luma_of(LEFT_OUT_S.start - 1))


def test_single_pictures_are_stepped_through_both_ways(window: Window, site: Site) -> None:
    page = play(window, site, 5)
    wait_for(page, site, 5, luma_of(5))
    page.locator("insyn-player").focus()
    for _ in range(FPS):
        page.keyboard.press(".")
    wait_for(page, site, 6, luma_of(6))
    page.keyboard.press(",")
    wait_for(page, site, 6 - 1 / FPS, luma_of(5))


def test_eight_times_is_eight_times(window: Window, site: Site) -> None:
    page = play(window, site, 2)
    wait_for(page, site, 2, luma_of(2))
    page.get_by_label("Speed").select_option("8")
    page.get_by_role("button", name="Play").click()
    rate = "() => document.querySelector('.track video').playbackRate"
    page.wait_for_function(f"() => Math.abs(({rate})() - 8) < 2")
    page.wait_for_function(PASSED, arg=site.yesterday.at(25))
    page.get_by_label("Speed").select_option("0.25")
    page.wait_for_function(f"() => Math.abs(({rate})() - 0.25) < 0.1")


def test_n_goes_to_where_something_moves_next(window: Window, site: Site) -> None:
    page = play(window, site, 1)
    wait_for(page, site, 1, luma_of(1))
    page.locator("insyn-player").focus()
    page.keyboard.press("n")
    wait_for(page, site, MOVED_S, luma_of(MOVED_S))
    page.keyboard.press("n")
    expect(page.locator(".told")).to_have_text("Nothing moves later on this day")


def test_two_cameras_play_in_step(window: Window, site: Site) -> None:
    page = play(window, site, 10.5, *CAMERAS[:2])
    wait_for(page, site, 10.5, luma_of(10), luma_of(10))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PASSED, arg=site.yesterday.at(13))
    apart = page.evaluate(
        "() => { const [a, b] = document.querySelectorAll('.track video');"
        " return Math.abs(a.currentTime - b.currentTime); }"
    )
    assert apart < 0.2
    page.get_by_role("button", name="Pause").click()
    at_ms = int(page.locator("insyn-player").get_attribute("data-at") or 0)
    seconds = (at_ms - site.yesterday.noon_ms) / 1000
    wait_for(page, site, seconds, luma_of(int(seconds)), luma_of(int(seconds)))


def test_whoever_drags_along_the_day_sees_previews_then_the_picture(
    window: Window, site: Site
) -> None:
    page = play(window, site, 3)
    wait_for(page, site, 3, luma_of(3))
    for _ in range(11):
        page.get_by_role("button", name="Show less of the day").click()
    line = page.locator("insyn-timeline")
    box = line.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    def place(seconds: float) -> float:
        share = line.evaluate(
            "(line, at) => (at - line.left) / (line.right - line.left)", site.yesterday.at(seconds)
        )
        return float(box["x"] + share * box["width"])

    page.mouse.move(place(4), middle)
    expect(page.locator("img.still")).to_be_visible(timeout=60_000)
    page.mouse.down()
    page.mouse.move(place(22.5), middle, steps=6)
    expect(page.locator("img.over")).to_be_visible(timeout=60_000)
    page.mouse.up()
    page.wait_for_function(
        "at => Math.abs(Number(document.querySelector('insyn-player').dataset.at) - at) < 500",
        arg=site.yesterday.at(22.5),
    )
    expect(page.locator("img.over")).to_be_hidden(timeout=60_000)
    at_ms = int(page.locator("insyn-player").get_attribute("data-at") or 0)
    seconds = (at_ms - site.yesterday.noon_ms) / 1000
    wait_for(page, site, seconds, luma_of(int(seconds)))


def test_a_player_outlives_its_token(window: Window, site: Site) -> None:
    page = play(window, site, 3)
    wait_for(page, site, 3, luma_of(3))
    page.evaluate("document.querySelector('insyn-player').tracks[0].token = '0.over'")
    page.locator("insyn-timeline").focus()
    page.keyboard.press("PageUp")  # ten minutes on: nothing there
    page.keyboard.press("PageDown")
    page.evaluate("at => document.querySelector('insyn-player').go(at)", site.yesterday.at(305.5))
    wait_for(page, site, 305.5, luma_of(65))
    window.complaints[:] = [one for one in window.complaints if "401" not in one]


def test_the_minute_that_is_being_recorded_can_be_played(window: Window, site: Site) -> None:
    camera = site.made.cameras[CAMERAS[0]]
    page = window.go(f"/playback?camera={camera}")
    # Nothing is shut yet for a minute; a tile of today shows what is whole of it.
    page.wait_for_function(
        "() => { const video = document.querySelector('.track video');"
        " return video.videoWidth === 320 && video.readyState >= 2; }"
    )


def test_who_looked_at_what_is_a_line_of_the_ledger(window: Window, site: Site) -> None:
    page = play(window, site, 40)
    wait_for(page, site, 40, luma_of(40))
    camera = site.made.cameras[CAMERAS[0]]

    def is_told() -> bool:
        with open_site(site.made.site) as store, store.reading() as connection:
            leaves = [log.find(connection, number) for number in range(log.size(connection))]
        return any(
            leaf.kind == "video.looked-at"
            and leaf.what["how"] == "recorded"
            and leaf.what["camera"] == camera
            and leaf.who == site.made.people["oskar"]
            for leaf in leaves
        )

    # A look is written a minute after it is over, and when the console stops.
    kill(site.served.child("web"), signal.SIGTERM)
    until(is_told, "a look in the ledger")
    window.complaints.clear()  # the page noticed that its console was away
