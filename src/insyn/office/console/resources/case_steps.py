"""The steps of a case as they are sent: one model a step, told apart by `step`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import Field

from insyn.office.console.resources.described import AnyObject, Day, Given, Id, Line, Prose
from insyn.office.diligence.cases import events, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import ConditionMet, EndedIn, Proposal, Verifier
from insyn.office.diligence.cases.machine import DUTY_OF
from insyn.office.diligence.cases.states import Step, Trigger
from insyn.trust.people.duties import Actor

MAX_CONDITIONS = 50


class _Step(Given):
    """The base: `take` carries it out."""

    step: str

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        raise NotImplementedError


class Submit(_Step):
    """Ask for a decision."""

    step: Literal["submit"]

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.submit(connection, case, actor=actor, now=now)


class Screen(_Step):
    """Take up what screening says; whoever is not screened as he is now is screened first."""

    step: Literal["screen"]

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.screen(connection, case, actor=actor, now=now)


class Triage(_Step):
    """Take the case up with what the rules say of it now."""

    step: Literal["triage"]
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.triage(connection, case, because=self.because, actor=actor, now=now)


class Wait(_Step):
    """Nothing goes on before somebody outside answers."""

    step: Literal["wait"]
    for_whom: Line
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.wait(
            connection, case, self.for_whom, because=self.because, actor=actor, now=now
        )


class Resume(_Step):
    """Go on investigating."""

    step: Literal["resume"]
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.resume(connection, case, because=self.because, actor=actor, now=now)


class Engage(_Step):
    """Begin a dialogue."""

    step: Literal["engage"]
    with_whom: Line
    about: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.engage(
            connection, case, self.with_whom, about=self.about, actor=actor, now=now
        )


class EndEngagement(_Step):
    """End a dialogue in a fact, a condition or a decision, and name it."""

    step: Literal["end_engagement"]
    engagement: Id = Field(examples=["G-1"])
    ended_in: Annotated[EndedIn, Field(strict=False)]
    result: Line

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        ended = (self.ended_in, self.result)
        return steps.end_engagement(connection, case, self.engagement, ended, actor=actor, now=now)


class Condition(Given):
    """Something the approval asks for, who verifies it, by when, and what follows if it fails."""

    id: Id = Field(examples=["C-1"])
    text: Prose
    verifier: Annotated[Verifier, Field(strict=False)]
    due: Day | None = None
    consequence: Prose = "the case is opened again"


class Propose(_Step):
    """Lay the case before the approvers."""

    step: Literal["propose"]
    proposal: Annotated[Proposal, Field(strict=False)]
    because: Prose
    conditions: Annotated[list[Condition], Field(max_length=MAX_CONDITIONS)] = Field(
        default_factory=list
    )
    terms: AnyObject | None = Field(
        default=None, description="Fields of the permit: docs/reference/permit.md."
    )
    review_on: Day | None = None

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        offer = steps.Offer(
            proposal=self.proposal,
            because=self.because,
            conditions=tuple(events.Condition(**dict(each)) for each in self.conditions),
            terms=self.terms,
            review_on=self.review_on,
        )
        return steps.propose(connection, case, offer, actor=actor, now=now)


class TakeBack(_Step):
    """Take the proposal back before anybody has voted."""

    step: Literal["take_back"]
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.take_back(connection, case, because=self.because, actor=actor, now=now)


class Vote(_Step):
    """Agree with the proposal or not; two who agree decide, one who does not sends it back."""

    step: Literal["vote"]
    agrees: bool
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.vote(
            connection, case, agrees=self.agrees, because=self.because, actor=actor, now=now
        )


class Monitor(_Step):
    """The site works under its permit."""

    step: Literal["monitor"]

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.monitor(connection, case, actor=actor, now=now)


class MeetCondition(_Step):
    """A condition was verified, and by what."""

    step: Literal["meet_condition"]
    condition: Id
    because: Prose
    evidence: Id | None = None

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        said = ConditionMet(condition=self.condition, because=self.because, evidence=self.evidence)
        return steps.meet_condition(connection, case, said, actor=actor, now=now)


class Reopen(_Step):
    """Look again, from before the screening; what was approved does not stand any more."""

    step: Literal["reopen"]
    trigger: Annotated[Trigger, Field(strict=False)]
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.reopen(
            connection, case, self.trigger, because=self.because, actor=actor, now=now
        )


class Close(_Step):
    """Put a draft, a declined or a monitored case away."""

    step: Literal["close"]
    because: Prose

    def take(self, connection: sa.Connection, case: Case, *, actor: Actor, now: datetime) -> Case:
        """The case after it."""
        return steps.close(connection, case, because=self.because, actor=actor, now=now)


AnyStep = Annotated[
    Submit
    | Screen
    | Triage
    | Wait
    | Resume
    | Engage
    | EndEngagement
    | Propose
    | TakeBack
    | Vote
    | Monitor
    | MeetCondition
    | Reopen
    | Close,
    Field(discriminator="step"),
]


def duty_of(step: _Step) -> str:
    """The action of `duties.DUTIES` that a step needs."""
    return DUTY_OF[Step(step.step)]


_SAID: tuple[Mapping[str, Any], ...] = (
    {"step": "submit"},
    {"step": "triage", "because": "a stadium, 40 cameras, all parties clear"},
    {
        "step": "propose",
        "proposal": "decline",
        "because": "the end use is not the one stated",
    },
    {"step": "vote", "agrees": True, "because": "the evidence holds"},
)
EXAMPLES: dict[str, Any] = {
    str(said["step"]): {"summary": str(said["step"]), "value": said} for said in _SAID
}
"""Bodies for the description."""
