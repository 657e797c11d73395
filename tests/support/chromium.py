"""Debian's chromium under Playwright, and what pages are held to: axe, and no broken policy."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from insyn.web.signing import COOKIE

PROGRAM = shutil.which("chromium") or ""
WHY_NOT = "" if PROGRAM else "chromium is not installed (on Debian: apt install chromium)"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""axe's names of the rules of WCAG 2.2, levels A and AA, and of what it calls good practice."""

COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules whose answer changes between light and dark."""


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """A browser, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Window:
    """A tab of somebody who is signed in; `complaints` are what its console printed as errors."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        """Open a page of the console."""
        self.page.goto(self.url + path)
        return self.page


# `Any`: what a browser's context takes.
@contextlib.contextmanager
def opened(browser: Browser, url: str, session: str = "", **options: Any) -> Iterator[Window]:
    """A window, with a session's cookie where one is given."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    context.set_default_timeout(120_000)  # of a busy machine; nothing waits so long otherwise
    if session:
        context.add_cookies([{"name": COOKIE, "value": session, "url": url}])
    page = context.new_page()
    window = Window(context=context, page=page, url=url)
    page.on(
        "console",
        lambda said: window.complaints.append(said.text) if said.type == "error" else None,
    )
    page.on("pageerror", lambda error: window.complaints.append(str(error)))
    try:
        yield window
    finally:
        context.close()


def violations(page: Page, *, rules: list[str] | None = None) -> list[str]:
    """What axe finds on the page: all rules of `WCAG`, or those named."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
    options = json.dumps({"resultTypes": ["violations"], "runOnly": only})
    found = page.evaluate(f"() => axe.run(document, {options})")
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
