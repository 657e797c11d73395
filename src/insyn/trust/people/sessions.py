"""Sessions: open for a while after a sign-in, ended by silence, by time, or by a change.

Always: only the SHA-256 of the secret is kept; a session of somebody who is not active is none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from insyn.trust.people import schema, users
from insyn.trust.people.identity import Identified
from insyn.trust.people.secrets import digest_of, new_secret

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
_TOUCH = timedelta(minutes=1)
"""How stale `used_at` may be: not every request writes."""


def begin(connection: sa.Connection, person: str, *, now: datetime) -> str:
    """A new session; gives its secret, once. Those of anybody that are over go."""
    secret = new_secret("session")
    table = schema.sessions
    connection.execute(sa.delete(table).where(table.c.made_at < now - LONGEST))
    connection.execute(
        sa.insert(table).values(digest=digest_of(secret), person=person, made_at=now, used_at=now)
    )
    return secret


def identify(
    connection: sa.Connection,
    secret: str,
    *,
    now: datetime,
    touch: bool = True,
    idle: timedelta = IDLE,
    longest: timedelta = LONGEST,
) -> Identified | None:
    """Whose session it is; None where it is nobody's, over, or of somebody not active.

    `touch`: keep it open; False in a transaction that only reads. `idle` and `longest` may be
    shorter than ours, never longer.
    """
    table = schema.sessions
    digest = digest_of(secret)
    row = connection.execute(sa.select(table).where(table.c.digest == digest)).one_or_none()
    if row is None or _is_over(row, now, min(idle, IDLE), min(longest, LONGEST)):
        return None
    person = users.find(connection, row.person)
    if person.state is not users.State.ACTIVE:
        return None
    if touch and now - row.used_at > _TOUCH:
        connection.execute(sa.update(table).where(table.c.digest == digest).values(used_at=now))
    return Identified(actor=person.actor)


def is_due(connection: sa.Connection, secret: str, *, now: datetime) -> bool:
    """Whether `identify` would write that the session is used; not every request need write."""
    table = schema.sessions
    used_at = connection.execute(
        sa.select(table.c.used_at).where(table.c.digest == digest_of(secret))
    ).scalar_one_or_none()
    return used_at is not None and now - used_at > _TOUCH


def _is_over(row: sa.Row[Any], now: datetime, idle: timedelta, longest: timedelta) -> bool:
    return bool(now - row.used_at > idle or now - row.made_at > longest)


def end(connection: sa.Connection, secret: str) -> None:
    """Sign out."""
    table = schema.sessions
    connection.execute(sa.delete(table).where(table.c.digest == digest_of(secret)))
