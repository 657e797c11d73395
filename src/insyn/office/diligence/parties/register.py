"""Parties in the database: recorded, identified, read as known; `relations` has what is between.

Always: a row is added beside the old one and nothing is edited. A party that is new or changes is
put before screening in the same transaction, all its names; it stays unknown until screened.

Reading takes two moments. `as_of`: what was known by then counts (None: all that is known now).
`on`: relations that hold on this day count; None is the day of `as_of`, and where that is None too
every relation counts that was not said to have ended at once, which is the cautious reading.
Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from insyn.base.errors import Refusal
from insyn.office.diligence.parties import recorded, schema
from insyn.office.diligence.parties.model import (
    Identification,
    Party,
    PartyKind,
    name_key,
    party_from_json,
)
from insyn.office.screening import register as screening
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, require

ACTION = "party.change"
MANY = 500
"""Ids that one query names: SQLite and PostgreSQL both take more."""


class Came(StrEnum):
    """What putting a party in came to."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


def put(connection: sa.Connection, party: Party, *, actor: Actor, now: datetime) -> Came:
    """Add a party, or a new version of one that is known, and put its names before screening.

    Raises:
        Refusal: the actor may not, the party cannot become unknown again, or it is a tier that
            was identified: what is said of it is said of that party.
    """
    require(actor, ACTION)
    known = _latest(connection, [party.id], as_of=None).get(party.id)
    if known is not None and known.digest() == party.digest():
        # Another may have put other names under the ids that these are screened by.
        screening.put(connection, party.subjects(), now=now)
        return Came.SAME
    if known is not None and known.erased:
        raise Refusal(f"party {party.id} was erased; who is added anew takes another id")
    if (found := identified(connection).get(party.id)) is not None:
        raise Refusal(f"tier {party.id} was identified as {found.party}; change that party")
    if party.kind is PartyKind.UNKNOWN and known is not None and known.kind is not party.kind:
        raise Refusal(f"party {party.id} is known already; it cannot become an unknown tier")
    row = {"party": party.id, "content": party.to_json(), "digest": party.digest()}
    connection.execute(sa.insert(schema.versions).values(**row, known_since=now, by=actor.id))
    keys = {name_key(name.text) for name in party.names}
    table = schema.names
    had = set(connection.scalars(sa.select(table.c.key).where(table.c.party == party.id)))
    if fresh := sorted(keys - had):
        connection.execute(sa.insert(table), [{"key": key, "party": party.id} for key in fresh])
    screening.put(connection, party.subjects(), now=now)
    leaf = recorded.party_leaf(party, is_new=known is None, by=actor.id)
    log.append(connection, leaf, now=now)
    return Came.NEW if known is None else Came.CHANGED


def find(connection: sa.Connection, party: str, *, as_of: datetime | None = None) -> Party:
    """The party with this id as it was known.

    Raises:
        Refusal: no party of the channel is known by it.
    """
    found = _latest(connection, [party], as_of=as_of).get(party)
    if found is None:
        raise Refusal(f"no party of the channel is known as {party!r}; add it (insyn party add)")
    return found


def every(connection: sa.Connection, *, as_of: datetime | None = None) -> Iterator[Party]:
    """All parties by id, as they were known, a page in memory at a time."""
    table = schema.versions
    last = ""
    while True:
        query = sa.select(table.c.party).distinct().where(table.c.party > last)
        ids = list(connection.scalars(query.order_by(table.c.party).limit(MANY)))
        if not ids:
            return
        found = _latest(connection, ids, as_of=as_of)
        yield from (found[id_] for id_ in ids if id_ in found)
        last = ids[-1]


def named(connection: sa.Connection, name: str, *, as_of: datetime | None = None) -> list[Party]:
    """Parties of the channel that bear this name, or have it as their id, by id."""
    table = schema.names
    ids = set(connection.scalars(sa.select(table.c.party).where(table.c.key == name_key(name))))
    found = _latest(connection, {*ids, name.strip()}, as_of=as_of)
    return [
        party
        for id_, party in sorted(found.items())
        if id_ == name.strip() or name_key(name) in {name_key(n.text) for n in party.names}
    ]


def identify(
    connection: sa.Connection,
    unknown: str,
    party: str,
    *,
    source: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Say which party an unknown tier is; its edges and stakes are that party's from then on.

    Raises:
        Refusal: the actor may not, the tier is none or is identified, or the party is unknown too.
    """
    require(actor, ACTION)
    if find(connection, unknown).kind is not PartyKind.UNKNOWN:
        raise Refusal(f"party {unknown} is no unknown tier; change it with insyn party add")
    if find(connection, party).kind is PartyKind.UNKNOWN:
        raise Refusal(f"party {party} is itself an unknown tier; name a known party")
    if (before := identified(connection).get(unknown)) is not None:
        raise Refusal(f"tier {unknown} was identified as {before.party} already")
    row = {"unknown": unknown, "party": party, "source": source}
    insert(connection, schema.identified, row, by=actor.id, now=now)
    recorded.record_identified(connection, unknown, party, source=source, by=actor.id, now=now)


def identified(
    connection: sa.Connection, *, as_of: datetime | None = None
) -> dict[str, Identification]:
    """Unknown tiers that were identified by then, by their id."""
    table = schema.identified
    query = sa.select(table)
    rows = connection.execute(query if as_of is None else query.where(table.c.known_since <= as_of))
    return {
        row.unknown: Identification(
            unknown=row.unknown, party=row.party, known_since=row.known_since, by=row.by
        )
        for row in rows
    }


def _latest(
    connection: sa.Connection, ids: Iterable[str], *, as_of: datetime | None
) -> dict[str, Party]:
    table = schema.versions
    query = sa.select(sa.func.max(table.c.id)).where(table.c.party.in_(sorted(set(ids))))
    if as_of is not None:
        query = query.where(table.c.known_since <= as_of)
    numbers = query.group_by(table.c.party)
    rows = connection.execute(sa.select(table).where(table.c.id.in_(numbers)))
    return {row.party: party_from_json({**row.content, "id": row.party}) for row in rows}


def require_known(connection: sa.Connection, *ids: str) -> None:
    """Refuse ids that no party has, and hold the parties until the transaction ends.

    Raises:
        Refusal: one is not known, or erased.
    """
    # Held until the transaction ends: else two who say the same holding anew at once would leave
    # both standing, and their shares would be added up. SQLite's writer is alone in any case.
    table = schema.versions
    held = sa.select(table.c.id).where(table.c.party.in_(sorted(ids))).order_by(table.c.id)
    connection.execute(held.with_for_update()).all()
    known = _latest(connection, ids, as_of=None)
    for id_ in ids:
        if id_ not in known or known[id_].erased:
            raise Refusal(f"no party of the channel is known as {id_!r}; add it (insyn party add)")


def insert(
    connection: sa.Connection, table: sa.Table, row: dict[str, Any], *, by: str, now: datetime
) -> None:
    """Add a row that says by whom it is known, and since when."""
    connection.execute(sa.insert(table).values(**row, known_since=now, by=by))


# `Any`: the values of a row, as the schema types them.
