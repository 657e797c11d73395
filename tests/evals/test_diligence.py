"""The scorecard of diligence counts what it says it counts."""

from __future__ import annotations

from evals.diligence import HELD, OUTCOMES, Judged, score


def _one(expected: str, got: str, *acceptable: str) -> Judged:
    return Judged(
        id=f"{expected}-{got}",
        part="",
        expected=OUTCOMES.index(expected),
        acceptable=frozenset(OUTCOMES.index(name) for name in (expected, *acceptable)),
        got=OUTCOMES.index(got),
        rules=(),
    )


def test_a_red_deal_below_the_line_is_let_through_and_an_ordinary_one_above_is_held() -> None:
    found = score(
        [
            _one("STOP", "CONDITIONS"),
            _one("STOP", "INVESTIGATE"),
            _one("PASS", "INVESTIGATE"),
            _one("CONDITIONS", "PASS", "PASS"),
            _one("INVESTIGATE", "CONDITIONS", "CONDITIONS"),
        ]
    )
    assert OUTCOMES.index("INVESTIGATE") == HELD
    assert found["let_through"] == ["STOP-CONDITIONS"]
    assert found["held"] == ["PASS-INVESTIGATE"]
    assert (found["red"], found["ordinary"]) == (2, 2)
    assert (found["exact"], found["acceptable"], found["within_one_step"]) == (0.0, 0.4, 0.4)
