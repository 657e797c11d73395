"""Playback: `python -m evals.playback [--cameras 16] [--hours 24] [--seeks 60]`.

An archive of a day of so many cameras, as a site would have it: minutes of real, masked H.264 in
fMP4, each with its row, its fragments' table and its activity. A few minutes are coded once and
stand in the folders again and again (as hard links), so that the day fits any disk; what is read
is therefore warm, and a disk's own seek (some 10 ms) comes on top.

Told are: what each request of the player costs over HTTP (timeline of a day, the next ten minutes'
list, a segment, a preview, the next activity, a playlist and a byte range over the whole day); and
in chromium the time from choosing a moment at random until its picture stands, for one camera and
for nine in step; and how far nine are apart while they play.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from playwright.sync_api import Browser
from tests.support import chromium
from tests.support.served_site import MadeSite, make_site, serving_console

from evals.scorecard import Report, machine, print_report, print_table
from evals.shield_cost import SUB_FPS, sub_stream
from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive, Begin, Picture, add_recordings
from insyn.site.clocks import Reading
from insyn.site.shield.paint import coarse
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.streams import TICKS, Packet, StreamName
from insyn.web.signing import COOKIE

ZONE = "Europe/Stockholm"
SECOND_NS = 10**9
DISTINCT = 3
"""Minutes that are coded; the day is made of them."""

SEEK = """async at => {
  const player = document.querySelector("insyn-player");
  const began = performance.now();
  player.go(at);
  for (;;) {
    await new Promise(requestAnimationFrame);
    const stands = player.tracks.every((track) => track.base !== null && track.at(at)
      && track.isReady(at) && !track.video.seeking
      && Math.abs(track.video.currentTime - (at - track.base) / 1000) < 0.05);
    if (stands) return performance.now() - began;
    if (performance.now() - began > 20000) return 20000;
  }
}"""
APART = """() => {
  const player = document.querySelector("insyn-player");
  const times = player.tracks.map((track) => track.base + track.video.currentTime * 1000);
  return [Math.max(...times) - Math.min(...times), Math.max(...times) - player.at];
}"""


def masked_minutes() -> list[list[Packet]]:
    """Some minutes of masked video, each at its own time; a key picture a second."""
    packets = sub_stream()
    parameters = packets[0].parameters
    assert parameters is not None
    decoder = Decoder(parameters, largest=(640, 360))
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    minutes = []
    for number in range(DISTINCT):
        encoder = MaskedEncoder(width=640, height=360, fps=SUB_FPS)
        coded = []
        for place in range(60 * SUB_FPS):
            clear = frames[(place + number * 97) % len(frames)]
            masked = coarse(replace(clear, pts_90k=place * TICKS // SUB_FPS))
            packet = encoder.encode(masked)
            assert packet is not None
            coded.append(packet)
        minutes.append(coded)
    return minutes


def fill(made: MadeSite, begins_ns: int, hours: int) -> int:
    """Put the day into the site's archive; gives how many recordings it holds."""
    root = open_root(made.site.archive, expected=None)
    index = Index(root.path / "index.sqlite")
    archive = Archive(root, index)
    minutes = [_write(archive, coded) for coded in masked_minutes()]
    rows: list[Recording] = []
    for name in made.cameras.values():
        for number in range(hours * 60):
            pattern = minutes[number % DISTINCT]
            at_ns = begins_ns + number * 60 * SECOND_NS
            key = f"r-{random.getrandbits(64):016x}"
            path = Path(name) / "masked" / f"{number // 60:02d}" / f"{number:04d}-{key}.mp4"
            (root.path / path).parent.mkdir(parents=True, exist_ok=True)
            os.link(root.path / pattern.path, root.path / path)
            moved = bytes(60) if number % 7 else bytes(20) + bytes([180] * 12) + bytes(28)
            rows.append(
                replace(
                    pattern,
                    id=key,
                    camera=name,
                    run=f"run-{name}",
                    start_wall_ns=at_ns,
                    media_start_90k=number * 60 * TICKS,
                    path=str(path),
                    activity=moved,
                )
            )
    add_recordings(index, rows)
    archive.close()
    return len(rows)


def _write(archive: Archive, coded: Sequence[Packet]) -> Recording:
    parameters = coded[0].parameters
    assert parameters is not None
    begin = Begin(
        camera="patterns",
        stream=StreamName.MASKED,
        run="patterns",
        parameters=parameters,
        started=Reading(wall_ns=0, monotonic_ns=0),
        boot="eval",
        media_start_90k=0,
    )
    writer = archive.begin(begin, seal=None)
    for first in range(0, len(coded), SUB_FPS):
        writer.append(
            [
                Picture(
                    data=packet.data,
                    dts_90k=packet.pts_90k or 0,
                    pts_90k=packet.pts_90k or 0,
                    duration_90k=TICKS // SUB_FPS,
                    is_key=packet.is_key,
                )
                for packet in coded[first : first + SUB_FPS]
            ]
        )
    made = writer.close(
        archive.index, EndReason.ROTATED, wall_duration_ns=60 * SECOND_NS, activity=bytes(60)
    )
    assert made is not None
    return made


