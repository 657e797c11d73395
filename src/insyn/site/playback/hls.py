"""A span as an HLS playlist of fMP4 segments, for ordinary players. Pure.

Always: whoever asks again for a span that goes on is told the same again, and then more.

Source: draft-pantos-hls-rfc8216bis: 4.4.3.1 (target duration), 4.4.3.5 (playlist type), 4.4.4.3 to
4.4.4.6 (discontinuity, map, dates), 6.2.1 (what may change); RFC 8216 has them too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import Enum, auto

from insyn.site.playback.span import Piece
from insyn.site.streams import TICKS

SEGMENT_90K = 4 * TICKS
"""Longer than a GOP, short enough to begin quickly."""

TARGET_S = 10
"""The longest segment of a playlist that may be asked for again: its target may not change, and
masked groups of pictures last a second (some more where pictures came late)."""

LATE_NS = 15 * 10**9
"""What was recorded in a span is whole so long after its end: a fragment lasts a second at most,
and a masked picture that comes later was not recorded."""

REMEMBERED_NS = 3600 * 10**9
"""Longer than an address lasts: nobody asks again for what was told before."""

Address = Callable[[str], str]
"""Makes a path below the camera's playback into a URL that is allowed for a while."""


def segment_path(piece: Piece) -> str:
    """The path of a segment: which fragments, and where they go."""
    return f"segment/{piece.recording.id}/{piece.first}-{piece.last}/{piece.start_90k}.m4s"


def init_path(piece: Piece) -> str:
    """The path of what precedes the segments of a recording."""
    return f"init/{piece.recording.id}.mp4"


class Standing(Enum):
    """Whether a span goes on, or did when a player first asked."""

    GOES_ON = auto()
    JUST_OVER = auto()
    OVER = auto()


def standing(until_ns: int, now_ns: int) -> Standing:
    """How a span that ends at `until_ns` stands; both by the clock."""
    if now_ns < until_ns + LATE_NS:
        return Standing.GOES_ON
    return Standing.JUST_OVER if now_ns < until_ns + REMEMBERED_NS else Standing.OVER


def playlist(
    pieces: Sequence[Piece],
    address: Address,
    *,
    standing: Standing = Standing.OVER,
    is_last_whole: bool = True,
) -> str:
    """A media playlist of the whole span; "" while no segment of it is whole.

    Args:
        pieces: what plays.
        address: for a span that goes on, the same for the same path whenever it is asked.
        standing: one that goes on, or is just over, is a list that only grows (`EVENT`).
        is_last_whole: nothing more comes into the recording of the last piece.
    """
    is_over = standing is Standing.OVER
    segments = [
        part
        for piece in pieces
        for part in piece.split(SEGMENT_90K, None if is_over else TARGET_S * TICKS)
    ]
    if standing is Standing.GOES_ON and not is_last_whole:
        segments.pop()  # it may still grow, and what was told may not change
    if not segments:
        return ""
    longest = max(-(-segment.duration_90k // TICKS) for segment in segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{longest if is_over else max(longest, TARGET_S)}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if is_over else 'EVENT'}",
    ]
    # Whoever asks for a span wants it from its beginning, not from its newest picture.
    lines.append("#EXT-X-INDEPENDENT-SEGMENTS" if is_over else "#EXT-X-START:TIME-OFFSET=0")
    for number, segment in enumerate(segments):
        if not segment.is_joined:
            if number:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{address(init_path(segment))}"')
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_moment(segment.wall_ns)}")
        lines.append(f"#EXTINF:{segment.duration_90k / TICKS:.5f},")
        lines.append(address(segment_path(segment)))
    if standing is not Standing.GOES_ON:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join([*lines, ""])


def _moment(wall_ns: int) -> str:
    at = datetime.fromtimestamp(wall_ns / 1e9, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
