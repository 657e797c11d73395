"""A stranger's player at the real console: FFmpeg over HTTP reads spans as HLS and as one MP4."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urljoin

import httpx
import pytest
from tests.support import chromium
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import FPS, SECOND_NS, START_NS, MaskedArchive, shade_of
from tests.support.served_site import MadeSite, make_site, serving_console

from insyn.site.console.app import create_app
from insyn.site.console.desk import SiteDesk
from insyn.site.playback.clip import INDEXED
from insyn.site.playback.hls import TARGET_S
from insyn.site.streams import TICKS
from insyn.web.media_tokens import LASTS_S
from insyn.web.signing import COOKIE

pytestmark = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="FFmpeg's programs are not installed (on Debian: apt install ffmpeg)",
)

SHOWN = (*range(20), *range(80, 90))
"""The seconds of the span that were recorded, a minute's gap between."""


@dataclass(frozen=True, kw_only=True)
class Served:
    """A console with an archive, and a session of an operator."""

    made: MadeSite
    url: str
    archive: MaskedArchive
    session: str

    @property
    def camera(self) -> str:
        return self.made.cameras["Hall"]

    def get(self, path: str, *, session: str | None = None) -> httpx.Response:
        secret = self.session if session is None else session
        cookies = {COOKIE: secret} if secret else {}
        return httpx.get(urljoin(self.url, path), cookies=cookies, timeout=30)

    def token(self, camera: str = "", *, session: str | None = None) -> str:
        """A token as a signed-in session gets it."""
        path = f"/playback/{camera or self.camera}/token"
        return str(self.get(path, session=session).json()["token"])

    def address(self, name: str, from_s: float, until_s: float, token: str = "") -> str:
        """What a player is told to open: a span, in seconds since `START_NS`."""
        begin, end = (START_NS // 10**6 + round(at * 1000) for at in (from_s, until_s))
        asked = urlencode({"from": begin, "until": end, "token": token or self.token()})
        return f"{self.url}/playback/{self.camera}/{name}?{asked}"

    def player(self, program: str, *arguments: str, session: str | None = None) -> list[str]:
        """The command of a player that sends the session's cookie."""
        secret = self.session if session is None else session
        return [program, "-v", "error", "-headers", f"Cookie: {COOKIE}={secret}\r\n", *arguments]

    def decoded(self, *arguments: str) -> list[int]:
        """The luma of each picture that FFmpeg decodes."""
        shown = ("-vf", "crop=2:2:20:20", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough")
        command = self.player("ffmpeg", *arguments, *shown, "-f", "rawvideo", "-")
        done = subprocess.run(command, capture_output=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr.decode()
        assert done.stderr == b"", "FFmpeg complains of nothing"
        return list(done.stdout[::6])  # four of luma, two of colour a picture

    def probed(self, *arguments: str) -> list[str]:
        """The lines of ffprobe."""
        command = self.player("ffprobe", "-of", "csv=p=0", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode, done.stderr) == (0, "")
        return [line.strip(",") for line in done.stdout.splitlines() if line.strip(",")]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    cameras = {
        name: f"virtual://concourse?seed={seed}" for seed, name in enumerate(("Hall", "Yard"))
    }
    made = make_site(tmp_path_factory.mktemp("norrby"), cameras, has_vault=False)
    archive = MaskedArchive(made.site.archive)
    hall = made.cameras["Hall"]
    archive.record(0, 10, camera=hall)
    archive.record(10, 10, camera=hall, media_start_90k=10 * TICKS)
    archive.record(80, 10, camera=hall, run="after the gap")
    with serving_console(made) as url:
        yield Served(made=made, url=url, archive=archive, session=made.session("oskar"))
    archive.close()


def expected(seconds: tuple[int, ...] = SHOWN) -> list[int]:
    return [shade_of(each) for each in seconds for _ in range(FPS)]


def near(found: list[int], wanted: list[int]) -> bool:
    return len(found) == len(wanted) and all(
        abs(f - w) <= 3 for f, w in zip(found, wanted, strict=True)
    )


def test_an_hls_player_shows_every_picture_of_a_span_with_a_gap(served: Served) -> None:
    address = served.address("index.m3u8", 0, 90)
    assert near(served.decoded("-i", address), expected())
    (lasts,) = served.probed("-show_entries", "format=duration", address)
    assert float(lasts) == pytest.approx(len(SHOWN), abs=0.001)
    times = [float(t) for t in served.probed("-show_entries", "packet=dts_time", address)]
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert steps == pytest.approx([1 / FPS] * (len(SHOWN) * FPS - 1), abs=0.0001), "no seam"


SEEKS = """async ([address, times]) => {
  const video = Object.assign(document.createElement("video"), { muted: true, src: address });
  const heard = (name) => new Promise((done, fail) => {
    video.addEventListener(name, done, { once: true });
    video.addEventListener("error", () => fail(video.error.message), { once: true });
  });
  await heard("loadeddata");
  const canvas = Object.assign(document.createElement("canvas"), { width: 16, height: 9 });
  const context = canvas.getContext("2d");
  const shown = [];
  for (const time of times) {
    const seeked = heard("seeked");
    video.currentTime = time;
    await seeked;
    context.drawImage(video, 0, 0, 16, 9);
    shown.push(context.getImageData(8, 4, 1, 1).data[0]);
  }
  return [video.duration, shown];
}"""


@pytest.mark.browser
@pytest.mark.skipif(bool(chromium.WHY_NOT), reason=chromium.WHY_NOT)
def test_a_plain_video_element_plays_and_seeks_over_the_gap(served: Served) -> None:
    with (
        chromium.launched() as browser,
        chromium.opened(browser, served.url, served.session) as window,
    ):
        page = window.go("/exports")
        names = ["stream.mp4"]
        if page.evaluate(
            "() => document.createElement('video').canPlayType('application/x-mpegurl')"
        ):
            names.append("index.m3u8")  # chromium plays HLS by itself since 142
        for name in names:
            address = served.address(name, 0, 90)
            lasts, shown = page.evaluate(SEEKS, [address, [24.5, 3.5, 12.5]])
            assert lasts == pytest.approx(len(SHOWN), abs=0.001)
            wanted = [round((shade_of(each) - 16) * 255 / 219) for each in (84, 3, 12)]
            assert near(shown, wanted), "the picture of that second, and a minute left out"
        assert window.complaints == []


def test_a_playlist_keeps_the_rules_that_players_rely_on(served: Served) -> None:
    text = served.get(served.address("index.m3u8", 0, 90)).text
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert "#EXT-X-PLAYLIST-TYPE:VOD" in lines
    assert int(tag(text, "EXT-X-VERSION")) >= 6, "EXT-X-MAP in a list of whole pictures (8)"
    durations = [float(each) for each in re.findall(r"#EXTINF:([0-9.]+),", text)]
    assert sum(durations) == pytest.approx(len(SHOWN))
    assert int(tag(text, "EXT-X-TARGETDURATION")) >= max(round(each) for each in durations)
    parts = text.split("#EXT-X-DISCONTINUITY\n")
    assert len(parts) == 2, "at the gap, and not where recordings of one run meet"
    for part, begins in zip(parts, ("11:06:40", "11:08:00"), strict=True):
        head = part[: part.index("#EXTINF")]
        assert head.count("#EXT-X-MAP:URI=") == 1, "before the first segment that needs it"
        assert f"#EXT-X-PROGRAM-DATE-TIME:2026-11-18T{begins}.000Z" in head
    segments = [line for line in lines if not line.startswith("#")]
    assert len(segments) == len(durations) == len(set(segments))
    for path in (*segments, *re.findall(r'URI="([^"]+)"', text)):
        assert served.get(path).status_code == 200


def test_a_span_that_goes_on_is_a_list_that_only_grows(served: Served) -> None:
    now_s = (time.time_ns() - START_NS) // SECOND_NS
    camera = served.made.cameras["Yard"]
    begun = served.archive.begin(now_s - 30, camera=camera, run="goes on", first=1)
    address = served.address("index.m3u8", now_s - 30, now_s + 600, served.token(camera))
    address = address.replace(served.camera, camera)
    begun.go_on(3)
    assert served.get(address).status_code == 404, "nothing is whole yet, and it says so"
    begun.go_on(6)
    texts = [served.get(address).text]
    assert texts[0].count("#EXTINF") == 2, "what may still grow is not told"
    follower = subprocess.Popen(
        served.player(
            "ffmpeg", "-live_start_index", "0", "-i", address, "-frames:v", str(14 * FPS),
            "-vf", "crop=2:2:20:20", "-pix_fmt", "yuv420p", "-fps_mode", "passthrough",
            "-f", "rawvideo", "-flush_packets", "1", "-",
        ),
        stdout=subprocess.PIPE,
        bufsize=0,
    )  # fmt: skip
    assert follower.stdout is not None
    shown = follower.stdout.read(6)  # it plays what there is
    begun.go_on(2)
    texts.append(served.get(address).text)
    begun.close()
    texts.append(served.get(address).text)
    after = served.archive.begin(
        now_s - 19, camera=camera, run="goes on", first=12, media_start_90k=11 * TICKS
    )
    after.go_on(9)
    texts.append(served.get(address).text)
    shown += follower.communicate(timeout=120)[0]
    assert near(list(shown[::6]), expected(tuple(range(1, 15)))), "what came later was played too"
    for before, text in itertools.pairwise(texts):
        assert text.startswith(before), "what was told stays"
    assert [text.count("#EXTINF") for text in texts] == [2, 2, 3, 5]
    assert "#EXT-X-DISCONTINUITY" not in texts[-1]
    for text in texts:
        assert tag(text, "EXT-X-PLAYLIST-TYPE") == "EVENT"
        assert tag(text, "EXT-X-TARGETDURATION") == str(TARGET_S)
        assert "#EXT-X-ENDLIST" not in text
    after.close()


def test_a_span_that_was_just_over_says_so_to_whoever_followed_it(served: Served) -> None:
    now_s = (time.time_ns() - START_NS) // SECOND_NS
    served.archive.record(now_s - 120, 6, camera=served.camera, run="just over", first=3)
    address = served.address("index.m3u8", now_s - 120, now_s - 60)
    text = served.get(address).text
    assert tag(text, "EXT-X-PLAYLIST-TYPE") == "EVENT", "the type may not change"
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert near(served.decoded("-i", address), expected(tuple(range(3, 9))))


def test_a_player_seeks_in_the_mp4_by_byte_ranges(served: Served) -> None:
    address = served.address("stream.mp4", 0, 90)
    (lasts,) = served.probed("-show_entries", "format=duration", address)
    assert float(lasts) == pytest.approx(len(SHOWN), abs=0.001)
    for second, shade in ((3, 3), (12, 12), (27, 87)):
        (pts,) = served.probed(
            "-read_intervals", f"{second}%+#1", "-show_entries", "packet=pts_time", address
        )
        assert second - INDEXED < float(pts) <= second, "it begins to read near by"
        found = served.decoded("-ss", f"{second}.5", "-i", address, "-frames:v", "3")
        assert near(found, [shade_of(shade)] * 3)
    assert near(served.decoded("-i", address), expected())


@pytest.mark.parametrize("name", ["index.m3u8", "stream.mp4"])
def test_a_foreign_address_is_refused(served: Served, name: str) -> None:
    other = served.made.session("ines")
    yard = served.token(served.made.cameras["Yard"])
    own = served.token()
    until, _, mark = own.partition(".")
    later = f"{int(until, 16) + 60:x}.{mark}"
    for token, session in (
        (own, ""),  # copied out of the browser
        (own, other),  # handed to a colleague, who may look with an address of their own
        (served.token(session=other), None),
        (yard, None),
        (later, None),
        ("-", None),
    ):
        address = served.address(name, 0, 90, token)
        command = served.player("ffprobe", address, session=session)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode != 0
        assert "401" in done.stderr
    assert served.get(served.address(name, 0, 90, own)).status_code == 200


def test_an_expired_address_is_refused_and_so_is_all_that_it_led_to(tmp_path: Path) -> None:
    made = make_site(tmp_path, {"Hall": "virtual://concourse?seed=7"}, has_vault=False)
    archive = MaskedArchive(made.site.archive)
    camera = made.cameras["Hall"]
    archive.record(0, 5, camera=camera)
    archive.close()
    desk = SiteDesk(made.site)
    client = AsgiClient(create_app(desk))
    session = made.session("oskar")
    client.cookies.set(COOKIE, session)
    prefix, now_s = f"/playback/{camera}/", int(time.time())
    good, over = (
        desk.tokens.make(session, prefix, now_s=at) for at in (now_s, now_s - LASTS_S - 1)
    )
    begin = START_NS // 10**6
    path = f"{prefix}index.m3u8?from={begin}&until={begin + 5000}"
    text = client.get(f"{path}&token={good}").text
    segment = next(line for line in text.splitlines() if not line.startswith("#"))
    assert good in segment, "an address lasts no longer than the one that it was asked with"
    assert client.get(segment).status_code == 200
    assert client.get(segment.replace(good, over)).status_code == 401
    assert client.get(f"{path}&token={over}").status_code == 401
    desk.close()


def tag(text: str, name: str) -> str:
    """The value of a tag that stands once."""
    (value,) = re.findall(rf"^#{name}:(.*)$", text, re.MULTILINE)
    return str(value)
