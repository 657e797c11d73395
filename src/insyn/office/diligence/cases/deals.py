"""Deals in the database: imported as dated facts, read as known at a moment.

Always: a value that is as known already adds nothing; what is new adds a fact beside the old one.
Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.errors import Refusal
from insyn.office.diligence.cases import recorded, schema
from insyn.office.diligence.cases.dated import FIELDS, Fact, record_of, standing, values_of
from insyn.office.diligence.deal import Deal, read_deal
from insyn.trust.people.duties import Actor, require

LONGEST_VALUE = 1_000_000
"""Bytes of one value as JSON; more is a document, and belongs into evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Who says what is being recorded: the source, and since when we know and it holds.

    `known_since` of None is now.
    """

    source: str
    known_since: datetime | None = None
    valid_from: date | None = None
    evidence: str | None = None


def put(
    connection: sa.Connection,
    record: Mapping[str, Any],
    *,
    said: Said,
    actor: Actor,
    now: datetime,
) -> list[Fact]:
    """Keep all that a record says of its deal and is not known yet; gives the new facts.

    Raises:
        Refusal: the actor may not, the record has no id, a value is too long, or it is said to be
            known since a day that is still to come.
    """
    require(actor, "fact.record")
    deal = _deal_id(record)
    if not exists(connection, deal):
        connection.execute(sa.insert(schema.deals).values(id=deal, recorded_at=now, by=actor.id))
    known = {_key(f.field, f.value) for f in standing(facts_of(connection, deal), known=now)}
    fresh = [
        _row(deal, field, value, said=said, by=actor.id, now=now)
        for field, value in values_of(record)
        if _key(field, value) not in known
    ]
    return _add(connection, fresh, now=now)


def record_fact(
    connection: sa.Connection,
    deal: str,
    field: str,
    value: Any,
    *,
    said: Said,
    actor: Actor,
    now: datetime,
) -> Fact:
    """Keep one value; it supersedes what was said of the field before.

    Raises:
        Refusal: there is no such deal or field, the value is none of the field's, or the actor
            may not.
    """
    require(actor, "fact.record")
    _require_deal(connection, deal)
    if field not in FIELDS:
        raise Refusal(
            f"a deal has no field {field!r}; docs/reference/deal-format.md has the fields"
        )
    _require_readable(deal, field, value)
    row = _row(deal, field, value, said=said, by=actor.id, now=now)
    return _add(connection, [row], now=now)[0]


def retract(
    connection: sa.Connection, deal: str, fact: int, *, said: Said, actor: Actor, now: datetime
) -> Fact:
    """Say that a fact does not hold, and why; it stays on record and no longer counts.

    Raises:
        Refusal: the deal has no such fact.
    """
    require(actor, "fact.record")
    of = {each.id: each for each in facts_of(connection, deal)}.get(fact)
    if of is None:
        raise Refusal(f"deal {deal} has no fact {fact}; `insyn deal show` lists them")
    row = _row(deal, of.field, None, said=said, by=actor.id, now=now)
    return _add(connection, [{**row, "retracts": fact}], now=now)[0]


def exists(connection: sa.Connection, deal: str) -> bool:
    """Whether a deal is known by this id."""
    query = sa.select(schema.deals.c.id).where(schema.deals.c.id == deal)
    return connection.execute(query).first() is not None


def every(connection: sa.Connection, *, after: str | None = None, limit: int = 200) -> list[str]:
    """Ids of deals in order, a page."""
    table = schema.deals
    query = sa.select(table.c.id).order_by(table.c.id).limit(limit)
    return list(
        connection.scalars(query if after is None else query.where(table.c.id > after)).all()
    )


def recorded_since(connection: sa.Connection, moment: datetime) -> list[tuple[str, datetime]]:
    """Ids of deals first recorded after a moment, and when, in the order they came."""
    table = schema.deals
    query = sa.select(table.c.id, table.c.recorded_at).where(table.c.recorded_at > moment)
    rows = connection.execute(query.order_by(table.c.recorded_at, table.c.id))
    return [(row.id, row.recorded_at) for row in rows]


def facts_of(connection: sa.Connection, deal: str) -> list[Fact]:
    """All that was ever said of a deal, in the order it was recorded."""
    table = schema.facts
    rows = connection.execute(sa.select(table).where(table.c.deal == deal).order_by(table.c.id))
    return [_fact(row) for row in rows]


def record_at(
    connection: sa.Connection, deal: str, *, known: datetime, valid: date | None = None
) -> dict[str, Any]:
    """The deal record as known at a moment.

    Raises:
        Refusal: no deal is known by this id.
    """
    _require_deal(connection, deal)
    return record_of(deal, standing(facts_of(connection, deal), known=known, valid=valid))


def deal_at(connection: sa.Connection, deal: str, *, known: datetime) -> Deal:
    """The deal as known at a moment.

    Raises:
        Refusal: no deal is known by this id.
    """
    return read_deal(record_at(connection, deal, known=known))


def _require_deal(connection: sa.Connection, deal: str) -> None:
    if not exists(connection, deal):
        raise Refusal(f"no deal is known as {deal!r}; `insyn deal list` shows those that are")


def _require_readable(deal: str, field: str, value: Any) -> None:
    # An import keeps what nobody can read and tells of it; who says one fact can say it right.
    problems = read_deal({"id": deal, field: value}).problems
    if problems:
        said = problems[0].removesuffix("; taken as unknown")
        raise Refusal(f"deal {said}; nothing was recorded (docs/reference/deal-format.md)")


def _deal_id(record: Mapping[str, Any]) -> str:
    found = record.get("id")
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not 0 < len(found.strip()) <= 200 or not found.isprintable():
        raise Refusal("a deal that is kept needs an id of its own, of at most 200 characters")
    return found.strip()


def _key(field: str, value: Any) -> str:
    return f"{field} {json.dumps(value, sort_keys=True)}"


def _row(
    deal: str, field: str, value: Any, *, said: Said, by: str, now: datetime
) -> dict[str, Any]:
    known = said.known_since or now
    if known > now:
        raise Refusal(f"deal {deal}: nobody knows {field} since a day that is still to come")
    if len(json.dumps(value)) > LONGEST_VALUE:
        raise Refusal(f"deal {deal}: {field} is too long; add the document as evidence instead")
    return {
        "deal": deal,
        "field": field,
        "value": {"is": value},
        "valid_from": said.valid_from,
        "known_since": known,
        "recorded_at": now,
        "source": said.source,
        "evidence": said.evidence,
        "by": by,
        "retracts": None,
    }


def _add(connection: sa.Connection, rows: Sequence[dict[str, Any]], *, now: datetime) -> list[Fact]:
    insert = sa.insert(schema.facts).returning(schema.facts)
    added = [_fact(connection.execute(insert, [row]).one()) for row in rows]
    if added:
        recorded.record_facts(connection, added, now=now)
    return added


def _fact(row: sa.Row[Any]) -> Fact:
    return Fact(
        id=row.id,
        deal=row.deal,
        field=row.field,
        value=row.value.get("is"),
        valid_from=row.valid_from,
        known_since=row.known_since,
        recorded_at=row.recorded_at,
        source=row.source,
        by=row.by,
        evidence=row.evidence,
        retracts=row.retracts,
        erased=bool(row.value.get("erased")),
    )
