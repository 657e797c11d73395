"""Every reason for opening a case again has a way in: by itself where it can tell, and by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.case_desk import ANNA, ARENA, PER, PIA, RITA, CaseDesk, cases_in, terms
from tests.support.exact_screener import entry

from insyn.base.errors import Refusal
from insyn.office.diligence.cases import deals, evidence, rulebooks, steps, sweep
from insyn.office.diligence.cases.events import (
    Condition,
    ConditionMet,
    EndedIn,
    Proposal,
    Verifier,
)
from insyn.office.diligence.cases.evidence import Evidence
from insyn.office.diligence.cases.reliability import Reliability
from insyn.office.diligence.cases.states import State, Trigger
from insyn.office.diligence.products import notices
from insyn.office.diligence.products.notice import About, Notice
from insyn.trust.people.duties import Actor, Role

pytestmark = pytest.mark.databases

OSCAR = Actor(id="u-export", roles=frozenset({Role.EXPORT_OFFICER}))
STRICTER = """
name: exempel
version: "1"
rules:
  - id: X-1
    title: No arena without a visit
    condition: 'area == "venue"'
    outcome: INVESTIGATE
    because: Our house rule.
    since: "2026-01-01"
    source: {title: House rule, issuer: Exempel AB, year: 2026, section: "1"}
    fires: [{area: venue}]
    rests: [{area: building}]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    with cases_in(tmp_path) as desk:
        yield desk


def piece(desk: CaseDesk, kind: str, id_: str = "e-1") -> None:
    found = Evidence(
        id=id_, deal="D-1", kind=kind, source="a paper", reliability=Reliability.CLAIMED,
        searched="the name of the arena", found_nothing=True, recorded_at=desk.now, by=ANNA.id,
    )  # fmt: skip
    with desk.store.writing() as connection:
        evidence.add(connection, found, actor=ANNA, now=desk.now)


def another(desk: CaseDesk, **changed: Any) -> None:
    desk.put({**ARENA, "id": "D-2", "end_user": "Another AB", "place": "Elsewhere", **changed})


def listed(desk: CaseDesk) -> None:
    desk.shelf.change(un=[entry("X-1", "Kamerahuset AB", country="SE")])
    desk.rescreen()


def told(desk: CaseDesk) -> None:
    notice = Notice(
        id="n-1", about=About.DEAL, subject="D-1", authority="an invented authority",
        reference="A-1", received_on=desk.now.date(), sha256="ab" * 32,
    )  # fmt: skip
    with desk.store.writing() as connection:
        notices.add(connection, notice, actor=OSCAR, now=desk.now)


def adopted(desk: CaseDesk) -> None:
    with desk.store.writing() as connection:
        rulebooks.adopt(connection, STRICTER, actor=OSCAR, now=desk.now)


def late(**later: int) -> Callable[[CaseDesk], None]:
    def wait(desk: CaseDesk) -> None:
        desk.now += timedelta(**later)

    return wait


@pytest.mark.parametrize(
    ("happens", "trigger"),
    [
        (lambda desk: desk.fact("camera_count", 30), Trigger.NEW_FACT),
        (lambda desk: piece(desk, "press"), Trigger.NEW_FACT),
        (lambda desk: piece(desk, "complaint"), Trigger.COMPLAINT),
        (lambda desk: piece(desk, "Tender"), Trigger.TENDER_HIT),
        (lambda desk: another(desk, linked_orders=[{"id": "D-1"}]), Trigger.LINKED_ORDER),
        (
            lambda desk: another(desk, end_user="GRANLUNDA  Arena AB", place="Granlunda arena"),
            Trigger.LINKED_ORDER,
        ),
        (listed, Trigger.LIST_CHANGE),
        (told, Trigger.AUTHORITY_NOTICE),
        (adopted, Trigger.RULEBOOK_CHANGE),
        (late(days=120), Trigger.CONDITION_OVERDUE),
    ],
)
def test_what_happens_to_a_decided_case_opens_it_again_and_is_named(
    desk: CaseDesk, happens: Callable[[CaseDesk], object], trigger: Trigger
) -> None:
    desk.approved()
    with desk.store.writing() as connection:
        assert sweep.sweep(connection, now=desk.now) == []
    happens(desk)
    with desk.store.writing() as connection:
        [due] = sweep.sweep(connection, now=desk.now)
    assert (due.trigger, due.was) == (trigger, State.APPROVED_WITH_CONDITIONS)
    assert desk.case().state is State.SCREENING


