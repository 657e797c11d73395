"""The wall in a real browser, of a real site: tiles that advance, die and come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.site.console.browser.conftest import CAMERAS, Site
from tests.support.chromium import Window, opened
from tests.support.served_site import kill

ADVANCES = """([camera, from]) => {
  const tile = document.querySelector(`insyn-live[camera="${camera}"]`);
  const advances = Number(tile.dataset.at) > from && tile.video.videoWidth > 0;
  return advances && tile.dataset.state !== "LOST";
}"""


@pytest.fixture
def window(browser: Browser, site: Site) -> Iterator[Window]:
    with opened(browser, site.url, site.made.session("oskar")) as made:
        yield made


def shown_s(page: Page, camera: str) -> float:
    found = page.locator(f'insyn-live[camera="{camera}"]').get_attribute("data-at")
    return float(found or 0)


AT_THE_EDGE = """camera => {
  const tile = document.querySelector(`insyn-live[camera="${camera}"]`);
  const { video, feed: { pace } } = tile;
  const edge = video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0;
  // The clock may stand beyond the newest picture, which lasts until the next one comes.
  return pace !== null && !video.seeking && Math.abs(pace.behind) < 0.1 && edge > pace.newest + 1;
}"""


def wait_for_pictures(page: Page, camera: str) -> None:
    """Until a tile shows moving pictures: a second more than now."""
    page.wait_for_function(ADVANCES, arg=[camera, 0])
    page.wait_for_function(ADVANCES, arg=[camera, shown_s(page, camera) + 1])


def test_four_tiles_advance_and_say_that_they_are_masked(window: Window, site: Site) -> None:
    page = window.go("/")
    expect(page.locator("insyn-live")).to_have_count(4)
    for name in CAMERAS[:3]:
        wait_for_pictures(page, site.made.cameras[name])
    hall = page.locator(f'insyn-live[camera="{site.made.cameras[CAMERAS[0]]}"]')
    expect(hall.locator(".mark")).to_have_text("learn")
    assert window.complaints == []


def test_the_death_of_the_shield_is_told_on_every_tile_and_passes(
    window: Window, site: Site
) -> None:
    page = window.go("/?size=4")
    cameras = [site.made.cameras[name] for name in CAMERAS[:3]]
    for camera in cameras:
        wait_for_pictures(page, camera)
    page.evaluate(
        """() => {
          window.told = new Set();
          for (const tile of document.querySelectorAll("insyn-live"))
            new MutationObserver(() => {
              if (tile.dataset.state === "LOST") told.add(tile.getAttribute("camera"));
            }).observe(tile, { attributes: true });
        }"""
    )
    kill(site.served.child("shield-1"))
    page.wait_for_function("cameras => cameras.every((one) => told.has(one))", arg=cameras)
    for camera in cameras:
        wait_for_pictures(page, camera)


def test_a_camera_that_goes_says_so_in_its_tile_alone_and_comes_back(
    window: Window, site: Site
) -> None:
    gone, other = site.made.cameras[CAMERAS[3]], site.made.cameras[CAMERAS[0]]
    page = window.go("/")
    page.wait_for_function(ADVANCES, arg=[gone, 0])
    away = site.clip.rename(site.clip.with_suffix(".away"))
    tile = page.locator(f'insyn-live[camera="{gone}"]')
    try:
        expect(tile).to_have_attribute("data-state", "LOST", timeout=60_000)
        expect(tile.locator(".says")).to_contain_text("No picture", timeout=60_000)
        wait_for_pictures(page, other)
        expect(tile).to_have_attribute("data-state", "LOST")
    finally:
        away.rename(site.clip)
    page.wait_for_function(ADVANCES, arg=[gone, 0])


@pytest.mark.parametrize(
    ("query", "tiles"),
    [("?size=1", 1), ("?size=4", 4), ("?size=9", 4), ("?size=16", 4), ("?size=3", 4)],
)
def test_a_wall_has_one_four_nine_or_sixteen_places(window: Window, query: str, tiles: int) -> None:
    page = window.go(f"/{query}")
    expect(page.locator("insyn-live")).to_have_count(tiles)
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "it fits"


def test_chosen_cameras_stay_chosen_from_page_to_page(window: Window, site: Site) -> None:
    one, two = (site.made.cameras[name] for name in CAMERAS[:2])
    page = window.go(f"/?size=1&camera={one}&camera={two}")
    expect(page.locator("insyn-live")).to_have_attribute("camera", two)  # by name
    page.get_by_role("link", name="Next").click()
    expect(page.locator("insyn-live")).to_have_attribute("camera", one)
    page.get_by_role("link", name="4 tiles at once").click()
    expect(page.locator("insyn-live")).to_have_count(2)


def test_whoever_is_signed_out_elsewhere_is_told_in_the_tile(browser: Browser, site: Site) -> None:
    session = site.made.session("oskar")
    with opened(browser, site.url, session) as window:
        page = window.go("/")
        wait_for_pictures(page, site.made.cameras[CAMERAS[0]])
        answer = window.context.request.post(
            f"{site.url}/sign-out", headers={"Origin": site.url}, max_redirects=0
        )
        assert answer.status == 303
        window.context.clear_cookies()
        tile = page.locator("insyn-live").first
        expect(tile.locator(".says")).to_contain_text("Sign in again", timeout=60_000)


def test_a_tile_is_kept_at_the_newest_picture_and_comes_back_to_it(
    window: Window, site: Site
) -> None:
    page = window.go("/?size=4")
    camera = site.made.cameras[CAMERAS[1]]
    wait_for_pictures(page, camera)
    page.wait_for_function(AT_THE_EDGE, arg=camera)
    page.evaluate(
        """camera => {
          const tile = document.querySelector(`insyn-live[camera="${camera}"]`);
          const { buffered, currentTime } = tile.video;
          tile.video.currentTime = Math.max(buffered.start(0), currentTime - 2);
        }""",
        camera,
    )
    page.wait_for_function(AT_THE_EDGE, arg=camera)
