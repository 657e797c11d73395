"""Debian's Firefox, driven over WebDriver BiDi: a window, its keys, and what its console says.

Source: W3C WebDriver BiDi; Playwright's own Firefox is a build of its own, which nobody has.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.served_site import free_port, until
from websockets.sync.client import ClientConnection, connect

from insyn.web.signing import COOKIE

PROGRAM = shutil.which("firefox-esr") or shutil.which("firefox") or ""
WHY_NOT = "" if PROGRAM else "firefox is not installed (on Debian: apt install firefox-esr)"
PATIENCE_S = 120.0
LARGEST_BYTES = 64 << 20

PREFERENCES: dict[str, bool | int | str] = {
    "media.autoplay.default": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "services.settings.server": "data:,",
    "extensions.getAddons.cache.enabled": False,
    "remote.active-protocols": 1,
}
"""A picture plays without a click, and nothing is asked of anybody elsewhere."""

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "ArrowUp": "\ue013", "ArrowDown": "\ue015",
        "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "PageUp": "\ue00e", "PageDown": "\ue00f",
        "Home": "\ue011", "End": "\ue010", "Escape": "\ue00c"}  # fmt: skip


@dataclass
class Window:
    """One window; `complaints` are the errors that its pages and scripts gave."""

    socket: ClientConnection
    context: str = ""
    complaints: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    # `Any`: JSON, both ways.
    def ask(self, method: str, **sent: Any) -> Any:
        """One command of BiDi; its result.

        Raises:
            RuntimeError: the browser refuses, and says why.
        """
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": sent}))
        while True:
            said = json.loads(self.socket.recv(PATIENCE_S))
            if said.get("method") == "log.entryAdded":
                entry = said["params"]
                if entry["level"] == "error":
                    self.complaints.append(str(entry["text"]))
            if said.get("id") != number:
                continue
            if said["type"] == "error":
                raise RuntimeError(f"{method}: {said['error']}: {said['message']}")
            return said["result"]

    def go(self, url: str) -> None:
        """Open a page, until it is loaded."""
        self.ask("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is, as JSON has it; a promise is awaited."""
        found = self.ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then((v) => JSON.stringify(v ?? null))",
            target={"context": self.context},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise RuntimeError(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def wait(self, claim: str, patience_s: float = PATIENCE_S) -> Any:
        """Until an expression is true; gives it.

        Raises:
            TimeoutError: it never was.
        """
        ends = time.monotonic() + patience_s
        while True:
            # While a page gives way to the next there is nothing to ask.
            with contextlib.suppress(RuntimeError):
                if found := self.value(claim):
                    return found
            if time.monotonic() > ends:
                raise TimeoutError(f"never: {claim}; {self.complaints}")
            time.sleep(0.05)

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person would."""
        actions = [
            {"type": kind, "value": KEYS.get(key, key)}
            for key in keys
            for kind in ("keyDown", "keyUp")
        ]
        source = {"type": "key", "id": "keys", "actions": actions}
        self.ask("input.performActions", context=self.context, actions=[source])

    def type(self, text: str) -> None:
        """Type a text."""
        self.press(*text)

    def click(self, selector: str) -> None:
        """Click in the middle of the first that fits."""
        x, y = self.value(
            f"""(() => {{ const one = document.querySelector({json.dumps(selector)});
            one.scrollIntoView({{ block: "center" }});
            const box = one.getBoundingClientRect();
            return [Math.floor(box.x + box.width / 2), Math.floor(box.y + box.height / 2)]; }})()"""
        )
        actions = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        source = {"type": "pointer", "id": "mouse", "actions": actions}
        self.ask("input.performActions", context=self.context, actions=[source])

    def resize(self, width: int, height: int) -> None:
        """Change the size of what pages see."""
        size = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self.context, viewport=size)

    def picture(self, path: Path) -> None:
        """What the window shows, as a PNG."""
        found = self.ask("browsingContext.captureScreenshot", context=self.context)
        path.write_bytes(b64decode(found["data"]))

    def sign_in(self, url: str, session: str) -> None:
        """Give the browser a session's cookie."""
        cookie = {
            "name": COOKIE,
            "value": {"type": "string", "value": session},
            "domain": urlsplit(url).hostname,
            "path": "/",
            "httpOnly": True,
            "sameSite": "strict",
        }
        self.ask("storage.setCookie", cookie=cookie)


@contextlib.contextmanager
def opened(*, is_dark: bool = False, **preferences: bool | int | str) -> Iterator[Window]:
    """Firefox with one window, until the block ends."""
    with tempfile.TemporaryDirectory() as profile:
        dark = {"ui.systemUsesDarkTheme": int(is_dark)}
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in {**PREFERENCES, **dark, **preferences}.items()
        )
        (Path(profile) / "user.js").write_text("".join(lines))
        port = free_port()
        log_path = Path(profile) / "firefox.log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [PROGRAM, "--headless", "--no-remote", "--profile", profile,
                 "--remote-debugging-port", str(port), "about:blank"],
                stdout=log, stderr=log,
                env={"HOME": profile, "PATH": "/usr/bin:/bin"},
            )  # fmt: skip
            try:
                until(lambda: b"WebDriver BiDi listening" in log_path.read_bytes(), "firefox")
                with connect(
                    f"ws://127.0.0.1:{port}/session", max_size=LARGEST_BYTES, proxy=None
                ) as socket:
                    window = Window(socket=socket)
                    window.ask("session.new", capabilities={})
                    window.ask("session.subscribe", events=["log.entryAdded"])
                    # In the first tab the address bar has the focus, and the page shows none.
                    made = window.ask("browsingContext.create", type="tab")
                    window.context = made["context"]
                    window.ask("browsingContext.activate", context=window.context)
                    window.resize(1280, 800)
                    yield window
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
