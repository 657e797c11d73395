"""Playback over HTTP of an archive of real H.264, read back by PyAV and ffprobe."""

from __future__ import annotations

import io
import itertools
import shutil
import struct
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.asgi_client import AsgiClient
from tests.support.masked_archive import SECOND_NS, START_NS, MaskedArchive, shade_of

from insyn.base.errors import InsynError
from insyn.site.archive import fmp4
from insyn.site.playback.clip import Clip
from insyn.site.playback.routes import router, wanted_range
from insyn.site.playback.span import pieces_of
from insyn.site.playback.timeline import day_of, next_activity, previous_activity
from insyn.site.streams import TICKS, StreamName


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MaskedArchive]:
    """Two recordings of ten seconds that follow each other, a gap of a minute, and one more."""
    made = MaskedArchive(tmp_path_factory.mktemp("archive"))
    made.record(0, 10)
    made.record(10, 10, media_start_90k=10 * TICKS)
    made.record(80, 10, run="second")
    made.archive.add_gap(
        "cam-1",
        StreamName.MASKED,
        start_wall_ns=START_NS + 20 * SECOND_NS,
        end_wall_ns=START_NS + 80 * SECOND_NS,
        reason="stalled",
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(archive: MaskedArchive) -> AsgiClient:
    app = FastAPI()
    app.include_router(
        router(archive.reader, lambda *_: None, lambda _, path: f"{path}?token=t", lambda *_: None)
    )

    @app.exception_handler(InsynError)
    async def refused(_: Request, error: InsynError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 404)

    return AsgiClient(app)


def ms(seconds: float) -> str:
    return str((START_NS + int(seconds * SECOND_NS)) // 10**6)


def shades(content: bytes) -> list[int]:
    """The luma of each picture in order, by decoding."""
    with av.open(io.BytesIO(content), mode="r") as container:
        return [int(f.to_ndarray(format="gray")[20, 20]) for f in container.decode(video=0)]


def near(found: list[int], expected: list[int]) -> bool:
    return len(found) == len(expected) and all(
        abs(f - round((e - 16) * 255 / 219)) <= 4 for f, e in zip(found, expected, strict=True)
    )


def test_a_span_over_recordings_and_a_gap_is_one_seamless_file(client: AsgiClient) -> None:
    found = client.get("/playback/cam-1/stream.mp4", params={"from": ms(5), "until": ms(85)})
    assert found.status_code == 200
    expected = [shade_of(s) for s in (*range(5, 20), *range(80, 85)) for _ in range(10)]
    with av.open(io.BytesIO(found.content), mode="r") as container:
        times = [f.pts for f in container.decode(video=0) if f.pts is not None]
    assert times == [n * TICKS // 10 for n in range(200)], "no seam and no gap in media time"
    assert near(shades(found.content), expected)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_ffprobe_reads_a_stream_without_a_warning(client: AsgiClient, tmp_path: Path) -> None:
    found = client.get("/playback/cam-1/stream.mp4", params={"from": ms(0), "until": ms(90)})
    path = tmp_path / "span.mp4"
    path.write_bytes(found.content)
    told = subprocess.run(
        ["ffprobe", "-v", "warning", "-count_frames", "-show_entries",
         "stream=nb_read_frames,duration", "-of", "csv=p=0", str(path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert told.stderr == ""
    assert told.stdout.strip().endswith("300")


def test_the_index_at_its_head_tells_where_each_few_seconds_lie(client: AsgiClient) -> None:
    params = {"from": ms(3), "until": ms(84)}
    content = client.get("/playback/cam-1/stream.mp4", params=params).content
    (at, size), *more = [(at, size) for kind, at, size in fmp4.boxes(content) if kind == b"sidx"]
    assert more == []
    _, ticks, first_90k, offset, _, count = struct.unpack_from(">IIQQHH", content, at + 12)
    assert (ticks, first_90k, offset) == (TICKS, 0, 0)
    parts = [struct.unpack_from(">III", content, at + 40 + 12 * n) for n in range(count)]
    assert sum(duration for _, duration, _ in parts) == 21 * TICKS
    assert size == 40 + 12 * count
    place, start_90k = at + size, 0
    for size, duration, key in parts:
        found_90k, samples = fmp4.samples_of(content[place:])
        assert (found_90k, samples[0].is_key, key) == (start_90k, True, 0x90000000)
        place, start_90k = place + size, start_90k + duration
    assert place == len(content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_any_ranges_join_to_the_whole(archive: MaskedArchive, cut: list[float]) -> None:
    reader = archive.reader()
    found = reader.recordings("cam-1", StreamName.MASKED, START_NS, START_NS + 90 * SECOND_NS)
    clip = Clip(reader, pieces_of(found, START_NS + 3 * SECOND_NS, START_NS + 84 * SECOND_NS))
    whole = b"".join(clip.read(0, clip.size))
    assert len(whole) == clip.size
    edges = sorted({0, clip.size, *(int(c * clip.size) for c in cut)})
    parts = [b"".join(clip.read(a, b)) for a, b in itertools.pairwise(edges)]
    assert b"".join(parts) == whole
    reader.close()


def test_byte_ranges_are_answered_as_http_asks(client: AsgiClient) -> None:
    params = {"from": ms(0), "until": ms(10)}
    whole = client.get("/playback/cam-1/stream.mp4", params=params)
    size = len(whole.content)
    part = client.get(
        "/playback/cam-1/stream.mp4", params=params, headers={"Range": "bytes=100-199"}
    )
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{size}"
    beyond = client.get(
        "/playback/cam-1/stream.mp4", params=params, headers={"Range": f"bytes={size}-"}
    )
    assert beyond.status_code == 416
    head = client.head("/playback/cam-1/stream.mp4", params=params)
    assert head.headers["content-length"] == str(size)
    assert head.content == b""


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, (0, 1000, False)),
        ("bytes=0-", (0, 1000, True)),
        ("bytes=-100", (900, 1000, True)),
        ("bytes=-5000", (0, 1000, True)),
        ("bytes=990-5000", (990, 1000, True)),
        ("bytes=1000-", None),
        ("bytes=-0", None),
        ("bytes=5-2", (0, 1000, False)),
        ("bytes=0-1,5-6", (0, 1000, False)),
        ("pages=1-2", (0, 1000, False)),
    ],
)
def test_ranges(header: str | None, expected: tuple[int, int, bool] | None) -> None:
    assert wanted_range(header, 1000) == expected


def test_an_hls_player_gets_every_picture(client: AsgiClient) -> None:
    playlist = client.get("/playback/cam-1/index.m3u8", params={"from": ms(0), "until": ms(90)})
    assert playlist.text.count("#EXT-X-DISCONTINUITY") == 1, "at the gap, not between recordings"
    assert playlist.text.count("#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:40.000Z") == 1
    content, frames = b"", 0
    for line in playlist.text.splitlines():
        if line.startswith("#EXT-X-MAP"):
            frames += len(shades(content)) if content else 0
            content = client.get(line.split('"')[1]).content
        elif line and not line.startswith("#"):
            content += client.get(line).content
    assert frames + len(shades(content)) == 300


def test_segments_for_the_player_lie_by_the_clock(client: AsgiClient) -> None:
    said = client.get("/playback/cam-1/segments", params={"from": ms(0), "until": ms(90)}).json()
    assert [s["from_ms"] - int(ms(0)) for s in said["segments"]] == [0, 10_000, 80_000]
    first = said["segments"][0]
    content = b64decode(said["inits"][first["init"]]) + client.get(first["url"]).content
    with av.open(io.BytesIO(content), mode="r") as container:
        frame = next(container.decode(video=0))
    assert frame.pts is not None
    assert said["base_ms"] + frame.pts // 90 == int(ms(0))


def test_the_timeline_of_a_day_shows_recordings_and_why_there_are_none(client: AsgiClient) -> None:
    said = client.get("/playback/cam-1/timeline", params={"day": "2026-11-18"}).json()
    begin = int(ms(0))
    assert said["recordings"] == [[begin, begin + 20_000], [begin + 80_000, begin + 90_000]]
    assert [gap["reason"] for gap in said["gaps"]] == ["stalled"]
    assert len(said["activity"]["values"]) == 8640


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_clocks_change_has_its_own_length(day: str, hours: int) -> None:
    found = day_of(day, "Europe/Stockholm")
    assert found.until_ns - found.from_ns == hours * 3600 * SECOND_NS


def test_a_preview_is_the_picture_of_its_second(client: AsgiClient) -> None:
    found = client.get("/playback/cam-1/preview.jpg", params={"at": ms(13.4)})
    assert found.headers["content-type"] == "image/jpeg"
    with av.open(io.BytesIO(found.content), mode="r") as container:
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    assert near([int(picture[20, 20])], [shade_of(13)])
    again = client.get(
        "/playback/cam-1/preview.jpg",
        params={"at": ms(13.4)},
        headers={"If-None-Match": found.headers["etag"]},
    )
    assert again.status_code == 304


def test_the_first_picture_of_a_recording_has_a_preview_at_its_own_time(
    client: AsgiClient,
) -> None:
    assert client.get("/playback/cam-1/preview.jpg", params={"at": ms(0)}).status_code == 200


def test_a_time_without_a_recording_has_no_preview(client: AsgiClient) -> None:
    assert client.get("/playback/cam-1/preview.jpg", params={"at": ms(50)}).status_code == 404


def test_another_cameras_path_opens_no_recording(
    archive: MaskedArchive, client: AsgiClient
) -> None:
    reader = archive.reader()
    (recording, *_) = reader.recordings("cam-1", StreamName.MASKED, 0, 2**62)
    reader.close()
    assert client.get(f"/playback/cam-2/init/{recording.id}.mp4").status_code == 404
    assert client.get(f"/playback/cam-2/segment/{recording.id}/0-1/0.m4s").status_code == 404


def test_who_may_not_look_gets_nothing(archive: MaskedArchive) -> None:
    from insyn.base.errors import Refusal

    def refuse(*_: object) -> None:
        raise Refusal("no")

    app = FastAPI()
    app.include_router(router(archive.reader, refuse, lambda _, path: path, refuse))
    client = AsgiClient(app)
    spans = "?from=0&until=1000&at=0&day=2026-11-18"
    for route in app.routes:
        path = getattr(route, "path", "")
        if path.startswith("/playback"):
            for name, value in (("camera", "cam-1"), ("recording", "r-1"), ("first", "0"),
                                ("last", "1"), ("start_90k", "0")):  # fmt: skip
                path = path.replace("{" + name + "}", value)
            with pytest.raises(Refusal):
                client.get(path + spans)


def test_jumps_go_to_where_something_begins_to_move() -> None:
    moved = bytes([0] * 10 + [200, 180] + [0] * 10 + [99] + [0] * 5)
    spans = [(START_NS, START_NS + 28 * SECOND_NS, moved)]
    assert next_activity(spans, START_NS) == START_NS + 10 * SECOND_NS
    assert next_activity(spans, START_NS + 10 * SECOND_NS) == START_NS + 22 * SECOND_NS
    assert next_activity(spans, START_NS + 22 * SECOND_NS) is None
    assert previous_activity(spans, START_NS + 28 * SECOND_NS) == START_NS + 22 * SECOND_NS
    assert previous_activity(spans, START_NS + 10 * SECOND_NS) is None
