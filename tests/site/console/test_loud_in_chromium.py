"""Break-glass, full screen and walk test as a browser has them, from a site whose processes run."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.permitted import LIVE, permit_site

from insyn.site.cameras.address import read_address
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.register import Wanted, add
from insyn.site.directory import SiteDirectory
from insyn.site.settings import change_settings
from insyn.site.shielding import masking
from insyn.site.store import open_site
from insyn.site.vault import folder
from insyn.trust.keys.site import open_site_key
from insyn.trust.people import sessions, users
from insyn.trust.people.duties import Actor, Role
from insyn.trust.people.passwords import Passwords
from insyn.web.signing import COOKIE

PROGRAM = shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not PROGRAM, reason="chromium is not installed (on Debian: apt install chromium)"
    ),
]
SIZE = (960, 540)
PEOPLE = {
    "ines": Role.INVESTIGATOR,
    "oskar": Role.OPERATOR,
    "carl": Role.CUSTODIAN,
    "cora": Role.CUSTODIAN,
}
WORDS = {"carl": "lantern under the stairs", "cora": "nine geese went north"}
CHEAP = Passwords(time_cost=1, memory_kib=8, lanes=1)
PATIENCE_S = 120.0


@dataclass
class Served:
    url: str
    sessions: dict[str, str]
    site: SiteDirectory
    # `Any`: Playwright's browser, which the tests drive as a person would.
    browser: Any

    @contextlib.contextmanager
    def page(self, who: str, path: str) -> Iterator[Any]:
        """A window of somebody's own; what the page could not do fails the test."""
        context = self.browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": COOKIE, "value": self.sessions[who], "url": self.url}])
        page, troubles = context.new_page(), []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(self.url + path)
        try:
            yield page
        finally:
            context.close()
        assert not troubles


