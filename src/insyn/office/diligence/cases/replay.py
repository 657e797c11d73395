"""A deal as it was known on a day, judged by the rulebook of that day, beside today's.

Always: reads only; the same office and the same day give the same answer whenever it is asked,
but for facts that were recorded since and say that they were known by then: those are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.office.diligence.cases import deals, rulebooks
from insyn.office.diligence.cases.dated import Fact, standing
from insyn.office.diligence.cases.dossier import Dossier
from insyn.office.diligence.cases.view import dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A deal at one moment; `entered_later` are facts recorded after it though known by then."""

    at: datetime
    facts: tuple[Fact, ...]
    dossier: Dossier
    had_rulebook: bool

    @property
    def entered_later(self) -> tuple[Fact, ...]:
        """Facts that were recorded only after this moment."""
        return tuple(fact for fact in self.facts if fact.recorded_at > self.at)

    @property
    def is_known(self) -> bool:
        """Whether anything was known of the deal."""
        return bool(self.facts)

    def to_json(self) -> dict[str, Json]:
        """As `insyn case replay --json` prints it; without an outcome where nothing was known."""
        found = self.dossier.assessment
        return {
            "as_of": isoformat(self.at),
            "is_known": self.is_known,
            "outcome": found.outcome.name if self.is_known else None,
            "rules": [firing.to_json() for firing in found.firings] if self.is_known else [],
            "unknown": list(found.unknown) if self.is_known else [],
            "rulebook": found.rulebook,
            "rulebook_was_in_force": self.had_rulebook,
            "list_status": self.dossier.standing.list_status,
            "facts": [fact.to_json() for fact in self.facts],
            "entered_later": [fact.id for fact in self.entered_later],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Then and now."""

    deal: str
    then: Look
    today: Look

    def to_json(self) -> dict[str, Json]:
        """As `insyn case replay --json` prints it."""
        return {"deal": self.deal, "then": self.then.to_json(), "today": self.today.to_json()}


def replay(connection: sa.Connection, deal: str, *, as_of: datetime, now: datetime) -> Replay:
    """What was known of a deal at a moment and what the rules of then said, beside now.

    Raises:
        Refusal: no deal is known by this id.
    """
    return Replay(
        deal=deal,
        then=_look(connection, deal, at=as_of, past=True),
        today=_look(connection, deal, at=now, past=False),
    )


def _look(connection: sa.Connection, deal: str, *, at: datetime, past: bool) -> Look:
    book = rulebooks.in_force(connection, at=at)
    return Look(
        at=at,
        facts=tuple(standing(deals.facts_of(connection, deal), known=at)),
        dossier=dossier(connection, deal, known=at, past=past, book=book.book),
        had_rulebook=book.known,
    )
