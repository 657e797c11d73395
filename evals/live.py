"""Live view: `python -m evals.live [--tiles 1,4,9,16] [--seconds 30]`.

From a camera's packet to its masked picture on the screen. Cameras are real RTSP over TCP, each at
a phase of its own, playing half a minute of the rendered concourse (640x360, 12 a second, ten
people); shield worker and console run as a site's do, all on this machine, browser included, whose
decoder and compositor are software.

Each delay counts from the moment at which a camera handed its picture to its socket.

- *display*: until it is on chromium's screen (requestVideoFrameCallback: `expectedDisplayTime`, or
  the time of the callback where that is later);
- *socket*: until a WebSocket client in another process has it, at the same time, of one camera:
  our chain alone, beside the browser that takes the processor;
- *alone*: the same of all cameras, without any browser.

Beside them, from the page's own clock, medians of each stage of a picture that was shown, and
which share of the pictures sent came to the screen.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import pickle
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser
from tests.support import chromium
from tests.support.served_site import MadeSite, free_port, make_site, serving_console, until

from evals.scorecard import Report, machine, print_report, print_table
from evals.shield_cost import SUB_FPS, sub_stream

WARM_S = 8.0
"""After the last tile shows a picture: the live edge is found within some seconds."""

Key = tuple[str, int]
"""A picture: its camera, and its media time in ticks of 90 kHz."""

MARKS = """(() => {
  const now = () => performance.timeOrigin + performance.now();
  const of = new WeakMap();
  window.marks = { came: [], asked: [], appended: [] };
  const time = (data) => {
    const view = new DataView(data);
    const isFragment = view.byteLength > 68 && view.getUint32(4) === 0x6d6f6f66; // moof
    return isFragment ? Number(view.getBigUint64(60)) : -1;
  };
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url);
      const camera = new URL(url).pathname.split("/")[2];
      this.addEventListener("message", ({ data }) => {
        if (typeof data === "string") return;
        const key = [camera, time(data)];
        of.set(data, key);
        if (key[1] >= 0) marks.came.push([...key, now()]);
      });
    }
  };
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (data) {
    const key = of.get(data);
    if (key) {
      marks.asked.push([...key, now()]);
      const note = () => marks.appended.push([...key, now()]);
      this.addEventListener("updateend", note, { once: true });
    }
    return append.call(this, data);
  };
})()"""

WATCH = """() => {
  window.shown = [];
  for (const list of Object.values(marks)) list.length = 0;
  for (const tile of document.querySelectorAll("insyn-live")) {
    const camera = tile.getAttribute("camera");
    const note = (now, said) => {
      const at = Math.round(said.mediaTime * 90000);
      const seen = Math.max(now, said.expectedDisplayTime); // of a late picture the latter is past
      shown.push([camera, at, performance.timeOrigin + seen]);
      tile.video.requestVideoFrameCallback(note);
    };
    tile.video.requestVideoFrameCallback(note);
  }
}"""
PLAYING = """() => [...document.querySelectorAll("insyn-live")]
  .every((tile) => tile.dataset.state === "RUN" && Number(tile.dataset.at) > 1)"""


@contextlib.contextmanager
def running(module: str, *arguments: str) -> Iterator[None]:
    """One of this scorecard's processes, until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments])
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


@dataclass(frozen=True, kw_only=True)
class Wall:
    """A wall of so many cameras that are masked and served now."""

    made: MadeSite
    home: Path
    url: str

    @property
    def cameras(self) -> list[str]:
        """Their ids."""
        return list(self.made.cameras.values())


@contextlib.contextmanager
def walled(tiles: int, clip: Path, folder: Path) -> Iterator[Wall]:
    """Cameras, worker and console."""
    folder.mkdir()
    port = free_port()
    names = {f"Camera {n:02d}": f"rtsp://127.0.0.1:{port}/{n}" for n in range(1, tiles + 1)}
    made = make_site(folder, names, has_vault=False)
    home = folder / "worker"
    home.mkdir()
    sender = ("evals.live_cameras", str(clip), str(port), str(home / "sent.txt"), str(SUB_FPS))
    worker = ("evals.live_process", str(made.site.run), str(home), str(clip), str(port))
    with (
        running(*sender),
        running(*worker, *made.cameras.values()),
        serving_console(made) as url,
    ):
        until(lambda: _state(made) == {"RUN"}, "the worker", 300)
        yield Wall(made=made, home=home, url=url)


