"""Cases in the database: events added one by one, read back by replaying them.

Always: an event is added on the version it was made for, or refused; the row of the case and the
leaf in the ledger go in with it. What a case is, its events say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.office.diligence.cases import machine, recorded, schema
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import (
    Content,
    Drafted,
    Event,
    content_from_json,
    content_to_json,
)
from insyn.office.diligence.cases.states import State, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A case in a list."""

    id: str
    deal: str
    state: State
    version: int
    outcome: str | None
    review_on: date | None
    changed_at: datetime

    def to_json(self) -> dict[str, Json]:
        """As commands and the API list it."""
        return {
            "id": self.id,
            "deal": self.deal,
            "state": str(self.state),
            "version": self.version,
            "outcome": self.outcome,
            "review_on": self.review_on.isoformat() if self.review_on else None,
            "changed_at": isoformat(self.changed_at),
        }


def begin(connection: sa.Connection, case: str, deal: str, *, by: str, now: datetime) -> Case:
    """A new case for a deal.

    Raises:
        Refusal: the deal has one already.
    """
    table = schema.cases
    if connection.execute(sa.select(table.c.id).where(table.c.deal == deal)).first():
        raise Refusal(f"deal {deal} has a case already; `insyn case show {deal}` shows it")
    event = Event(case=case, number=0, at=now, by=by, content=Drafted(deal=deal))
    begun = machine.opened(event)
    connection.execute(sa.insert(table).values(id=case, **_line_of(begun, now)))
    _keep(connection, begun, event)
    return begun


def add(connection: sa.Connection, case: Case, content: Content, *, by: str, now: datetime) -> Case:
    """The case after one more step, kept.

    Raises:
        Refusal: the step does not follow, or the case has gone on meanwhile.
    """
    event = Event(case=case.id, number=case.version, at=now, by=by, content=content)
    after = machine.apply(case, event)
    table = schema.cases
    moved = connection.execute(
        sa.update(table)
        .where(table.c.id == case.id, table.c.version == case.version)
        .values(_line_of(after, now))
    )
    if moved.rowcount != 1:
        raise Refusal(
            f"case {case.id} has gone on meanwhile; look at it again, then decide what to do"
        )
    _keep(connection, after, event)
    return after


def find(connection: sa.Connection, name: str) -> Case:
    """The case with this id, or of the deal with this id.

    Raises:
        Refusal: there is none.
    """
    return machine.replay(events(connection, id_of(connection, name)))


def id_of(connection: sa.Connection, name: str) -> str:
    """The id of the case that a case's or a deal's id names.

    Raises:
        Refusal: there is none.
    """
    table = schema.cases
    query = sa.select(table.c.id).where(sa.or_(table.c.id == name, table.c.deal == name))
    found = connection.scalars(query).all()
    if not found:
        raise Refusal(f"no case is known as {name!r}; `insyn case list` shows those that are")
    return name if name in found else str(found[0])


def case_of(connection: sa.Connection, deal: str) -> str | None:
    """The id of a deal's case; None where it has none."""
    table = schema.cases
    return connection.scalar(sa.select(table.c.id).where(table.c.deal == deal))


def events(connection: sa.Connection, case: str) -> list[Event]:
    """All events of a case, in order."""
    table = schema.events
    rows = connection.execute(sa.select(table).where(table.c.case == case).order_by(table.c.number))
    return [
        Event(
            case=row.case,
            number=row.number,
            at=row.at,
            by=row.by,
            content=content_from_json(Step(row.step), row.content),
        )
        for row in rows
    ]


def lines(
    connection: sa.Connection,
    *,
    states: frozenset[State] = frozenset(State),
    after: str | None = None,
    limit: int = 200,
) -> list[Line]:
    """Cases in these states by id, a page."""
    table = schema.cases
    query = sa.select(table).where(table.c.state.in_([str(state) for state in states]))
    if after is not None:
        query = query.where(table.c.id > after)
    rows = connection.execute(query.order_by(table.c.id).limit(limit))
    return [
        Line(**{**row._mapping, "state": State(row.state)})  # the columns are its fields
        for row in rows
    ]


def every(
    connection: sa.Connection, *, states: frozenset[State] = frozenset(State)
) -> Iterator[Line]:
    """All cases in these states, by id."""
    last: str | None = None
    while page := lines(connection, states=states, after=last):
        yield from page
        last = page[-1].id


def _line_of(case: Case, now: datetime) -> dict[str, Any]:
    seen = case.proposal.seen if case.proposal else case.triaged.seen if case.triaged else None
    return {
        "deal": case.deal,
        "state": str(case.state),
        "version": case.version,
        "outcome": seen.outcome if seen else None,
        "review_on": case.review_on,
        "changed_at": now,
    }


def _keep(connection: sa.Connection, case: Case, event: Event) -> None:
    connection.execute(
        sa.insert(schema.events).values(
            case=event.case,
            number=event.number,
            step=str(event.step),
            at=event.at,
            by=event.by,
            content=content_to_json(event.content),
        )
    )
    recorded.record_step(connection, case, event)
