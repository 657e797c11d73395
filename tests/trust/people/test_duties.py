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


@pytest.mark.parametrize("action", sorted(DUTIES))
def test_a_refusal_says_in_words_what_is_refused_and_which_role_may(action: str) -> None:
    said = why_not(Actor(id="a", roles=frozenset()), action)
    assert said.startswith(DUTIES[action].title)
    assert all(role in said for role in DUTIES[action].roles)
    assert action not in said
    titles = [duty.title for duty in DUTIES.values()]
    assert titles.count(DUTIES[action].title) == 1


def test_a_refusal_by_what_was_done_before_names_both_in_words() -> None:
    done = [Done(action="release.request", by="a")]
    said = why_not(person("a"), "release.approve", done)
    assert "asking for a release, and agreeing to a release" in said
    again = why_not(person("b"), "release.approve", [Done(action="release.approve", by="b")])
    assert again.startswith("agreeing to a release asks for another person")


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