def over_http(
    made: MadeSite, url: str, day: str, begins_ms: int, hours: int, rounds: int
) -> Report:
    """What each request costs, at random cameras and times."""
    cameras = list(made.cameras.values())
    session = made.session("oskar")
    chance = random.Random(7)
    until_ms = begins_ms + hours * 3_600_000
    with httpx.Client(base_url=url, cookies={COOKIE: session}, timeout=120) as client:
        tokens = {name: client.get(f"/playback/{name}/token").json()["token"] for name in cameras}

        def ask(
            path: str, asked: dict[str, object], headers: dict[str, str] | None = None
        ) -> httpx.Response:
            name = chance.choice(cameras)
            params = {**{key: str(value) for key, value in asked.items()}, "token": tokens[name]}
            answer = client.get(f"/playback/{name}/{path}", params=params, headers=headers)
            answer.raise_for_status()
            return answer

        def moment() -> int:
            return chance.randrange(begins_ms, until_ms - 700_000)

        def segments() -> httpx.Response:
            at = moment()
            return ask("segments", {"from": at, "until": at + 600_000})

        listed = [client.get(one["url"]) for one in segments().json()["segments"][:1]]
        assert listed
        assert listed[0].is_success

        def segment() -> httpx.Response:
            # Only the segment is timed: its list was asked for before.
            return client.get(chance.choice(addresses))

        addresses = [
            chance.choice(segments().json()["segments"])["url"] for _ in range(min(rounds, 40))
        ]
        day_span: dict[str, object] = {"from": begins_ms, "until": until_ms}
        some = max(3, rounds // 10)
        return {
            "timeline_day": _timed(lambda: ask("timeline", {"day": day, "zone": ZONE}), rounds),
            "segments_list": _timed(segments, rounds),
            "segment": _timed(segment, rounds),
            "preview": _timed(lambda: ask("preview.jpg", {"at": moment(), "width": 160}), rounds),
            "next_activity": _timed(lambda: ask("activity", {"at": moment()}), rounds),
            "playlist_day": _timed(lambda: ask("index.m3u8", day_span), some),
            "range_of_day": _timed(
                lambda: ask("stream.mp4", day_span, {"Range": "bytes=900000-999999"}),
                some,
            ),
        }


def _timed(act: Callable[[], object], rounds: int) -> Report:
    act()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return _spread(took)


def _spread(values: Sequence[float]) -> Report:
    ordered = sorted(values)
    return {
        "median_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)], 1),
    }


def in_chromium(
    browser: Browser, made: MadeSite, url: str, day: str, span_ms: tuple[int, int], seeks: int
) -> Report:
    """Seeks and drift in the player, for one camera and for as many as go in step."""
    found: Report = {}
    names = list(made.cameras.values())
    chance = random.Random(11)
    for count in sorted({1, min(9, len(names))}):
        chosen = "".join(f"&camera={name}" for name in names[:count])
        with chromium.opened(
            browser, url, made.session("oskar"), viewport={"width": 1920, "height": 1080}
        ) as window:
            page = window.go(f"/playback?day={day}&at={span_ms[0] + 60_000}{chosen}")
            page.wait_for_function("() => document.querySelector('insyn-player').dataset.at")
            took = [
                float(page.evaluate(SEEK, chance.randrange(span_ms[0], span_ms[1] - 700_000)))
                for _ in range(seeks)
            ]
            page.get_by_role("button", name="Play").click()
            page.wait_for_timeout(3000)
            apart = []
            for _ in range(40):
                page.wait_for_timeout(100)
                apart.append(float(page.evaluate(APART)[0]))
        found[f"seek_{count}"] = _spread(took)
        if count > 1:
            found[f"apart_{count}"] = _spread(apart)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seeks", type=int, default=60)
    options = parser.parse_args()
    if chromium.WHY_NOT:
        sys.exit(chromium.WHY_NOT)
    day = datetime.now(ZoneInfo(ZONE)).date() - timedelta(days=1)
    begins = datetime.combine(day, datetime.min.time(), ZoneInfo(ZONE))
    begins_ms = int(begins.timestamp()) * 1000
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        cameras = {
            f"Camera {n:02d}": f"virtual://concourse?seed={n}"
            for n in range(1, options.cameras + 1)
        }
        made = make_site(Path(folder), cameras, has_vault=False)
        count = fill(made, begins_ms * 10**6, options.hours)
        reader = Reader(made.site.archive, Index(made.site.archive / "index.sqlite"))
        size = sum(holding.size_bytes for holding in reader.holdings())
        reader.close()
        print(f"{count} recordings, {size / 1e9:.1f} GB as rows tell", file=sys.stderr)
        span = (begins_ms, begins_ms + options.hours * 3_600_000)
        with serving_console(made) as url:
            http = over_http(made, url, str(day), begins_ms, options.hours, options.seeks)
            player = in_chromium(browser, made, url, str(day), span, options.seeks)
    columns = ("what", "median_ms", "p95_ms")
    told = {**http, **player}
    rows = [[name, *one.values()] for name, one in told.items() if isinstance(one, dict)]
    print_table(f"{options.cameras} cameras, {options.hours} hours", columns, rows)
    print_report(
        {
            "machine": machine(),
            "load": round(os.getloadavg()[0], 1),
            "recordings": count,
            "http": http,
            "player": player,
        }
    )


if __name__ == "__main__":
    main()
