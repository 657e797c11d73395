"""The lifecycle of a case, as one explicit table. Pure.

Always: a step that the table does not hold for a state is refused; nothing else moves a case. The
way from any decided state back is `Step.REOPEN`, and it leads to before the screening: a case that
is opened again passes every gate again.

Source: DESIGN.md section 5; UNGP 17 (due diligence is ongoing) and 18 (assess again on a change).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SCREENING = "screening"
    TRIAGE = "triage"
    INVESTIGATING = "investigating"
    WAITING = "waiting"
    """For the customer or an expert outside."""
    PROPOSED = "proposed"
    SECOND_REVIEW = "second_review"
    DECLINED = "declined"
    APPROVED = "approved"
    APPROVED_WITH_CONDITIONS = "approved_with_conditions"
    PERMITTED = "permitted"
    MONITORED = "monitored"
    CLOSED = "closed"


class Step(StrEnum):
    """What moves a case, or is noted in it."""

    DRAFT = "draft"
    SUBMIT = "submit"
    BEGIN_SCREENING = "begin_screening"
    SCREEN = "screen"
    TRIAGE = "triage"
    WAIT = "wait"
    RESUME = "resume"
    ENGAGE = "engage"
    END_ENGAGEMENT = "end_engagement"
    PROPOSE = "propose"
    TAKE_BACK = "take_back"
    VOTE = "vote"
    PERMIT = "permit"
    MONITOR = "monitor"
    MEET_CONDITION = "meet_condition"
    NOTIFY = "notify"
    REOPEN = "reopen"
    CLOSE = "close"


class Trigger(StrEnum):
    """Why a case is opened again. Source: UNGP 18, commentary; reference section 4.2.5."""

    NEW_FACT = "new_fact"
    LIST_CHANGE = "list_change"
    PARTY_CHANGE = "party_change"
    LINKED_ORDER = "linked_order"
    COMPLAINT = "complaint"
    TENDER_HIT = "tender_hit"
    CONFORMANCE_BREACH = "conformance_breach"
    RULEBOOK_CHANGE = "rulebook_change"
    AUTHORITY_NOTICE = "authority_notice"
    CONDITION_OVERDUE = "condition_overdue"
    COMMITMENT_LAPSED = "commitment_lapsed"
    REVIEW_DATE = "review_date"
    STAFF_CONCERN = "staff_concern"


APPROVED = frozenset({State.APPROVED, State.APPROVED_WITH_CONDITIONS})
ALLOWED = APPROVED | {State.PERMITTED, State.MONITORED}
"""States in which an approval stands."""
DECIDED = ALLOWED | {State.DECLINED, State.CLOSED}
UNDER_STUDY = frozenset({State.TRIAGE, State.INVESTIGATING, State.WAITING})
UNDER_REVIEW = frozenset({State.PROPOSED, State.SECOND_REVIEW})
SUPERVISED = ALLOWED | UNDER_REVIEW
"""States that rest on what was seen when it was proposed, and lapse when that changes."""

_FORWARD: Mapping[tuple[State, Step], frozenset[State]] = {
    (State.DRAFT, Step.SUBMIT): frozenset({State.SUBMITTED}),
    (State.SUBMITTED, Step.BEGIN_SCREENING): frozenset({State.SCREENING}),
    (State.SCREENING, Step.SCREEN): frozenset({State.TRIAGE}),
    (State.TRIAGE, Step.TRIAGE): frozenset({State.INVESTIGATING}),
    (State.INVESTIGATING, Step.WAIT): frozenset({State.WAITING}),
    (State.WAITING, Step.RESUME): frozenset({State.INVESTIGATING}),
    (State.INVESTIGATING, Step.PROPOSE): frozenset({State.PROPOSED}),
    (State.PROPOSED, Step.TAKE_BACK): frozenset({State.INVESTIGATING}),
    (State.PROPOSED, Step.VOTE): frozenset({State.SECOND_REVIEW, State.INVESTIGATING}),
    (State.SECOND_REVIEW, Step.VOTE): frozenset(
        {
            State.SECOND_REVIEW,
            State.INVESTIGATING,
            State.DECLINED,
            State.APPROVED,
            State.APPROVED_WITH_CONDITIONS,
        }
    ),
    (State.APPROVED, Step.PERMIT): frozenset({State.PERMITTED}),
    (State.APPROVED_WITH_CONDITIONS, Step.PERMIT): frozenset({State.PERMITTED}),
    (State.PERMITTED, Step.MONITOR): frozenset({State.MONITORED}),
}
_SIDEWAYS: Mapping[Step, frozenset[State]] = {
    Step.ENGAGE: UNDER_STUDY,
    Step.END_ENGAGEMENT: UNDER_STUDY,
    Step.MEET_CONDITION: ALLOWED,
    # Who becomes aware notifies, wherever the case stands (Regulation (EU) 2021/821, Article 5(2)).
    Step.NOTIFY: frozenset(State) - {State.DRAFT},
}
_AWAY: Mapping[Step, tuple[frozenset[State], State]] = {
    Step.REOPEN: (SUPERVISED | {State.DECLINED, State.CLOSED}, State.SCREENING),
    Step.CLOSE: (frozenset({State.DRAFT, State.DECLINED, State.MONITORED}), State.CLOSED),
}

TRANSITIONS: Mapping[tuple[State, Step], frozenset[State]] = {
    **_FORWARD,
    **{(state, step): frozenset({state}) for step, states in _SIDEWAYS.items() for state in states},
    **{(state, step): frozenset({to}) for step, (states, to) in _AWAY.items() for state in states},
}
"""The whole lifecycle: a state and a step to the states that the step may lead to."""
