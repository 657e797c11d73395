"""Outlines followed through drawn pictures: who may be chosen, and what is shown of whom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.base.errors import Refusal
from insyn.site.shield.crowding import Meeting, several
from insyn.site.shield.following import Following
from insyn.site.shield.frame import Mask
from insyn.site.shield.tracks import Followed, Track, Turn

SIZE = (160, 90)
STEP = 9_000
"""Ten pictures a second."""

Walker = Sequence[tuple[int, int] | None]
"""Where somebody's top left corner is in each picture; None: not there."""


def drawn(walkers: Sequence[Walker], index: int, wide: int = 12, high: int = 30) -> Mask:
    mask = np.zeros((SIZE[1], SIZE[0]), bool)
    for walker in walkers:
        place = walker[index] if index < len(walker) else None
        if place is not None:
            x, y = place
            mask[max(0, y) : y + high, max(0, x) : max(0, x + wide)] = True
    return mask


def followed(walkers: Sequence[Walker], *, gaps: Sequence[int] = ()) -> Followed:
    following = Following(SIZE)
    for index in range(max(len(walker) for walker in walkers)):
        if index in gaps:
            following.gap()
        mask = drawn(walkers, index)
        following.add(index * STEP, mask, mask)
    return following.end()


def line(x: int, to: int, y: int, pictures: int) -> Walker:
    return [(round(x + (to - x) * n / (pictures - 1)), y) for n in range(pictures)]


def at(found: Followed, index: int, place: tuple[int, int]) -> Track:
    return found.pointed(index, (place[0] + 6) / SIZE[0], (place[1] + 15) / SIZE[1])


def test_one_who_walks_is_one_track_forward_and_backward() -> None:
    walker = line(0, 140, 40, 60)
    found = followed([walker])
    for index in (0, 30, 59):
        place = walker[index]
        assert place is not None
        track = at(found, index, place)
        assert (track.first, track.last, track.is_one) == (0, 59, True)


def test_two_who_cross_are_several_while_together_and_themselves_before_and_after() -> None:
    one, two = line(0, 140, 30, 60), line(140, 0, 40, 60)
    found = followed([one, two])
    before, after = found.pointed(5, 0.12, 0.5), found.pointed(55, 0.12, 0.6)
    assert before.is_one
    assert before.ends is Turn.JOINED
    assert after.is_one
    assert after.begins is Turn.PARTED
    with pytest.raises(Refusal, match="several people"):
        found.pointed(30, 0.47, 0.55)
    # Chosen or not, the crowd is covered.
    crowd = next(track for track in found.tracks if not track.is_one)
    mask = found.mask(30, [crowd])
    assert mask is not None
    assert np.array_equal(mask, drawn([one, two], 30))


