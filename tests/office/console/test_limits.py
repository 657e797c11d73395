"""How much one client may ask."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from insyn.office.console.limits import (
    MAX_CLIENTS,
    MAX_DRAINED_BYTES,
    PACE_S,
    TokenBuckets,
    limited,
)
from insyn.office.console.problems import Problem


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_free_then_paced_then_refused() -> None:
    buckets = TokenBuckets(rate=20, burst=3, clock=Clock())
    waits = [buckets.take("a") for _ in range(10)]
    assert waits[:3] == [0, 0, 0]
    assert waits[3:8] == pytest.approx([0.05, 0.10, 0.15, 0.20, 0.25])
    assert waits[8:] == pytest.approx([0.30, 0.30])  # refused: nothing was taken
    assert buckets.take("b") == 0


def test_a_refused_client_is_served_after_the_wait_it_was_told() -> None:
    clock = Clock()
    buckets = TokenBuckets(rate=0.5, burst=1, clock=clock)
    assert buckets.take("a") == 0
    assert buckets.take("a") == 2
    clock.now += 2
    assert buckets.take("a") == 0


def test_rate_0_is_no_limit() -> None:
    buckets = TokenBuckets(rate=0, burst=1, clock=Clock())
    assert {buckets.take("a") for _ in range(100)} == {0}


@given(
    st.floats(0.1, 1000),
    st.integers(1, 50),
    st.lists(st.floats(0, 5), min_size=1, max_size=60),
)
def test_never_more_than_burst_rate_and_pace_allow(
    rate: float, burst: int, steps: list[float]
) -> None:
    clock = Clock()
    buckets = TokenBuckets(rate=rate, burst=burst, clock=clock)
    began, let_through = clock.now, 0
    for step in steps:
        clock.now += step
        let_through += buckets.take("a") <= PACE_S
        assert let_through <= burst + (clock.now - began + PACE_S) * rate + 1e-6


def test_memory_is_bounded_however_many_clients() -> None:
    buckets = TokenBuckets(rate=1, burst=1, clock=Clock())
    for number in range(MAX_CLIENTS + 50):
        buckets.take(str(number))
    assert len(buckets._buckets) == MAX_CLIENTS


class Body:
    """A body in chunks, as a server hands it over; counts what was asked for."""

    def __init__(self, chunks: list[bytes]) -> None:
        self._chunks = chunks
        self.asked = 0

    async def receive(self) -> Message:
        self.asked += 1
        more = self.asked < len(self._chunks)
        return {"type": "http.request", "body": self._chunks[self.asked - 1], "more_body": more}

    def read(self, limit: int) -> bytes:
        """All of it, through the limit."""

        async def read() -> bytes:
            bounded = limited(self.receive, limit)
            found = bytearray()
            while True:
                message = await bounded()
                found += message["body"]
                if not message["more_body"]:
                    return bytes(found)

        return asyncio.run(read())


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=12), st.integers(0, 40))
def test_a_body_passes_whole_or_not_at_all(chunks: list[bytes], limit: int) -> None:
    whole = b"".join(chunks)
    if len(whole) <= limit:
        assert Body(chunks).read(limit) == whole
    else:
        with pytest.raises(Problem, match="413"):
            Body(chunks).read(limit)


def test_an_endless_body_is_not_read_to_its_end() -> None:
    body = Body([bytes(1 << 20)] * 100)
    with pytest.raises(Problem, match="413") as raised:
        body.read(1 << 20)
    assert raised.value.headers == {"Connection": "close"}
    assert body.asked == (MAX_DRAINED_BYTES >> 20) + 1


def test_a_body_that_never_comes_is_given_up() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def read() -> None:
        await limited(never, timeout_s=0.01)()

    with pytest.raises(Problem, match="408"):
        asyncio.run(read())
