"""What of a span is kept, and what of it is missing and why; pure but for the asking.

Always: what is kept and what is missing together are the span; neither is guessed from what was
asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from insyn.base.clock import from_epoch_ns, spoken
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Gap
from insyn.site.streams import StreamName

JOINED_NS = 10**9
"""Recordings of one run follow each other though the guess of the clock between them is corrected;
no further apart, and without a gap's row between them, nothing is missing."""

CLOSES_NS = 120 * 10**9
"""A recording of a minute has its row by then."""

SHORTEST_NS = 250_000_000
"""Less is a picture's time, and the guess of a clock."""

NOT_RECORDED = "not recorded"
NOT_CLOSED = "not closed yet"
"""The newest minute: it is counted once it is closed, if it was recorded."""
AHEAD = "lies ahead"

Part = tuple[int, int]
"""From and until, by the clock, in nanoseconds since the Unix epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A time of which nothing is kept. `because` is a gap's reason, or one of those above."""

    from_ns: int
    until_ns: int
    because: str

    @property
    def begins(self) -> datetime:
        """As a time."""
        return from_epoch_ns(self.from_ns)

    @property
    def ends(self) -> datetime:
        """As a time."""
        return from_epoch_ns(self.until_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is kept of a span; times by the clock, in nanoseconds since the Unix epoch.

    `spans` may begin a little before the span and end a little after it, as what plays does.
    """

    from_ns: int
    until_ns: int
    spans: tuple[Part, ...]
    missing: tuple[Missing, ...]

    @property
    def asked_ns(self) -> int:
        """How long the span is."""
        return self.until_ns - self.from_ns

    @property
    def kept_ns(self) -> int:
        """How much of the span is kept."""
        return self.asked_ns - sum(one.until_ns - one.from_ns for one in self.missing)

    @property
    def extent(self) -> Part:
        """From the first that is kept of the span to the last; the span itself where nothing is."""
        if not self.spans:
            return self.from_ns, self.until_ns
        return max(self.from_ns, self.spans[0][0]), min(self.until_ns, self.spans[-1][1])

    @property
    def words(self) -> str:
        """How much of the span is kept, for people."""
        asked = spoken(self.asked_ns)
        if not self.missing:
            return f"all of the {asked} asked for"
        return f"{spoken(self.kept_ns)} of the {asked} asked for"


def held(
    parts: Sequence[Part], gaps: Sequence[Gap], from_ns: int, until_ns: int, *, now_ns: int
) -> Held:
    """What of a span these parts hold.

    Args:
        parts: what is kept, by start; overlaps, where a clock was set back, count once.
        gaps: when it is known why nothing was recorded.
        from_ns: the beginning of the span.
        until_ns: its end, not included.
        now_ns: the present; later than this nothing can be kept.
    """
    spans: list[Part] = []
    for start, end in parts:
        if spans and start <= spans[-1][1] + JOINED_NS and not _between(gaps, spans[-1][1], start):
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        elif end > start:
            spans.append((start, end))
    missing: list[Missing] = []
    at = from_ns
    for start, end in spans:
        missing += _missing(at, min(start, until_ns), gaps, closed_ns=now_ns, now_ns=now_ns)
        at = max(at, end)
    # What comes after the last recording may be in one that is being written.
    closed_ns = now_ns - CLOSES_NS
    missing += _missing(at, until_ns, gaps, closed_ns=closed_ns, now_ns=now_ns)
    return Held(from_ns=from_ns, until_ns=until_ns, spans=tuple(spans), missing=tuple(missing))


def held_by(
    reader: Reader, camera: str, stream: StreamName, from_ns: int, until_ns: int, *, now_ns: int
) -> Held:
    """What the archive holds of a camera's stream in a span."""
    parts = [(start, end) for start, end, _ in reader.spans(camera, stream, from_ns, until_ns)]
    gaps = reader.gaps(camera, stream, from_ns, until_ns)
    return held(parts, gaps, from_ns, until_ns, now_ns=now_ns)


def _between(gaps: Sequence[Gap], from_ns: int, until_ns: int) -> bool:
    """Whether a gap lies there."""
    return any(
        gap.start_wall_ns < until_ns and (gap.end_wall_ns or until_ns) > from_ns for gap in gaps
    )


def _missing(
    from_ns: int, until_ns: int, gaps: Sequence[Gap], *, closed_ns: int, now_ns: int
) -> list[Missing]:
    """A missing time, cut where its reason changes; nothing where it is too short for one."""
    if until_ns - from_ns < SHORTEST_NS:
        return []
    edges = {from_ns, until_ns}
    for gap in gaps:
        edges |= {gap.start_wall_ns, gap.end_wall_ns or now_ns}
    edges |= {now_ns, closed_ns}
    cuts = sorted(edge for edge in edges if from_ns <= edge <= until_ns)
    found: list[Missing] = []
    for start, end in pairwise(cuts):
        because = _why(start, end, gaps, closed_ns, now_ns)
        if found and found[-1].because == because:
            start = found.pop().from_ns
        found.append(Missing(from_ns=start, until_ns=end, because=because))
    return found


def _why(from_ns: int, until_ns: int, gaps: Sequence[Gap], closed_ns: int, now_ns: int) -> str:
    if from_ns >= now_ns:
        return AHEAD
    for gap in gaps:
        if gap.start_wall_ns <= from_ns and (gap.end_wall_ns or now_ns) >= until_ns:
            return gap.reason
    return NOT_CLOSED if from_ns >= closed_ns else NOT_RECORDED
