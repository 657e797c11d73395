"""From matches to an outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.screening.model import Match, MatchClass, Outcome
from insyn.office.screening.outcome import decide


def match(
    score: float = 0.95,
    kind: MatchClass = MatchClass.EXACT,
    supports: tuple[str, ...] = (),
    contradicts: tuple[str, ...] = (),
    cleared: str | None = None,
) -> Match:
    return Match(
        list="un", entry="QDi.001", name="Ada Example", match_class=kind, score=score,
        supports=supports, contradicts=contradicts, cleared=cleared,
    )  # fmt: skip


BORN = ("birth date 1961",)


@pytest.mark.parametrize(
    ("matches", "outcome", "why"),
    [
        ([], Outcome.CLEAR, "nothing resembles"),
        ([match(1.0)], Outcome.REVIEW, "a name alone never confirms"),
        ([match(1.0, supports=BORN)], Outcome.MATCH, "an equal name that a date supports"),
        ([match(0.9, MatchClass.STRONG, BORN)], Outcome.MATCH, "a strong name as well"),
        ([match(0.9, MatchClass.POSSIBLE, BORN)], Outcome.REVIEW, "a possible name does not"),
        ([match(1.0, supports=BORN, contradicts=("country",))], Outcome.REVIEW, "contradicted"),
        ([match(1.0, MatchClass.IDENTIFIER)], Outcome.MATCH, "an identifier confirms"),
        ([match(0.6999, supports=BORN)], Outcome.CLEAR, "below the bar"),
        ([match(0.7)], Outcome.REVIEW, "at the bar"),
        ([match(1.0, supports=BORN, cleared="3")], Outcome.CLEAR, "cleared"),
        ([match(1.0, cleared="3"), match(0.8)], Outcome.REVIEW, "another is not cleared"),
        ([match(0.8), match(1.0, supports=BORN)], Outcome.MATCH, "the worst one, in any order"),
    ],
)
def test_the_outcome_is_the_worst_that_a_match_gives(
    matches: list[Match], outcome: Outcome, why: str
) -> None:
    assert decide(matches) is outcome, why


def test_a_subject_without_a_comparable_name_is_never_clear() -> None:
    assert decide([], "no letters") is Outcome.REVIEW
    assert decide([match(1.0, cleared="3")], "no letters") is Outcome.REVIEW


@given(
    scores=st.lists(st.floats(0, 1), max_size=5),
    kinds=st.lists(st.sampled_from(list(MatchClass)), min_size=5, max_size=5),
)
def test_without_support_or_identifier_nothing_is_a_match(
    scores: list[float], kinds: list[MatchClass]
) -> None:
    named = [k if k is not MatchClass.IDENTIFIER else MatchClass.EXACT for k in kinds]
    found = decide([match(s, k) for s, k in zip(scores, named, strict=False)])
    assert found is not Outcome.MATCH
    assert (found is Outcome.CLEAR) == all(score < 0.7 for score in scores)
