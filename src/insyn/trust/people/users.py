"""People of an office: invited, claimed by a password of their own, given roles, erased.

Always: no administrator ever knows another's password; nobody gives a role to themselves; the last
active administrator stays one. Every change of roles, state or password ends the person's
sessions. Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.trust.ledger import privacy
from insyn.trust.people import attempts, names, recorded, schema
from insyn.trust.people.duties import Actor, Role, require, require_other, require_together
from insyn.trust.people.names import key_of
from insyn.trust.people.passwords import Passwords, require_good
from insyn.trust.people.secrets import digest_of, new_id, new_secret

INVITATION_LASTS = timedelta(hours=24)
WRONG_OLD = "the old password is not right"
UNNAMED = "administrator"
"""What the first administrator is called until claiming a name."""
OFFICE = "office"
"""Who invites the first administrator: whoever holds the data directory."""


USED = (
    "no such one-time token waits here: it was mistyped (copy all of it, from once_ to its end), "
    "was used, or a newer one took its place"
)


class State(StrEnum):
    """Whether a person can sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"
    ERASED = "erased"


class NoInvitation(Refusal):
    """A one-time token that is not taken; how another is made, office and site say."""

    def __init__(self, said: str) -> None:
        """Of the field `token`, wherever it is typed."""
        super().__init__(said, field="token")


class NoAdministratorLeft(Refusal):
    """Nobody could make people known any more; how another is made, office and site say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One of the office's people."""

    id: str
    name: str
    state: State
    roles: frozenset[Role]
    added_at: datetime

    @property
    def actor(self) -> Actor:
        """The person as duties know them."""
        return Actor(id=self.id, roles=self.roles)

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "id": self.id,
            "name": self.name,
            "state": str(self.state),
            "roles": sorted(map(str, self.roles)),
            "added_at": isoformat(self.added_at),
        }


def are_any(connection: sa.Connection) -> bool:
    """Whether the office knows people at all."""
    return connection.execute(sa.select(schema.users.c.id).limit(1)).first() is not None


def invite_first(connection: sa.Connection, *, now: datetime) -> str:
    """The one-time token of the first administrator; an earlier one that nobody used is void.

    Raises:
        Refusal: the office has an administrator.
    """
    if any(p.state is not State.INVITED for p in every(connection)):
        raise Refusal(
            "the office has people already; an administrator invites others (insyn user add)"
        )
    waiting = [p for p in every(connection) if Role.ADMINISTRATOR in p.roles]
    person = waiting[0] if waiting else _insert(connection, UNNAMED, OFFICE, now)
    if not waiting:
        _insert_role(connection, person.id, Role.ADMINISTRATOR)
        recorded.record_change(
            connection, person.id, "role-granted", who=OFFICE, now=now, role=Role.ADMINISTRATOR
        )
    return _invite(connection, person.id, now)


def add(
    connection: sa.Connection,
    name: str,
    *,
    roles: Iterable[Role],
    actor: Actor,
    now: datetime,
) -> tuple[Person, str]:
    """A new person with roles, and the one-time token with which they set a password.

    Raises:
        Refusal: the actor may not, somebody bears the name, or nobody holds these roles together.
    """
    require(actor, "user.manage")
    wanted = frozenset(roles)
    require_together(wanted)
    person = _insert(connection, name, actor.id, now)
    for role in sorted(wanted):
        _insert_role(connection, person.id, role)
        recorded.record_change(
            connection, person.id, "role-granted", who=actor.id, now=now, role=role
        )
    return find(connection, person.id), _invite(connection, person.id, now)


def invite_again(connection: sa.Connection, person: str, *, actor: Actor, now: datetime) -> str:
    """A new one-time token for somebody who forgot the password; all sessions end.

    Raises:
        Refusal: the actor may not, or it is themselves.
    """
    require(actor, "user.manage")
    require_other(actor, person, "invite")
    found = find(connection, person)
    if found.state in (State.DISABLED, State.ERASED):
        raise Refusal(f"{person} is {found.state}; enable the person first")
    connection.execute(_update(person, password=None, state=str(State.INVITED)))
    end_sessions(connection, person)
    recorded.record_change(connection, person, "invited-again", who=actor.id, now=now)
    return _invite(connection, person, now)


