"""Playback over HTTP: timelines, clips by byte range, HLS, segments for the player, previews.

Always: whoever mounts these says who may look (`Allow`), and is asked before anything is read; what
is read is masked, because the archive's reader gives nothing else.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from insyn.base.errors import Refusal, UsageError
from insyn.site.archive import fmp4
from insyn.site.archive.reading import Reader
from insyn.site.archive.unfinished import is_unfinished, unfinished
from insyn.site.playback import hls
from insyn.site.playback.clip import Clip
from insyn.site.playback.previews import Previews
from insyn.site.playback.span import Piece, pieces_of
from insyn.site.playback.timeline import day_of, next_activity, previous_activity, timeline
from insyn.site.streams import TICKS, StreamName

OpenReader = Callable[[], Reader]
Allow = Callable[[Request, str], None]
"""Raises unless whoever asks may see this camera's recordings."""

Seen = Callable[[Request, str, int, int], None]
"""Told what somebody is shown of a camera: from when until when, in nanoseconds."""

Sign = Callable[[Request, str], str]
"""A URL path as it may be asked for a while, by this session alone."""

LONGEST_S = 24 * 3600
PLAYER_SEGMENT_90K = 10 * TICKS
IMMUTABLE = {"Cache-Control": "private, max-age=3600"}

_MP4 = "video/mp4"

From = Annotated[str, Query(alias="from")]
Until = Annotated[str, Query(alias="until")]


