"""Days as they are written in options."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

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
