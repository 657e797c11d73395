"""Training: who has learned what, until when it counts, and what somebody's roles still ask for.

Always: a record is added and never edited; nobody records their own as a trainer, and what one
takes oneself counts by its score alone. On doubt it is missing: another edition, an expired record,
a role that asks for more.

Source: UN Guiding Principles, 16; the letter's "education for our employees".
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.base.errors import Refusal
from insyn.office.diligence.commitments import recorded, schema
from insyn.office.diligence.commitments.modules import PASS_PERCENT, Module, modules, read_module
from insyn.trust.ledger import log
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, Role, require, require_other


class How(StrEnum):
    """On whose word somebody has completed a module."""

    TAKEN = "taken"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A completed module; `score_percent` of None: the trainer gave none."""

    number: int
    person: str
    module: str
    version: str
    digest: str
    score_percent: int | None
    how: How
    completed_on: date
    recorded_at: datetime
    by: str

    def counts_until(self, module: Module) -> date:
        """The last day on which it counts for this module."""
        return _months_later(self.completed_on, module.validity_months)

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "number": self.number,
            "person": self.person,
            "module": self.module,
            "version": self.version,
            "digest": self.digest,
            "score_percent": self.score_percent,
            "how": str(self.how),
            "completed_on": self.completed_on.isoformat(),
            "recorded_at": isoformat(self.recorded_at),
            "by": self.by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where somebody stands in a module; `why_not` is empty where it counts."""

    module: Module
    record: Record | None
    until: date | None
    why_not: str

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "module": self.module.id,
            "version": self.module.version,
            "title": self.module.title,
            "completed_on": self.record.completed_on.isoformat() if self.record else None,
            "until": self.until.isoformat() if self.until else None,
            "why_not": self.why_not,
        }


def take(
    connection: sa.Connection, module: Module, *, score_percent: int, actor: Actor, now: datetime
) -> Record:
    """Keep that somebody has passed a module, by their own answers.

    Raises:
        Refusal: the score is below `PASS_PERCENT`; nothing is kept, and it can be taken again.
    """
    require(actor, "training.take")
    if not PASS_PERCENT <= score_percent <= 100:
        raise Refusal(
            f"module {module.id} is passed from {PASS_PERCENT} %, not with {score_percent} %; "
            "read it again, then take it again"
        )
    return _keep(
        connection,
        module,
        (actor.id, score_percent, How.TAKEN, now.date()),
        actor=actor,
        now=now,
    )


def record(
    connection: sa.Connection,
    module: Module,
    person: str,
    *,
    completed_on: date,
    score_percent: int | None,
    actor: Actor,
    now: datetime,
) -> Record:
    """Keep that somebody has completed a module with a trainer, on the trainer's word.

    Raises:
        Refusal: the actor may not, is that person, the day is still to come, or the score fails.
    """
    require(actor, "training.record")
    require_other(actor, person, "record the training of")
    if completed_on > now.date():
        raise Refusal("nobody has completed a module on a day that is still to come")
    if score_percent is not None and not PASS_PERCENT <= score_percent <= 100:
        raise Refusal(f"module {module.id} is passed from {PASS_PERCENT} %, not {score_percent} %")
    found = (person, score_percent, How.RECORDED, completed_on)
    return _keep(connection, module, found, actor=actor, now=now)


def add_module(
    connection: sa.Connection, content: bytes, *, actor: Actor, now: datetime, name: str = "it"
) -> Module:
    """Keep a module of the company's own, or another version of one.

    Raises:
        UnreadableInput: it is no module.
        Refusal: the actor may not, its id is one of ours, or the version is not a later one.
    """
    require(actor, "training.add")
    module = read_module(content, name=name)
    if module.id in modules():
        raise Refusal(f"{module.id} is a module of Insyn's; give yours another id")
    before = known(connection, at=now).get(module.id)
    if before is not None and _order(module) <= _order(before):
        raise Refusal(
            f"module {module.id} has version {before.version}; a change has a later version"
        )
    row = {"id": module.id, "version": module.version, "digest": module.digest}
    text = {"content": content.decode("utf-8"), "since": now, "by": actor.id}
    connection.execute(sa.insert(schema.modules), [{**row, **text}])
    what: dict[str, Json] = {
        "module": module.id,
        "version": module.version,
        "digest": module.digest,
    }
    kind = recorded.MODULE_ADDED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)
    return module


def known(connection: sa.Connection, *, at: datetime) -> Mapping[str, Module]:
    """All modules as they stood at a moment, by id: ours and the company's own."""
    table = schema.modules
    query = sa.select(table).where(table.c.since <= at).order_by(table.c.number)
    own = {
        row.id: read_module(row.content.encode("utf-8"), name=row.id)
        for row in connection.execute(query)
    }
    return {**own, **modules()}


