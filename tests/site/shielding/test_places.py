"""Places to mask at: as many as are told, the picture that is due first, and nobody for ever."""

from __future__ import annotations

import threading
import time

from insyn.site.shielding.places import Places

LONG_S = 60.0


class Asker(threading.Thread):
    """Takes a place, writes down that it has it, and leaves."""

    def __init__(self, places: Places, due_ns: int, order: list[int], patience_s: float) -> None:
        super().__init__()
        self._given = (places, due_ns, order, patience_s)
        self.has_waited: bool | None = None

    def run(self) -> None:
        places, due_ns, order, patience_s = self._given
        with places.taken(due_ns, patience_s) as self.has_waited:
            order.append(due_ns)


def until_waiting(places: Places, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(places._waiting) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_who_is_due_first_is_next_whoever_asked_first() -> None:
    places, order = Places(1), list[int]()
    with places.taken(0) as has_waited:
        assert not has_waited
        askers = []
        for due in (30, 10, 20):
            askers.append(Asker(places, due, order, LONG_S))
            askers[-1].start()
            until_waiting(places, len(askers))
        assert order == []
    for asker in askers:
        asker.join(30)
    assert order == [10, 20, 30]
    assert all(asker.has_waited for asker in askers)


def test_as_many_at_once_as_there_are_places_and_all_come_back() -> None:
    places, order = Places(2), list[int]()
    with places.taken(0), places.taken(0):
        third = Asker(places, 1, order, LONG_S)
        third.start()
        until_waiting(places, 1)
        assert order == []
    third.join(30)
    for _ in range(3):
        with places.taken(0) as first, places.taken(0) as second:
            assert not first
            assert not second


def test_who_has_waited_for_long_goes_on_without_a_place() -> None:
    places, order = Places(1), list[int]()
    with places.taken(0):
        asker = Asker(places, 1, order, 0.01)
        asker.start()
        asker.join(30)
        assert order == [1]
    with places.taken(0) as has_waited:  # and gives none back that it did not have
        assert not has_waited
        late = Asker(places, 2, order, 0.01)
        late.start()
        late.join(30)
        assert late.has_waited
