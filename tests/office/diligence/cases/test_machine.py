"""The lifecycle holds over whatever events anybody thinks of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.base.errors import Refusal
from insyn.office.diligence.cases import machine
from insyn.office.diligence.cases.case import COMMITTEE, VOTES, Case
from insyn.office.diligence.cases.events import (
    CONTENTS,
    Closed,
    Condition,
    ConditionMet,
    Content,
    Drafted,
    EndedIn,
    Engaged,
    EngagementEnded,
    Event,
    Monitored,
    Notified,
    Permitted,
    Proposal,
    Proposed,
    Reopened,
    Resumed,
    Screened,
    ScreeningBegun,
    Seen,
    Submitted,
    TakenBack,
    Triaged,
    Verifier,
    Voted,
    Waited,
    content_from_json,
    content_to_json,
)
from insyn.office.diligence.cases.states import ALLOWED, TRANSITIONS, State, Step, Trigger

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONDITION = Condition(id="signs", text="Signs stand at every gate.", verifier=Verifier.VISIT)
PEOPLE = ("u-asks", "u-studies", "u-first", "u-second", "u-third")
OUTCOMES = ("PASS", "CONDITIONS", "INVESTIGATE", "PRESUMED_DECLINE", "STOP")


def seen(outcome: str = "PASS", digest: str = "d1") -> Seen:
    """What stood before somebody."""
    return Seen(
        digest=digest, parts={"record": digest}, outcome=outcome, rulebook="1", list_status="none"
    )


def proposed(
    proposal: Proposal = Proposal.APPROVE, outcome: str = "PASS", digest: str = "d1"
) -> Proposed:
    """A proposal that has what its kind needs."""
    conditions = (CONDITION,) if proposal is Proposal.APPROVE_WITH_CONDITIONS else ()
    return Proposed(
        proposal=proposal,
        because="the use is a station's own",
        seen=seen(outcome, digest),
        review_on=date(2027, 3, 1),
        conditions=conditions,
        terms={} if proposal is Proposal.DECLINE else {"camera_cap": 4},
    )


class Matter:
    """A case that grows step by step."""

    def __init__(self) -> None:
        self.case: Case | None = None
        self.events: list[Event] = []

    def do(self, by: str, content: Content) -> Case:
        """One more step."""
        event = Event(
            case="C-1",
            number=len(self.events),
            at=NOON + timedelta(hours=len(self.events)),
            by=by,
            content=content,
        )
        self.case = machine.opened(event) if self.case is None else machine.apply(self.case, event)
        self.events.append(event)
        return self.case

    def until_investigated(self) -> Matter:
        """To the desk of the analyst."""
        self.do("u-asks", Drafted(deal="D-1"))
        self.do("u-asks", Submitted())
        self.do("u-asks", ScreeningBegun())
        self.do("u-studies", SCREENED)
        self.do("u-studies", Triaged(seen=seen(), because="a station"))
        return self

    def vote(self, by: str, *, agrees: bool = True, digest: str = "d1") -> Case:
        """An approver's word."""
        return self.do(by, Voted(agrees=agrees, because="I read it", seen=digest))


SCREENED = Screened(list_status="none", manifests=("m1",), parties=("p-1",))


def test_two_who_agree_approve_and_the_permit_names_their_decision() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed())
    assert matter.vote("u-first").state is State.SECOND_REVIEW
    case = matter.vote("u-second")
    assert case.state is State.APPROVED
    assert case.decision is not None
    permit = Permitted(permit="P-1", permit_digest="e1", decision=case.decision.digest)
    assert matter.do("u-first", permit).state is State.PERMITTED
    assert machine.replay(matter.events) == matter.case


def test_a_permit_for_another_decision_is_refused() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed())
    matter.vote("u-first")
    matter.vote("u-second")
    with pytest.raises(Refusal, match="another decision"):
        matter.do("u-first", Permitted(permit="P-1", permit_digest="e1", decision="ab" * 32))


@pytest.mark.parametrize("proposal", [Proposal.APPROVE, Proposal.APPROVE_WITH_CONDITIONS])
def test_stop_has_no_waiver(proposal: Proposal) -> None:
    matter = Matter().until_investigated()
    with pytest.raises(Refusal, match="nobody can waive"):
        matter.do("u-studies", proposed(proposal, "STOP"))


