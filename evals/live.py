"""Live view: `python -m evals.live [--tiles 1,4,9,16] [--seconds 30]`.

From a camera's packet to its masked picture on the screen: decoded, shielded, encoded, over the
worker's socket, the web process, a WebSocket and Media Source into chromium. Cameras play half a
minute of the rendered concourse (640x360, 12 a second, ten people) in real time; shield worker
and console run as a site's do, on the same machine as the browser, whose decoder is software.

Told are, of each picture that came to the screen, the time from its packet's arrival to
`expectedDisplayTime` (requestVideoFrameCallback), and which share of the pictures came there.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser
from tests.support import chromium
from tests.support.served_site import MadeSite, make_site, serving_console, until

from evals.scorecard import Report, machine, print_report, print_table

WARM_S = 8.0
"""After the last tile shows a picture: the live edge is found within some seconds."""

WATCH = """seconds => {
  window.shown = [];
  for (const tile of document.querySelectorAll("insyn-live")) {
    const camera = tile.getAttribute("camera");
    const note = (_, said) => {
      shown.push([camera, said.mediaTime, performance.timeOrigin + said.expectedDisplayTime]);
      tile.video.requestVideoFrameCallback(note);
    };
    tile.video.requestVideoFrameCallback(note);
  }
}"""
PLAYING = """() => [...document.querySelectorAll("insyn-live")]
  .every((tile) => tile.dataset.state === "RUN" && Number(tile.dataset.at) > 1)"""


@contextlib.contextmanager
def masking(made: MadeSite, home: Path) -> Iterator[None]:
    """The worker with its timed cameras."""
    command = [sys.executable, "-m", "evals.live_process", str(made.site.run), str(home)]
    process = subprocess.Popen([*command, *made.cameras.values()])
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


def measure(browser: Browser, tiles: int, seconds: float, folder: Path) -> Report:
    """One wall with so many tiles."""
    folder.mkdir()
    cameras = {f"Camera {n:02d}": f"virtual://concourse?seed={n}" for n in range(1, tiles + 1)}
    made = make_site(folder, cameras, has_vault=False)
    home = folder / "worker"
    home.mkdir()
    with (
        masking(made, home),
        serving_console(made) as url,
        chromium.opened(
            browser, url, made.session("oskar"), viewport={"width": 1920, "height": 1080}
        ) as window,
    ):
        until(lambda: (home / "times.txt").exists(), "the worker", 300)
        page = window.go(f"/?size={tiles}")
        page.wait_for_function(PLAYING)
        page.wait_for_timeout(WARM_S * 1000)
        began_ns = time.time_ns()
        page.evaluate(WATCH)
        page.wait_for_timeout(seconds * 1000)
        shown = page.evaluate("shown")
        ended_ns = time.time_ns()
        dropped = page.evaluate(
            "[...document.querySelectorAll('insyn-live')]"
            ".reduce((sum, tile) => sum + Number(tile.dataset.dropped || 0), 0)"
        )
        state = json.loads((made.site.run / "shield-1.json").read_bytes())
    came = _read(home / "times.txt")
    found = delays_ms(came, shown)
    expected = sum(1 for at_ns in came.values() if began_ns <= at_ns <= ended_ns)
    return {
        "tiles": tiles,
        "pictures": len(found),
        "shown_share": round(len(found) / expected, 3) if expected else None,
        "median_ms": round(statistics.median(found), 1) if found else None,
        "p95_ms": round(_percentile(found, 95), 1) if found else None,
        "p99_ms": round(_percentile(found, 99), 1) if found else None,
        "least_ms": round(min(found), 1) if found else None,
        "dropped": dropped,
        "masking_ms": round(
            statistics.mean(one["step_ms"] for one in state["cameras"].values()), 1
        ),
        "load": round(os.getloadavg()[0], 1),
    }


def delays_ms(
    came: dict[tuple[str, int], int], shown: Sequence[tuple[str, float, float]]
) -> list[float]:
    """From packet to screen, of each picture that was shown, counted once.

    Args:
        came: wall time in ns by camera and media time in ticks of 90 kHz.
        shown: camera, media time in seconds, and wall time in ms at which it came to the screen.
    """
    found: dict[tuple[str, int], float] = {}
    for camera, media_s, at_ms in shown:
        ticks = round(media_s * 90_000)
        # Browsers keep media time in microseconds, so that a tick may be lost.
        for near in (ticks, ticks + 1, ticks - 1):
            if (camera, near) in came:
                found.setdefault((camera, near), at_ms - came[camera, near] / 1e6)
                break
    return sorted(found.values())


def _percentile(values: Sequence[float], share: int) -> float:
    return values[min(len(values) - 1, len(values) * share // 100)]


def _read(path: Path) -> dict[tuple[str, int], int]:
    came = {}
    for line in path.read_text().splitlines():
        parts = line.split()
        if len(parts) == 3:  # the last line may be cut
            came[parts[0], int(parts[1])] = int(parts[2])
    return came


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tiles", default="1,4,9,16", help="how many at once, several by comma")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each is watched")
    options = parser.parse_args()
    if chromium.WHY_NOT:
        sys.exit(chromium.WHY_NOT)
    rows: list[Report] = []
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        for tiles in (int(part) for part in options.tiles.split(",")):
            rows.append(measure(browser, tiles, options.seconds, Path(folder) / str(tiles)))
    columns = ("tiles", "pictures", "shown_share", "median_ms", "p95_ms", "p99_ms", "masking_ms")
    print_table(
        "Packet to screen, masked", columns, [[row[name] for name in columns] for row in rows]
    )
    print_report({"machine": machine(), "seconds": options.seconds, "live": rows})


if __name__ == "__main__":
    main()
