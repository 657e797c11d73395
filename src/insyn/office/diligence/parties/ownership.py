"""Who counts as listed because of who owns it: the rule of one half. Pure.

Always: what is not known never helps. An unknown share of a listed owner, or its control without a
share, makes what it holds possible; only what is surely under one half is free.

Source: US Treasury, OFAC, "Revised Guidance on Entities Owned by Persons Whose Property and
Interests in Property Are Blocked", 13 August 2014 (the 50 Percent Rule): owned 50 percent or more
in the aggregate, directly or indirectly, by blocked persons; control alone does not block.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from insyn.office.diligence.parties.model import WHOLE_PPM, Stake, StakeKind, share_text

HALF_PPM = WHOLE_PPM // 2
"""From this share on, held by listed parties together, a party is treated as listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What follows from owners: party ids, each with the path that makes it so, in words.

    A party stands in one of them at most; those that are listed themselves stand in none.
    """

    owned: Mapping[str, str]
    possible: Mapping[str, str]


def blocked(stakes: Iterable[Stake], listed: Collection[str]) -> dict[str, str]:
    """Parties that listed ones surely own to one half or more, with the path in words.

    A party found so counts in full for what it holds in turn; circles are followed to their end.
    """
    return _closure(_by_owned(stakes), listed, low=True)


def holdings(
    stakes: Iterable[Stake], listed: Collection[str], suspected: Collection[str] = ()
) -> Holdings:
    """What listed parties own, and what they, or those only suspected, possibly own or control.

    Args:
        stakes: all that stand at a moment.
        listed: parties that are listed.
        suspected: parties that may be.
    """
    held = _by_owned(stakes)
    owned = _closure(held, listed, low=True)
    start = {*listed, *suspected}
    possible = _closure(held, start, low=False)
    return Holdings(
        owned={party: path for party, path in owned.items() if party not in listed},
        possible={
            party: path
            for party, path in possible.items()
            if party not in owned and party not in start
        },
    )


_Held = Mapping[str, Mapping[str, tuple[Stake, ...]]]


def _by_owned(stakes: Iterable[Stake]) -> _Held:
    """By the owned party, by owner: the stakes between them."""
    found: dict[str, dict[str, tuple[Stake, ...]]] = {}
    for stake in stakes:
        owners = found.setdefault(stake.owned, {})
        owners[stake.owner] = (*owners.get(stake.owner, ()), stake)
    return found


def _closure(held: _Held, start: Collection[str], *, low: bool) -> dict[str, str]:
    """The least set that holds what `start` and it own; each party with its path."""
    share: Callable[[Iterable[Stake]], int] = _least if low else _most
    owned_by: dict[str, set[str]] = {}
    for party, owners in held.items():
        for owner in owners:
            owned_by.setdefault(owner, set()).add(party)
    within = set(start)
    paths: dict[str, str] = {}
    waiting = sorted(within)
    while waiting:
        owner = waiting.pop()
        for party in sorted(owned_by.get(owner, set()) - within):
            counted = {o: s for o, s in held[party].items() if o in within}
            if sum(map(share, counted.values())) < HALF_PPM:
                continue
            within.add(party)
            waiting.append(party)
            paths[party] = _path(party, counted, paths)
    return paths


def _least(stakes: Iterable[Stake]) -> int:
    """What an owner surely holds. Legal and beneficial title may be to the same shares."""
    return max(_sum(stakes, kind, 0) for kind in (StakeKind.OWNER, StakeKind.BENEFICIAL))


def _most(stakes: Iterable[Stake]) -> int:
    """What an owner may hold at most; a controller may stand for all."""
    stakes = tuple(stakes)
    if any(stake.kind is StakeKind.CONTROLLER for stake in stakes):
        return WHOLE_PPM
    kinds = (StakeKind.OWNER, StakeKind.BENEFICIAL)
    return min(WHOLE_PPM, sum(_sum(stakes, kind, WHOLE_PPM, high=True) for kind in kinds))


def _sum(stakes: Iterable[Stake], kind: StakeKind, unknown: int, *, high: bool = False) -> int:
    total = 0
    for stake in stakes:
        if stake.kind is kind:
            share = stake.share_high_ppm if high else stake.share_low_ppm
            total += unknown if share is None else share
    return total


def _path(party: str, counted: Mapping[str, tuple[Stake, ...]], paths: Mapping[str, str]) -> str:
    """Such as `A holds 60% of B; B holds 50% of C`."""
    before = [paths[owner] for owner in counted if owner in paths]
    own = [
        f"{owner} {_told(stake)} {party}"
        for owner, stakes in sorted(counted.items())
        for stake in stakes
    ]
    # Steps that two ways share are told once, in the order in which they lead here.
    steps = [step for path in before for step in path.split("; ")] + own
    return "; ".join(dict.fromkeys(steps))


def _told(stake: Stake) -> str:
    share = share_text(stake.share_low_ppm, stake.share_high_ppm)
    size = "an unknown share" if share is None else f"{share}%"
    if stake.kind is StakeKind.CONTROLLER:
        return "controls"
    return f"holds {size} of" if stake.kind is StakeKind.OWNER else f"has the benefit of {size} of"