def require_invitation(connection: sa.Connection, token: str, *, now: datetime) -> None:
    """Refuse a one-time token that would not be taken, before anybody thinks of a password.

    Raises:
        NoInvitation: it is unknown, used or over.
    """
    table = schema.invitations
    row = connection.execute(
        sa.select(table).where(table.c.digest == digest_of(token))
    ).one_or_none()
    if row is None:
        raise NoInvitation(USED)
    if row.expires_at <= now:
        raise NoInvitation("this one-time token is over: it was good for 24 hours")


def claim(
    connection: sa.Connection,
    token: str,
    *,
    password: str,
    passwords: Passwords,
    now: datetime,
    name: str | None = None,
) -> Person:
    """Set a password with a one-time token, once; `name` gives the person another name.

    Raises:
        NoInvitation: the token is unknown, used or over.
        Refusal: the password is not good.
    """
    require_invitation(connection, token, now=now)
    table = schema.invitations
    gone = sa.delete(table).where(table.c.digest == digest_of(token)).returning(table)
    row = connection.execute(gone).one_or_none()
    if row is None or find(connection, row.person).state is not State.INVITED:
        raise NoInvitation(USED)
    if name is not None:
        _rename(connection, row.person, name, now)
    person = find(connection, row.person)
    require_good(password, name=person.name)
    hashed = passwords.hash(password)
    connection.execute(_update(person.id, password=hashed, state=str(State.ACTIVE)))
    connection.execute(sa.delete(table).where(table.c.person == person.id))
    recorded.record_change(connection, person.id, "password-set", who=person.id, now=now)
    return find(connection, person.id)


def change_password(
    connection: sa.Connection,
    person: str,
    *,
    old: str,
    new: str,
    passwords: Passwords,
    now: datetime,
) -> None:
    """Change one's own password; every session ends.

    Raises:
        Refusal: the old one is wrong, or the new one not good.
    """
    kept = connection.scalar(sa.select(schema.users.c.password).where(schema.users.c.id == person))
    if not passwords.is_right(kept, old):
        raise Refusal(WRONG_OLD)
    require_good(new, name=find(connection, person).name)
    connection.execute(_update(person, password=passwords.hash(new)))
    end_sessions(connection, person)
    recorded.record_change(connection, person, "password-changed", who=person, now=now)


def grant(
    connection: sa.Connection, person: str, role: Role, *, actor: Actor, now: datetime
) -> Person:
    """Give a role; nobody gives one to themselves.

    Raises:
        Refusal: the actor may not, it is themselves, or it is never held with one of theirs.
    """
    require(actor, "user.manage")
    require_other(actor, person, "give a role to")
    found = find(connection, person)
    require_together(found.roles | {role})
    if role not in found.roles:
        _insert_role(connection, person, role)
        end_sessions(connection, person)
        recorded.record_change(connection, person, "role-granted", who=actor.id, now=now, role=role)
    return find(connection, person)


def withdraw(
    connection: sa.Connection, person: str, role: Role, *, actor: Actor, now: datetime
) -> Person:
    """Take a role away.

    Raises:
        NoAdministratorLeft: this was the last.
        Refusal: the actor may not.
    """
    require(actor, "user.manage")
    found = find(connection, person)
    if role in found.roles:
        table = schema.roles
        connection.execute(
            sa.delete(table).where(table.c.person == person, table.c.role == str(role))
        )
        _require_administrator(connection)
        end_sessions(connection, person)
        recorded.record_change(
            connection, person, "role-withdrawn", who=actor.id, now=now, role=role
        )
    return find(connection, person)


def set_state(
    connection: sa.Connection, person: str, state: State, *, actor: Actor, now: datetime
) -> Person:
    """Disable or enable a person; a disabled one has no session, and no token of theirs works.

    Raises:
        NoAdministratorLeft: this was the last.
        Refusal: the actor may not, or the person is erased.
    """
    require(actor, "user.manage")
    found = find(connection, person)
    if found.state is State.ERASED or state not in (State.ACTIVE, State.DISABLED):
        raise Refusal(f"{person} is {found.state} and cannot become {state}")
    if state is State.ACTIVE and _password(connection, person) is None:
        state = State.INVITED
    connection.execute(_update(person, state=str(state)))
    _require_administrator(connection)
    end_sessions(connection, person)
    # Whoever was invited and is kept out does not come in by the token that is still about.
    connection.execute(sa.delete(schema.invitations).where(schema.invitations.c.person == person))
    recorded.record_change(connection, person, str(state), who=actor.id, now=now)
    return find(connection, person)


