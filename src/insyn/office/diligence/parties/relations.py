"""Stakes and the channel's edges in the database: recorded, ended, read as known and as of a day.

Always: a row is added beside the old one and nothing is edited; what is said anew supersedes. Of
the two moments `as_of` and `on`, and of transactions, `register` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.diligence.parties import recorded, schema
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Identification,
    Stake,
    StakeKind,
)
from insyn.office.diligence.parties.register import ACTION, identified, insert, require_known
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, require


def record_stake(connection: sa.Connection, stake: Stake, *, actor: Actor, now: datetime) -> Stake:
    """Keep what one party holds of another; it supersedes what was said of the same holding.

    Raises:
        Refusal: the actor may not, a party is not known, or the id is taken.
    """
    require(actor, ACTION)
    require_known(connection, stake.owner, stake.owned)
    table = schema.stakes
    _require_free(connection, stake.id)
    same = sa.and_(
        table.c.owner == stake.owner,
        table.c.owned == stake.owned,
        table.c.kind == str(stake.kind),
    )
    before = [_stake(row) for row in _standing(connection, table, same, as_of=None, on=None)]
    row = {name: getattr(stake, name) for name in stake.__slots__}
    insert(connection, table, {**row, "kind": str(stake.kind)}, by=actor.id, now=now)
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
    require_known(connection, edge.supplier, edge.customer)
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
    insert(connection, table, {**row, "role": str(edge.role)}, by=actor.id, now=now)
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
    insert(connection, schema.ended, row, by=actor.id, now=now)
    leaf = recorded.ended_leaf(found, until=until, because=because, superseded_by=None, by=actor.id)
    log.append(connection, leaf, now=now)
    return found


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
        insert(connection, schema.ended, row, by=by, now=now)


def _superseded(relation: Stake | Edge, by_id: str, by: str) -> Leaf:
    because = f"superseded by {by_id}"
    return recorded.ended_leaf(relation, until=None, because=because, superseded_by=by_id, by=by)


def _stake(row: Mapping[str, Any]) -> Stake:
    fields = {name: row[name] for name in Stake.__slots__}
    return Stake(**{**fields, "kind": StakeKind(row["kind"])})


def _edge(row: Mapping[str, Any]) -> Edge:
    fields = {name: row[name] for name in Edge.__slots__}
    return Edge(**{**fields, "role": ChannelRole(row["role"])})
