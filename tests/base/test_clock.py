"""Times as texts."""

from __future__ import annotations

import pytest

from insyn.base.clock import epoch_ns, from_epoch_ns, isoformat_ms, spoken

S = 10**9


@pytest.mark.parametrize(
    ("duration_ns", "text"),
    [
        (0, "0 s"),
        (-S, "0 s"),
        (400_000_000, "0.4 s"),
        (12 * S, "12 s"),
        (59_990_000_000, "59.9 s"),
        (60 * S, "1 min"),
        (229 * S, "3 min 49 s"),
        (7200 * S, "2 h"),
        (7500 * S, "2 h 5 min"),
    ],
)
def test_a_time_that_passes_is_said_as_people_say_it(duration_ns: int, text: str) -> None:
    assert spoken(duration_ns) == text


def test_a_moment_is_written_to_the_millisecond() -> None:
    assert isoformat_ms(1_795_000_000_123_999_999) == "2026-11-18T11:06:40.123Z"


@pytest.mark.parametrize(
    "at_ns", [0, 1_795_000_000_123_456_000, -1_000, 253_402_300_799_999_999_000]
)
def test_nanoseconds_and_moments_are_the_same(at_ns: int) -> None:
    assert epoch_ns(from_epoch_ns(at_ns)) == at_ns
    assert from_epoch_ns(at_ns + 999) == from_epoch_ns(at_ns)
