"""In which tracks several people may be, from how tracks join and part; pure.

Always: people are neither made nor lost where tracks meet, so that as many come out as went in, one
a track at least. Where that leaves it open which track holds more than one, all of them may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Tracks that end at the same moment, and those that begin of them.

    Attributes:
        joined: of those that begin, those that came of more than one.
        parted: of those that end, those that became more than one.
        counts: False where all that came are pieces of one who comes in, or all that go are pieces
            of one who leaves.
        slight: those that are too small and short to be somebody; they count as nobody.
    """

    ins: frozenset[int]
    outs: frozenset[int]
    joined: frozenset[int]
    parted: frozenset[int]
    counts: bool
    slight: frozenset[int] = frozenset()

    def people(self, side: frozenset[int], least: Sequence[int]) -> int:
        """How many there are at least in tracks of which each has at least so many."""
        return sum(least[each] for each in side - self.slight)


def several(count: int, meetings: Sequence[Meeting]) -> set[int]:
    """The tracks, of `count`, in which more than one person may be."""
    least = [1] * count
    counted = [one for one in meetings if one.counts]
    # What came of several is several; what parts was several all along.
    doubted = {number for one in counted for number in one.joined | one.parted}
    while _spread(least, doubted, counted):
        pass
    return doubted | {number for number, people in enumerate(least) if people > 1}


def _spread(least: list[int], doubted: set[int], meetings: Sequence[Meeting]) -> bool:
    """Carry how many there must be over each meeting; says whether anything changed."""
    has_changed = False
    for one in meetings:
        people = max(one.people(side, least) for side in (one.ins, one.outs))
        for side in (one.ins, one.outs):
            if len(side) == 1:
                (only,) = side
                if people > least[only]:
                    least[only] = people
                    has_changed = True
            elif people > one.people(side, least) and not side <= doubted:
                doubted |= side
                has_changed = True
    return has_changed
