"""Personal data beside the tree: shown while it is kept, erased on request.

Always: an erasure is a leaf of its own, so that data which is gone without one is found, and the
tree verifies as before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.trust.ledger import log, schema
from insyn.trust.ledger.kinds import PERSONAL_ERASED
from insyn.trust.ledger.leaf import KeptLeaf, Leaf, commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What a field of a leaf committed to, with the salt that proves it."""

    subject: str
    data: Json
    salt: bytes

    def to_json(self) -> dict[str, Json]:
        """As `insyn ledger prove --personal` prints it."""
        return {"subject": self.subject, "data": self.data, "salt": self.salt.hex()}


def is_what_was_committed(leaf: KeptLeaf, field: str, disclosed: Disclosure) -> bool:
    """True if this is the personal data that the leaf committed to when it was added."""
    said = commit(disclosed.salt, disclosed.subject, disclosed.data)
    return leaf.personal.get(field) == said


def disclose(connection: sa.Connection, number: int) -> Mapping[str, Disclosure | None]:
    """The personal data of a leaf by field; None where it was erased.

    Raises:
        Refusal: there is no such leaf.
    """
    leaf = log.find(connection, number)
    table = schema.personal
    rows = connection.execute(sa.select(table).where(table.c.leaf == number))
    known = {
        row.field: Disclosure(
            subject=row.subject, data=json.loads(bytes(row.data)), salt=bytes(row.salt)
        )
        for row in rows
    }
    return {name: known.get(name) for name in leaf.personal}


def erase(
    connection: sa.Connection, subject: str, *, now: datetime, who: str, because: str = "request"
) -> int:
    """Erase all personal data kept of a subject, salts and all; gives how many fields went.

    Without its salt, what a leaf holds says nothing of the data. Where something is erased a leaf
    says which fields of which leaves, by whom and why.

    Args:
        connection: in a writing transaction.
        subject: the id under which the data was given.
        now: when.
        who: the id of who erases.
        because: one word, such as `request` or `retention`.

    Raises:
        UsageError: `who` is not an id, or `because` not a word.
    """
    mine = schema.personal.c.subject == subject
    return _erase(connection, mine, now=now, who=who, because=because)


def erase_field(
    connection: sa.Connection, leaf: int, field: str, *, now: datetime, who: str, because: str
) -> int:
    """Erase the personal data of one field of one leaf, as `erase`; 0: it was erased before."""
    table = schema.personal
    mine = sa.and_(table.c.leaf == leaf, table.c.field == field)
    return _erase(connection, mine, now=now, who=who, because=because)


def _erase(
    connection: sa.Connection,
    mine: sa.ColumnElement[bool],
    *,
    now: datetime,
    who: str,
    because: str,
) -> int:
    table = schema.personal
    query = sa.select(table.c.leaf, table.c.field).where(mine).with_for_update()
    gone = sorted((row.leaf, row.field) for row in connection.execute(query))
    if not gone:
        return 0
    overwrite_what_goes(connection)
    connection.execute(sa.delete(table).where(mine))
    records: list[Json] = [{"leaf": leaf, "field": field} for leaf, field in gone]
    what: dict[str, Json] = {"leaves": records, "because": because}
    log.append(connection, Leaf(kind=PERSONAL_ERASED.name, who=who, what=what), now=now)
    return len(gone)


def overwrite_what_goes(connection: sa.Connection) -> None:
    """Have what this connection deletes or changes from now on leave no bytes in SQLite's file."""
    if connection.dialect.name == "sqlite":
        # Otherwise they stay there until something is written over them.
        connection.exec_driver_sql("PRAGMA secure_delete = ON")
