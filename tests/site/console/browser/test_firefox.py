"""Wall, player and pages in Firefox, whose Media Source is not chromium's; one window for all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.site.console.browser.conftest import CAMERAS, MOVED_S, Site
from tests.site.console.browser.test_player import LUMA, luma_of
from tests.support import firefox
from tests.support.firefox import Window
from tests.support.masked_archive import FPS
from tests.support.served_site import PASSWORD

PLAYER = "document.querySelector('insyn-player')"
LINE = "document.querySelector('insyn-timeline')"
PAGES = {
    "oskar": ("/", "/?size=16", "/playback"),
    "ines": ("/exports", "/releases"),
    "paula": ("/privacy", "/privacy/assessment", "/privacy/sign"),
    "anna": ("/cameras", "/health", "/people", "/permit"),
    "ada": ("/audit?verify=true",),
}


@pytest.fixture(scope="module")
def firefox_window() -> Iterator[Window]:
    with firefox.opened() as window:
        yield window


@pytest.fixture
def window(firefox_window: Window) -> Iterator[Window]:
    firefox_window.complaints.clear()
    firefox_window.resize(1280, 800)
    yield firefox_window
    assert firefox_window.complaints == []


def play(window: Window, site: Site, seconds: float, *names: str) -> None:
    """Yesterday's page for an operator, until the picture of that time stands."""
    window.sign_in(site.url, site.made.session("oskar"))
    chosen = "".join(f"&camera={site.made.cameras[name]}" for name in names)
    at = site.yesterday.at(seconds)
    window.go(f"{site.url}/playback?day={site.yesterday.day}&at={at}{chosen}")
    stands(window, site, seconds, *([luma_of(int(seconds))] * len(names)))


def stands(window: Window, site: Site, seconds: float, *lumas: int) -> None:
    shown = f"[{', '.join(f'({LUMA})({number})' for number in range(len(lumas)))}]"
    window.wait(
        f"{PLAYER}?.dataset.at && !{PLAYER}.dataset.waits"
        f" && Math.abs(Number({PLAYER}.dataset.at) - {site.yesterday.at(seconds)}) <= 1"
        f" && {shown}.every((one, n) => Math.abs(one - {list(lumas)}[n]) <= 3)"
    )


def test_whoever_has_only_keys_signs_in_and_sees_the_wall_move(window: Window, site: Site) -> None:
    window.go(f"{site.url}/")
    window.press("Tab", "Enter", "Tab")
    window.type("oskar")
    window.press("Tab")
    window.type(PASSWORD)
    window.press("Enter")
    window.wait("document.querySelectorAll('insyn-live').length === 4")
    for name in CAMERAS[:3]:
        tile = f"""document.querySelector('insyn-live[camera="{site.made.cameras[name]}"]')"""
        window.wait(f"Number({tile}.dataset.at) > 0 && {tile}.video.videoWidth > 0")
        began = float(window.value(f"{tile}.dataset.at"))
        window.wait(f"Number({tile}.dataset.at) > {began + 2} && {tile}.dataset.state !== 'LOST'")
        assert window.value(f"{tile}.video.getVideoPlaybackQuality().totalVideoFrames") > 0
    while window.value("document.activeElement.localName") != "insyn-live":
        window.press("Tab")
    outline = window.value("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "whoever moves by keys sees where they are"


def test_yesterday_plays_steps_and_changes_speed(window: Window, site: Site) -> None:
    play(window, site, 12.5, CAMERAS[0])
    window.click("button[aria-label=Play]")
    window.wait(f"Number({PLAYER}.dataset.at) >= {site.yesterday.at(14.2)}")
    window.click("button[aria-label=Pause]")
    play(window, site, 5, CAMERAS[0])
    window.value(f"{PLAYER}.focus()")
    for _ in range(FPS):
        window.press(".")
    stands(window, site, 6, luma_of(6))
    window.press(",")
    stands(window, site, 6 - 1 / FPS, luma_of(5))
    window.press("n")
    stands(window, site, MOVED_S, luma_of(MOVED_S))
    window.press(">", ">", "k")
    window.wait("Math.abs(document.querySelector('.track video').playbackRate - 4) < 1")
    window.wait(f"Number({PLAYER}.dataset.at) >= {site.yesterday.at(32)}")
    assert window.value("document.querySelector('.track video').buffered.length") == 1
    window.press("k")


def test_the_timeline_is_moved_along_by_keys(window: Window, site: Site) -> None:
    play(window, site, 20, CAMERAS[0])
    window.value(f"{LINE}.focus()")
    window.press("ArrowLeft")
    stands(window, site, 10, luma_of(10))
    assert window.value(f"{LINE}.getAttribute('aria-valuetext')") == "12:00:10"
    window.press("ArrowUp")
    window.wait("document.querySelector('.track .says').textContent.startsWith('Nothing was')")


def test_two_cameras_play_in_step(window: Window, site: Site) -> None:
    play(window, site, 10.5, *CAMERAS[:2])
    window.click("button[aria-label=Play]")
    window.wait(f"Number({PLAYER}.dataset.at) >= {site.yesterday.at(13)}")
    apart = window.value(
        "(([a, b]) => Math.abs(a.currentTime - b.currentTime))"
        "(document.querySelectorAll('.track video'))"
    )
    assert apart < 0.2


@pytest.mark.parametrize("who", PAGES)
def test_pages_fit_a_phone_and_complain_of_nothing(window: Window, site: Site, who: str) -> None:
    window.sign_in(site.url, site.made.session(who))
    for path in PAGES[who]:
        window.go(site.url + path)
        assert window.value("document.querySelector('h1').textContent.length") > 0
        window.resize(380, 800)
        wide = window.value("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than a phone"
        window.resize(1280, 800)
