"""The ring between network and disk: bounded, whole GOPs left out, parameters never lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from insyn.site.archive.recording import EndReason
from insyn.site.recorder.ring import Item, Lost, Opened, Ring, share
from insyn.site.streams import Codec, Packet, Parameters

PARAMETERS = Parameters(codec=Codec.H264, width=16, height=16, parameter_sets=(b"\x67",))
SECOND_NS = 10**9


def packet(
    number: int, *, is_key: bool = False, size: int = 100, parameters: Parameters | None = None
) -> Packet:
    return Packet(
        data=number.to_bytes(4, "big") + bytes(size - 4),
        pts_90k=None,
        dts_90k=None,
        is_key=is_key,
        received_ns=number * SECOND_NS // 25,
        parameters=parameters,
    )


def numbers(items: list[Item]) -> list[int]:
    return [int.from_bytes(item.data[:4], "big") for item in items if isinstance(item, Packet)]


def test_what_is_put_is_taken_in_order() -> None:
    ring = Ring()
    ring.mark(Opened(parameters=PARAMETERS))
    for number in range(10):
        ring.put(packet(number, is_key=number == 0))
    taken = ring.take()
    assert isinstance(taken[0], Opened)
    assert numbers(taken) == list(range(10))
    assert ring.waiting_bytes == 0
    assert ring.take() == []


def test_a_full_ring_leaves_out_the_rest_of_the_gop_and_goes_on_at_a_key_picture() -> None:
    ring = Ring(max_bytes=1000)
    for number in range(20):
        ring.put(packet(number, is_key=number % 5 == 0))
    first = ring.take()
    assert numbers(first) == list(range(10))
    assert first[-1] == Lost(reason=EndReason.OVERFLOW, gap="overflow")
    for number in range(22, 33):
        ring.put(packet(number, is_key=number % 5 == 0))
    assert numbers(ring.take())[0] == 25
    assert ring.dropped == 10 + 3
    assert not ring.is_dropping


def test_what_a_refusing_disk_leaves_out_is_told_as_such() -> None:
    ring = Ring(max_bytes=100)
    ring.disk_trouble = True
    ring.put(packet(0, is_key=True))
    ring.put(packet(1))
    assert ring.take()[-1] == Lost(reason=EndReason.DISK, gap="disk")


def test_a_disk_that_takes_nothing_for_long_bounds_the_ring_by_age() -> None:
    ring = Ring(max_age_ns=2 * SECOND_NS)
    for number in range(200):
        ring.put(packet(number, is_key=number % 5 == 0))
    assert numbers(ring.take()) == list(range(51))


def test_parameters_that_came_while_packets_were_left_out_are_not_lost() -> None:
    ring = Ring(max_bytes=250)
    ring.put(packet(0, is_key=True))
    ring.put(packet(1))
    ring.put(packet(2))
    ring.put(packet(3, is_key=True, parameters=PARAMETERS))
    ring.take()
    ring.put(packet(4))
    ring.put(packet(5, is_key=True))
    (again,) = ring.take()
    assert isinstance(again, Packet)
    assert again.parameters == PARAMETERS


def test_the_lag_is_the_age_of_what_waits() -> None:
    ring = Ring()
    assert ring.lag_ns(10 * SECOND_NS) == 0
    ring.put(packet(25, is_key=True))
    ring.put(packet(50))
    assert ring.lag_ns(4 * SECOND_NS) == 3 * SECOND_NS
    ring.take()
    assert ring.lag_ns(4 * SECOND_NS) == 0


def test_many_cameras_share_what_a_process_may_hold() -> None:
    assert share(1) == 32 << 20
    assert 60 * share(60) <= 512 << 20
    assert share(0) > 0


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(4, 400)), max_size=120),
    st.integers(4, 2000),
)
def test_a_ring_never_holds_more_than_its_bound_and_every_break_is_marked(
    steps: list[tuple[bool, bool, int]], bound: int
) -> None:
    ring = Ring(max_bytes=bound)
    seen: list[Item] = []
    for number, (is_key, takes, size) in enumerate(steps):
        ring.put(packet(number, is_key=is_key, size=size))
        assert ring.waiting_bytes <= bound
        if takes:
            seen += ring.take()
    seen += ring.take()
    before = -1
    was_lost = False
    for item in seen:
        if isinstance(item, Lost):
            was_lost = True
        elif isinstance(item, Packet):
            number = int.from_bytes(item.data[:4], "big")
            if was_lost:
                assert item.is_key
            else:
                assert number == before + 1
            before, was_lost = number, False
    assert len(numbers(seen)) + ring.dropped == len(steps)
