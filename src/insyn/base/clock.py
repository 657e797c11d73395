"""Where the time comes from. Rooms take a `Clock` as an argument and never ask the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Clock = Callable[[], datetime]
"""Returns the present as an aware UTC datetime."""


def system_clock() -> datetime:
    """The machine's own time, aware, in UTC."""
    return datetime.now(tz=UTC)


def isoformat(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second: `2026-11-23T09:47:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch_ns(moment: datetime) -> int:
    """Nanoseconds since the Unix epoch, to the microsecond that a datetime holds."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def from_epoch_ns(at_ns: int) -> datetime:
    """The aware UTC datetime of nanoseconds since the Unix epoch, to the microsecond."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def isoformat_ms(moment_ns: int) -> str:
    """RFC 3339 in UTC, to the millisecond, of nanoseconds since the Unix epoch."""
    at = from_epoch_ns(moment_ns)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def spoken(duration_ns: int) -> str:
    """A time that passes, for people: `0.4 s`, `12 s`, `3 min 49 s`, `2 h 5 min`; rounded down."""
    tenths = max(0, duration_ns) // 10**8
    if tenths < 600:
        return f"{tenths // 10} s" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} s"
    minutes, seconds = divmod(tenths // 10, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"
