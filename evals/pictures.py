"""The pictures of the documentation: `python -m evals.pictures`; looked at, not measured.

A site of four rendered cameras runs for a minute and a half; nobody in it is real. Remakes
docs/pictures/*.jpg.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page
from tests.support import chromium
from tests.support.served_site import make_site, serving

from insyn.site.shielding import masking
from insyn.site.store import open_site
from insyn.trust.people.duties import Actor, Role

OUT = Path(__file__).parents[1] / "docs" / "pictures"
CAMERAS = ("Ticket hall", "North stairs", "Platform 2", "Concourse west")
EMPTY_S = 100
RUNNING = """() => { const tiles = [...document.querySelectorAll("insyn-live")];
  return tiles.length === 4 && tiles.every((tile) => tile.dataset.state === "RUN"); }"""
PLAYABLE = """() => [...document.querySelectorAll(".track video")]
  .every((video) => video.readyState >= 2)"""


def main() -> None:
    """Remake them."""
    if chromium.WHY_NOT:
        sys.exit(chromium.WHY_NOT)
    OUT.mkdir(exist_ok=True)
    people_come = int(time.time() % 86_400) + EMPTY_S
    scene = f"people=9&size=640x360&fps=12.5&empty={people_come}"
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        addresses = {
            name: f"virtual://concourse?seed={7 + number}&{scene}"
            for number, name in enumerate(CAMERAS)
        }
        made = make_site(Path(folder), addresses)
        maker, now = Actor(id="site", roles=frozenset(Role)), datetime.now(UTC)
        with open_site(made.site) as store, store.writing() as connection:
            for name in CAMERAS:
                empty = masking.Asked.EMPTY_NOW
                masking.ask(connection, name, empty, actor=maker, now=now)
        with (
            serving(made) as served,
            chromium.opened(browser, served.url, made.session("oskar")) as window,
        ):
            page = window.go("/")
            page.wait_for_function(RUNNING, timeout=600_000)
            page.wait_for_timeout(1000 * max(0.0, people_come - time.time() % 86_400) + 25_000)
            _take(page, "wall")
            chosen = "&".join(f"camera={camera}" for camera in made.cameras.values())
            at_ms = int(time.time() * 1000) - 8_000
            page = window.go(f"/playback?at={at_ms}&{chosen}")
            page.wait_for_function(PLAYABLE)
            for _ in range(8):
                page.get_by_role("button", name="Show less of the day").click()
            page.wait_for_timeout(1500)
            _take(page, "playback")


def _take(page: Page, name: str) -> None:
    page.screenshot(path=OUT / f"{name}.jpg", type="jpeg", quality=80)


if __name__ == "__main__":
    main()
