"""What a step does to a case, and what it asks for first. Pure; the only place that moves a case.

Always: no events whatever lead to `PERMITTED` but by a screening with a manifest, a triage, a
proposal, and the votes of at least two people who neither asked for the deal nor studied it, all
on the same digest. STOP is never approved, by anybody; a presumed decline is approved by three
who all agree, or declined. A property test holds this over arbitrary events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from insyn.base.errors import Refusal
from insyn.office.diligence.cases.case import Case, Decision, decision_digest, offer_digest, vote_of
from insyn.office.diligence.cases.events import (
    ConditionMet,
    Drafted,
    Engaged,
    EngagementEnded,
    Event,
    Permitted,
    Proposal,
    Proposed,
    Reopened,
    Screened,
    Triaged,
    Voted,
)
from insyn.office.diligence.cases.states import (
    TRANSITIONS,
    UNDER_REVIEW,
    UNDER_STUDY,
    State,
    Step,
)
from insyn.trust.people.duties import Actor, Done, Role, why_not

C = TypeVar("C")

DUTY_OF: Mapping[Step, str] = {
    Step.DRAFT: "case.draft",
    Step.SUBMIT: "case.submit",
    Step.BEGIN_SCREENING: "case.screen",
    Step.SCREEN: "case.screen",
    Step.TRIAGE: "case.triage",
    Step.WAIT: "case.investigate",
    Step.RESUME: "case.investigate",
    Step.ENGAGE: "case.investigate",
    Step.END_ENGAGEMENT: "case.investigate",
    Step.PROPOSE: "case.propose",
    Step.TAKE_BACK: "case.propose",
    Step.VOTE: "case.decide",
    Step.PERMIT: "permit.issue",
    Step.MONITOR: "case.monitor",
    Step.MEET_CONDITION: "case.monitor",
    Step.NOTIFY: "case.notify",
    Step.REOPEN: "case.reopen",
    Step.CLOSE: "case.close",
}
"""The duty that a person needs for a step (`trust.people.duties`)."""

_ANY_ROLE = frozenset(Role)
"""Roles are asked for when a step is taken (`steps.py`); here it is the history that forbids."""


def opened(event: Event) -> Case:
    """The case that a first event makes.

    Raises:
        Refusal: a case begins with a draft, and this is none.
    """
    if not isinstance(event.content, Drafted):
        raise Refusal(f"case {event.case} does not exist; open it first (insyn case open)")
    return Case(
        id=event.case,
        deal=event.content.deal,
        state=State.DRAFT,
        version=1,
        opened_at=event.at,
        done=(_done(event, 0),),
    )


def apply(case: Case, event: Event) -> Case:
    """The case after one more step.

    Raises:
        Refusal: the step does not follow from where the case stands, or lacks what it must have.
    """
    if event.case != case.id or event.number != case.version:
        raise Refusal(
            f"case {case.id} has gone on to version {case.version} meanwhile; look at it again"
        )
    allowed = require_next(case, event.step)
    reason = why_not(
        Actor(id=event.by, roles=_ANY_ROLE), DUTY_OF[event.step], case.done, this_round=case.round
    )
    if reason:
        raise Refusal(f"case {case.id}: {reason}")
    after = _STEPS[event.step](case, event)
    if after.state not in allowed:  # a mistake of ours, and then nothing moves
        raise Refusal(f"case {case.id} cannot go from {case.state} to {after.state}")
    return replace(after, version=case.version + 1, done=(*case.done, _done(event, case.round)))


def require_next(case: Case, step: Step) -> frozenset[State]:
    """The states that a step may lead to from where the case stands.

    Raises:
        Refusal: the step does not follow; with what does.
    """
    allowed = TRANSITIONS.get((case.state, step))
    if allowed is None:
        why = _TOO_LATE.get((case.state, step)) or _TOO_EARLY.get(step, "")
        raise Refusal(f"case {case.id} is {case.state}: {why}".rstrip(": "))
    return allowed


def replay(events: Iterable[Event]) -> Case:
    """The case that these events, in order, make.

    Raises:
        Refusal: there are none, or one does not follow from those before it.
    """
    case: Case | None = None
    for event in events:
        case = opened(event) if case is None else apply(case, event)
    if case is None:
        raise Refusal("a case without events does not exist; open it first (insyn case open)")
    return case


def _done(event: Event, round_: int) -> Done:
    return Done(action=DUTY_OF[event.step], by=event.by, round=round_)


def _moved(to: State) -> Callable[[Case, Event], Case]:
    return lambda case, _event: replace(case, state=to)


def _screen(case: Case, event: Event) -> Case:
    said = _content(event, Screened)
    if not said.manifests or not said.parties:
        raise Refusal(
            f"case {case.id} was screened against nothing; import a list and name the parties first"
        )
    return replace(case, state=State.TRIAGE, screened=said)


def _triage(case: Case, event: Event) -> Case:
    return replace(case, state=State.INVESTIGATING, triaged=_content(event, Triaged))


def _engage(case: Case, event: Event) -> Case:
    said = _content(event, Engaged)
    if said.engagement in case.engagements:
        raise Refusal(f"case {case.id} has an engagement {said.engagement}; take another name")
    return replace(case, engagements={**case.engagements, said.engagement: (said, None)})


def _end_engagement(case: Case, event: Event) -> Case:
    said = _content(event, EngagementEnded)
    if said.engagement not in case.open_engagements:
        raise Refusal(f"case {case.id} has no open engagement {said.engagement}")
    begun, _ = case.engagements[said.engagement]
    return replace(case, engagements={**case.engagements, said.engagement: (begun, said)})


def _propose(case: Case, event: Event) -> Case:
    said = _content(event, Proposed)
    if case.screened is None or case.triaged is None:
        raise Refusal(f"case {case.id} was not screened and triaged; do that first")
    if case.open_engagements:
        raise Refusal(
            f"case {case.id} has dialogues that came to nothing yet: "
            f"{', '.join(case.open_engagements)}; end each in a fact, a condition or a decision"
        )
    _check_proposal(case, said)
    if offer_digest(said) in case.voted_down:
        raise Refusal(
            f"case {case.id}: the same proposal on the same facts was voted down; find out "
            "more, or propose something else"
        )
    return replace(case, state=State.PROPOSED, proposal=said, votes=(), decision=None)


def _check_proposal(case: Case, said: Proposed) -> None:
    approves = said.proposal is not Proposal.DECLINE
    if approves and said.seen.outcome == "STOP":
        raise Refusal(
            f"case {case.id} comes to STOP, which nobody can waive; decline it, or correct a fact "
            "that is wrong"
        )
    if said.proposal is Proposal.APPROVE and said.seen.outcome not in ("PASS", "INVESTIGATE"):
        raise Refusal(
            f"case {case.id} comes to {said.seen.outcome}; it can be approved with conditions only "
            "(approve_with_conditions, --conditions FILE)"
        )
    if (said.proposal is Proposal.APPROVE_WITH_CONDITIONS) is not bool(said.conditions):
        raise Refusal(
            f"case {case.id}: an approval with conditions names them (--conditions FILE), and no "
            "other proposal does"
        )
    ids = [condition.id for condition in said.conditions]
    if len(set(ids)) != len(ids):
        raise Refusal(f"case {case.id}: two conditions have the same id")
    if approves and not said.terms:
        raise Refusal(f"case {case.id}: an approval needs the permit's terms (--terms FILE)")


def _returned(case: Case) -> Case:
    """To the analysts again; whoever voted may vote again then."""
    return replace(case, state=State.INVESTIGATING, proposal=None, votes=(), round=case.round + 1)


def _vote(case: Case, event: Event) -> Case:
    said, proposal = _content(event, Voted), case.proposal
    if proposal is None or case.state not in UNDER_REVIEW:
        raise Refusal(f"case {case.id} has no proposal to vote on")
    if said.seen != proposal.seen.digest:
        raise Refusal(f"case {case.id} has changed since it was proposed; it is opened again")
    if not said.because.strip():
        raise Refusal(f"case {case.id}: a vote needs a reason")
    if any(vote.by == event.by for vote in case.votes):
        raise Refusal(f"case {case.id}: whoever has voted does not vote twice")
    votes = (*case.votes, vote_of(event, said))
    if not said.agrees:
        # One who does not agree is enough: back to study. Nobody counts noses against a doubt,
        # and nobody asks other approvers until three are found who agree.
        down = case.voted_down | {offer_digest(proposal)}
        return _returned(replace(case, voted_down=down))
    if len(votes) < case.votes_needed:
        return replace(case, state=State.SECOND_REVIEW, votes=votes)
    return _decided(replace(case, votes=votes), event, _DECIDED[proposal.proposal], proposal)


def _decided(case: Case, event: Event, state: State, proposal: Proposed) -> Case:
    decision = Decision(
        proposal=proposal,
        votes=case.votes,
        at=event.at,
        digest=decision_digest(case.id, case.round, proposal, case.votes),
    )
    return replace(case, state=state, decision=decision, met={})


def _permit(case: Case, event: Event) -> Case:
    said = _content(event, Permitted)
    if case.decision is None or said.decision != case.decision.digest:
        raise Refusal(
            f"case {case.id}: permit {said.permit} was made for another decision; draft a new one"
        )
    permits = tuple(dict.fromkeys((*case.permits, said.permit)))
    return replace(case, state=State.PERMITTED, permit=said, permits=permits)


def _meet_condition(case: Case, event: Event) -> Case:
    said = _content(event, ConditionMet)
    known = {c.id for c in case.decision.proposal.conditions} if case.decision else set()
    if said.condition not in known:
        raise Refusal(f"case {case.id} has no condition {said.condition}")
    return replace(case, met={**case.met, said.condition: said})


def _reopen(case: Case, event: Event) -> Case:
    said = _content(event, Reopened)
    if not said.because.strip():
        raise Refusal(f"case {case.id} is opened again for a reason; give it")
    return replace(
        case,
        state=State.SCREENING,
        round=case.round + 1,
        screened=None,
        triaged=None,
        proposal=None,
        votes=(),
        decision=None,
        permit=None,
        met={},
    )


# `Any`: each content type is its own, and what comes back is of the one asked for.
def _content(event: Event, kind: type[C]) -> C:
    content: Any = event.content
    if not isinstance(content, kind):  # a mistake of ours
        raise Refusal(f"case {event.case}: event {event.number} holds something else")
    return content


_DECIDED: Mapping[Proposal, State] = {
    Proposal.APPROVE: State.APPROVED,
    Proposal.APPROVE_WITH_CONDITIONS: State.APPROVED_WITH_CONDITIONS,
    Proposal.DECLINE: State.DECLINED,
}
_STEPS: Mapping[Step, Callable[[Case, Event], Case]] = {
    Step.SUBMIT: _moved(State.SUBMITTED),
    Step.BEGIN_SCREENING: _moved(State.SCREENING),
    Step.SCREEN: _screen,
    Step.TRIAGE: _triage,
    Step.WAIT: _moved(State.WAITING),
    Step.RESUME: _moved(State.INVESTIGATING),
    Step.ENGAGE: _engage,
    Step.END_ENGAGEMENT: _end_engagement,
    Step.PROPOSE: _propose,
    Step.TAKE_BACK: lambda case, _event: _returned(case),
    Step.VOTE: _vote,
    Step.PERMIT: _permit,
    Step.MONITOR: _moved(State.MONITORED),
    Step.MEET_CONDITION: _meet_condition,
    Step.NOTIFY: lambda case, _event: case,
    Step.REOPEN: _reopen,
    Step.CLOSE: _moved(State.CLOSED),
}
_TOO_EARLY: Mapping[Step, str] = {
    Step.SUBMIT: "only a draft is submitted",
    Step.BEGIN_SCREENING: "only a submitted case goes to screening",
    Step.SCREEN: "it is not at screening",
    Step.TRIAGE: "it is triaged once it is screened (insyn case screen)",
    Step.WAIT: "only a case that is investigated can wait",
    Step.RESUME: "it does not wait for anybody",
    Step.ENGAGE: "a dialogue is begun while it is studied; open it again first",
    Step.END_ENGAGEMENT: "a dialogue is ended while it is studied; open it again first",
    Step.PROPOSE: "it is proposed once it is screened and triaged",
    Step.TAKE_BACK: "only a proposal nobody has voted on is taken back",
    Step.VOTE: "there is no proposal to vote on (insyn case propose)",
    Step.PERMIT: "only an approved case is permitted",
    Step.MONITOR: "only a permitted case is monitored",
    Step.MEET_CONDITION: "its conditions stand once it is approved",
    Step.NOTIFY: "it is submitted first",
    Step.REOPEN: "it is open already",
    Step.CLOSE: "only a draft, a declined or a monitored case is closed",
}
_DECIDED_STATES = (
    State.APPROVED,
    State.APPROVED_WITH_CONDITIONS,
    State.PERMITTED,
    State.MONITORED,
    State.DECLINED,
    State.CLOSED,
)
_TOO_LATE: Mapping[tuple[State, Step], str] = {
    **{(state, Step.SUBMIT): "it was submitted already" for state in State},
    **{
        (state, Step.TRIAGE): "it was triaged already; next it is proposed (insyn case propose)"
        for state in UNDER_STUDY - {State.TRIAGE}
    },
    **{
        (state, step): "it is proposed already; approvers vote on it (insyn case vote), or its "
        "analyst takes it back before anybody has (insyn case take-back)"
        for state in UNDER_REVIEW
        for step in (Step.TRIAGE, Step.PROPOSE)
    },
    **{
        (state, step): "it is decided; to decide anew, open it again (insyn case reopen)"
        for state in _DECIDED_STATES
        for step in (Step.TRIAGE, Step.PROPOSE, Step.VOTE)
    },
}
"""What is said of a step that came before already; `_TOO_EARLY` says the rest."""
