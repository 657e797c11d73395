"""Sign-ins that failed, counted by name and by address, each as a SHA-256; who has to wait.

Always: a try is counted before it is looked at; what was right is taken back afterwards. The first
failures are free; then each doubles the wait, up to half a day. That a wait begins is a leaf.

Source: NIST SP 800-63B section 5.2.2 (rate limiting).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from insyn.trust.people import schema
from insyn.trust.people.names import key_of
from insyn.trust.people.secrets import digest_of

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=12)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Without a try for so long, the count begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Whose tries are counted together: `free` failures before there is a wait."""

    by: str
    digest: str
    free: int


def of_name(name: str) -> Counted:
    """The tries on a name, however it is spelt."""
    return Counted(by="name", digest=digest_of(f"name:{key_of(name)}"), free=5)


def of_address(address: str) -> Counted:
    """The tries from an address."""
    return Counted(by="address", digest=digest_of(f"from:{address}"), free=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What counting a try gave: a wait that holds, or one that begins if this try fails."""

    by: str
    failures: int
    waits_until: datetime | None = None
    begins_until: datetime | None = None


def count(connection: sa.Connection, counted: Counted, *, now: datetime) -> Count:
    """Count one more failure, until proved otherwise; none is counted in a wait."""
    table = schema.attempts
    of = counted.digest
    row = connection.execute(
        sa.select(table).where(table.c.of == of).with_for_update()
    ).one_or_none()
    if row is None:
        connection.execute(sa.insert(table).values(of=of, failures=1, last_at=now))
        return Count(by=counted.by, failures=1)
    if row.blocked_until is not None and now < row.blocked_until:
        return Count(by=counted.by, failures=row.failures, waits_until=row.blocked_until)
    failures = 1 if now - row.last_at > FORGOTTEN_AFTER else row.failures + 1
    over = failures - counted.free
    begins = now + min(FIRST_WAIT * 2 ** min(max(over, 0), 20), LONGEST_WAIT) if over >= 0 else None
    connection.execute(
        sa.update(table)
        .where(table.c.of == of)
        .values(failures=failures, last_at=now, blocked_until=begins)
    )
    return Count(by=counted.by, failures=failures, begins_until=begins)


def waits_until(connection: sa.Connection, counted: Counted, *, now: datetime) -> datetime | None:
    """When the wait is over; None: there is none."""
    table = schema.attempts
    until: datetime | None = connection.scalar(
        sa.select(table.c.blocked_until).where(table.c.of == counted.digest)
    )
    return until if until is not None and until > now else None


def forget(connection: sa.Connection, counted: Counted) -> None:
    """Let it try again at once."""
    table = schema.attempts
    connection.execute(sa.delete(table).where(table.c.of == counted.digest))


def forget_old(connection: sa.Connection, *, now: datetime) -> None:
    """Drop counts that would begin anew anyway, so that made-up names do not fill the table."""
    table = schema.attempts
    connection.execute(sa.delete(table).where(table.c.last_at < now - FORGOTTEN_AFTER))


def take_back(connection: sa.Connection, counted: Counted) -> None:
    """A try that was right was no failure; earlier ones stay counted."""
    table = schema.attempts
    connection.execute(
        sa.update(table)
        .where(table.c.of == counted.digest, table.c.failures > 0)
        .values(failures=table.c.failures - 1, blocked_until=None)
    )
