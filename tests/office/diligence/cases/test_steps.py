"""Cases in the database: who may, what is kept, what lapses, what was known when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.support.case_desk import (
    ANNA,
    ARENA,
    OFFER,
    PER,
    PIA,
    PIM,
    RITA,
    SIGNS,
    CaseDesk,
    cases_in,
    terms,
)
from tests.support.exact_screener import entry
from tests.support.permit_office import Office, key, make_root

from insyn.base.errors import InsynError, Refusal, UnreadableInput
from insyn.office.diligence.cases import (
    casebook,
    deals,
    evidence,
    issuing,
    permits,
    replay,
    rerun,
    rulebooks,
    steps,
    sweep,
)
from insyn.office.diligence.cases.events import ConditionMet, EndedIn, Proposal
from insyn.office.diligence.cases.reliability import Reliability
from insyn.office.diligence.cases.schema import APPEND_ONLY, facts
from insyn.office.diligence.cases.states import State, Trigger
from insyn.office.diligence.rulebook import load, merge, rulebook
from insyn.trust.keys.envelope import Envelope
from insyn.trust.keys.root import Role as RootRole
from insyn.trust.keys.root import Root
from insyn.trust.ledger import log
from insyn.trust.people.duties import Actor, Role
from insyn.trust.permit.issue import sign_permit
from insyn.trust.permit.model import read_permit

pytestmark = pytest.mark.databases


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[CaseDesk]:
    with cases_in(tmp_path) as desk:
        yield desk


def test_a_deal_goes_from_draft_to_a_permit_that_two_people_allowed(desk: CaseDesk) -> None:
    case = desk.approved()
    assert case.state is State.APPROVED_WITH_CONDITIONS
    office = Office()
    envelope = permits.draft(
        case,
        site_key=office.site.public.fingerprint,
        permit_id="P-20261123-0123456789ab",
        now=desk.now,
    )
    root = make_root(office.approvers, [office.registrar])
    for approver in office.approvers[:2]:
        envelope = sign_permit(envelope, approver, root=root, now=desk.now)
    said = permits.require_approved(case, read_permit(envelope))
    assert desk.do(steps.take, by=PER, content=said).state is State.PERMITTED


def test_a_permit_that_says_more_than_was_approved_is_refused(desk: CaseDesk) -> None:
    case = desk.approved()
    office = Office()
    assert case.decision is not None
    changes: tuple[dict[str, Any], ...] = (
        {"camera_cap": 49},
        {"retention_days": 15},
        {"conditions": []},
    )
    for changed in changes:
        envelope = office.draft(
            **{
                **terms(),
                "case": case.id,
                "decision_digest": case.decision.digest,
                "rulebook": case.decision.proposal.seen.rulebook,
                "conditions": [{"id": "signs", "text": SIGNS.text, "due": "2027-03-01T00:00:00Z"}],
                **changed,
            }
        )
        with pytest.raises(Refusal, match="does not say what was approved"):
            permits.require_approved(case, read_permit(envelope))


def test_who_asked_does_not_study_and_who_studied_does_not_decide(desk: CaseDesk) -> None:
    desk.opened()
    desk.do(steps.submit, by=RITA)
    desk.rescreen()
    desk.do(steps.screen, by=ANNA)
    both = Actor(id=RITA.id, roles=RITA.roles | ANNA.roles | PER.roles)
    with pytest.raises(Refusal, match="in the same matter"):
        desk.do(steps.triage, by=both, because="mine")
    desk.do(steps.triage, by=ANNA, because="a venue")
    desk.do(steps.propose, by=ANNA, offer=OFFER)
    with pytest.raises(Refusal, match="in the same matter"):
        desk.do(steps.vote, by=both, agrees=True, because="mine")


def test_who_brought_in_a_fact_does_not_decide(desk: CaseDesk) -> None:
    desk.investigated()
    both = Actor(id="u-both", roles=ANNA.roles | PER.roles)
    desk.fact("purpose_stated", "safety of visitors at the gates", by=both)
    desk.do(steps.propose, by=ANNA, offer=OFFER)
    with pytest.raises(Refusal, match="recording a fact"):
        desk.do(steps.vote, by=both, agrees=True, because="I know it")


def test_a_vote_on_what_has_changed_is_refused_and_the_sweep_opens_it_again(
    desk: CaseDesk,
) -> None:
    desk.proposed()
    desk.fact("end_user_type", "police_or_public_security")
    with pytest.raises(Refusal, match="changed since it was seen"):
        desk.do(steps.vote, by=PER, agrees=True, because="I read it")
    with desk.store.writing() as connection:
        due = sweep.sweep(connection, now=desk.now)
    assert [(each.was, each.trigger) for each in due] == [(State.PROPOSED, Trigger.NEW_FACT)]
    assert desk.case().state is State.SCREENING


def test_an_approval_lapses_when_a_party_is_listed(desk: CaseDesk) -> None:
    desk.approved()
    with desk.store.writing() as connection:
        assert sweep.sweep(connection, now=desk.now) == []
    desk.shelf.change(un=[entry("X-1", "Kamerahuset AB", country="SE")])
    desk.rescreen()
    with desk.store.writing() as connection:
        due = sweep.sweep(connection, now=desk.now)
    assert [each.trigger for each in due] == [Trigger.LIST_CHANGE]
    case = desk.case()
    assert (case.state, case.decision, case.round) == (State.SCREENING, None, 1)
    with pytest.raises(Refusal, match="needs an approval"):
        permits.draft(case, site_key="0" * 64, permit_id="P-20261123-000000000000", now=desk.now)


def test_a_newer_list_that_says_the_same_changes_nothing(desk: CaseDesk) -> None:
    desk.approved()
    desk.shelf.change(un=[entry("X-1", "Somebody Else Ltd")])
    desk.rescreen()
    with desk.store.writing() as connection:
        assert sweep.sweep(connection, now=desk.now) == []


def test_a_case_is_looked_at_again_on_its_day_and_when_a_condition_is_overdue(
    desk: CaseDesk,
) -> None:
    desk.approved()
    later = datetime(2027, 3, 2, tzinfo=UTC)
    with desk.store.reading() as connection:
        found = sweep.why(connection, desk.case(), now=later)
    assert found is not None
    assert found[0] is Trigger.CONDITION_OVERDUE
    said = ConditionMet(condition="signs", because="photographs of all gates")
    desk.do(steps.meet_condition, by=ANNA, said=said)
    with desk.store.reading() as connection:
        assert sweep.why(connection, desk.case(), now=later) is None
        far = sweep.why(connection, desk.case(), now=desk.now + timedelta(days=1200))
    assert far is not None
    assert far[0] is Trigger.REVIEW_DATE


def test_nobody_decides_without_training_that_is_valid_that_day(desk: CaseDesk) -> None:
    desk.proposed()
    new = Actor(id="u-approver-9", roles=frozenset({Role.APPROVER}))
    with pytest.raises(Refusal, match="without valid training"):
        desk.do(steps.vote, by=new, agrees=True, because="yes")
    desk.now += timedelta(days=400)
    with pytest.raises(Refusal, match="expired"):
        desk.do(steps.vote, by=PER, agrees=True, because="yes")


def test_no_permit_while_the_channel_lacks_a_commitment(desk: CaseDesk) -> None:
    case = desk.approved()
    draft = permits.draft(
        case, site_key="ab" * 32, permit_id="P-20261123-0123456789ab", now=desk.now
    )
    with pytest.raises(Refusal, match="signed commitment: reseller"):
        _issue(desk, draft)
    desk.committed()
    _issue(desk, draft)
    with desk.store.reading() as connection:
        found = sweep.why(connection, desk.case(), now=desk.now + timedelta(days=370))
    assert found is not None
    assert found[0] is Trigger.COMMITMENT_LAPSED


def test_an_authoritys_notice_holds_a_case_whatever_the_record_says(desk: CaseDesk) -> None:
    desk.approved()
    desk.fact("authority_notice", True)
    with desk.store.reading() as connection:
        assert steps.see(connection, desk.case(), now=desk.now).outcome == "STOP"


def test_a_presumed_decline_takes_three_who_agree(desk: CaseDesk) -> None:
    desk.investigated()
    desk.fact("end_user_type", "police_or_public_security")
    desk.fact("area", "city")
    desk.fact("country_safeguards", "C3")
    desk.fact("use_case", "campaign_or_social_management")
    with desk.store.reading() as connection:
        outcome = steps.see(connection, desk.case(), now=desk.now).outcome
    assert outcome == "PRESUMED_DECLINE"
    desk.do(steps.propose, by=ANNA, offer=OFFER)
    desk.do(steps.vote, by=PER, agrees=True, because="yes")
    assert desk.do(steps.vote, by=PIA, agrees=True, because="yes").state is State.SECOND_REVIEW
    after = desk.do(steps.vote, by=PIM, agrees=True, because="yes")
    assert after.state is State.APPROVED_WITH_CONDITIONS


def test_stop_has_no_waiver_for_anyone(desk: CaseDesk) -> None:
    desk.investigated()
    desk.fact("list_status", "confirmed")
    with pytest.raises(Refusal, match="nobody can waive"):
        desk.do(steps.propose, by=ANNA, offer=OFFER)
    declined = steps.Offer(proposal=Proposal.DECLINE, because="a listed party")
    desk.do(steps.propose, by=ANNA, offer=declined)
    desk.do(steps.vote, by=PER, agrees=True, because="yes")
    assert desk.do(steps.vote, by=PIA, agrees=True, because="yes").state is State.DECLINED


def test_a_dialogue_ends_in_a_fact_that_exists(desk: CaseDesk) -> None:
    desk.investigated()
    desk.do(steps.engage, by=ANNA, with_whom="Granlunda Arena AB", about="who looks on")
    with pytest.raises(Refusal, match="no fact 999"):
        desk.do(steps.end_engagement, by=ANNA, engagement="G-1", ended=(EndedIn.FACT, "999"))
    number = desk.fact("third_party_platform", "none")
    case = desk.do(
        steps.end_engagement, by=ANNA, engagement="G-1", ended=(EndedIn.FACT, str(number))
    )
    assert case.open_engagements == ()


def test_terms_that_make_no_permit_are_refused_before_anybody_votes(desk: CaseDesk) -> None:
    desk.investigated()
    for bad in (terms(camera_cap=513), {"camera_cap": 4}, terms(masking={"everyday": "nobody"})):
        offer = steps.Offer(
            proposal=Proposal.APPROVE_WITH_CONDITIONS, because="x", conditions=(SIGNS,), terms=bad
        )
        with pytest.raises(UnreadableInput, match="make no permit"):
            desk.do(steps.propose, by=ANNA, offer=offer)


def test_terms_allow_sound_only_where_the_deal_names_it(desk: CaseDesk) -> None:
    heard = {"everyday": "everyone", "originals": "sealed", "custodians": 2, "sound": "sealed"}
    offer = steps.Offer(
        proposal=Proposal.APPROVE_WITH_CONDITIONS,
        because="x",
        conditions=(SIGNS,),
        terms=terms(masking=heard),
    )
    desk.investigated()
    with pytest.raises(Refusal, match="names no audio"):
        desk.do(steps.propose, by=ANNA, offer=offer)
    desk.fact("capabilities", ["Audio"])
    assert desk.do(steps.propose, by=ANNA, offer=offer).state is State.PROPOSED


def test_two_who_act_at_once_on_the_same_version_do_not_both_succeed(desk: CaseDesk) -> None:
    desk.proposed()
    case = desk.case()
    desk.do(steps.vote, by=PER, agrees=True, because="yes")
    with pytest.raises(Refusal, match="gone on"), desk.store.writing() as connection:
        steps.vote(connection, case, agrees=True, because="yes", actor=PIA, now=desk.now)


def test_a_name_that_was_not_screened_keeps_a_case_at_screening(desk: CaseDesk) -> None:
    desk.opened()
    desk.do(steps.submit, by=RITA)
    with pytest.raises(Refusal, match="not screened as they are now"):
        desk.do(steps.screen, by=ANNA)


def test_every_step_and_fact_is_a_leaf_and_words_stay_outside_the_tree(desk: CaseDesk) -> None:
    desk.approved()
    with desk.store.reading() as connection:
        leaves = [content for _, content in log.contents(connection)]
        events = casebook.events(connection, desk.case().id)
    told = [leaf for leaf in leaves if b'"case.step-taken"' in leaf]
    assert len(told) == len(events)
    assert not [leaf for leaf in leaves if b"Granlunda" in leaf or b"I read it" in leaf]


def test_rows_that_tell_history_cannot_be_changed(desk: CaseDesk) -> None:
    desk.put()
    assert facts.name in APPEND_ONLY
    with pytest.raises(InsynError), desk.store.writing() as connection:
        connection.execute(sa.update(facts).values(source="somebody else"))
    with desk.store.reading() as connection:
        assert {fact.source for fact in deals.facts_of(connection, "D-1")} == {"the seller"}


def test_what_is_imported_twice_is_known_once(desk: CaseDesk) -> None:
    desk.put()
    desk.put({**ARENA, "camera_count": 30})
    with desk.store.reading() as connection:
        found = deals.facts_of(connection, "D-1")
        record = deals.record_at(connection, "D-1", known=desk.now)
    assert [fact.value for fact in found if fact.field == "camera_count"] == [24, 30]
    assert record == {**ARENA, "camera_count": 30}


def test_a_replay_shows_what_was_known_then_and_what_was_entered_later(desk: CaseDesk) -> None:
    desk.put()
    first = desk.now
    desk.now += timedelta(days=30)
    desk.fact("end_user_type", "police_or_public_security")
    desk.fact("area", "city")
    desk.fact("language", "sv", known_since=first - timedelta(days=3))
    with desk.store.reading() as connection:
        found = replay.replay(connection, "D-1", as_of=first, now=desk.now)
        before = replay.replay(connection, "D-1", as_of=first - timedelta(days=10), now=desk.now)
    assert {fact.field for fact in found.then.entered_later} == {"language"}
    assert found.then.dossier.record["end_user_type"] == "private_or_transport_operator"
    assert found.today.dossier.record["end_user_type"] == "police_or_public_security"
    assert found.then.dossier.assessment.outcome < found.today.dossier.assessment.outcome
    assert before.then.facts == ()


def test_a_retracted_fact_counts_until_it_was_retracted(desk: CaseDesk) -> None:
    desk.put()
    number = desk.fact("end_user_type", "police_or_public_security")
    while_it_stood = desk.now
    desk.now += timedelta(days=1)
    with desk.store.writing() as connection:
        deals.retract(
            connection,
            "D-1",
            number,
            said=deals.Said(source="the newspaper corrected itself"),
            actor=ANNA,
            now=desk.now,
        )
    with desk.store.reading() as connection:
        then = deals.record_at(connection, "D-1", known=while_it_stood)
        now = deals.record_at(connection, "D-1", known=desk.now)
    assert then["end_user_type"] == "police_or_public_security"
    assert now["end_user_type"] == "private_or_transport_operator"


def test_nothing_is_known_since_a_day_to_come(desk: CaseDesk) -> None:
    with pytest.raises(Refusal, match="still to come"):
        desk.put(known_since=desk.now + timedelta(days=2))


def test_evidence_is_kept_by_its_hash_and_a_search_that_found_nothing_says_where(
    desk: CaseDesk, tmp_path: Path
) -> None:
    desk.put()
    sha256 = evidence.keep_file(tmp_path / "evidence", b"a tender, invented")
    piece = evidence.Evidence(
        id="e-1",
        deal="D-1",
        kind="tender",
        source="the municipality's register",
        reliability=Reliability.OFFICIAL,
        sha256=sha256,
        size_bytes=18,
        published_on=date(2026, 1, 2),
        recorded_at=desk.now,
        by=ANNA.id,
    )
    with desk.store.writing() as connection:
        evidence.add(connection, piece, actor=ANNA, now=desk.now)
        assert evidence.of_deal(connection, "D-1") == [piece]
    assert evidence.read_file(tmp_path / "evidence", sha256) == b"a tender, invented"
    (tmp_path / "evidence" / sha256).write_bytes(b"another one")
    with pytest.raises(Exception, match="was changed"):
        evidence.read_file(tmp_path / "evidence", sha256)
    nothing = evidence.Evidence(
        id="e-2",
        deal="D-1",
        kind="press",
        source="national press",
        reliability=Reliability.UNKNOWN,
        found_nothing=True,
        recorded_at=desk.now,
        by=ANNA.id,
    )
    with pytest.raises(Refusal, match="what was searched"), desk.store.writing() as connection:
        evidence.add(connection, nothing, actor=ANNA, now=desk.now)


STRICTER = """
name: exempel
version: 1.0.0
rules:
  - id: X-1
    title: Stadiums are looked at
    condition: area == "venue"
    outcome: INVESTIGATE
    because: We look at every venue.
    source: {title: House rule, issuer: Exempel AB, year: 2026, section: "1"}
    since: 1.0.0
    fires: [{area: venue}]
    rests: [{area: building}]