def _state(made: MadeSite) -> set[str]:
    try:
        said = json.loads((made.site.run / "shield-1.json").read_bytes())
    except (OSError, ValueError):
        return set()
    return {one["state"] for one in said["cameras"].values()}


def measure(browser: Browser, tiles: int, seconds: float, clip: Path, folder: Path) -> Report:
    """One wall with so many tiles."""
    with walled(tiles, clip, folder) as wall:
        display = _displayed(browser, wall, tiles, seconds)
        alone = _client(wall, wall.cameras, seconds, folder / "alone.txt")
        state = json.loads((wall.made.site.run / "shield-1.json").read_bytes())
    masking = statistics.mean(one["step_ms"] for one in state["cameras"].values())
    return {"tiles": tiles, **display, **_told("alone", alone), "masking_ms": round(masking, 1)}


def _client(wall: Wall, cameras: list[str], seconds: float, seen: Path) -> list[float]:
    session = wall.made.session("oskar")
    with running("evals.live_client", wall.url, session, str(seen), *cameras):
        until(lambda: seen.exists() and seen.stat().st_size > 0, "the client")
        time.sleep(2)  # what it got of the past is told apart by time
        began_ns = time.time_ns()
        time.sleep(seconds)
    return _since(sent_at(wall.home), _noted(seen), began_ns)


def _displayed(browser: Browser, wall: Wall, tiles: int, seconds: float) -> Report:
    seen = wall.home / "beside.txt"
    session = wall.made.session("oskar")
    size = {"width": 1920, "height": 1080}
    with chromium.opened(browser, wall.url, session, viewport=size) as window:
        window.context.add_init_script(MARKS)
        page = window.go(f"/?size={tiles}")
        page.wait_for_function(PLAYING)
        page.wait_for_timeout(WARM_S * 1000)
        with running("evals.live_client", wall.url, session, str(seen), wall.cameras[0]):
            until(lambda: seen.exists() and seen.stat().st_size > 0, "the client")
            page.wait_for_timeout(1000)
            began_ns = time.time_ns()
            page.evaluate(WATCH)
            page.wait_for_timeout(seconds * 1000)
            load = os.getloadavg()[0]
            shown, marks = page.evaluate("shown"), page.evaluate("marks")
            ended_ns = time.time_ns()
        dropped = page.evaluate(
            "[...document.querySelectorAll('insyn-live')]"
            ".reduce((sum, tile) => sum + Number(tile.dataset.dropped || 0), 0)"
        )
    sent = sent_at(wall.home)
    found = delays_ms(sent, shown)
    times = (int(at_ns) for _, _, at_ns in _lines(wall.home / "sent.txt", 3))
    expected = sum(began_ns <= at_ns <= ended_ns for at_ns in times)
    return {
        "pictures": len(found),
        "shown_share": round(len(found) / expected, 3) if expected else None,
        "median_ms": _rounded(found, 50),
        "p95_ms": _rounded(found, 95),
        "p99_ms": _rounded(found, 99),
        "least_ms": _rounded(found, 0),
        **_told("socket", _since(sent, _noted(seen), began_ns)),
        "stages_ms": _stages(wall.home, shown, marks),
        "dropped": dropped,
        "load": round(load, 1),
    }


def _told(name: str, found: Sequence[float]) -> Report:
    return {f"{name}_median_ms": _rounded(found, 50), f"{name}_p95_ms": _rounded(found, 95)}


