"""Look over all decided cases, and open again those whose ground has shifted. Run it daily.

Always: a case is opened again for the first of: something it rests on changed, an order is linked
to it since, a commitment lapsed, a condition is overdue, its review date has come. Nothing is
decided here, only looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.office.diligence.cases import casebook, deals, gates, rulebooks, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Reopened
from insyn.office.diligence.cases.states import DECIDED, SUPERVISED, State, Trigger
from insyn.office.diligence.deal import Deal
from insyn.office.diligence.parties.model import name_key

OFFICE = "office"
"""Who opens a case again where no person did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A case that was opened again, and why; `permits` issued for it are not ended by that."""

    case: str
    was: State
    trigger: Trigger
    because: str
    permits: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        return {
            "case": self.case,
            "was": str(self.was),
            "trigger": str(self.trigger),
            "because": self.because,
            "permits": list(self.permits),
        }


def sweep(connection: sa.Connection, *, now: datetime) -> list[Due]:
    """Open again every case that has a reason to be; gives them with the reasons."""
    rulebooks.adopt_ours(connection, now=now)
    found = []
    cases = [
        casebook.find(connection, line.id)
        for line in list(casebook.every(connection, states=SUPERVISED | DECIDED))
    ]
    decided = [case.decision.at for case in cases if case.decision is not None]
    # Read once for all cases: each would read the same deals again.
    newer = _newer(connection, min(decided), now) if decided else ()
    for case in cases:
        if reason := why(connection, case, now=now, newer=newer):
            trigger, because = reason
            said = Reopened(trigger=trigger, because=because)
            casebook.add(connection, case, said, by=OFFICE, now=now)
            found.append(
                Due(
                    case=case.id,
                    was=case.state,
                    trigger=trigger,
                    because=because,
                    permits=case.permits,
                )
            )
    return found


def why(
    connection: sa.Connection,
    case: Case,
    *,
    now: datetime,
    newer: Sequence[tuple[datetime, Deal]] | None = None,
) -> tuple[Trigger, str] | None:
    """Why a case is to be opened again today; None where it is not.

    `newer`: deals with the moment they were recorded, at least those since the decision; read here
    if not given.
    """
    if reason := steps.lapsed(connection, case, now=now):
        return reason
    if case.state not in DECIDED:
        return None
    if newer is None:
        newer = _newer(connection, case.decision.at, now) if case.decision else ()
    if linked := _linked_since(connection, case, newer, now=now):
        return Trigger.LINKED_ORDER, f"linked orders came in since: {', '.join(linked)}"
    if case.permit is not None and (lacks := gates.uncommitted(connection, case.deal, at=now)):
        return Trigger.COMMITMENT_LAPSED, f"without a valid commitment: {'; '.join(lacks)}"
    if overdue := case.overdue(now.date()):
        return Trigger.CONDITION_OVERDUE, f"conditions overdue: {', '.join(overdue)}"
    if case.review_on is not None and case.review_on <= now.date():
        return Trigger.REVIEW_DATE, f"it was to be looked at again on {case.review_on}"
    return None


def _newer(
    connection: sa.Connection, since: datetime, now: datetime
) -> list[tuple[datetime, Deal]]:
    """Deals recorded after a moment, as known now."""
    return [
        (at, deals.deal_at(connection, id_, known=now))
        for id_, at in deals.recorded_since(connection, since)
    ]


def _linked_since(
    connection: sa.Connection,
    case: Case,
    newer: Sequence[tuple[datetime, Deal]],
    *,
    now: datetime,
) -> list[str]:
    """Deals that came in since the decision and name this one, or are for the same site."""
    if case.decision is None or not newer:
        return []
    decided = case.decision.at
    own = deals.deal_at(connection, case.deal, known=now)
    found = []
    for at, other in newer:
        # A linked order's fields stand in one text, with semicolons between.
        named = {part.strip() for order in other.linked_orders for part in order.split(";")}
        is_other = at > decided and other.id != case.deal
        if is_other and (case.deal in named or _same_site(own, other)):
            found.append(other.id)
    return found


def _same_site(one: Deal, other: Deal) -> bool:
    """The same end user at the same place, both named: the same site through another door."""
    pairs = ((one.end_user, other.end_user), (one.place, other.place))
    return all(a and b and name_key(a) == name_key(b) for a, b in pairs)
