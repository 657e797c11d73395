"""Media time from what cameras tell: tables of cameras, and properties for any numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.site.recorder.timing import MOST_REORDERED, Timeline, ns_of, ticks_of
from insyn.site.streams import TICKS

STEP = TICKS // 25
STEP_NS = 40_000_000
Told = tuple[int | None, int | None]


def placed(told: list[Told], received: list[int] | None = None) -> list[tuple[int, int]]:
    """Place packets that come every 40 ms unless `received` says otherwise; one key in 25."""
    timeline = Timeline()
    times = received if received is not None else [STEP_NS * n for n in range(len(told))]
    return [
        timeline.place(pts, dts, is_key=number % 25 == 0, received_ns=at)
        for number, ((pts, dts), at) in enumerate(zip(told, times, strict=True))
    ]


def decoding(times: list[tuple[int, int]]) -> list[int]:
    return [dts for dts, _ in times]


def steady(count: int) -> list[int]:
    return [STEP * n for n in range(count)]


@pytest.mark.parametrize(
    ("why", "tell"),
    [
        ("times from zero", lambda n: (STEP * n, STEP * n)),
        ("presentation times only, as RTP has them", lambda n: (STEP * n, None)),
        (
            "the first without, as PyAV's RTSP gives them",
            lambda n: (None if n == 0 else STEP * n,) * 2,
        ),
        ("a 32-bit wrap", lambda n: (((1 << 32) - 10 * STEP + STEP * n) % (1 << 32),) * 2),
        ("a 33-bit wrap", lambda n: (((1 << 33) - 10 * STEP + STEP * n) % (1 << 33),) * 2),
        ("far from zero", lambda n: ((1 << 60) + STEP * n, None)),
        ("negative", lambda n: (-(1 << 40) + STEP * n, -(1 << 40) + STEP * n)),
        ("one jump of a day", lambda n: (STEP * n + (TICKS * 86400 if n >= 20 else 0), None)),
        ("one jump back of a day", lambda n: (STEP * n - (TICKS * 86400 if n >= 20 else 0), None)),
        ("one absurd packet", lambda n: (987_654_321_012, None) if n == 20 else (STEP * n, None)),
        ("never any", lambda n: (None, None)),
        ("the same number always", lambda n: (7, 7)),
        ("running backwards", lambda n: (-STEP * n, -STEP * n)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pictures_stand_where_they_arrived(why: str, tell: Callable[[int], Told]) -> None:
    found = decoding(placed([tell(n) for n in range(60)]))
    assert found == pytest.approx(steady(60), abs=STEP), why


def test_times_of_a_steady_camera_are_kept_exactly_whatever_the_network_does() -> None:
    late = [STEP_NS * n + (n * 37 % 11) * 9_000_000 for n in range(200)]
    received = list(itertools.accumulate(late, max))
    assert decoding(placed([(STEP * n, STEP * n) for n in range(200)], received)) == steady(200)


def test_a_stall_of_the_network_and_the_burst_after_it_leave_the_times_as_they_are() -> None:
    received = [STEP_NS * (n if n < 50 else max(n, 150)) for n in range(200)]
    assert decoding(placed([(STEP * n, None) for n in range(200)], received)) == steady(200)


def test_reordered_pictures_rise_in_decoding_and_keep_their_distances_in_presentation() -> None:
    order = [0]
    for group in range(40):
        order += [group * 3 + 3, group * 3 + 1, group * 3 + 2]
    found = placed([(STEP * shown, None) for shown in order])
    assert all(a < b for a, b in itertools.pairwise(decoding(found)))
    shown_at = {order[n]: pts for n, (_, pts) in enumerate(found)}
    distances = [shown_at[n + 1] - shown_at[n] for n in range(10, 100)]
    assert distances == [STEP] * 90


def test_decoding_times_of_a_reordering_camera_are_used_as_they_are() -> None:
    shown = [2, 5, 3, 4, 8, 6, 7]
    found = placed([(STEP * at, STEP * n) for n, at in enumerate(shown)])
    assert found == [(STEP * n, STEP * at) for n, at in enumerate(shown)]


def test_a_frame_rate_that_is_declared_and_not_kept_gives_way_to_the_arrival() -> None:
    """A camera says 25 and sends 21 a second: its minute must not last 50 s."""
    count, between_ns = 21 * 300, 1_000_000_000 // 21
    timeline = Timeline()
    last = 0
    for n in range(count):
        last, _ = timeline.place(STEP * n, None, is_key=n % 50 == 0, received_ns=between_ns * n)
    assert timeline.by_arrival
    lost_before_it_was_seen = TICKS * 60 * 4 // 25
    assert last == pytest.approx(TICKS * 300, abs=lost_before_it_was_seen + TICKS)


def test_a_clock_that_drifts_as_clocks_do_is_believed() -> None:
    timeline = Timeline()
    for n in range(25 * 600):
        at_ns = STEP_NS * n + STEP_NS * n // 2000  # 500 ppm slow
        dts, _ = timeline.place(STEP * n, STEP * n, is_key=n % 50 == 0, received_ns=at_ns)
        assert dts == STEP * n
    assert not timeline.by_arrival


any_time = st.none() | st.integers(-(1 << 65), 1 << 65)
arrivals = st.lists(st.integers(-(10**9), 20 * 10**9), min_size=1, max_size=80)


@given(st.data(), arrivals)
def test_whatever_is_told_times_rise_and_never_leave_the_arrival_far_behind(
    data: st.DataObject, steps: list[int]
) -> None:
    timeline = Timeline()
    at_ns, before, dts = 10**12, -1, 0
    first, furthest = at_ns + steps[0], at_ns + steps[0]
    for number, step in enumerate(steps):
        at_ns += step
        furthest = max(furthest, at_ns)
        dts, pts = timeline.place(
            data.draw(any_time),
            data.draw(any_time),
            is_key=data.draw(st.booleans()),
            received_ns=at_ns,
        )
        assert dts > before
        assert abs(pts - dts) <= 30 * TICKS
        before = dts
        most = ticks_of(furthest - first) + (number + 1) * (TICKS + 1)
        assert dts <= most


@given(st.permutations(range(8)))
def test_any_order_of_a_few_pictures_is_taken_as_reordering(order: list[int]) -> None:
    """No order within the limit of the standards makes a picture absurd."""
    assert len(order) <= MOST_REORDERED
    timeline = Timeline()
    timeline.place(0, None, is_key=True, received_ns=0)
    for number, shown in enumerate(order):
        timeline.place(STEP * (1 + shown), None, is_key=False, received_ns=STEP_NS * (number + 1))
    assert timeline.absurd == 0


@given(st.integers(0, 1 << 50))
def test_ticks_and_nanoseconds_agree_to_a_tick(ticks: int) -> None:
    assert ticks - 1 <= ticks_of(ns_of(ticks)) <= ticks
