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
from datetime import datetime

import sqlalchemy as sa

from insyn.base.errors import Refusal
from insyn.trust.people import attempts, recorded, schema, sessions, users
from insyn.trust.people.attempts import Count
from insyn.trust.people.duties import Actor, require
from insyn.trust.people.names import key_of
from insyn.trust.people.passwords import Passwords
from insyn.trust.people.users import State

WRONG = "the name or the password is not right"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """A sign-in that has begun: it is counted, and the password is still to be looked at."""

    counts: tuple[Count, ...]
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
        _record_waits(writing, begun, now)
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
        attempts.forget(connection, attempts.of_name(name))
        attempts.take_back(connection, attempts.of_address(source))
        return sessions.begin(connection, begun.person, now=now), ""


def change_password(
    writing: Callable[[], AbstractContextManager[sa.Connection]],
    person: str,
    *,
    old: str,
    new: str,
    source: str,
    passwords: Passwords,
    now: datetime,
) -> None:
    """Change one's own password; every session ends. A wrong old one is a try, as at a sign-in.

    Else whoever finds a session open could try passwords without end. `writing` as in `sign_in`.

    Raises:
        Refusal: the old one is wrong, was tried too often, or the new one is not good.
    """
    with writing() as connection:
        name = users.find(connection, person).name
        begun = _begin(connection, name, source, now)
    if begun.refused:
        raise Refusal(begun.refused)
    if not passwords.is_right(begun.kept, old):
        _record_waits(writing, begun, now)
        raise Refusal(users.WRONG_OLD)
    with writing() as connection:
        attempts.forget(connection, attempts.of_name(name))
        attempts.take_back(connection, attempts.of_address(source))
    with writing() as connection:  # on its own: what it refuses takes no try back
        users.change_password(connection, person, old=old, new=new, passwords=passwords, now=now)


def unlock(connection: sa.Connection, person: str, *, actor: Actor, now: datetime) -> None:
    """Let somebody who failed too often try again at once.

    Raises:
        Refusal: the actor may not, or there is no such person.
    """
    require(actor, "user.manage")
    found = users.find(connection, person)
    attempts.forget(connection, attempts.of_name(found.name))
    recorded.record_change(connection, found.id, "unlocked", who=actor.id, now=now)


def waits_until(connection: sa.Connection, name: str, *, now: datetime) -> datetime | None:
    """When somebody who failed too often may try again; None: now."""
    return attempts.waits_until(connection, attempts.of_name(name), now=now)


def _begin(connection: sa.Connection, name: str, source: str, now: datetime) -> _Try:
    attempts.forget_old(connection, now=now)
    both = (attempts.of_name(name), attempts.of_address(source))
    counts = tuple(attempts.count(connection, counted, now=now) for counted in both)
    until = max((one.waits_until for one in counts if one.waits_until), default=None)
    if until is not None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        refused = f"too many tries; wait {wait}, or ask an administrator to unlock"
        return _Try(counts=counts, refused=refused)
    table = schema.users
    row = connection.execute(sa.select(table).where(table.c.key == key_of(name))).first()
    if row is None or row.state != str(State.ACTIVE):
        return _Try(counts=counts)
    return _Try(counts=counts, person=row.id, kept=row.password)


def _record_waits(
    writing: Callable[[], AbstractContextManager[sa.Connection]], begun: _Try, now: datetime
) -> None:
    # After the password, for one that is right begins no wait; and for a name that nobody bears
    # as for one that somebody does, or the time that it takes would tell them apart.
    begins = [one for one in begun.counts if one.begins_until is not None]
    if not begins:
        return
    with writing() as connection:
        for one in begins:
            assert one.begins_until is not None
            recorded.record_blocked(connection, one.by, one.failures, one.begins_until, now=now)