def erase(connection: sa.Connection, person: str, *, actor: Actor, now: datetime) -> None:
    """Erase who a person is; what they did stays under their id.

    Raises:
        NoAdministratorLeft: this was the last.
        Refusal: the actor is no privacy officer.
    """
    require(actor, "personal.erase")
    attempts.forget(connection, attempts.of_name(find(connection, person).name))
    privacy.overwrite_what_goes(connection)
    table = schema.users
    connection.execute(
        sa.update(table)
        .where(table.c.id == person)
        .values(name=person, key=person, password=None, state=str(State.ERASED))
    )
    _require_administrator(connection)
    end_sessions(connection, person)
    for each in (schema.tokens, schema.invitations, schema.roles):
        connection.execute(sa.delete(each).where(each.c.person == person))
    recorded.record_change(connection, person, "erased", who=actor.id, now=now)
    privacy.erase(connection, person, now=now, who=actor.id)


def find(connection: sa.Connection, person: str) -> Person:
    """The person with this id, or else with this sign-in name.

    Raises:
        Refusal: there is none.
    """
    table = schema.users
    # Unencodable text is no id, and the database would not take it.
    row = connection.execute(sa.select(table).where(table.c.id == key_of(person))).first()
    if row is None:
        row = connection.execute(sa.select(table).where(table.c.key == key_of(person))).first()
    if row is None:
        raise Refusal("no such person is known; `user list` shows those that are")
    return _person(connection, row)


def every(connection: sa.Connection) -> list[Person]:
    """All people, in the order they came."""
    table = schema.users
    rows = connection.execute(sa.select(table).order_by(table.c.added_at, table.c.id))
    return [_person(connection, row) for row in rows]


def end_sessions(connection: sa.Connection, person: str) -> None:
    """End every session of a person."""
    table = schema.sessions
    connection.execute(sa.delete(table).where(table.c.person == person))


def _person(connection: sa.Connection, row: sa.Row[Any]) -> Person:
    table = schema.roles
    held = connection.scalars(sa.select(table.c.role).where(table.c.person == row.id))
    return Person(
        id=row.id,
        name=row.name,
        state=State(row.state),
        roles=frozenset(map(Role, held)),
        added_at=row.added_at,
    )


def _insert(connection: sa.Connection, name: str, who: str, now: datetime) -> Person:
    _require_free(connection, name)
    person = new_id("u")
    connection.execute(
        sa.insert(schema.users).values(
            id=person,
            name=name.strip(),
            key=key_of(name),
            state=str(State.INVITED),
            added_at=now,
        )
    )
    recorded.record_added(connection, person, name.strip(), who=who, now=now)
    return find(connection, person)


def _rename(connection: sa.Connection, person: str, name: str, now: datetime) -> None:
    if key_of(name) != key_of(find(connection, person).name):
        _require_free(connection, name)
        connection.execute(_update(person, name=name.strip(), key=key_of(name)))
        recorded.record_renamed(connection, person, name.strip(), now=now)


def _require_free(connection: sa.Connection, name: str) -> None:
    names.require_good(name)
    taken = sa.select(schema.users.c.id).where(schema.users.c.key == key_of(name))
    if connection.execute(taken).first():
        raise Refusal("somebody bears this sign-in name already; take another", field="name")


def _insert_role(connection: sa.Connection, person: str, role: Role) -> None:
    connection.execute(sa.insert(schema.roles).values(person=person, role=str(role)))


def _invite(connection: sa.Connection, person: str, now: datetime) -> str:
    table = schema.invitations
    connection.execute(sa.delete(table).where(table.c.person == person))
    secret = new_secret("once")
    values = {"digest": digest_of(secret), "person": person, "expires_at": now + INVITATION_LASTS}
    connection.execute(sa.insert(table), [values])
    return secret


def _password(connection: sa.Connection, person: str) -> str | None:
    table = schema.users
    return connection.scalar(sa.select(table.c.password).where(table.c.id == person))


def _update(person: str, **values: object) -> sa.Update:
    return sa.update(schema.users).where(schema.users.c.id == person).values(**values)


def _require_administrator(connection: sa.Connection) -> None:
    users, roles = schema.users, schema.roles
    query = (
        sa.select(users.c.id)
        .join(roles)
        .where(roles.c.role == str(Role.ADMINISTRATOR), users.c.state == str(State.ACTIVE))
    )
    if connection.execute(query).first() is None:
        raise NoAdministratorLeft("no active administrator would be left; make another one first")
