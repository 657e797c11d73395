"""What people leave in the ledger: who came, what they may, who said so; names beside the tree."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

ADDED = register(
    Kind(
        name="person.added",
        title="a person was made known to the office",
        what={"person": Shape.ID},
        personal=frozenset({"name"}),
    )
)
CHANGED = register(
    Kind(
        name="person.changed",
        title="a person's roles, state, password or tokens changed; `change` says which",
        what={"person": Shape.ID, "change": Shape.WORD, "role": Shape.ID, "token": Shape.ID},
        optional=frozenset({"role", "token"}),
    )
)

RENAMED = register(
    Kind(
        name="person.renamed",
        title="a person took another sign-in name",
        what={"person": Shape.ID},
        personal=frozenset({"name"}),
    )
)
BLOCKED = register(
    Kind(
        name="sign-in.blocked",
        title="sign-ins failed too often, and have to wait; `by` is name or address, told neither",
        what={"by": Shape.WORD, "failures": Shape.COUNT, "until": Shape.TIME},
    )
)


def record_blocked(
    connection: sa.Connection, by: str, failures: int, until: datetime, *, now: datetime
) -> None:
    """Add the leaf of a wait that begins. It says the same of a name that nobody bears."""
    what: dict[str, Json] = {"by": by, "failures": failures, "until": isoformat(until)}
    log.append(connection, Leaf(kind=BLOCKED.name, who="office", what=what), now=now)


def record_added(
    connection: sa.Connection, person: str, name: str, *, who: str, now: datetime
) -> None:
    """Add the leaf of a new person."""
    personal = {"name": Personal(subject=person, data=name)}
    leaf = Leaf(kind=ADDED.name, who=who, what={"person": person}, personal=personal)
    log.append(connection, leaf, now=now)


def record_renamed(connection: sa.Connection, person: str, name: str, *, now: datetime) -> None:
    """Add the leaf of a name that a person took."""
    personal = {"name": Personal(subject=person, data=name)}
    leaf = Leaf(kind=RENAMED.name, who=person, what={"person": person}, personal=personal)
    log.append(connection, leaf, now=now)


def record_change(
    connection: sa.Connection,
    person: str,
    change: str,
    *,
    who: str,
    now: datetime,
    role: str | None = None,
    token: str | None = None,
) -> None:
    """Add the leaf of a change; `change` is a word such as `role-granted`."""
    what: dict[str, Json] = {"person": person, "change": change}
    what |= {"role": role} if role else {}
    what |= {"token": token} if token else {}
    log.append(connection, Leaf(kind=CHANGED.name, who=who, what=what), now=now)
