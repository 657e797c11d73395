"""What forms of several pages share: times in the site's zone, and errors as sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from insyn.base.errors import InsynError, UsageError


def moment_of(text: str, zone: str) -> datetime:
    """A time of a form's `datetime-local`, in the site's zone; RFC 3339 names its own.

    Raises:
        UsageError: it is none.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError("give both times as date and time") from error
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def sentence(error: InsynError) -> str:
    """An error as a sentence of a page."""
    text = str(error)
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
