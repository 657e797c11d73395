"""What evidence weighs: papers of who buys, registers of owners, press, marks of contradiction."""

from __future__ import annotations

import pytest

from insyn.office.diligence.assess import Assessment, assess
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.rulebook import Outcome, rulebook

BASE = dict(rulebook().baseline)


def judge(kind: str, text: str, *, against: str | None = None, **changes: object) -> Assessment:
    mark = {"contradicts": against} if against else {"supports": "end_user"}
    evidence = [{"kind": kind, "text": text, **mark}]
    return assess(read_deal({"id": "x", **BASE, "evidence": evidence, **changes}))


@pytest.mark.parametrize("kind", ["tender_notice", "delivery_note", "corporate_registry"])
def test_a_paper_of_who_buys_that_names_a_security_body_presumes_decline(kind: str) -> None:
    found = judge(kind, "Signed for by a colonel of state security.", country="KE")
    assert found.outcome is Outcome.PRESUMED_DECLINE


@pytest.mark.parametrize("kind", ["contract", "integrator_offer"])
def test_a_security_body_in_the_terms_is_a_question(kind: str) -> None:
    found = judge(kind, "A colonel of state security decides on the positions.", country="KE")
    assert found.outcome is Outcome.INVESTIGATE


@pytest.mark.parametrize("kind", ["dialogue_note", "site_plan", "minutes"])
def test_the_same_name_in_talk_is_read_before_a_permit(kind: str) -> None:
    found = judge(kind, "Signed for by a colonel of state security.", country="KE")
    assert found.outcome is Outcome.CONDITIONS
    assert "R-68" in {firing.rule.id for firing in found.firings}


def test_a_name_in_talk_holds_a_deal_that_is_not_small_or_where_nothing_guards() -> None:
    text = "A colonel of state security came by."
    assert judge("dialogue_note", text, country="KE", camera_count=64).outcome.asks_for_a_case
    assert judge("dialogue_note", text, country="EG").outcome.asks_for_a_case
    assert judge("dialogue_note", text, country="KE", area="district").outcome.asks_for_a_case


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Shareholders: a holding with 55 %, which is on the EU sanctions list.", Outcome.STOP),
        ("Shareholders: a holding with 12 %, which is on the EU sanctions list.", Outcome.PASS),
        ("Shareholders: a holding with 55 %, which is on no sanctions list.", Outcome.PASS),
        ("Акционеры: холдинг 60 %, под санкциями.", Outcome.STOP),
    ],
)
def test_a_register_that_tells_of_listed_owners_of_half_stops(text: str, outcome: Outcome) -> None:
    assert judge("corporate_registry", text).outcome is outcome


def test_a_register_against_a_clean_screening_stops_and_a_search_that_clears_does_not() -> None:
    assert judge("registry", "Owners.", against="list_status").outcome is Outcome.STOP
    cleared = judge("search_log", "Other.", against="list_status", list_status="possible")
    assert cleared.outcome is Outcome.INVESTIGATE


@pytest.mark.parametrize(
    ("country", "outcome"), [("SE", Outcome.INVESTIGATE), ("KE", Outcome.PRESUMED_DECLINE)]
)
def test_another_buyer_weighs_more_where_safeguards_are_weak(
    country: str, outcome: Outcome
) -> None:
    assert judge("delivery_note", "Another firm.", against="end_user", country=country).outcome is (
        outcome
    )


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Thieves stole three bicycles in May.", False),
        ("The new shop opened in March.", False),
        ("A thief was beaten to death by neighbours.", True),
        ("Police arrested the union's chairman.", True),
        ("Vuzh kralim torbu nesht ogrulma zefit.", True),
    ],
)
def test_press_holds_a_small_deal_where_it_tells_of_more_than_a_theft(
    text: str, held: bool
) -> None:
    assert judge("press", text, country="KE").outcome.asks_for_a_case is held


def test_a_union_films_its_own_door_and_another_films_the_unions() -> None:
    text = "One camera watches the door of the union meetings."
    own = judge("site_plan", text, end_user="Trade Union House", sensitive_sites=["union_office"])
    assert not own.outcome.asks_for_a_case
    assert judge("site_plan", text).outcome.asks_for_a_case
