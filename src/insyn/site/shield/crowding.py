"""In which tracks several people may be, from how tracks join and part; pure.

Always: people are neither made nor lost where tracks meet: as many come out as went in, one a track
at least. A track is one person only where it cannot be more: where a group parts, each of its parts
may hold all who went in but one for each other part. Whoever leaves while in a group is not
noticed, so that a group only ever counts too many.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Tracks that end at the same moment, and those that begin of them.

    Attributes:
        ins, outs: numbers of tracks, in the order in which they begin.
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

    def people(self, side: frozenset[int], each: Sequence[int]) -> int:
        """How many there are in tracks that hold so many each."""
        return sum(each[number] for number in side - self.slight)


ANY = 10_000
"""More people than fit into a picture."""


def several(
    count: int, meetings: Sequence[Meeting], there: Collection[int] = frozenset()
) -> set[int]:
    """The tracks, of `count`, in which more than one person may be.

    `there` are tracks that nobody saw come in over the border: such a one that proves to be several
    may hold any number.
    """
    counted = sorted((one for one in meetings if one.counts), key=lambda one: min(one.outs))
    least = [1] * count
    while _spread(least, counted):
        pass
    # Who comes out of nothing is one, if nothing speaks against it.
    most = [ANY if number in there and low > 1 else low for number, low in enumerate(least)]
    for one in counted:
        people = max(one.people(one.ins, most), one.people(one.outs, least))
        outs = one.people(one.outs, least)
        for out in one.outs:
            rest = outs - (0 if out in one.slight else least[out])
            most[out] = max(least[out], people - rest)
    # What came of several, or becomes several, was not one at that moment, whatever the count.
    joined = {number for one in counted for number in one.joined | one.parted}
    return joined | {number for number, high in enumerate(most) if high > 1}


def _spread(least: list[int], meetings: Sequence[Meeting]) -> bool:
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
    return has_changed
