"""Days as they are written in options, and moments as a place's clocks show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from insyn.base.errors import UsageError


def day_of(text: str) -> date:
    """A day as `2026-11-23`.

    Raises:
        UsageError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no day; write it as 2026-11-23") from error


def read_day(text: str | None) -> date | None:
    """The same of an option that may be left out."""
    return None if text is None else day_of(text)


def end_of(text: str | None) -> datetime | None:
    """The last moment of a day, in UTC; None for None."""
    found = read_day(text)
    return datetime.combine(found, time.max, UTC) if found is not None else None


def local(text: str, zone: str, *, named: bool = True) -> str:
    """A time as the site's clocks showed it, with the zone where `named`.

    As it is written where that cannot be told.
    """
    try:
        at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        return text
    return f"{at:%Y-%m-%d %H:%M:%S}" + (f" {zone}" if named else "")