def test_a_presumed_decline_is_overturned_by_three_and_not_by_two() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed(Proposal.APPROVE_WITH_CONDITIONS, "PRESUMED_DECLINE"))
    matter.vote("u-first")
    assert matter.vote("u-second").state is State.SECOND_REVIEW
    assert matter.vote("u-third").state is State.APPROVED_WITH_CONDITIONS


def test_one_who_disagrees_sends_it_back_and_the_same_is_not_proposed_again() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed(Proposal.APPROVE_WITH_CONDITIONS, "PRESUMED_DECLINE"))
    matter.vote("u-first")
    assert matter.vote("u-second", agrees=False).state is State.INVESTIGATING
    with pytest.raises(Refusal, match="voted down"):
        matter.do("u-studies", proposed(Proposal.APPROVE_WITH_CONDITIONS, "PRESUMED_DECLINE"))
    again = proposed(Proposal.APPROVE_WITH_CONDITIONS, "PRESUMED_DECLINE", digest="d2")
    assert matter.do("u-studies", again).state is State.PROPOSED


def test_a_decline_needs_two_as_well() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed(Proposal.DECLINE, "STOP"))
    matter.vote("u-first")
    assert matter.vote("u-second").state is State.DECLINED


def test_conditions_cannot_be_left_out_where_the_outcome_asks_for_them() -> None:
    matter = Matter().until_investigated()
    with pytest.raises(Refusal, match="with conditions only"):
        matter.do("u-studies", proposed(Proposal.APPROVE, "CONDITIONS"))


def test_nothing_is_proposed_while_a_dialogue_has_come_to_nothing() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", Engaged(engagement="G-1", with_whom="p-1", about="who looks on"))
    with pytest.raises(Refusal, match="G-1"):
        matter.do("u-studies", proposed())
    ended = EngagementEnded(engagement="G-1", ended_in=EndedIn.FACT, result="7")
    matter.do("u-studies", ended)
    assert matter.do("u-studies", proposed()).state is State.PROPOSED


@pytest.mark.parametrize(("by", "why"), [("u-asks", "case.draft"), ("u-studies", "case.propose")])
def test_who_asked_and_who_studied_do_not_decide(by: str, why: str) -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed())
    with pytest.raises(Refusal, match=r"may not do both in the same matter: .*deciding a case"):
        matter.vote(by)
    assert why in {done.action for done in matter.case.done if done.by == by}  # type: ignore[union-attr]


def test_a_vote_on_what_has_changed_is_refused() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed())
    with pytest.raises(Refusal, match="changed since"):
        matter.vote("u-first", digest="d2")


def test_a_case_that_is_opened_again_passes_every_gate_again() -> None:
    matter = Matter().until_investigated()
    matter.do("u-studies", proposed())
    matter.vote("u-first")
    matter.vote("u-second")
    case = matter.do("office", Reopened(trigger=Trigger.COMPLAINT, because="a neighbour wrote"))
    assert case.state is State.SCREENING
    assert (case.screened, case.triaged, case.decision, case.votes) == (None, None, None, ())


def test_a_screening_against_nothing_is_none() -> None:
    matter = Matter()
    matter.do("u-asks", Drafted(deal="D-1"))
    matter.do("u-asks", Submitted())
    matter.do("u-asks", ScreeningBegun())
    with pytest.raises(Refusal, match="against nothing"):
        matter.do("u-studies", Screened(list_status="none", manifests=(), parties=("p-1",)))


def test_an_event_for_an_older_version_is_refused() -> None:
    matter = Matter().until_investigated()
    assert matter.case is not None
    late = Event(case="C-1", number=2, at=NOON, by="u-studies", content=proposed())
    with pytest.raises(Refusal, match="gone on"):
        machine.apply(matter.case, late)