"""
CHIEF = Actor(id="u-chief", roles=frozenset({Role.EXPORT_OFFICER}))


def test_a_companys_rulebook_judges_from_the_day_it_is_adopted(desk: CaseDesk) -> None:
    desk.approved()
    before = desk.now
    desk.now += timedelta(days=1)
    with desk.store.writing() as connection:
        rulebooks.adopt(connection, STRICTER, actor=CHIEF, now=desk.now)
    with desk.store.reading() as connection:
        found = replay.replay(connection, "D-1", as_of=before, now=desk.now)
    assert found.then.dossier.assessment.outcome.name == "CONDITIONS"
    assert found.today.dossier.assessment.outcome.name == "INVESTIGATE"
    assert found.then.had_rulebook
    with desk.store.writing() as connection:
        due = sweep.sweep(connection, now=desk.now)
    assert [each.trigger for each in due] == [Trigger.RULEBOOK_CHANGE]


def test_a_laxer_rulebook_and_a_second_text_of_a_version_are_refused(desk: CaseDesk) -> None:
    with desk.store.writing() as connection:
        rulebooks.adopt(connection, STRICTER, actor=CHIEF, now=desk.now)
    changed = STRICTER.replace("INVESTIGATE", "CONDITIONS")
    with pytest.raises(Refusal, match="another text"), desk.store.writing() as connection:
        rulebooks.adopt(connection, changed, actor=CHIEF, now=desk.now)
    with pytest.raises(Refusal, match="adopting a rulebook"), desk.store.writing() as connection:
        rulebooks.adopt(connection, STRICTER, actor=ANNA, now=desk.now)


def test_a_rerun_lists_open_and_permitted_cases_that_come_to_something_else(
    desk: CaseDesk,
) -> None:
    desk.approved()
    stricter = merge(rulebook(), load(STRICTER, name="x"))
    with desk.store.reading() as connection:
        found = rerun.rerun(connection, rulebook(), stricter, now=desk.now)
        same = rerun.rerun(connection, rulebook(), rulebook(), now=desk.now)
    assert [(each.before.name, each.after.name, each.appeared) for each in found] == [
        ("CONDITIONS", "INVESTIGATE", ("X-1",))
    ]
    assert same == []


def test_a_permit_is_issued_for_its_case_once_and_not_after_the_ground_has_shifted(
    desk: CaseDesk,
) -> None:
    case = desk.approved()
    draft = permits.draft(
        case, site_key="ab" * 32, permit_id="P-20261123-0123456789ab", now=desk.now
    )
    desk.fact("end_user_type", "police_or_public_security")
    with pytest.raises(Refusal, match="approval has lapsed"):
        _issue(desk, draft)
    with desk.store.writing() as connection:
        number = deals.facts_of(connection, "D-1")[-1].id
        said = deals.Said(source="a mistake")
        deals.retract(connection, "D-1", number, said=said, actor=ANNA, now=desk.now)
    desk.committed()
    signed, root = _signed(desk, draft, PER.id, PIA.id)
    _record(desk, signed, root)
    assert desk.case().state is State.PERMITTED
    _record(desk, signed, root)
    with desk.store.reading() as connection:
        told = list(log.of_kind(connection, "permit.issued"))
    assert len(told) == 1


@pytest.mark.parametrize(
    ("holders", "said"),
    [
        (("u-approver-1", "u-approver-9"), "u-approver-9's, who did not vote"),
        (("u-approver-1", "u-analyst"), "u-analyst's, who did not vote"),
    ],
)
def test_a_permit_is_signed_by_those_who_voted_and_by_nobody_else(
    desk: CaseDesk, holders: tuple[str, str], said: str
) -> None:
    case = desk.approved()
    desk.committed()
    draft = permits.draft(
        case, site_key="ab" * 32, permit_id="P-20261123-0123456789ab", now=desk.now
    )
    with pytest.raises(Refusal, match=said):
        _issue(desk, draft, *holders)
    assert desk.case().state is State.APPROVED_WITH_CONDITIONS
    _issue(desk, draft)


def test_more_signatures_than_votes_are_completed_by_approvers_without_a_part(
    desk: CaseDesk,
) -> None:
    case = desk.approved()
    desk.committed()
    draft = permits.draft(
        case, site_key="ab" * 32, permit_id="P-20261123-0123456789ab", now=desk.now
    )
    with pytest.raises(Refusal, match="u-analyst's"):
        _issue(desk, draft, PER.id, PIA.id, ANNA.id)
    _issue(desk, draft, PER.id, PIA.id, PIM.id)


def _issue(desk: CaseDesk, draft: Envelope, *holders: str) -> None:
    """Signed by these; by who voted if nobody is named."""
    _record(desk, *_signed(desk, draft, *(holders or (PER.id, PIA.id))))


def _signed(desk: CaseDesk, draft: Envelope, *holders: str) -> tuple[Envelope, Root]:
    """Signed by new keys of these, as many as their root then asks for."""
    keys = [key(holder) for holder in holders]
    pair = make_root(keys, [key("registrar")])
    asks = replace(pair.roles[RootRole.PERMIT], threshold=len(keys))
    root = replace(pair, roles={**pair.roles, RootRole.PERMIT: asks})
    for each in keys:
        draft = sign_permit(draft, each, root=root, now=desk.now)
    return draft, root


def _record(desk: CaseDesk, signed: Envelope, root: Root) -> None:
    with desk.store.writing() as connection:
        issuing.record_issue(connection, signed, root, actor=PER, now=desk.now)
