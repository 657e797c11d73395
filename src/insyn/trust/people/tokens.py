"""API tokens: for programs, limited in what and how long, revoked at once.

Always: only the SHA-256 is kept; a token never does more than its owner's roles allow now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal, UsageError
from insyn.trust.people import recorded, schema, users
from insyn.trust.people.duties import Actor, require
from insyn.trust.people.identity import SCOPES, Identified
from insyn.trust.people.secrets import digest_of, has_checksum, new_id, new_secret

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is kept of a token."""

    id: str
    person: str
    label: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "id": self.id,
            "person": self.person,
            "label": self.label,
            "scopes": list(self.scopes),
            "made_at": isoformat(self.made_at),
            "expires_at": isoformat(self.expires_at),
            "used_at": isoformat(self.used_at) if self.used_at else None,
            "revoked_at": isoformat(self.revoked_at) if self.revoked_at else None,
        }


def add(
    connection: sa.Connection,
    *,
    label: str,
    scopes: Iterable[str],
    lasts: timedelta,
    actor: Actor,
    now: datetime,
    within: Identified | None = None,
) -> tuple[Token, str]:
    """A token of one's own, and its secret, once.

    `within`: how the actor proved who they are. A token makes none with more scopes than it has
    itself, and none that outlives it: else one that leaked would never be over.

    Raises:
        UsageError: a scope is unknown, there is none, or it would last too long.
        Refusal: the token that asks lacks a scope.
    """
    wanted = sorted(set(scopes))
    if not wanted or (unknown := [scope for scope in wanted if scope not in SCOPES]):
        named = ", ".join(unknown) if wanted else "none"
        raise UsageError(f"a token has scopes of {', '.join(SCOPES)}; given: {named}")
    if not timedelta(0) < lasts <= LONGEST:
        raise UsageError(f"a token lasts 1 to {LONGEST.days} days")
    ends = now + lasts
    if within is not None and within.scopes is not None:
        if beyond := set(wanted) - within.scopes:
            raise Refusal(f"a token makes no token with scopes that it lacks: {', '.join(beyond)}")
        ends = min(ends, within.until or ends)
    secret = new_secret("insyn", checked=True)
    values = {
        "id": new_id("t"),
        "digest": digest_of(secret),
        "person": actor.id,
        "label": label.strip()[:100] or "token",
        "scopes": " ".join(wanted),
        "made_at": now,
        "expires_at": ends,
    }
    connection.execute(sa.insert(schema.tokens), [values])
    recorded.record_change(
        connection, actor.id, "token-made", who=actor.id, now=now, token=str(values["id"])
    )
    return _find(connection, str(values["id"])), secret


def identify(
    connection: sa.Connection, secret: str, *, now: datetime, touch: bool = True
) -> Identified | None:
    """Whose token it is; None where it is nobody's, over, revoked, or its owner is not active."""
    if not has_checksum(secret):
        return None
    table = schema.tokens
    row = connection.execute(
        sa.select(table).where(table.c.digest == digest_of(secret))
    ).one_or_none()
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    person = users.find(connection, row.person)
    if person.state is not users.State.ACTIVE:
        return None
    if touch:
        connection.execute(sa.update(table).where(table.c.id == row.id).values(used_at=now))
    return Identified(
        actor=person.actor, scopes=frozenset(row.scopes.split()), until=row.expires_at
    )


def revoke(connection: sa.Connection, token: str, *, actor: Actor, now: datetime) -> Token:
    """End a token: its owner's, or an administrator's to end.

    Raises:
        Refusal: there is no such token, or it is somebody else's.
    """
    found = _find(connection, token)
    if found.person != actor.id:
        require(actor, "user.manage")
    if found.revoked_at is None:
        table = schema.tokens
        connection.execute(sa.update(table).where(table.c.id == token).values(revoked_at=now))
        recorded.record_change(
            connection, found.person, "token-revoked", who=actor.id, now=now, token=token
        )
    return _find(connection, token)


def of_person(connection: sa.Connection, person: str) -> list[Token]:
    """All tokens of a person, those that are over too."""
    table = schema.tokens
    rows = connection.execute(
        sa.select(table).where(table.c.person == person).order_by(table.c.made_at)
    )
    return [_token(row) for row in rows]


def _find(connection: sa.Connection, token: str) -> Token:
    table = schema.tokens
    row = connection.execute(sa.select(table).where(table.c.id == token)).one_or_none()
    if row is None:
        raise Refusal(f"there is no token {token!r}; `insyn user token list` lists yours")
    return _token(row)


def _token(row: sa.Row[Any]) -> Token:
    return Token(
        id=row.id,
        person=row.person,
        label=row.label,
        scopes=tuple(row.scopes.split()),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