def test_another_customers_order_opens_nothing_again(desk: CaseDesk) -> None:
    desk.approved()
    another(desk)
    another(desk, id="D-3", end_user="Granlunda Arena AB", place="Another hall")
    with desk.store.writing() as connection:
        assert sweep.sweep(connection, now=desk.now) == []


def test_an_order_that_was_there_when_it_was_decided_opens_nothing_again(desk: CaseDesk) -> None:
    another(desk, linked_orders=[{"id": "D-1"}])
    desk.approved()
    with desk.store.writing() as connection:
        assert sweep.sweep(connection, now=desk.now) == []


def test_the_same_site_through_another_door_opens_a_declined_case_again(desk: CaseDesk) -> None:
    desk.investigated()
    desk.do(steps.propose, by=ANNA, offer=steps.Offer(proposal=Proposal.DECLINE, because="no"))
    for approver in (PER, PIA):
        desk.do(steps.vote, by=approver, agrees=True, because="no")
    another(desk, end_user="Granlunda Arena AB", place="Granlunda arena", reseller="Door Two AB")
    with desk.store.writing() as connection:
        [due] = sweep.sweep(connection, now=desk.now)
    assert (due.trigger, due.was) == (Trigger.LINKED_ORDER, State.DECLINED)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_anybody_with_a_part_in_cases_opens_one_again_for_any_reason(
    desk: CaseDesk, trigger: Trigger
) -> None:
    desk.proposed()
    case = desk.do(steps.reopen, by=RITA, trigger=trigger, because="somebody told us")
    assert (case.state, case.round) == (State.SCREENING, 1)


def test_a_dialogue_that_came_to_a_condition_is_kept_to(desk: CaseDesk) -> None:
    desk.investigated()
    desk.do(steps.engage, by=ANNA, with_whom="the arena", about="who sees the pictures")
    ended = (EndedIn.CONDITION, "viewers")
    desk.do(steps.end_engagement, by=ANNA, engagement="G-1", ended=ended)
    with pytest.raises(Refusal, match="dialogue G-1 came to the condition viewers"):
        desk.do(steps.propose, by=ANNA, offer=offered(desk, "signs"))
    assert desk.do(steps.propose, by=ANNA, offer=offered(desk, "viewers")).proposal is not None


def offered(desk: CaseDesk, *ids: str, verifier: Verifier = Verifier.VISIT) -> steps.Offer:
    conditions = tuple(Condition(id=id_, text="As said.", verifier=verifier) for id_ in ids)
    return steps.Offer(
        proposal=Proposal.APPROVE_WITH_CONDITIONS,
        because="masked",
        conditions=conditions,
        terms=terms(),
    )


def test_a_condition_that_a_document_verifies_is_met_by_one_that_is_there(desk: CaseDesk) -> None:
    desk.investigated()
    desk.do(steps.propose, by=ANNA, offer=offered(desk, "dpia", verifier=Verifier.DOCUMENT))
    for approver in (PER, PIA):
        desk.do(steps.vote, by=approver, agrees=True, because="yes")

    def met(named: str | None) -> None:
        said = ConditionMet(condition="dpia", because="seen", evidence=named)
        desk.do(steps.meet_condition, by=ANNA, said=said)

    with pytest.raises(Refusal, match="verified by a document"):
        met(None)
    with pytest.raises(Refusal, match="no evidence e-9"):
        met("e-9")
    piece(desk, "assessment")
    met("e-1")
    assert set(desk.case().met) == {"dpia"}


def test_a_review_date_opens_a_case_again(desk: CaseDesk) -> None:
    desk.approved()
    said = ConditionMet(condition="signs", because="seen at every gate")
    desk.do(steps.meet_condition, by=ANNA, said=said)
    review = desk.case().review_on
    assert review is not None
    on_the_day = datetime.combine(review, desk.now.timetz()).astimezone(UTC)
    with desk.store.reading() as connection:
        deal = deals.exists(connection, "D-1")
        before = sweep.why(connection, desk.case(), now=on_the_day - timedelta(days=1))
        found = sweep.why(connection, desk.case(), now=on_the_day)
    assert deal
    assert before is None
    assert found is not None
    assert found[0] is Trigger.REVIEW_DATE
