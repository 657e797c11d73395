"""What forms of several pages share: what was typed, as times and numbers.

Always: a form is taken with whatever stands in it, and refused in words beside the field that is
meant; what was typed is shown again, but for passwords and passphrases.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Form

from insyn.base.errors import InsynError, UsageError

Typed = Annotated[str, Form()]
"""A field of any length: too long a text is refused where the form can be shown again."""

AGAIN = (
    "an administrator gives another, under People, and the first administrator's is made anew on "
    "the site's machine: insyn site init --new-token"
)
"""How a one-time token is made in the place of one that is not taken."""


@contextmanager
def about(field: str) -> Iterator[None]:
    """What is refused in here is said of this field, where nothing else is named."""
    try:
        yield
    except InsynError as error:
        error.field = error.field or field
        raise


def moment_of(text: str, zone: str, field: str = "") -> datetime:
    """A time of a form's `datetime-local`, in the site's zone; RFC 3339 names its own.

    Raises:
        UsageError: it is none.
    """
    try:
        at = datetime.fromisoformat(text.strip())
        return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError("give both times as date and time", field=field) from error


def number_of(text: str, least: int, most: int, field: str) -> int:
    """A whole number.

    Raises:
        UsageError: it is none, or outside.
    """
    if not (text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) < 19):
        raise UsageError(f"give a whole number from {least} to {most}", field=field)
    if not least <= int(text) <= most:
        raise UsageError(f"give a number from {least} to {most}", field=field)
    return int(text)