def router(open_reader: OpenReader, allow: Allow, sign: Sign, seen: Seen) -> APIRouter:
    """The routes below `/playback/{camera}`."""
    routes = APIRouter(prefix="/playback/{camera}")
    previews = Previews()

    @contextmanager
    def reading() -> Iterator[Reader]:
        reader = open_reader()
        try:
            yield reader
        finally:
            reader.close()

    def pieces(reader: Reader, camera: str, begin: str, end: str) -> list[Piece]:
        from_ns, until_ns = span_of(begin, end)
        return pieces_of(reader.shown(camera, from_ns, until_ns), from_ns, until_ns)

    @routes.get("/timeline")
    def get_timeline(request: Request, camera: str, day: str, zone: str = "UTC") -> JSONResponse:
        """A day: recordings, gaps, activity."""
        allow(request, camera)
        shown = day_of(day, zone)
        with reading() as reader:
            spans = reader.spans(camera, StreamName.MASKED, shown.from_ns, shown.until_ns)
            known = {start for start, _, _ in spans}
            spans += [
                (each.start_wall_ns, each.end_wall_ns, each.activity)
                for each in unfinished(reader.root, camera)
                if each.start_wall_ns not in known
                and each.start_wall_ns < shown.until_ns
                and each.end_wall_ns > shown.from_ns
            ]
            gaps = reader.gaps(camera, StreamName.MASKED, shown.from_ns, shown.until_ns)
        return JSONResponse(timeline(shown, spans, gaps, now_ns=time.time_ns()))

    @routes.get("/activity")
    def get_activity(
        request: Request, camera: str, at: str, direction: str = "next"
    ) -> JSONResponse:
        """When something next (or last before) began to move: `{"at_ms"}`, null where nothing."""
        allow(request, camera)
        at_ns = moment_ns(at)
        reach_ns = LONGEST_S * 10**9
        with reading() as reader:
            if direction == "next":
                spans = reader.spans(camera, StreamName.MASKED, at_ns - 10**10, at_ns + reach_ns)
                found = next_activity(spans, at_ns)
            else:
                spans = reader.spans(camera, StreamName.MASKED, at_ns - reach_ns, at_ns)
                found = previous_activity(spans, at_ns)
        return JSONResponse({"at_ms": None if found is None else found // 10**6})

    @routes.api_route("/stream.mp4", methods=["GET", "HEAD"])
    def get_stream(request: Request, camera: str, begin: From, end: Until) -> Response:
        """The span as one MP4; byte ranges, entity tags."""
        allow(request, camera)
        reader = open_reader()
        try:
            clip = Clip(reader, pieces(reader, camera, begin, end))
            wanted = wanted_range(request.headers.get("range"), clip.size)
            headers = {"Accept-Ranges": "bytes", "ETag": f'"{clip.tag}"', **IMMUTABLE}
            if clip.ends_at_ns is not None:
                headers["Insyn-Continues-At"] = _moment(clip.ends_at_ns)
            if wanted is None:
                reader.close()
                headers["Content-Range"] = f"bytes */{clip.size}"
                return Response(status_code=416, headers=headers)
            first, last, is_part = wanted
            if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
                first, last, is_part = 0, clip.size, False
            headers["Content-Length"] = str(last - first)
            if is_part:
                headers["Content-Range"] = f"bytes {first}-{last - 1}/{clip.size}"
            if request.method == "HEAD":
                reader.close()
                return Response(headers=headers, media_type=_MP4)
            seen(request, camera, *span_of(begin, end))
        except BaseException:
            reader.close()
            raise

        def body() -> Iterator[bytes]:
            try:
                yield from clip.read(first, last)
            finally:
                reader.close()

        code = 206 if is_part else 200
        return StreamingResponse(body(), status_code=code, headers=headers, media_type=_MP4)

    @routes.get("/index.m3u8")
    def get_playlist(request: Request, camera: str, begin: From, end: Until) -> Response:
        """The span as an HLS playlist; of one that goes on, a list that grows."""
        allow(request, camera)
        with reading() as reader:
            found = pieces(reader, camera, begin, end)
        if not found:
            raise Refusal("nothing was recorded in this span; the timeline shows what there is")
        text = hls.playlist(
            found,
            lambda path: sign(request, f"/playback/{camera}/{path}"),
            standing=hls.standing(span_of(begin, end)[1], time.time_ns()),
            is_last_whole=is_whole(found[-1]),
        )
        if not text:
            raise Refusal("nothing of this span is whole yet; ask again in some seconds")
        return Response(text, media_type="application/vnd.apple.mpegurl")

    @routes.get("/segments")
    def get_segments(request: Request, camera: str, begin: From, end: Until) -> JSONResponse:
        """The span for our player: segments by the clock, which stays true over gaps."""
        allow(request, camera)
        from_ns, _ = span_of(begin, end)
        with reading() as reader:
            found = pieces(reader, camera, begin, end)
            of = {
                piece.recording.id: b64encode(reader.init_segment(piece.recording)).decode()
                for piece in found
            }
        base_ns = from_ns - from_ns % (3600 * 10**9)
        listed: list[dict[str, Any]] = []
        inits: list[str] = []
        for part in by_the_clock(found, base_ns):
            entry = part.recording
            if of[entry.id] not in inits:
                inits.append(of[entry.id])
            listed.append(
                {
                    "url": sign(request, f"/playback/{camera}/{hls.segment_path(part)}"),
                    "init": inits.index(of[entry.id]),
                    "mime": f'video/mp4; codecs="{entry.codec}"',
                    "from_ms": (base_ns + part.start_90k * 10**9 // TICKS) // 10**6,
                    "duration_ms": part.duration_90k * 1000 // TICKS,
                    "key": True,
                }
            )
        return JSONResponse({"base_ms": base_ns // 10**6, "inits": inits, "segments": listed})

    @routes.get("/init/{recording}.mp4")
    def get_init(request: Request, camera: str, recording: str) -> Response:
        """What precedes the segments of a recording."""
        allow(request, camera)
        with reading() as reader:
            found = reader.find_shown(camera, recording)
            return Response(reader.init_segment(found), media_type=_MP4, headers=IMMUTABLE)

    @routes.get("/segment/{recording}/{first}-{last}/{start_90k}.m4s")
    def get_segment(
        request: Request, camera: str, recording: str, first: int, last: int, start_90k: int
    ) -> Response:
        """Fragments of a recording, placed at a time."""
        allow(request, camera)
        with reading() as reader:
            found = reader.find_shown(camera, recording)
            _require(0 <= first <= last < len(found.fragments))
            _require(0 <= start_90k < 1 << 60 and last - first < 600)
            base, end = found.fragments[first].start_90k, found.fragments[last]
            seen(
                request,
                camera,
                found.start_wall_ns + base * 10**9 // TICKS,
                found.start_wall_ns + (end.start_90k + end.duration_90k) * 10**9 // TICKS,
            )
            parts = [
                fmp4.with_start(
                    reader.fragment(found, number),
                    number + 1,
                    start_90k + found.fragments[number].start_90k - base,
                )
                for number in range(first, last + 1)
            ]
        return Response(b"".join(parts), media_type="video/iso.segment", headers=IMMUTABLE)

    @routes.get("/preview.jpg")
    def get_preview(
        request: Request,
        camera: str,
        at: str,
        width: Annotated[int, Query(ge=32, le=1280)] = 320,
    ) -> Response:
        """The masked picture nearest before a time."""
        allow(request, camera)
        with reading() as reader:
            preview = previews.at(reader, camera, moment_ns(at), width=width)
        seen(request, camera, preview.at_ns, preview.at_ns)
        headers = {
            "ETag": f'"{preview.tag}"',
            "Insyn-At": _moment(preview.at_ns),
            **IMMUTABLE,
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        return Response(preview.jpeg, media_type="image/jpeg", headers=headers)

    return routes


def is_whole(piece: Piece) -> bool:
    """Whether its recording is closed, or has gone on past the piece's end."""
    recording = piece.recording
    return piece.last < len(recording.fragments) - 1 or not is_unfinished(recording)


def by_the_clock(pieces: list[Piece], base_ns: int) -> Iterator[Piece]:
    """Segments placed by the clock since `base_ns`; what is joined follows without a seam."""
    shift = 0
    for piece in pieces:
        if not piece.is_joined:
            placed = (piece.wall_ns - base_ns) * TICKS // 10**9
            shift = placed - piece.start_90k
        for part in piece.split(PLAYER_SEGMENT_90K):
            yield Piece(
                recording=part.recording,
                first=part.first,
                last=part.last,
                start_90k=max(0, part.start_90k + shift),
                wall_ns=part.wall_ns,
                is_joined=part.is_joined,
            )


def moment_ns(text: str) -> int:
    """A time in RFC 3339, or milliseconds since the Unix epoch, in nanoseconds.

    Raises:
        UsageError: it is neither.
    """
    if re.fullmatch(r"[0-9]{1,15}", text):
        return int(text) * 10**6
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return int(at.timestamp() * 1000) * 10**6
    except (ValueError, OverflowError) as error:
        raise UsageError("give times such as 2026-11-24T08:30:00Z") from error


def span_of(begin: str, end: str) -> tuple[int, int]:
    """A span of at most a day, in nanoseconds since the Unix epoch.

    Raises:
        UsageError: it ends before it begins, or is longer than a day.
    """
    from_ns, until_ns = moment_ns(begin), moment_ns(end)
    if not from_ns < until_ns <= from_ns + LONGEST_S * 10**9:
        raise UsageError("a span ends after it begins, within a day")
    return from_ns, until_ns


def wanted_range(header: str | None, size: int) -> tuple[int, int, bool] | None:
    """First byte, end and whether it is a part; None where the range cannot be met (RFC 9110, 14).

    Several ranges, other units and nonsense are answered with the whole.
    """
    match = re.fullmatch(r"bytes=([0-9]{0,18})-([0-9]{0,18})", (header or "").strip())
    if match is None or not (match[1] or match[2]):
        return 0, size, False
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size, True) if length else None
    first = int(match[1])
    last = min(int(match[2]) + 1 if match[2] else size, size)
    if first >= size:
        return None
    return (first, last, True) if first < last else (0, size, False)


def _require(holds: bool) -> None:
    if not holds:
        raise Refusal("the archive holds no such part of a recording")


def _moment(wall_ns: int) -> str:
    at = datetime.fromtimestamp(wall_ns / 1e9, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
