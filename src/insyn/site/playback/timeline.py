"""A day of a camera: when it was recorded, when not and why, and when something moved. Pure.

Always: a day is that of a time zone, and has 23 or 25 hours where its clocks change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from insyn.base.canonical import Json
from insyn.base.errors import UsageError
from insyn.site.archive.recording import Gap

STEP_S = 10
"""What one value of the activity stands for."""

JOIN_NS = 1_500_000_000
"""Recordings no further apart are drawn as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """From midnight to midnight, in nanoseconds since the Unix epoch."""

    from_ns: int
    until_ns: int


def day_of(day: str, zone: str) -> Day:
    """The day `YYYY-MM-DD` in a time zone such as `Europe/Stockholm`.

    Raises:
        UsageError: there is no such day or zone.
    """
    try:
        begins = datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone))
        ends = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), ZoneInfo(zone))
    except (ValueError, OverflowError) as error:
        raise UsageError("name a day as YYYY-MM-DD") from error
    except (ZoneInfoNotFoundError, OSError) as error:
        raise UsageError("name a time zone such as Europe/Stockholm or UTC") from error
    return Day(from_ns=int(begins.timestamp()) * 10**9, until_ns=int(ends.timestamp()) * 10**9)


def timeline(
    day: Day, spans: Sequence[tuple[int, int, bytes]], gaps: Sequence[Gap], *, now_ns: int
) -> dict[str, Json]:
    """What a timeline draws; times in milliseconds since the Unix epoch.

    Args:
        day: what is shown.
        spans: start, end and activity of each recording, by start.
        gaps: times without a recording; those that last still end now.
        now_ns: the present.
    """
    recordings: list[list[int]] = []
    for start, end, _ in spans:
        start, end = max(start, day.from_ns), min(end, day.until_ns)
        if recordings and start - recordings[-1][1] <= JOIN_NS:
            recordings[-1][1] = max(recordings[-1][1], end)
        else:
            recordings.append([start, end])
    shown: list[Json] = [
        {
            "from_ms": max(gap.start_wall_ns, day.from_ns) // 10**6,
            "until_ms": min(gap.end_wall_ns or now_ns, day.until_ns) // 10**6,
            "reason": gap.reason,
        }
        for gap in gaps
        if max(gap.start_wall_ns, day.from_ns) < min(gap.end_wall_ns or now_ns, day.until_ns)
    ]
    return {
        "from_ms": day.from_ns // 10**6,
        "until_ms": day.until_ns // 10**6,
        "recordings": [[start // 10**6, end // 10**6] for start, end in recordings],
        "gaps": shown,
        "activity": {"step_s": STEP_S, "values": list(activity(day, spans))},
    }


def activity(day: Day, spans: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The most that moved in each `STEP_S` of a day, 0 to 255."""
    step_ns = STEP_S * 10**9
    values = bytearray(-(-(day.until_ns - day.from_ns) // step_ns))
    for start, _, moved in spans:
        # All seconds of a step at once: a page of nine cameras asks for nine days.
        second = max(0, -(-(day.from_ns - start) // 10**9))
        while second < len(moved):
            number = (start + second * 10**9 - day.from_ns) // step_ns
            if number >= len(values):
                break
            until = -(-((number + 1) * step_ns + day.from_ns - start) // 10**9)
            values[number] = max(values[number], max(moved[second:until], default=0))
            second = max(second + 1, until)
    return bytes(values)


def next_activity(
    spans: Sequence[tuple[int, int, bytes]], after_ns: int, *, least: int = 16, quiet_s: int = 5
) -> int | None:
    """When something next begins to move after some seconds of quiet; None where nothing does."""
    quiet = 0
    for start, _, moved in spans:
        for second, value in enumerate(moved):
            at = start + second * 10**9
            if value < least:
                quiet += 1
                continue
            if at > after_ns and quiet >= quiet_s:
                return at
            quiet = 0
    return None


def previous_activity(
    spans: Sequence[tuple[int, int, bytes]], before_ns: int, *, least: int = 16, quiet_s: int = 5
) -> int | None:
    """When what moved last before began; None where nothing did."""
    found, at = None, next_activity(spans, -1, least=least, quiet_s=quiet_s)
    while at is not None and at < before_ns:
        found, at = at, next_activity(spans, at, least=least, quiet_s=quiet_s)
    return found