def find_module(connection: sa.Connection, module: str, *, at: datetime) -> Module:
    """A module by its id.

    Raises:
        Refusal: there is none.
    """
    found = known(connection, at=at)
    if module not in found:
        raise Refusal(f"no training module is known as {module!r}; `insyn training list` has all")
    return found[module]


def records(connection: sa.Connection, *, person: str | None = None) -> list[Record]:
    """All records, of one person or of all, in the order they were recorded."""
    table = schema.records
    query = sa.select(table).order_by(table.c.number)
    if person is not None:
        query = query.where(table.c.person == person)
    return [Record(**{**row._mapping, "how": How(row.how)}) for row in connection.execute(query)]


def status(
    connection: sa.Connection, person: str, roles: Collection[Role], at: datetime
) -> list[Standing]:
    """Where somebody stood in each module that their roles asked for."""
    wanted = set(roles)
    done = [each for each in records(connection, person=person) if each.recorded_at <= at]
    return [
        _standing(module, done, at.date())
        for module in known(connection, at=at).values()
        if module.required_for & wanted
    ]


def missing(
    connection: sa.Connection, person_id: str, roles: Collection[Role], at: datetime
) -> list[str]:
    """What somebody's roles asked for and they lacked at a moment, in words; empty: nothing."""
    standings = status(connection, person_id, roles, at)
    return [f"{each.module.id}: {each.why_not}" for each in standings if each.why_not]


def _standing(module: Module, done: Collection[Record], day: date) -> Standing:
    mine = [each for each in done if each.module == module.id and each.completed_on <= day]
    if not mine:
        return Standing(module=module, record=None, until=None, why_not="not taken")
    current = [each for each in mine if each.version.split(".")[0] == module.edition]
    last = max(current or mine, key=lambda each: (each.completed_on, each.number))
    until = last.counts_until(module)
    why_not = ""
    if not current:
        why_not = f"taken in version {last.version}, and {module.version} is another"
    elif until < day:
        why_not = f"expired on {until}"
    return Standing(module=module, record=last, until=until, why_not=why_not)


def _keep(
    connection: sa.Connection,
    module: Module,
    found: tuple[str, int | None, How, date],
    *,
    actor: Actor,
    now: datetime,
) -> Record:
    person, score_percent, how, completed_on = found
    row = {"person": person, "module": module.id, "version": module.version}
    row |= {"digest": module.digest, "how": str(how), "by": actor.id}
    values = {"score_percent": score_percent, "completed_on": completed_on, "recorded_at": now}
    table = schema.records
    insert = sa.insert(table).returning(table.c.number)
    number = connection.execute(insert, [{**row, **values}]).scalar_one()
    what: dict[str, Json] = {
        "person": person,
        "module": module.id,
        "version": module.version,
        "digest": module.digest,
        "how": str(how),
    }
    what |= {"score_percent": score_percent} if score_percent is not None else {}
    kind = recorded.TRAINING_COMPLETED.name
    log.append(connection, Leaf(kind=kind, who=actor.id, what=what), now=now)
    return Record(
        number=number,
        person=person,
        module=module.id,
        version=module.version,
        digest=module.digest,
        score_percent=score_percent,
        how=how,
        completed_on=completed_on,
        recorded_at=now,
        by=actor.id,
    )


def _order(module: Module) -> tuple[int, ...]:
    return tuple(int(part) for part in module.version.split("."))


def _months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
