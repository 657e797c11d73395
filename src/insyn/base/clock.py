"""Where the time comes from. Rooms take a `Clock` as an argument and never ask the world."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present as an aware UTC datetime."""


def system_clock() -> datetime:
    """The machine's own time, aware, in UTC."""
    return datetime.now(tz=UTC)


def isoformat(moment: datetime) -> str:
    """RFC 3339 in UTC, to the second: `2026-11-23T09:47:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