def test_who_parts_later_was_several_all_along() -> None:
    together: Walker = [None, *line(-11, 60, 30, 29)]
    one = [*together, *line(60, 120, 30, 30)]
    two = [*together, *[(60 - (n // 2), 30) for n in range(30)]]
    found = followed([one, two])
    with pytest.raises(Refusal, match="several people"):
        found.pointed(12, 26 / SIZE[0], 45 / SIZE[1])
    assert found.pointed(59, 126 / SIZE[0], 45 / SIZE[1]).is_one


def test_pairs_that_went_in_are_not_single_when_fewer_come_out() -> None:
    # Three come together, two outlines part: one of them is a pair, and nobody knows which.
    one, two, three = line(0, 60, 30, 40), line(40, 60, 30, 40), line(120, 60, 30, 40)
    found = followed(
        [[*one, *line(60, 10, 30, 40)], [*two, *line(60, 130, 30, 40)],
         [*three, *line(60, 130, 30, 40)]]
    )  # fmt: skip
    assert at(found, 2, (3, 30)).is_one
    last = [track for track, _ in found.at(79)]
    assert len(last) == 2
    assert not any(track.is_one for track in last)


def test_doubt_goes_on_through_every_meeting() -> None:
    # {a, b, c} part into one and two; of the two parts, the one that parts again may hold a pair.
    def meeting(ins: set[int], outs: set[int]) -> Meeting:
        return Meeting(
            ins=frozenset(ins), outs=frozenset(outs), counts=True,
            joined=frozenset(outs) if len(ins) > 1 else frozenset(),
            parted=frozenset(ins) if len(outs) > 1 else frozenset(),
        )  # fmt: skip

    four = [meeting({0, 1, 2, 3}, {4}), meeting({4}, {5, 6}), meeting({5}, {7, 8})]
    assert several(9, four) == {4, 5, 6, 7, 8}
    # Two came together and parted: each is one again.
    assert several(5, [meeting({0, 1}, {2}), meeting({2}, {3, 4})]) == {2}
    # A pair that came in parts; a group that was there from the start may hold any number.
    assert several(3, [meeting({0}, {1, 2})]) == {0}
    assert several(3, [meeting({0}, {1, 2})], there={0}) == {0, 1, 2}


def test_a_foot_that_comes_off_for_a_moment_is_part_of_the_one() -> None:
    walker = [*line(0, 60, 20, 40), *line(60, 140, 20, 40)]
    following = Following(SIZE)
    for index in range(80):
        mask = drawn([walker], index)
        place = walker[index]
        assert place is not None
        if 40 <= index < 45:
            mask[54:58, place[0] : place[0] + 8] = True  # apart from the body by four rows
        elif index in (39, 45):
            mask[50:58, place[0] : place[0] + 8] = True
        following.add(index * STEP, mask, mask)
    found = following.end()
    track = at(found, 10, (15, 20))
    assert (track.first, track.last, track.is_one) == (0, 79, True)
    assert track.look_at, "whoever chooses looks at that moment"
    shown = found.mask(42, [track])
    assert shown is not None
    assert shown[55].any(), "the foot stays covered while it is apart"


def test_somebody_at_the_border_who_joins_is_never_a_piece() -> None:
    # A small corner of somebody, who has joined half a second later.
    standing: Walker = [(142, 50)] * 60
    comes: Walker = [None] * 30 + [(157 - n // 2, 75) for n in range(30)]
    found = followed([standing, comes])
    track = at(found, 10, (142, 50))
    assert track.ends is Turn.JOINED
    assert track.last == 35


def test_who_comes_out_of_nothing_and_joins_is_another_person() -> None:
    standing: Walker = [(60, 30)] * 60
    comes: Walker = [None] * 20 + [(100 - n, 30) for n in range(40)]
    found = followed([standing, comes])
    track = at(found, 10, (60, 30))
    assert track.ends is Turn.JOINED
    assert track.last < 60


@pytest.mark.parametrize("how", ["gap", "late", "covered"])
def test_nobody_is_followed_over_a_break(how: str) -> None:
    following = Following(SIZE)
    for index in range(20):
        mask = drawn([[(60, 30)] * 20], index)
        if index == 10 and how == "gap":
            following.gap()
        is_covered = how == "covered" and index == 10
        late = 90_000 if how == "late" and index >= 10 else 0
        given = None if is_covered else mask
        following.add(index * STEP + late, given, given)
    found = following.end()
    first, second = at(found, 5, (60, 30)), at(found, 15, (60, 30))
    assert first.number != second.number
    assert (first.ends, second.begins) == (Turn.BREAK, Turn.BREAK)
    if how == "covered":
        assert found.mask(10, [first, second]) is None


def test_what_is_unknown_stays_covered_whoever_is_chosen() -> None:
    following = Following(SIZE)
    unknown = np.zeros((SIZE[1], SIZE[0]), bool)
    unknown[:, 66:] = True
    for index in range(10):
        people = drawn([[(60, 30)] * 10], index) & ~unknown
        following.add(index * STEP, people, people | unknown)
    found = following.end()
    track = found.pointed(5, 62 / SIZE[0], 40 / SIZE[1])
    shown = found.mask(5, [track])
    assert shown is not None
    assert np.array_equal(shown, unknown)


@pytest.mark.parametrize(("x", "y"), [(0.9, 0.1), (-0.1, 0.5), (1.5, 0.5)])
def test_pointing_at_nobody_is_refused(x: float, y: float) -> None:
    with pytest.raises(Refusal):
        followed([line(0, 20, 30, 10)]).pointed(5, x, y)


@st.composite
def walks(draw: st.DrawFn) -> list[Walker]:
    """Some who come, wander, and leave, at their own times."""
    found: list[Walker] = []
    for _ in range(draw(st.integers(1, 5))):
        begins = draw(st.integers(0, 30))
        x, y = draw(st.integers(-10, 150)), draw(st.integers(0, 60))
        walker: list[tuple[int, int] | None] = [None] * begins
        for _ in range(draw(st.integers(1, 4))):
            dx, dy = draw(st.integers(-3, 3)), draw(st.integers(-1, 1))
            for _ in range(draw(st.integers(5, 15))):
                x, y = min(165, max(-15, x + dx)), min(70, max(-5, y + dy))
                walker.append((x, y))
        found.append(walker)
    return found


@settings(max_examples=30, deadline=None)
@given(walks())
def test_masks_and_tracks_are_of_one_piece(walkers: list[Walker]) -> None:
    found = followed(walkers)
    for index in range(len(found)):
        mask = drawn(walkers, index)
        outlines = [found.outline(index, track) for track, _ in found.at(index)]
        # Every blob but a passing piece is in one track, and no two tracks share a pixel.
        if outlines:
            assert np.sum(outlines, axis=0).max() <= 1
        assert not (np.logical_or.reduce(outlines) & ~mask).any() if outlines else True
        nobody, everybody = found.mask(index, []), found.mask(index, found.tracks)
        assert nobody is not None
        assert everybody is not None
        assert np.array_equal(nobody, mask)
        for track, _ in found.at(index):
            if not track.is_one:
                assert (everybody & found.outline(index, track)).any()


@st.composite
def meetings(draw: st.DrawFn) -> list[Meeting]:
    """Tracks that each end in one meeting at most, and begin in an earlier one at most."""
    count = draw(st.integers(1, 5))
    ins: list[set[int]] = [set() for _ in range(count)]
    outs: list[set[int]] = [set() for _ in range(count)]
    for number in range(draw(st.integers(1, 14))):
        begins = draw(st.integers(-1, count - 1))
        ends = draw(st.integers(begins + 1, count))
        if begins >= 0:
            outs[begins].add(number)
        if ends < count:
            ins[ends].add(number)
    return [
        Meeting(
            ins=frozenset(come), outs=frozenset(go), counts=True,
            joined=frozenset(go) if len(come) > 1 else frozenset(),
            parted=frozenset(come) if len(go) > 1 else frozenset(),
        )
        for come, go in zip(ins, outs, strict=True)
        if come and go
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(meetings())
def test_what_joined_or_parts_is_several_and_nobody_is_lost(found: list[Meeting]) -> None:
    crowded = several(14, found)
    assert {each for one in found for each in one.joined | one.parted} <= crowded
    for one in found:
        if len(one.ins) > len(one.outs) > 1:
            assert one.outs <= crowded, "one of them holds two, and nobody knows which"
