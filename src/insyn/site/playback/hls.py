"""A span as an HLS playlist of fMP4 segments, for ordinary players. Pure.

Source: RFC 8216, and draft-pantos-hls-rfc8216bis for EXT-X-GAP.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from insyn.site.playback.span import Piece
from insyn.site.streams import TICKS

SEGMENT_90K = 4 * TICKS
"""Longer than a GOP, short enough to begin quickly."""

Address = Callable[[str], str]
"""Makes a path below the camera's playback into a URL that is allowed for a while."""


def segment_path(piece: Piece) -> str:
    """The path of a segment: which fragments, and where they go."""
    return f"segment/{piece.recording.id}/{piece.first}-{piece.last}/{piece.start_90k}.m4s"


def init_path(piece: Piece) -> str:
    """The path of what precedes the segments of a recording."""
    return f"init/{piece.recording.id}.mp4"


def segments_of(pieces: Sequence[Piece], longest_90k: int = SEGMENT_90K) -> list[Piece]:
    """The pieces in segments that each begin at a key picture."""
    return [part for piece in pieces for part in piece.split(longest_90k)]


def playlist(pieces: Sequence[Piece], address: Address) -> str:
    """A media playlist of the whole span."""
    segments = segments_of(pieces)
    longest = max((-(-segment.duration_90k // TICKS) for segment in segments), default=1)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{longest}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    for number, segment in enumerate(segments):
        if not segment.is_joined:
            if number:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{address(init_path(segment))}"')
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_moment(segment.wall_ns)}")
        lines.append(f"#EXTINF:{segment.duration_90k / TICKS:.5f},")
        lines.append(address(segment_path(segment)))
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _moment(wall_ns: int) -> str:
    at = datetime.fromtimestamp(wall_ns / 1e9, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