def until(page: Any, claim: str) -> Any:
    """Wait until JavaScript's expression is true (the page's policy forbids Playwright's way)."""
    ends = time.monotonic() + PATIENCE_S
    while not (found := page.evaluate(claim)):
        assert time.monotonic() < ends, f"never: {claim}"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from playwright.sync_api import sync_playwright

    root = tmp_path_factory.mktemp("served")
    site = SiteDirectory(root=root / "site")
    permit_site(site, masking=LIVE)
    secrets = make(site)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "insyn.cli.main", "--data", str(root)]
    with (
        (root / "serve.log").open("wb") as log,
        subprocess.Popen(
            [*command, "site", "serve", "--port", str(port)], stdout=log, stderr=log
        ) as process,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=PROGRAM,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        try:
            wait_for(url, root / "serve.log")
            yield Served(url=url, sessions=secrets, site=site, browser=browser)
        finally:
            browser.close()
            process.send_signal(signal.SIGTERM)
            process.wait(40)


def make(site: SiteDirectory) -> dict[str, str]:
    now, maker = datetime.now(UTC), Actor(id="site", roles=frozenset(Role))
    secrets, ids = {}, {}
    with open_site(site) as store, store.writing() as connection:
        for name, role in PEOPLE.items():
            person, token = users.add(connection, name, roles=(role,), actor=maker, now=now)
            users.claim(connection, token, password="a long password 1", passwords=CHEAP, now=now)
            secrets[name], ids[name] = sessions.begin(connection, person.id, now=now), person.id
        folder.make_vault(
            connection, site, {ids[who]: words for who, words in WORDS.items()},
            needed=2, who="site", now=now, cost=1 << 14,
        )  # fmt: skip
        url = f"virtual://concourse?seed=7&people=0&size={SIZE[0]}x{SIZE[1]}&fps=8"
        add(
            connection,
            Wanted(name="Hall", main=read_address(url)[0]),
            keeper=CredentialKeeper(open_site_key(site.key)),
            room_for=lambda _: "", actor=maker, now=now,
        )  # fmt: skip
        masking.ask(connection, "hall", masking.Asked.EMPTY_NOW, actor=maker, now=now)
    return secrets


def wait_for(url: str, log: Path) -> None:
    ends = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/healthz", timeout=2).status_code == 200:
                return
        assert time.monotonic() < ends, log.read_text()
        time.sleep(0.1)


def test_break_glass_from_the_request_to_its_end(served: Served) -> None:
    with served.page("oskar", "/privacy") as bystander, served.page("ines", "/releases") as asker:
        assert not bystander.inner_text("insyn-alarms").strip()
        asker.click("summary:has-text('Break glass')")
        asker.fill("#f-live-case_number", "K-18")
        asker.fill("#f-live-basis", "GDPR Article 6(1)(d)")
        asker.fill("#f-live-reason", "Danger.")
        asker.click("button:has-text('Ask the custodians now')")
        asker.wait_for_selector("#e-live-reason")  # too short a reason: told beside it
        assert asker.evaluate("document.activeElement.id") == "f-live-reason"
        assert asker.input_value("#f-live-case_number") == "K-18", "nothing is typed twice"
        asker.fill("#f-live-reason", "Somebody lies on the tracks.")
        asker.click("button:has-text('Ask the custodians now')")
        asker.wait_for_url("**/releases/rel-*")
        path = "/releases/" + asker.url.rsplit("/", 1)[1]
        for who, words in WORDS.items():
            with served.page(who, path) as custodian:
                custodian.fill("#f-agree-passphrase", words)
                custodian.click("button[value=agree]")
                custodian.wait_for_load_state()
        until(bystander, "document.querySelector('insyn-alarms .banner.bad')")
        told = bystander.inner_text("insyn-alarms")
        assert "ines watches Hall since" in told
        asker.goto(served.url + path)
        until(asker, "Number(document.querySelector('insyn-opened').dataset.at) > 2")
        size = asker.evaluate(
            "(v => [v.videoWidth, v.videoHeight])(document.querySelector('insyn-opened video'))"
        )
        assert tuple(size) == SIZE
        with served.page("carl", path) as custodian:
            assert custodian.query_selector("insyn-opened") is None
            custodian.click("button[value=end]")
            custodian.wait_for_load_state()
        until(asker, "/over/.test(document.querySelector('insyn-opened .says').textContent)")
        assert asker.evaluate("document.querySelector('insyn-opened video').readyState") == 0
        until(bystander, "!document.querySelector('insyn-alarms').textContent.trim()")


def test_a_tile_in_full_screen_has_the_cameras_own_size_masked(served: Served) -> None:
    with served.page("oskar", "/") as page:
        until(page, "document.querySelector('insyn-live').dataset.state === 'RUN'")
        page.dblclick("insyn-live")
        large = until(page, "document.querySelector('insyn-live').dataset.large")
        assert large == f"{SIZE[0]}x{SIZE[1]}"
        # A detector that cannot be asked takes the large picture away, and why is told.
        change_settings(served.site, detector="/no/such/model.onnx")
        try:
            until(page, "!document.querySelector('insyn-live').dataset.large")
            note = "document.querySelector('insyn-live .large-note')"
            until(page, f"!{note}.hidden && {note}.textContent.includes('model.onnx')")
        finally:
            change_settings(served.site, detector="")
        until(page, "document.querySelector('insyn-live').dataset.large")
        page.evaluate("document.exitFullscreen()")
        until(page, "!document.querySelector('insyn-live video.large')")


def test_a_walk_test_shows_how_much_is_covered(served: Served) -> None:
    with served.page("oskar", "/privacy/walk/hall") as page:
        # Nobody is there: the place is shown, and next to nothing is covered.
        until(page, "Number(document.querySelector('insyn-walk').dataset.covered ?? 1) < 0.2")
        until(page, "Number(document.querySelector('insyn-walk').dataset.at) > 0")
        assert "% covered" in page.inner_text("insyn-walk")
        page.check("input[name=held][value=yes]")
        page.click("button:has-text('Keep the result')")
        page.wait_for_url("**/privacy")
        assert "held" in page.inner_text("main table")
