"""Signing in: a name and a password for a session, few tries, and nothing told to who guesses.

Always: a try counts before the password is looked at, so many at once gain nothing; the answer is
the same whether the name, the password or the state is wrong, and takes as long. Names count as
they are compared (`users.key_of`): case, width and blanks open no second row of tries.

Source: NIST SP 800-63B section 5.2.2 (rate limiting); OWASP Authentication Cheat Sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from insyn.trust.people import schema, sessions
from insyn.trust.people.passwords import Passwords
from insyn.trust.people.secrets import digest_of
from insyn.trust.people.users import State, key_of

FREE_BY_NAME = 5
FREE_BY_SOURCE = 20
"""Failures before a name, or an address, has to wait."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=12)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Without a try for so long, the count begins anew."""
WRONG = "the name or the password is not right"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """A sign-in that has begun: it is counted, and the password is still to be looked at."""

    by_name: str
    by_source: str
    person: str | None = None
    kept: str | None = None
    refused: str = ""


def sign_in(
    writing: Callable[[], AbstractContextManager[sa.Connection]],
    name: str,
    password: str,
    *,
    source: str,
    passwords: Passwords,
    now: datetime,
) -> tuple[str | None, str]:
    """The secret of a new session; or None, and why not, in a sentence.

    `writing` opens a writing transaction, twice: the try is kept before the password is compared,
    and nothing is held while it is. `source` is the address that asks, or "console".
    """
    with writing() as connection:
        begun = _begin(connection, name, source, now)
    right = passwords.is_right(begun.kept, password)
    if begun.refused or not right or begun.person is None or begun.kept is None:
        return None, begun.refused or WRONG
    fresh = passwords.hash(password) if passwords.is_outdated(begun.kept) else begun.kept
    with writing() as connection:
        table = schema.users
        # Unless the password was changed meanwhile, or the person disabled.
        still = connection.execute(
            sa.update(table)
            .where(table.c.id == begun.person, table.c.password == begun.kept)
            .where(table.c.state == str(State.ACTIVE))
            .values(password=fresh)
        )
        if still.rowcount != 1:
            return None, WRONG
        _forget(connection, begun.by_name)
        _take_back(connection, begun.by_source)
        return sessions.begin(connection, begun.person, now=now), ""


def unlock(connection: sa.Connection, name: str) -> None:
    """Let a name try again at once."""
    _forget(connection, _hashed("name", key_of(name)))


def _begin(connection: sa.Connection, name: str, source: str, now: datetime) -> _Try:
    by_name, by_source = _hashed("name", key_of(name)), _hashed("from", source)
    waits = (
        _count(connection, by_name, FREE_BY_NAME, now),
        _count(connection, by_source, FREE_BY_SOURCE, now),
    )
    until = max((wait for wait in waits if wait), default=None)
    if until is not None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        refused = f"too many tries; wait {minutes} minutes, or ask an administrator to unlock"
        return _Try(by_name=by_name, by_source=by_source, refused=refused)
    table = schema.users
    row = connection.execute(sa.select(table).where(table.c.key == key_of(name))).first()
    if row is None or row.state != str(State.ACTIVE):
        return _Try(by_name=by_name, by_source=by_source)
    return _Try(by_name=by_name, by_source=by_source, person=row.id, kept=row.password)


def _forget(connection: sa.Connection, of: str) -> None:
    table = schema.attempts
    connection.execute(sa.delete(table).where(table.c.of == of))


def _take_back(connection: sa.Connection, of: str) -> None:
    """A try that was right was no failure of this address; earlier ones stay counted."""
    table = schema.attempts
    connection.execute(
        sa.update(table)
        .where(table.c.of == of, table.c.failures > 0)
        .values(failures=table.c.failures - 1, blocked_until=None)
    )


def _hashed(kind: str, value: str) -> str:
    return digest_of(f"{kind}:{value}")


def _count(connection: sa.Connection, of: str, free: int, now: datetime) -> datetime | None:
    """One more failure, until proved otherwise; gives when the wait is over, if there is one."""
    table = schema.attempts
    row = connection.execute(
        sa.select(table).where(table.c.of == of).with_for_update()
    ).one_or_none()
    if row is None:
        connection.execute(sa.insert(table).values(of=of, failures=1, last_at=now))
        return None
    if row.blocked_until is not None and now < row.blocked_until:
        until: datetime = row.blocked_until
        return until
    failures = 1 if now - row.last_at > FORGOTTEN_AFTER else row.failures + 1
    over = failures - free
    wait = min(FIRST_WAIT * 2 ** min(max(over, 0), 20), LONGEST_WAIT)
    connection.execute(
        sa.update(table)
        .where(table.c.of == of)
        .values(failures=failures, last_at=now, blocked_until=now + wait if over >= 0 else None)
    )
    return None
