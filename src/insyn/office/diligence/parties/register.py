"""Parties, stakes and the channel in the database: recorded, ended, identified, read as known.

Always: a row is added beside the old one and nothing is edited. A party that is new or changes is
put before screening in the same transaction, all its names; it stays unknown until screened.

Reading takes two moments. `as_of`: what was known by then counts (None: all that is known now).
`on`: relations that hold on this day count; None is the day of `as_of`, and where that is None too
every relation counts that was not said to have ended at once, which is the cautious reading.
Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.diligence.parties import recorded, schema
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Identification,
    Party,
    PartyKind,
    Stake,
    StakeKind,
    name_key,
    party_from_json,
)
from insyn.office.screening import register as screening
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf
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


def record_stake(connection: sa.Connection, stake: Stake, *, actor: Actor, now: datetime) -> Stake:
    """Keep what one party holds of another; it supersedes what was said of the same holding.

    Raises:
        Refusal: the actor may not, a party is not known, or the id is taken.
    """
    require(actor, ACTION)
    _require_known(connection, stake.owner, stake.owned)
    table = schema.stakes
    _require_free(connection, stake.id)
    same = sa.and_(
        table.c.owner == stake.owner,
        table.c.owned == stake.owned,
        table.c.kind == str(stake.kind),
    )
    before = [_stake(row) for row in _standing(connection, table, same, as_of=None, on=None)]
    row = {name: getattr(stake, name) for name in stake.__slots__}
    _insert(connection, table, {**row, "kind": str(stake.kind)}, by=actor.id, now=now)
    _supersede(connection, before, by_id=stake.id, by=actor.id, now=now)
    ends = [_superseded(each, stake.id, actor.id) for each in before]
    log.append_all(connection, [recorded.stake_leaf(stake, by=actor.id), *ends], now=now)
    return stake


def record_edge(connection: sa.Connection, edge: Edge, *, actor: Actor, now: datetime) -> Edge:
    """Keep that one party supplies another; it supersedes the same edge said before.

    Raises:
        Refusal: the actor may not, a party is not known, or the id is taken.
    """
    require(actor, ACTION)
    _require_known(connection, edge.supplier, edge.customer)
    table = schema.edges
    _require_free(connection, edge.id)
    same = sa.and_(
        table.c.supplier == edge.supplier,
        table.c.customer == edge.customer,
        table.c.role == str(edge.role),
        table.c.deal.is_(None) if edge.deal is None else table.c.deal == edge.deal,
    )
    before = [_edge(row) for row in _standing(connection, table, same, as_of=None, on=None)]
    row = {name: getattr(edge, name) for name in edge.__slots__}
    _insert(connection, table, {**row, "role": str(edge.role)}, by=actor.id, now=now)
    _supersede(connection, before, by_id=edge.id, by=actor.id, now=now)
    ends = [_superseded(each, edge.id, actor.id) for each in before]
    log.append_all(connection, [recorded.edge_leaf(edge, by=actor.id), *ends], now=now)
    return edge


def end(
    connection: sa.Connection,
    relation: str,
    *,
    until: date | None,
    because: str,
    actor: Actor,
    now: datetime,
) -> Stake | Edge:
    """Say that a stake or an edge ends: on a day (the first no more), or (None) at once.

    Raises:
        Refusal: the actor may not, none such stands, or no reason is given.
    """
    require(actor, ACTION)
    if not because.strip():
        raise Refusal(f"{relation} ends for a reason; give it (--because)")
    found = _relation(connection, relation)
    if until is not None and found.since is not None and until < found.since:
        raise Refusal(f"{relation} would end before it begins")
    row = {"relation": relation, "until": until, "because": because}
    _insert(connection, schema.ended, row, by=actor.id, now=now)
    leaf = recorded.ended_leaf(found, until=until, because=because, superseded_by=None, by=actor.id)
    log.append(connection, leaf, now=now)
    return found


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
    _insert(connection, schema.identified, row, by=actor.id, now=now)
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


def stakes(
    connection: sa.Connection,
    *,
    as_of: datetime | None = None,
    on: date | None = None,
    resolved: bool = True,
) -> list[Stake]:
    """All stakes that stand, by id; unknown tiers read as whom they were identified with.

    `resolved` False: as they were said.
    """
    rows = _standing(connection, schema.stakes, sa.true(), as_of=as_of, on=on)
    who = identified(connection, as_of=as_of) if resolved else {}
    found = (_resolve(row, ("owner", "owned"), who) for row in rows)
    return [_stake(row) for row in found if row["owner"] != row["owned"]]


def edges(
    connection: sa.Connection,
    *,
    deal: str | None = None,
    as_of: datetime | None = None,
    on: date | None = None,
    resolved: bool = True,
) -> list[Edge]:
    """All edges that stand, by id, or those recorded for a deal; unknown tiers as for `stakes`."""
    where = sa.true() if deal is None else schema.edges.c.deal == deal
    rows = _standing(connection, schema.edges, where, as_of=as_of, on=on)
    who = identified(connection, as_of=as_of) if resolved else {}
    found = (_resolve(row, ("supplier", "customer"), who) for row in rows)
    return [_edge(row) for row in found if row["supplier"] != row["customer"]]


def channel_of(
    connection: sa.Connection,
    deal: str,
    parties: Collection[str],
    *,
    as_of: datetime | None = None,
) -> list[Json]:
    """What is said of a deal's channel: who supplies whom as what, since and until when, in order.

    Edges recorded for the deal, and those for any deal between two of these parties. Neither ids
    nor sources, so that the same edge said again is the same.
    """
    ends = schema.ended
    first = sa.func.min(ends.c.until).label("first")
    query = sa.select(ends.c.relation, first).where(ends.c.until.is_not(None))
    if as_of is not None:
        query = query.where(ends.c.known_since <= as_of)
    rows = connection.execute(query.group_by(ends.c.relation))
    ended: dict[str, date] = {row.relation: row.first for row in rows}
    found: list[Json] = []
    for edge in edges(connection, as_of=as_of):
        is_between = edge.supplier in parties and edge.customer in parties
        if edge.deal == deal or (edge.deal is None and is_between):
            untils = [day for day in (edge.until, ended.get(edge.id)) if day is not None]
            told = replace(edge, until=min(untils, default=None)).to_json()
            kept = ("supplier", "customer", "role", "since", "until", "deal")
            found.append([told[name] for name in kept])
    return sorted(found, key=str)


def stakes_of(
    connection: sa.Connection,
    party: str,
    *,
    as_of: datetime | None = None,
    on: date | None = None,
) -> list[Stake]:
    """What stands of a party: who holds it, and what it holds."""
    found = stakes(connection, as_of=as_of, on=on)
    return [stake for stake in found if party in (stake.owner, stake.owned)]


def edges_of(
    connection: sa.Connection,
    party: str,
    *,
    as_of: datetime | None = None,
    on: date | None = None,
) -> list[Edge]:
    """Whom a party supplies, and who supplies it."""
    found = edges(connection, as_of=as_of, on=on)
    return [edge for edge in found if party in (edge.supplier, edge.customer)]


def relation_ids(connection: sa.Connection) -> set[str]:
    """Ids of all stakes and edges ever recorded."""
    tables = (schema.stakes, schema.edges)
    return {id_ for table in tables for id_ in connection.scalars(sa.select(table.c.id))}


def owners_above(stakes: Iterable[Stake], party: str) -> set[str]:
    """Everybody who holds a stake in the party, or in one who does; without the party itself."""
    holders: dict[str, set[str]] = {}
    for stake in stakes:
        holders.setdefault(stake.owned, set()).add(stake.owner)
    found: set[str] = set()
    waiting = [party]
    while waiting:
        fresh = holders.get(waiting.pop(), set()) - found - {party}
        found |= fresh
        waiting.extend(fresh)
    return found


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


def _standing(
    connection: sa.Connection,
    table: sa.Table,
    where: sa.ColumnElement[bool],
    *,
    as_of: datetime | None,
    on: date | None,
) -> list[dict[str, Any]]:
    """Rows of stakes or edges that stand, by id."""
    day = on if on is not None or as_of is None else as_of.date()
    over = schema.ended
    ended = sa.select(over.c.relation).where(over.c.relation == table.c.id)
    gone: sa.ColumnElement[bool] = over.c.until.is_(None)
    if as_of is not None:
        where = sa.and_(where, table.c.known_since <= as_of)
        ended = ended.where(over.c.known_since <= as_of)
    if day is not None:
        where = sa.and_(
            where,
            sa.or_(table.c.since.is_(None), table.c.since <= day),
            sa.or_(table.c.until.is_(None), table.c.until > day),
        )
        gone = sa.or_(gone, over.c.until <= day)
    query = sa.select(table).where(where, ~ended.where(gone).exists()).order_by(table.c.id)
    return [dict(row._mapping) for row in connection.execute(query)]


def _resolve(
    row: dict[str, Any], sides: tuple[str, str], who: Mapping[str, Identification]
) -> dict[str, Any]:
    return {**row, **{side: who[row[side]].party for side in sides if row[side] in who}}


def _require_known(connection: sa.Connection, *ids: str) -> None:
    # Held until the transaction ends: else two who say the same holding anew at once would leave
    # both standing, and their shares would be added up. SQLite's writer is alone in any case.
    table = schema.versions
    held = sa.select(table.c.id).where(table.c.party.in_(sorted(ids))).order_by(table.c.id)
    connection.execute(held.with_for_update()).all()
    known = _latest(connection, ids, as_of=None)
    for id_ in ids:
        if id_ not in known or known[id_].erased:
            raise Refusal(f"no party of the channel is known as {id_!r}; add it (insyn party add)")


def _require_free(connection: sa.Connection, relation: str) -> None:
    for table in (schema.stakes, schema.edges):
        query = sa.select(table.c.id).where(table.c.id == relation)
        if connection.execute(query).first() is not None:
            raise Refusal(f"{relation} is recorded already; end it, or record another beside it")


def _relation(connection: sa.Connection, relation: str) -> Stake | Edge:
    readers: tuple[tuple[sa.Table, Callable[[Mapping[str, Any]], Stake | Edge]], ...]
    readers = ((schema.stakes, _stake), (schema.edges, _edge))
    for table, read in readers:
        rows = _standing(connection, table, table.c.id == relation, as_of=None, on=None)
        if rows:
            return read(rows[0])
    raise Refusal(f"no stake or edge {relation!r} stands; `insyn channel list` shows edges")


def _supersede(
    connection: sa.Connection,
    before: Iterable[Stake | Edge],
    *,
    by_id: str,
    by: str,
    now: datetime,
) -> None:
    for each in before:
        row = {"relation": each.id, "until": None, "because": f"superseded by {by_id}"}
        _insert(connection, schema.ended, row, by=by, now=now)


def _superseded(relation: Stake | Edge, by_id: str, by: str) -> Leaf:
    because = f"superseded by {by_id}"
    return recorded.ended_leaf(relation, until=None, because=because, superseded_by=by_id, by=by)


def _insert(
    connection: sa.Connection, table: sa.Table, row: dict[str, Any], *, by: str, now: datetime
) -> None:
    connection.execute(sa.insert(table).values(**row, known_since=now, by=by))


# `Any`: the values of a row, as the schema types them.
def _stake(row: Mapping[str, Any]) -> Stake:
    fields = {name: row[name] for name in Stake.__slots__}
    return Stake(**{**fields, "kind": StakeKind(row["kind"])})


def _edge(row: Mapping[str, Any]) -> Edge:
    fields = {name: row[name] for name in Edge.__slots__}
    return Edge(**{**fields, "role": ChannelRole(row["role"])})