CONTENT: st.SearchStrategy[Content] = st.one_of(
    st.just(Submitted()),
    st.just(ScreeningBegun()),
    st.builds(
        Screened,
        list_status=st.just("none"),
        manifests=st.sampled_from([(), ("m1",)]),
        parties=st.just(("p-1",)),
    ),
    st.builds(Triaged, seen=st.builds(seen, st.sampled_from(OUTCOMES)), because=st.just("a")),
    st.just(Waited(for_whom="the customer", because="a")),
    st.just(Resumed(because="a")),
    st.just(Engaged(engagement="G-1", with_whom="p-1", about="a")),
    st.just(EngagementEnded(engagement="G-1", ended_in=EndedIn.FACT, result="1")),
    st.builds(
        proposed,
        st.sampled_from(Proposal),
        st.sampled_from(OUTCOMES),
        st.sampled_from(["d1", "d2"]),
    ),
    st.just(TakenBack(because="a")),
    st.builds(
        Voted, agrees=st.booleans(), because=st.just("a"), seen=st.sampled_from(["d1", "d2"])
    ),
    st.just(Permitted(permit="P-1", permit_digest="e", decision="made by the test")),
    st.just(Monitored()),
    st.just(ConditionMet(condition="signs", because="a")),
    st.just(Notified(document="e1", blanks=3)),
    st.just(Reopened(trigger=Trigger.NEW_FACT, because="a")),
    st.just(Closed(because="a")),
)


# Plain chance seldom gets past the screening; a push forward is mixed in, lawful or not.
def _forward(case: Case, outcome: str, way: int) -> tuple[str, Content] | None:
    kinds = list(Proposal)
    by_state: dict[State, tuple[str, Content]] = {
        State.DRAFT: ("u-asks", Submitted()),
        State.SUBMITTED: ("u-asks", ScreeningBegun()),
        State.SCREENING: ("u-studies", SCREENED),
        State.TRIAGE: ("u-studies", Triaged(seen=seen(outcome), because="a")),
        State.INVESTIGATING: ("u-studies", proposed(kinds[way % len(kinds)], outcome)),
        State.PERMITTED: ("u-studies", Monitored()),
    }
    if case.proposal is not None and case.decision is None:
        said = Voted(agrees=True, because="a", seen=case.proposal.seen.digest)
        return PEOPLE[2 + way % 3], said
    return by_state.get(case.state)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_path_reaches_permitted_without_screening_triage_decision_and_two_people(
    data: st.DataObject,
) -> None:
    matter = Matter()
    matter.do("u-asks", Drafted(deal="D-1"))
    outcome = data.draw(st.sampled_from(OUTCOMES))
    for _ in range(data.draw(st.integers(5, 40))):
        case = matter.case
        assert case is not None
        push = _forward(case, outcome, data.draw(st.integers(0, 5)))
        if push and data.draw(st.integers(0, 3)):
            by, content = push
        else:
            by, content = data.draw(st.sampled_from(PEOPLE)), data.draw(CONTENT)
        if isinstance(content, Permitted) and case.decision is not None:
            content = Permitted(permit="P-1", permit_digest="e", decision=case.decision.digest)
        before = matter.case
        try:
            matter.do(by, content)
        except Refusal:
            assert matter.case is before
            continue
        _check(matter)
    assert machine.replay(matter.events) == matter.case


def _check(matter: Matter) -> None:
    case = matter.case
    assert case is not None
    steps = [event.step for event in matter.events]
    assert case.state in ALLOWED or case.permit is None or case.state is State.CLOSED
    if case.state not in ALLOWED:
        return
    since = max((at for at, step in enumerate(steps) if step is Step.REOPEN), default=0)
    way = [event for event in matter.events[since:] if event.by]
    assert [e for e in way if isinstance(e.content, Screened) and e.content.manifests]
    assert [e for e in way if isinstance(e.content, Triaged)]
    assert case.decision is not None
    decision = case.decision
    voters = {vote.by for vote in decision.votes}
    overturned = decision.proposal.seen.outcome == "PRESUMED_DECLINE"
    assert len(voters) == len(decision.votes) >= (COMMITTEE if overturned else VOTES)
    assert all(vote.said.agrees for vote in decision.votes)
    assert {vote.said.seen for vote in decision.votes} == {decision.proposal.seen.digest}
    assert decision.proposal.seen.outcome != "STOP"
    involved = {
        event.by
        for event in matter.events
        if event.step in (Step.DRAFT, Step.SUBMIT, Step.TRIAGE, Step.PROPOSE, Step.ENGAGE)
    }
    assert not voters & involved


def test_every_step_but_the_first_is_in_the_table() -> None:
    assert {step for _, step in TRANSITIONS} | {Step.DRAFT} == set(Step)
    assert set(CONTENTS) == set(Step)


@given(CONTENT)
def test_an_event_is_read_back_as_it_was_written(content: Content) -> None:
    assert content_from_json(content.step, content_to_json(content)) == content
