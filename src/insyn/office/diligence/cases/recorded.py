"""What cases leave in the ledger: each step, fact, piece of evidence and rulebook that counts.

Always: a leaf goes in with the change that it records, in one transaction, and last in it. Ids,
words and digests stand in the tree; what people wrote is beside it, under the deal's id, erasable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.dated import Fact
from insyn.office.diligence.cases.events import Event, content_to_json
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

STEP_TAKEN = register(
    Kind(
        name="case.step-taken",
        title="a case was opened, moved or noted in",
        what={
            "case": Shape.ID,
            "deal": Shape.ID,
            "number": Shape.COUNT,
            "step": Shape.WORD,
            "state": Shape.WORD,
            "round": Shape.COUNT,
            "seen": Shape.DIGEST,
            "outcome": Shape.WORD,
            "decision": Shape.DIGEST,
            "permit": Shape.ID,
        },
        optional=frozenset({"seen", "outcome", "decision", "permit"}),
        personal=frozenset({"content"}),
    )
)
NOTIFICATION_DRAFTED = register(
    Kind(
        name="case.notification-drafted",
        title="a notification to the export authority was drafted from a case; not sent",
        what={
            "case": Shape.ID,
            "deal": Shape.ID,
            "document": Shape.DIGEST,
            "blanks": Shape.COUNT,
        },
    )
)
FACTS_RECORDED = register(
    Kind(
        name="deal.facts-recorded",
        title="facts about a deal were recorded; each supersedes what was said before",
        what={"deal": Shape.ID, "facts": Shape.RECORDS},
        personal=frozenset({"values"}),
    )
)
EVIDENCE_ADDED = register(
    Kind(
        name="deal.evidence-added",
        title="a piece of evidence was added, or a search that found nothing",
        what={
            "deal": Shape.ID,
            "evidence": Shape.ID,
            "sha256": Shape.DIGEST,
            "kind": Shape.ID,
            "found_nothing": Shape.FLAG,
        },
        optional=frozenset({"sha256"}),
        personal=frozenset({"about"}),
    )
)
RULEBOOK_ADOPTED = register(
    Kind(
        name="rulebook.adopted",
        title="a rulebook came into force in this office",
        what={"name": Shape.ID, "version": Shape.ID, "digest": Shape.DIGEST},
    )
)


def record_step(connection: sa.Connection, case: Case, event: Event) -> None:
    """Add the leaf of a step; `case` is as the step left it."""
    what: dict[str, Json] = {
        "case": id_of(case.id),
        "deal": id_of(case.deal),
        "number": event.number,
        "step": str(event.step),
        "state": str(case.state),
        "round": case.round,
    }
    seen = getattr(event.content, "seen", None)
    if isinstance(seen, str):
        what["seen"] = seen
    elif seen is not None:
        what |= {"seen": seen.digest, "outcome": seen.outcome}
    if case.decision is not None:
        what["decision"] = case.decision.digest
    if case.permit is not None:
        what["permit"] = case.permit.permit
    content = Personal(subject=case.deal, data=content_to_json(event.content))
    leaf = Leaf(kind=STEP_TAKEN.name, who=event.by, what=what, personal={"content": content})
    log.append(connection, leaf, now=event.at)


def record_facts(connection: sa.Connection, facts: Sequence[Fact], *, now: datetime) -> None:
    """Add one leaf for facts of one deal that one person recorded together."""
    named: list[Json] = [{"id": fact.id, "field": fact.field} for fact in facts]
    leaf = Leaf(
        kind=FACTS_RECORDED.name,
        who=facts[0].by,
        what={"deal": id_of(facts[0].deal), "facts": named},
        personal={
            "values": Personal(subject=facts[0].deal, data=[fact.to_json() for fact in facts])
        },
    )
    log.append(connection, leaf, now=now)
