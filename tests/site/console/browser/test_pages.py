"""Every page for everybody: axe, the content security policy, small windows, keys, no script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.site.console.browser.conftest import CAMERAS, Site
from tests.support.chromium import COLOURS, opened, violations
from tests.support.served_site import PASSWORD, MadeSite, make_site, serving_console

from insyn.site.console.desk import MENU

OPEN = ("/sign-in", "/claim", "/privacy/notice")
BELOW = {
    "anna": (
        "/cameras",
        "/cameras/{camera}",
        "/cameras/{camera}/remove",
        "/cameras/none-such",
        "/health",
        "/people",
        "/permit",
        "/password",
    ),
    "oskar": ("/", "/?size=16", "/playback?camera={camera}&camera={other}&day={day}"),
    "ines": ("/releases", "/exports", "/playback?day=2001-01-01"),
    "paula": ("/privacy", "/privacy/assessment"),
    "ada": ("/audit", "/audit?verify=true"),
}
"""Who looks at which pages; the menu's are all in it, which a test holds."""


def pages_of(made: MadeSite, who: str, day: str = "") -> list[str]:
    named = [*made.cameras.values(), "none-such", "none-such"]
    return [path.format(camera=named[0], other=named[1], day=day) for path in BELOW[who]]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MadeSite, str]]:
    """A site on its first day: no camera, no vault, nothing recorded."""
    made = make_site(tmp_path_factory.mktemp("empty"), {}, has_vault=False)
    with serving_console(made) as url:
        yield made, url


def test_every_page_of_the_menu_is_looked_at() -> None:
    seen = {path.split("?")[0] for paths in BELOW.values() for path in paths}
    assert {link.href for link in MENU} <= seen


@pytest.mark.parametrize("who", ["", *BELOW])
def test_pages_keep_wcag_2_2_aa_their_policy_and_small_windows(
    browser: Browser, site: Site, who: str
) -> None:
    paths = pages_of(site.made, who, str(site.yesterday.day)) if who else list(OPEN)
    session = site.made.session(who) if who else ""
    with opened(browser, site.url, session) as window:
        for path in paths:
            hold(window, path)


@pytest.mark.parametrize("who", BELOW)
def test_empty_pages_keep_them_too_and_say_what_to_do(
    browser: Browser, empty: tuple[MadeSite, str], who: str
) -> None:
    made, url = empty
    with opened(browser, url, made.session(who)) as window:
        for path in pages_of(made, who):
            if "none-such" not in path:
                hold(window, path)


def hold(window: object, path: str) -> None:
    from tests.support.chromium import Window

    assert isinstance(window, Window)
    page = window.go(path)
    page.emulate_media(color_scheme="light")
    assert violations(page) == [], f"{path}, light"
    page.emulate_media(color_scheme="dark")
    assert violations(page, rules=COLOURS) == [], f"{path}, dark"
    page.set_viewport_size({"width": 380, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{path} is {wide} pixels wider than a phone"
    page.set_viewport_size({"width": 1280, "height": 800})
    # A page that is not there is told by the browser too; all else is a fault.
    complaints = [one for one in window.complaints if "404" not in one]
    assert complaints == [], path


def test_whoever_has_only_keys_signs_in_and_reaches_a_tile(browser: Browser, site: Site) -> None:
    with opened(browser, site.url) as window:
        page = window.go("/")
        expect(page).to_have_url(f"{site.url}/sign-in?to=/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("oskar")
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{site.url}/", timeout=60_000)
        tile = page.locator("insyn-live").first
        for _ in range(40):
            if tile.evaluate("tile => tile === document.activeElement"):
                break
            page.keyboard.press("Tab")
        expect(tile).to_be_focused()
        outline = tile.evaluate("tile => getComputedStyle(tile).outline")
        # The width alone is 3px where nothing is drawn too.
        assert "solid 3px" in outline, "whoever moves by keys sees where they are"


def test_forms_work_without_script(browser: Browser, site: Site, tmp_path: Path) -> None:
    with opened(browser, site.url, java_script_enabled=False) as window:
        page = window.go("/sign-in?to=/people")
        page.get_by_label("Name", exact=True).fill("anna")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="People")).to_be_visible(timeout=60_000)
        page.get_by_label("Name", exact=True).fill("olof")
        page.get_by_label("operator").check()
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_text("one-time token, within")).to_be_visible(timeout=60_000)
        page.goto(f"{site.url}/cameras")
        page.get_by_label("Name", exact=True).fill("Nowhere")
        page.get_by_label("Address", exact=True).fill("rtsp://127.0.0.1:1/none")
        page.get_by_role("button", name="Look and add").click()
        expect(page.get_by_text("nothing answers at")).to_be_visible(timeout=60_000)
        assert page.get_by_label("Name", exact=True).input_value() == "Nowhere", "nothing is lost"
    with opened(browser, site.url, site.made.session("oskar"), java_script_enabled=False) as window:
        camera = site.made.cameras[CAMERAS[0]]
        page = window.go(f"/playback?camera={camera}&day={site.yesterday.day}")
        link = page.get_by_role("link", name="the day as one file")
        answer = window.context.request.get(site.url + str(link.get_attribute("href")))
        assert answer.ok
        assert answer.headers["content-type"] == "video/mp4"


def test_a_page_elsewhere_opens_no_live_view(browser: Browser, site: Site) -> None:
    camera = site.made.cameras[CAMERAS[0]]
    with opened(browser, site.url, site.made.session("oskar")) as window:
        page = window.page
        page.goto("data:text/html,<title>elsewhere</title>")
        # The browser would send the cookie; the console refuses the origin.
        refused = page.evaluate(
            """url => new Promise((done) => {
              const socket = new WebSocket(url);
              socket.onopen = () => done("opened");
              socket.onclose = () => done("refused");
            })""",
            f"{site.url.replace('http', 'ws')}/live/{camera}",
        )
        assert refused == "refused"
