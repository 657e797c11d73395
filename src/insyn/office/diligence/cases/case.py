"""A case as its events leave it. Pure.

Always: a `Case` comes from `machine.replay` alone; nothing in it is stored but its events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from insyn.base.canonical import Json, digest
from insyn.base.clock import isoformat
from insyn.office.diligence.cases.events import (
    ConditionMet,
    Engaged,
    EngagementEnded,
    Event,
    Permitted,
    Proposal,
    Proposed,
    Screened,
    Triaged,
    Voted,
    content_to_json,
)
from insyn.office.diligence.cases.states import State
from insyn.trust.people.duties import Done

VOTES = 2
"""Who approve or decline together (DESIGN section 1: decisions by two people)."""
COMMITTEE = 3
"""Who must agree, all of them, before a presumed decline is approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One approver's word on a proposal."""

    by: str
    at: datetime
    said: Voted


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What enough people have agreed on; `digest` names it in the permit."""

    proposal: Proposed
    votes: tuple[Vote, ...]
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Where a case stands, and what it stands on.

    Attributes:
        version: events so far; a change names the version it was made on.
        round: how often the matter came back to the analysts; a vote belongs to one round.
        screened: the screening of the way that the case is on now, None before it.
        triaged: likewise.
        proposal: what lies before the approvers or was decided, None before it.
    """

    id: str
    deal: str
    state: State
    version: int
    opened_at: datetime
    round: int = 0
    screened: Screened | None = None
    triaged: Triaged | None = None
    proposal: Proposed | None = None
    votes: tuple[Vote, ...] = ()
    voted_down: frozenset[str] = frozenset()
    """Digests of proposals that somebody did not agree with (`offer_digest`)."""

    decision: Decision | None = None
    permit: Permitted | None = None
    permits: tuple[str, ...] = ()
    """Ids of all permits that were ever issued for it; opening it again ends none of them."""

    engagements: Mapping[str, tuple[Engaged, EngagementEnded | None]] = field(default_factory=dict)
    met: Mapping[str, ConditionMet] = field(default_factory=dict)
    done: tuple[Done, ...] = ()
    """All that people did in the matter, for the separation of duties."""

    @property
    def open_engagements(self) -> tuple[str, ...]:
        """Dialogues that have come to nothing yet."""
        return tuple(name for name, (_, end) in self.engagements.items() if end is None)

    @property
    def votes_needed(self) -> int:
        """How many must agree with the proposal: the committee where it overturns a presumption."""
        if self.proposal is None:
            return VOTES
        overturns = self.proposal.proposal is not Proposal.DECLINE
        return (
            COMMITTEE if overturns and self.proposal.seen.outcome == "PRESUMED_DECLINE" else VOTES
        )

    @property
    def review_on(self) -> date | None:
        """When it is looked at again without any other reason."""
        return None if self.decision is None else self.decision.proposal.review_on

    def overdue(self, today: date) -> tuple[str, ...]:
        """Ids of conditions whose day has passed unmet."""
        conditions = self.decision.proposal.conditions if self.decision else ()
        return tuple(c.id for c in conditions if c.due and c.due < today and c.id not in self.met)

    def to_json(self) -> dict[str, Json]:
        """The case as commands and the API tell it."""
        decision = self.decision
        return {
            "id": self.id,
            "deal": self.deal,
            "state": str(self.state),
            "version": self.version,
            "round": self.round,
            "opened_at": isoformat(self.opened_at),
            "screened": content_to_json(self.screened) if self.screened else None,
            "triaged": content_to_json(self.triaged) if self.triaged else None,
            "proposal": content_to_json(self.proposal) if self.proposal else None,
            "votes": [_vote_told(vote) for vote in self.votes],
            "votes_needed": self.votes_needed,
            "decision_digest": decision.digest if decision else None,
            "decided_at": isoformat(decision.at) if decision else None,
            "permit": self.permit.permit if self.permit else None,
            "permits": list(self.permits),
            "open_engagements": list(self.open_engagements),
            "conditions_met": sorted(self.met),
            "review_on": self.review_on.isoformat() if self.review_on else None,
        }


def _vote_told(vote: Vote) -> dict[str, Json]:
    return {
        "by": vote.by,
        "at": isoformat(vote.at),
        "agrees": vote.said.agrees,
        "because": vote.said.because,
    }


def decision_digest(case: str, round_: int, proposal: Proposed, votes: tuple[Vote, ...]) -> str:
    """SHA-256 of what was decided, by whom, on what: the permit carries it."""
    return digest(
        {
            "case": case,
            "round": round_,
            "proposal": content_to_json(proposal),
            "votes": [_vote_told(vote) for vote in votes],
        }
    )


def offer_digest(proposal: Proposed) -> str:
    """SHA-256 of what is proposed on which dossier, whatever the words around it."""
    said = content_to_json(proposal)
    kept = ("proposal", "conditions", "terms")
    return digest({"seen": proposal.seen.digest, **{name: said[name] for name in kept}})


def vote_of(event: Event, said: Voted) -> Vote:
    """The vote that an event holds."""
    return Vote(by=event.by, at=event.at, said=said)
