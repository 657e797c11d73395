"""Personal data of parties and facts erased, where no case rests on it any more.

Always: what a case that is not closed rests on stays: to erase it would change what was decided
on, and the exporter must be able to show that for five years (Regulation (EU) 2021/821, Article
27). An erased fact stays in its place, with its number and days; its value and source are gone,
and whatever is judged then counts it as unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.diligence.assess import party_names
from insyn.office.diligence.cases import casebook, deals, schema, screened
from insyn.office.diligence.cases.dated import ADDING, ERASED_TEXT, Fact, record_of, standing
from insyn.office.diligence.cases.recorded import FACTS_RECORDED
from insyn.office.diligence.cases.states import State
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.parties import erasing
from insyn.office.screening import register as screening
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log, privacy
from insyn.trust.ledger import schema as ledger
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, require

ERASED = {"erased": True}
"""What stands in the place of a fact's value."""
OPEN = frozenset(State) - {State.CLOSED}
"""Cases in these states may rest on what is asked to be erased; a closed one is opened first."""

FACT_ERASED = register(
    Kind(
        name="deal.fact-erased",
        title="the value and source of a fact were erased; that there was one stays",
        what={"deal": Shape.ID, "fact": Shape.COUNT, "because": Shape.WORD},
    )
)


def erase_party(
    connection: sa.Connection, party: str, *, because: str, actor: Actor, now: datetime
) -> int:
    """Erase who a natural person in the channel is; gives how many fields beside the ledger went.

    Raises:
        Refusal: a case that is not closed rests on the party; or as `parties.erasing.erase`.
    """
    require(actor, "personal.erase")
    if cases := list(_resting_on(connection, party, now)):
        raise Refusal(
            f"party {party} stands in {', '.join(cases)}; what a case rests on is kept until the "
            "case is closed (insyn case close)"
        )
    return erasing.erase(connection, party, because=because, actor=actor, now=now)


def erase_fact(
    connection: sa.Connection,
    deal: str,
    number: int,
    *,
    because: str,
    actor: Actor,
    now: datetime,
) -> int:
    """Erase a fact's value and source; gives how many fields beside the ledger went.

    Raises:
        Refusal: the actor may not, there is no such fact, it is erased, or it stands while the
            deal's case is not closed.
    """
    require(actor, "personal.erase")
    facts = {fact.id: fact for fact in deals.facts_of(connection, deal)}
    fact = facts.get(number)
    if fact is None:
        raise Refusal(f"deal {deal} has no fact {number}; `insyn deal show` lists them")
    if fact.erased:
        raise Refusal(f"fact {number} of deal {deal} is erased already; nothing was changed")
    if _stands(connection, fact, facts.values(), now):
        raise Refusal(
            f"fact {number} of deal {deal} stands in a case that is not closed; retract it (insyn "
            "deal retract), or close the case (insyn case close)"
        )
    before = _subjects_of(connection, deal)
    privacy.overwrite_what_goes(connection)
    table = schema.facts
    connection.execute(
        sa.update(table).where(table.c.id == number).values(value=ERASED, source=ERASED_TEXT)
    )
    screening.forget(connection, before - _all_subjects(connection))
    fields = 0
    for leaf in _leaves_of(connection, deal, number):
        fields += privacy.erase_field(
            connection, leaf, "values", now=now, who=actor.id, because=because
        )
    what: dict[str, Json] = {"deal": id_of(deal), "fact": number, "because": because}
    log.append(connection, Leaf(kind=FACT_ERASED.name, who=actor.id, what=what), now=now)
    return fields


def _resting_on(connection: sa.Connection, party: str, now: datetime) -> Iterator[str]:
    for line in casebook.every(connection, states=OPEN):
        deal = deals.deal_at(connection, line.deal, known=now)
        if party in screened.channel_parties(connection, deal):
            yield line.id
            continue
        case = casebook.find(connection, line.id)
        if case.screened is not None and party in case.screened.parties:
            yield line.id


def _stands(connection: sa.Connection, fact: Fact, facts: Iterable[Fact], now: datetime) -> bool:
    case = casebook.case_of(connection, fact.deal)
    if case is None or casebook.find(connection, case).state not in OPEN:
        return False
    return fact.id in {each.id for each in standing(facts, known=now)}


def _leaves_of(connection: sa.Connection, deal: str, number: int) -> Iterator[int]:
    """The leaves that keep this fact's value beside them."""
    table = ledger.personal
    query = sa.select(table.c.leaf, table.c.data).where(
        table.c.subject == deal, table.c.field == "values"
    )
    kinds = {leaf.number for leaf in log.of_kind(connection, FACTS_RECORDED.name)}
    for row in connection.execute(query).all():
        told = json.loads(log.stored_bytes(row.data))
        if row.leaf in kinds and any(each.get("id") == number for each in told):
            yield row.leaf


def _subjects_of(connection: sa.Connection, deal: str) -> set[str]:
    """Ids under which names that a deal ever gave are screened."""
    found: set[str] = set()
    for record in _records(deals.facts_of(connection, deal)):
        read = read_deal(record)
        found |= {screened.party_id(name, read.country) for name in party_names(read)}
    return found


def _records(facts: list[Fact]) -> Iterator[dict[str, Any]]:
    """A deal's record with each value that a field ever had, one at a time."""
    kept = [fact for fact in facts if not fact.erased and fact.retracts is None]
    countries = [fact for fact in kept if fact.field == "country"]
    for fact in kept:
        if fact.field in ADDING or fact.field == "country":
            continue
        yield record_of(fact.deal, [fact])
        for country in countries:
            yield record_of(fact.deal, [fact, country])


def _all_subjects(connection: sa.Connection) -> set[str]:
    found: set[str] = set()
    last: str | None = None
    while page := deals.every(connection, after=last):
        for deal in page:
            found |= _subjects_of(connection, deal)
        last = page[-1]
    return found
