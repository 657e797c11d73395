"""What of a span is kept: kept and missing are the span, whatever the recordings are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from insyn.site.archive.held import AHEAD, NOT_CLOSED, NOT_RECORDED, held
from insyn.site.archive.recording import Gap
from insyn.site.streams import StreamName

S = 10**9
LATER = 10**6 * S


def gap(from_s: int, until_s: int | None, reason: str = "unreachable") -> Gap:
    return Gap(
        id=1,
        camera="cam-1",
        stream=StreamName.MASKED,
        start_wall_ns=from_s * S,
        end_wall_ns=None if until_s is None else until_s * S,
        reason=reason,
    )


def missing(parts: list[tuple[int, int]], gaps: list[Gap], now_s: int = 10**6) -> list[object]:
    found = held(
        [(a * S, b * S) for a, b in parts], gaps, 100 * S, 200 * S, now_ns=now_s * S
    ).missing
    return [(one.from_ns / S, one.until_ns / S, one.because) for one in found]


def test_a_span_that_was_recorded_throughout_misses_nothing() -> None:
    found = held([(90 * S, 150 * S), (150 * S, 210 * S)], [], 100 * S, 200 * S, now_ns=LATER)
    assert found.missing == ()
    assert found.spans == ((90 * S, 210 * S),)
    assert found.extent == (100 * S, 200 * S)
    assert found.words == "all of the 1 min 40 s asked for"


def test_what_was_never_recorded_is_missing() -> None:
    assert missing([(150, 210)], []) == [(100, 150, NOT_RECORDED)]
    found = held([(150 * S, 210 * S)], [], 100 * S, 200 * S, now_ns=LATER)
    assert found.extent == (150 * S, 200 * S)
    assert found.words == "50 s of the 1 min 40 s asked for"


def test_a_gap_says_why() -> None:
    assert missing([(90, 120), (140, 210)], [gap(120, 140)]) == [(120, 140, "unreachable")]


def test_reasons_that_change_are_told_apart() -> None:
    assert missing([(130, 210)], [gap(110, 130, "permit")]) == [
        (100, 110, NOT_RECORDED),
        (110, 130, "permit"),
    ]


def test_a_gap_that_lasts_reaches_to_now() -> None:
    assert missing([(90, 120)], [gap(120, None)], now_s=150) == [
        (120, 150, "unreachable"),
        (150, 200, AHEAD),
    ]


def test_the_newest_minute_is_not_closed_yet() -> None:
    assert missing([(90, 150)], [], now_s=190) == [(150, 190, NOT_CLOSED), (190, 200, AHEAD)]
    assert missing([(150, 190)], [], now_s=190) == [(100, 150, NOT_RECORDED), (190, 200, AHEAD)]


def test_less_than_a_picture_is_not_missing() -> None:
    parts = [(100 * S + S // 10, 200 * S - S // 10)]
    found = held(parts, [], 100 * S, 200 * S, now_ns=LATER)
    assert found.missing == ()
    assert found.words == "all of the 1 min 40 s asked for"


def test_a_guess_of_the_clock_that_is_corrected_misses_nothing() -> None:
    parts = [(90 * S, 150 * S), (150 * S + S // 3, 210 * S)]
    assert held(parts, [], 100 * S, 200 * S, now_ns=LATER).missing == ()
    short = Gap(
        id=1, camera="cam-1", stream=StreamName.MAIN, start_wall_ns=150 * S,
        end_wall_ns=150 * S + S // 3, reason="stalled",
    )  # fmt: skip
    (found,) = held(parts, [short], 100 * S, 200 * S, now_ns=LATER).missing
    assert (found.until_ns - found.from_ns, found.because) == (S // 3, "stalled")


@given(
    parts=st.lists(st.tuples(st.integers(80, 220), st.integers(0, 60)), max_size=8),
    gaps=st.lists(st.tuples(st.integers(80, 220), st.integers(1, 60)), max_size=5),
    now_s=st.integers(90, 400),
)
def test_kept_and_missing_are_the_span(
    parts: list[tuple[int, int]], gaps: list[tuple[int, int]], now_s: int
) -> None:
    whole = sorted((start * S, (start + lasts) * S) for start, lasts in parts)
    known = [gap(start, start + lasts) for start, lasts in sorted(gaps)]
    found = held(whole, known, 100 * S, 200 * S, now_ns=now_s * S)
    tick = S // 2
    for at in range(100 * S + tick, 200 * S, S):
        is_kept = any(start <= at < end for start, end in found.spans)
        is_missing = sum(one.from_ns <= at < one.until_ns for one in found.missing)
        assert is_kept + is_missing == 1
    assert all(
        a.until_ns <= b.from_ns for a, b in zip(found.missing, found.missing[1:], strict=False)
    )
    assert found.kept_ns >= 0
