"""What another rulebook would change: every open and permitted case judged by both.

Always: reads only; cases that are closed or declined are left out, for nothing stands on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.office.diligence.cases import casebook
from insyn.office.diligence.cases.states import State
from insyn.office.diligence.cases.view import dossier
from insyn.office.diligence.rulebook import Outcome, Rulebook

LOOKED_AT = frozenset(State) - {State.DECLINED, State.CLOSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A case whose outcome or rules differ between two rulebooks."""

    case: str
    deal: str
    state: State
    before: Outcome
    after: Outcome
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]

    @property
    def changes_outcome(self) -> bool:
        """Whether the outcome differs, and not only the rules."""
        return self.before is not self.after

    def to_json(self) -> dict[str, Json]:
        """As `insyn rulebook diff --json` prints it."""
        return {
            "case": self.case,
            "deal": self.deal,
            "state": str(self.state),
            "before": self.before.name,
            "after": self.after.name,
            "appeared": list(self.appeared),
            "vanished": list(self.vanished),
        }


def rerun(
    connection: sa.Connection, before: Rulebook, after: Rulebook, *, now: datetime
) -> list[Difference]:
    """The open and permitted cases on which the two rulebooks differ, by id."""
    found = []
    for line in casebook.every(connection, states=LOOKED_AT):
        one = dossier(connection, line.deal, known=now, book=before).assessment
        other = dossier(connection, line.deal, known=now, book=after).assessment
        was = {firing.rule.id for firing in one.firings}
        is_ = {firing.rule.id for firing in other.firings}
        if was != is_ or one.outcome is not other.outcome:
            found.append(
                Difference(
                    case=line.id,
                    deal=line.deal,
                    state=line.state,
                    before=one.outcome,
                    after=other.outcome,
                    appeared=tuple(sorted(is_ - was)),
                    vanished=tuple(sorted(was - is_)),
                )
            )
    return found