def _rounded(values: Sequence[float], share: int) -> float | None:
    if not values:
        return None
    return round(sorted(values)[min(len(values) - 1, len(values) * share // 100)], 1)


@dataclass(frozen=True, slots=True)
class Masked:
    """When what happened to a picture before it was shown; wall times in ns."""

    sent_ns: int
    read_ns: int
    began_ns: int
    masked_ns: int


def masked_pictures(home: Path) -> dict[Key, Masked]:
    """What the worker noted, with when each picture had been sent."""
    sent: dict[tuple[str, str], list[int]] = {}
    for name, mark, at_ns in _lines(home / "sent.txt", 3):
        sent.setdefault((name, mark), []).append(int(at_ns))
    found: dict[Key, Masked] = {}
    for camera, at_90k, mark, read_ns, began_ns, masked_ns in _lines(home / "masked.txt", 6):
        # The clip plays again and again: the last time before it was masked.
        before = [at for at in sent.get((camera, mark), []) if at <= int(began_ns)]
        if before:
            times = (before[-1], int(read_ns), int(began_ns), int(masked_ns))
            found[camera, int(at_90k)] = Masked(*times)
    return found


def sent_at(home: Path) -> dict[Key, int]:
    """Wall time in ns at which each masked picture had left its camera."""
    return {key: one.sent_ns for key, one in masked_pictures(home).items()}


def delays_ms(
    sent: Mapping[Key, int], shown: Iterable[tuple[str, int, float]], since_ns: int = 0
) -> list[float]:
    """From camera to screen, of each picture that was shown, counted once.

    Args:
        sent: wall time in ns by camera and media time in ticks of 90 kHz.
        shown: camera, media time in ticks, and wall time in ms at which it came to the screen.
        since_ns: pictures that were sent before do not count.
    """
    found: dict[Key, float] = {}
    for camera, ticks, at_ms in shown:
        key = _near((camera, ticks), sent)
        if key is not None and sent[key] >= since_ns:
            found.setdefault(key, at_ms - sent[key] / 1e6)
    return sorted(found.values())


# `object`: which value stands behind the key does not matter here.
def _near(key: Key, known: Mapping[Key, object]) -> Key | None:
    """Browsers keep media time in microseconds, so that a tick may be lost."""
    camera, ticks = key
    for near in (ticks, ticks + 1, ticks - 1):
        if (camera, near) in known:
            return camera, near
    return None


def _since(sent: Mapping[Key, int], noted: Mapping[Key, float], since_ns: int) -> list[float]:
    return delays_ms(sent, [(*key, at_ms) for key, at_ms in noted.items()], since_ns)


def _noted(seen: Path) -> dict[Key, float]:
    return {(name, int(at)): int(at_ns) / 1e6 for name, at, at_ns in _lines(seen, 3)}


# `Any` would be JSON: lists of camera, ticks and milliseconds.
def _stages(
    home: Path,
    shown: Iterable[tuple[str, int, float]],
    marks: Mapping[str, Iterable[tuple[str, int, float]]],
) -> Report:
    """Medians of the stages of the pictures that were shown, in ms."""
    masked = masked_pictures(home)
    page = {
        name: {(camera, at): at_ms for camera, at, at_ms in told} for name, told in marks.items()
    }
    took: dict[str, list[float]] = {}
    for camera, ticks, at_ms in shown:
        key = _near((camera, ticks), masked)
        if key is None or any(key not in told for told in page.values()):
            continue
        one = masked[key]
        times = {
            "camera to worker": one.read_ns / 1e6,
            "decoding, its turn": one.began_ns / 1e6,
            "masking": one.masked_ns / 1e6,
            "coding to page": page["came"][key],
            "waiting to append": page["asked"][key],
            "appending": page["appended"][key],
            "to the screen": at_ms,
        }
        before = one.sent_ns / 1e6
        for name, at in times.items():
            took.setdefault(name, []).append(at - before)
            before = at
    return {name: round(statistics.median(values), 1) for name, values in took.items()}


def _lines(path: Path, fields: int) -> Iterator[list[str]]:
    for line in path.read_text().splitlines():
        parts = line.split()
        if len(parts) == fields:  # the last line may be cut
            yield parts


COLUMNS = (
    *("tiles", "pictures", "shown_share", "median_ms", "p95_ms"),
    *("socket_median_ms", "socket_p95_ms", "alone_median_ms", "alone_p95_ms"),
    *("masking_ms", "load"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tiles", default="1,4,9,16", help="how many at once, several by comma")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each is watched")
    options = parser.parse_args()
    if chromium.WHY_NOT:
        sys.exit(chromium.WHY_NOT)
    rows: list[Report] = []
    with tempfile.TemporaryDirectory() as name, chromium.launched() as browser:
        clip = Path(name) / "clip"
        clip.write_bytes(pickle.dumps(sub_stream()))
        for tiles in (int(part) for part in options.tiles.split(",")):
            rows.append(measure(browser, tiles, options.seconds, clip, Path(name) / str(tiles)))
    print_table(
        "Camera to screen, and camera to WebSocket, masked",
        COLUMNS,
        [[row[name] for name in COLUMNS] for row in rows],
    )
    print_report({"machine": machine(), "seconds": options.seconds, "live": rows})


if __name__ == "__main__":
    main()
