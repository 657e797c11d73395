"""No history of allowed actions puts one person on both sides of a pair."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.errors import Refusal
from insyn.trust.people.duties import DUTIES, Actor, Done, Role, require, why_not

ALL = frozenset(Role)


def person(id_: str, *roles: Role) -> Actor:
    return Actor(id=id_, roles=frozenset(roles) if roles else ALL)


def test_a_role_allows_and_its_absence_refuses() -> None:
    assert why_not(person("a", Role.ANALYST), "case.triage") == ""
    assert "approver" in why_not(person("a", Role.ANALYST), "case.decide")


@pytest.mark.parametrize("before", ["case.submit", "case.triage", "case.propose", "case.decide"])
def test_whoever_took_part_does_not_decide(before: str) -> None:
    done = [Done(action=before, by="a")]
    assert why_not(person("a"), "case.decide", done)
    assert not why_not(person("b"), "case.decide", done)


def test_an_administrator_is_no_exception() -> None:
    everything = person("a")
    assert why_not(everything, "case.decide", [Done(action="case.draft", by="a")])
    assert why_not(person("b", Role.ADMINISTRATOR), "case.decide")


def test_a_requester_stays_one_after_the_matter_is_opened_again() -> None:
    done = [Done(action="case.submit", by="a"), Done(action="case.reopen", by="b")]
    assert why_not(person("a"), "case.decide", done, this_round=1)


def test_who_decided_once_may_decide_again_in_the_next_round() -> None:
    done = [Done(action="case.decide", by="a")]
    assert why_not(person("a"), "case.decide", done)
    assert not why_not(person("a"), "case.decide", done, this_round=1)


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(Refusal, match="no action"):
        require(person("a"), "case.wave-through")


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(sorted(DUTIES))), max_size=60),
)
def test_no_allowed_history_joins_what_excludes_each_other(asked: list[tuple[str, str]]) -> None:
    done: list[Done] = []
    for who, action in asked:
        if not why_not(person(who), action, done):
            done.append(Done(action=action, by=who))
    for action, duty in DUTIES.items():
        doers = [item.by for item in done if item.action == action]
        assert not duty.alone or len(doers) == len(set(doers))
        excluded = {item.by for item in done if item.action in duty.excluded_by}
        assert not excluded & set(doers)
