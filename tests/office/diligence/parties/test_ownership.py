"""The rule of one half: against cases from the guidance, and a fixpoint by brute force."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.diligence.parties.model import Stake, StakeKind, read_share
from insyn.office.diligence.parties.ownership import HALF_PPM, blocked, holdings


def stake(owner: str, owned: str, share: str | None, kind: str = "owner") -> Stake:
    """A stake in a word."""
    low, high = read_share(share) if share else (None, None)
    return Stake(
        id=f"{owner}-{owned}-{kind}",
        owner=owner,
        owned=owned,
        share_low_ppm=low,
        share_high_ppm=high,
        kind=StakeKind(kind),
    )


@pytest.mark.parametrize(
    ("stakes", "expected"),
    [
        # OFAC FAQ 401's examples: X is listed throughout.
        pytest.param([("X", "A", "50"), ("A", "B", "50")], {"A", "B"}, id="indirect"),
        pytest.param(
            [("X", "A", "50"), ("X", "B", "10"), ("A", "B", "40")], {"A", "B"}, id="aggregate"
        ),
        pytest.param(
            [("X", "A", "50"), ("X", "B", "25"), ("A", "C", "25"), ("B", "C", "25")],
            {"A"},
            id="a holding below one half passes nothing on",
        ),
        pytest.param([("X", "A", "25"), ("Y", "A", "25")], {"A"}, id="two listed owners together"),
        pytest.param([("X", "A", "49.9999")], set(), id="just under"),
        pytest.param([("A", "X", "100")], set(), id="owning a listed party is no reason"),
        pytest.param(
            [("A", "B", "60"), ("B", "A", "60")], set(), id="a circle alone holds itself not up"
        ),
        pytest.param(
            [("X", "A", "50"), ("A", "B", "50"), ("B", "A", "50")], {"A", "B"}, id="a circle"
        ),
        pytest.param([("X", "A", "25-75")], set(), id="a span counts by its low end"),
    ],
)
def test_one_half_in_the_aggregate_blocks(
    stakes: list[tuple[str, str, str]], expected: set[str]
) -> None:
    assert set(blocked([stake(*each) for each in stakes], {"X", "Y"})) == expected


@pytest.mark.parametrize(
    "held",
    [
        stake("X", "A", None),
        stake("X", "A", "25-75"),
        stake("X", "A", "0", "controller"),
        stake("X", "A", None, "controller"),
        stake("S", "A", "50"),
        stake("X", "A", None, "beneficial"),
    ],
)
def test_what_is_not_known_is_possible_and_never_free(held: Stake) -> None:
    found = holdings([held], {"X"}, {"S"})
    assert not found.owned
    assert set(found.possible) == {"A"}


def test_legal_and_beneficial_title_to_the_same_shares_count_once() -> None:
    twice = [stake("X", "A", "30"), stake("X", "A", "30", "beneficial")]
    assert not blocked(twice, {"X"})
    assert set(holdings(twice, {"X"}).possible) == {"A"}


def test_the_path_tells_each_step_once() -> None:
    stakes = [stake("X", "A", "60"), stake("A", "B", "25"), stake("X", "B", "25")]
    assert blocked(stakes, {"X"})["B"] == "X holds 60% of A; A holds 25% of B; X holds 25% of B"


_PARTIES = "XYABCD"
_STAKES = st.lists(
    st.tuples(
        st.sampled_from(_PARTIES),
        st.sampled_from(_PARTIES),
        st.one_of(st.none(), st.tuples(st.integers(0, 4), st.integers(0, 4))),
        st.sampled_from(list(StakeKind)),
    ).filter(lambda each: each[0] != each[1]),
    max_size=12,
)


def _graph(rows: list[tuple[str, str, tuple[int, int] | None, StakeKind]]) -> list[Stake]:
    return [
        Stake(
            id=f"s-{number}",
            owner=owner,
            owned=owned,
            share_low_ppm=None if ends is None else min(ends) * 250_000,
            share_high_ppm=None if ends is None else max(ends) * 250_000,
            kind=kind,
        )
        for number, (owner, owned, ends, kind) in enumerate(rows)
    ]


def _shares(stakes: list[Stake], owner: str, owned: str, *, high: bool) -> int:
    between = [s for s in stakes if (s.owner, s.owned) == (owner, owned)]
    if high and any(s.kind is StakeKind.CONTROLLER for s in between):
        return 1_000_000
    sums = []
    for kind in (StakeKind.OWNER, StakeKind.BENEFICIAL):
        ends = [(s.share_high_ppm if high else s.share_low_ppm) for s in between if s.kind is kind]
        sums.append(sum((1_000_000 if high else 0) if end is None else end for end in ends))
    return min(1_000_000, sum(sums)) if high else max(sums)


def _least_closed(stakes: list[Stake], start: set[str], *, high: bool) -> set[str]:
    """The smallest of all sets that hold `start` and whatever their members own: tried out."""
    others = sorted(set(_PARTIES) - start)
    for size in range(len(others) + 1):
        for more in combinations(others, size):
            within = start | set(more)
            if all(
                party in within
                or sum(_shares(stakes, owner, party, high=high) for owner in within) < HALF_PPM
                for party in _PARTIES
            ):
                return within
    raise AssertionError("the whole is always closed")


@given(_STAKES, st.sets(st.sampled_from("XY")), st.sets(st.sampled_from("YA")))
def test_holdings_are_the_least_fixpoint(
    rows: list[tuple[str, str, tuple[int, int] | None, StakeKind]],
    listed: set[str],
    suspected: set[str],
) -> None:
    stakes = _graph(rows)
    sure = _least_closed(stakes, listed, high=False)
    perhaps = _least_closed(stakes, listed | suspected, high=True)
    found = holdings(stakes, listed, suspected)
    assert set(found.owned) == set(blocked(stakes, listed)) == sure - listed
    assert set(found.possible) == perhaps - sure - suspected - listed


@given(_STAKES, st.sets(st.sampled_from("XY"), min_size=1))
def test_no_stake_more_makes_anybody_free(
    rows: list[tuple[str, str, tuple[int, int] | None, StakeKind]], listed: set[str]
) -> None:
    stakes = _graph(rows)
    assert set(blocked(stakes[:-1], listed)) <= set(blocked(stakes, listed))
