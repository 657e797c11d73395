"""Blobs of a clip and their overlaps made into tracks; pure.

Always: a track in which several people may be is never taken for one person. That is one that came
of blobs that joined, or that parts later (then it was several all along), or one of the pieces of a
group of which more went in than came out. Pictures that are covered whole, and gaps, end all
tracks.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

from insyn.site.shield.crowding import Meeting, several
from insyn.site.shield.tracks import Box, Seen, Track, Turn

PIECE_90K, PIECE_SHARE = 90_000, 0.35
"""An arm, a foot or a shirt like the wall comes off a body and back within a second, and is smaller
than it: not somebody. Where one is taken for a piece, whoever chooses the track looks at it."""


COMING_90K = 180_000
"""Who comes into the picture, or leaves it, is in pieces for up to two seconds."""


class Graph:
    """Blobs of all pictures and their overlaps; blobs are numbered through the clip."""

    def __init__(
        self,
        size: tuple[int, int],
        seen: Sequence[Seen],
        links: Sequence[tuple[int, int, int]],
        breaks: set[int],
    ) -> None:
        self._seen, self._breaks = seen, breaks
        counts = [len(one.areas) for one in seen]
        self._base = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._picture = np.repeat(np.arange(len(seen)), counts)
        self._at_border = [
            box.x <= 1 or box.y <= 1 or box.x + box.width >= size[0] - 1
            or box.y + box.height >= size[1] - 1
            for one in seen
            for box in one.boxes
        ]  # fmt: skip
        self._areas = np.array([area for one in seen for area in one.areas], np.int64)
        self._links = np.array(
            [
                (self._base[number - 1] + one - 1, self._base[number] + two - 1)
                for number, one, two in links
            ],
            np.int64,
        ).reshape(-1, 2)

    def tracks(self) -> list[Track]:
        """The tracks, by their beginning."""
        gone: dict[int, int] = {}
        while True:
            chains, links = self._chains(gone)
            pieces = self._pieces(chains, links)
            if not pieces:
                break
            for piece, body in pieces.items():
                gone |= dict.fromkeys(chains[piece], body)
        meetings = self._meetings(chains, links)
        crowded = several(len(chains), meetings, self._there(chains, links))
        counted = [one for one in meetings if one.counts]
        joined = {out for one in counted for out in one.joined}
        parted = {come for one in counted for come in one.parted}
        before, after = _neighbours(len(chains), links)
        seams = self._seams(chains, gone, [one for one in meetings if not one.counts])
        found = []
        for number, chain in enumerate(chains):
            first, last = (int(self._picture[blob]) for blob in (chain[0], chain[-1]))
            found.append(
                Track(
                    number=number,
                    first=first,
                    last=last,
                    labels=tuple(int(blob - self._base[self._picture[blob]]) + 1 for blob in chain),
                    begins=_turn(
                        number in joined,
                        bool(before[number] & parted),
                        first > 0 and first in self._breaks,
                    ),
                    ends=_turn(
                        bool(after[number] & joined),
                        number in parted,
                        last + 1 in self._breaks,
                    ),
                    is_one=number not in crowded,
                    look_at=tuple(sorted(seams[number])),
                )
            )
        return found

    def _there(self, chains: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]) -> set[int]:
        """Chains that did not come in over the picture's border while it was looked at."""
        before, _ = _neighbours(len(chains), links)
        return {
            number
            for number, chain in enumerate(chains)
            if not before[number] and (self._starts(chain) or not self._comes_in(chain))
        }

    def _comes_in(self, chain: Sequence[int]) -> bool:
        """Whether it begins at the border, and as a part of what it becomes."""
        return self._at_border[chain[0]] and 2 * int(self._areas[chain[0]]) < self._most(chain)

    def _seams(
        self, chains: Sequence[Sequence[int]], gone: dict[int, int], soft: Sequence[Meeting]
    ) -> list[set[int]]:
        """For each chain, the pictures in which pieces came off it or joined it."""
        chain_of = {blob: number for number, chain in enumerate(chains) for blob in chain}
        found: list[set[int]] = [set() for _ in chains]
        for body in gone.values():
            while body in gone:
                body = gone[body]
            found[chain_of[body]].add(int(self._picture[body]))
        for one in soft:
            for out in one.outs:
                found[out].add(int(self._picture[chains[out][0]]))
            for come in one.ins:
                found[come].add(int(self._picture[chains[come][-1]]))
        return found

    def _chains(self, gone: Collection[int]) -> tuple[list[list[int]], list[tuple[int, int]]]:
        """Blobs that follow one another alone, and the overlaps between such chains."""
        links = self._links
        if gone:
            lost = np.array(list(gone), np.int64)
            links = links[~np.isin(links, lost).any(axis=1)]
        count = len(self._areas)
        outs = np.bincount(links[:, 0], minlength=count)
        ins = np.bincount(links[:, 1], minlength=count)
        alone = (outs[links[:, 0]] == 1) & (ins[links[:, 1]] == 1)
        after = dict(links[alone].tolist())
        follows = set(after.values())
        chains: list[list[int]] = []
        chain_of: dict[int, int] = {}
        for blob in range(count):
            if blob in gone or blob in follows:
                continue
            chain = [blob]
            while chain[-1] in after:
                chain.append(after[chain[-1]])
            chain_of[chain[0]] = chain_of[chain[-1]] = len(chains)
            chains.append(chain)
        others = links[~alone].tolist()
        return chains, [(chain_of[one], chain_of[two]) for one, two in others]

    def _lasts_90k(self, chain: Sequence[int]) -> int:
        first, last = (self._seen[int(self._picture[blob])] for blob in (chain[0], chain[-1]))
        return last.pts_90k - first.pts_90k

    def _most(self, chain: Sequence[int]) -> int:
        return int(self._areas[chain].max())

    def _pieces(
        self, chains: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]
    ) -> dict[int, int]:
        """Chains that are pieces of a body: what comes off it for a moment, or is seen apart before
        it joins. Each with the blob of the body at that moment.
        """
        before, after = _neighbours(len(chains), links)
        found: dict[int, int] = {}
        for number, chain in enumerate(chains):
            if self._lasts_90k(chain) > PIECE_90K or self._starts(chain) or self._stops(chain):
                continue
            if len(before[number]) == 1:
                (parent,) = before[number]
                body, siblings = chains[parent][-1], after[parent] | {parent}
                comes_back = all(before[each] - {number} <= siblings for each in after[number])
                if len(after[parent]) < 2 or not comes_back:
                    continue
                at, family = chain[0], siblings
            elif not before[number] and len(after[number]) == 1:
                (child,) = after[number]
                whole = max(before[child], key=lambda each: int(self._areas[chains[each][-1]]))
                if whole == number:
                    continue
                body, at, family = chains[child][0], chain[-1], before[child] | {child}
                if self._areas[at] > PIECE_SHARE * self._areas[chains[whole][-1]]:
                    continue
            else:
                continue
            is_small = self._most(chain) <= PIECE_SHARE * int(self._areas[body])
            own = {blob for each in family for blob in chains[each]}
            if is_small and not (self._may_be_coming(chain) or self._is_near_others(at, own)):
                found[number] = body
        # A body that is itself taken for a piece is none: one after the other.
        blobs = {blob for number in found for blob in chains[number]}
        return {number: body for number, body in found.items() if body not in blobs}

    def _may_be_coming(self, chain: Sequence[int]) -> bool:
        """Whether it touches the picture's border, where somebody may come in or leave."""
        return any(self._at_border[blob] for blob in chain)

    def _is_near_others(self, blob: int, own: Collection[int]) -> bool:
        """Whether a blob lies as near to somebody else as to its own body."""
        picture = int(self._picture[blob])
        base, boxes = int(self._base[picture]), self._seen[picture].boxes
        box = boxes[blob - base]
        margin = max(box.width, box.height)
        return any(
            base + place not in own and base + place != blob and _gap(box, other) <= margin
            for place, other in enumerate(boxes)
            if self._seen[picture].areas[place] > self._areas[blob]
        )

    def _starts(self, chain: Sequence[int]) -> bool:
        return int(self._picture[chain[0]]) in self._breaks

    def _stops(self, chain: Sequence[int]) -> bool:
        last = int(self._picture[chain[-1]])
        return last + 1 in self._breaks or last + 1 == len(self._seen)

    def _meetings(
        self, chains: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]
    ) -> list[Meeting]:
        """Where chains join and part; pieces of somebody who comes or goes do not count."""
        before, after = _neighbours(len(chains), links)
        births = self._births(chains, before)
        deaths = self._deaths(chains, after)
        found, done = [], set()
        for number in range(len(chains)):
            if number in done or not after[number]:
                continue
            ins, outs = {number}, set(after[number])
            while True:
                more = {come for out in outs for come in before[out]} - ins
                if not more:
                    break
                ins |= more
                outs |= {out for come in more for out in after[come]}
            done |= ins
            now = self._seen[int(self._picture[chains[min(outs)][0]])].pts_90k
            is_coming = len(outs) == 1 and all(now - births[come] <= COMING_90K for come in ins)
            is_going = len(ins) == 1 and all(deaths[out] - now <= COMING_90K for out in outs)
            found.append(
                Meeting(
                    ins=frozenset(ins),
                    outs=frozenset(outs),
                    joined=frozenset(out for out in outs if len(before[out]) > 1),
                    parted=frozenset(come for come in ins if len(after[come]) > 1),
                    counts=not (is_coming or is_going),
                    slight=frozenset(
                        {
                            come
                            for come in ins
                            if not before[come] and self._is_slight(chains, come, outs)
                        }
                        | {
                            out
                            for out in outs
                            if not after[out] and self._is_slight(chains, out, ins)
                        }
                    ),
                )
            )
        return found

    def _is_slight(
        self, chains: Sequence[Sequence[int]], number: int, others: Collection[int]
    ) -> bool:
        """Whether a chain is too small and short beside those that it meets to be somebody."""
        chain = chains[number]
        whole = max(self._most(chains[each]) for each in others)
        is_short = self._lasts_90k(chain) <= PIECE_90K
        is_whole = self._starts(chain) or self._stops(chain) or self._may_be_coming(chain)
        return is_short and not is_whole and self._most(chain) <= PIECE_SHARE * whole

    def _births(
        self, chains: Sequence[Sequence[int]], before: Sequence[Collection[int]]
    ) -> list[float]:
        """When the first blob of each chain's forebears came out of nothing."""
        found: list[float] = []
        for number, chain in enumerate(chains):  # by their beginning: forebears come first
            if before[number]:
                found.append(min(found[each] for each in before[number]))
            else:
                at = self._seen[int(self._picture[chain[0]])].pts_90k
                found.append(-math.inf if self._starts(chain) else at)
        return found

    def _deaths(
        self, chains: Sequence[Sequence[int]], after: Sequence[Collection[int]]
    ) -> list[float]:
        """When the last blob of each chain's descendants went into nothing."""
        found = [0.0] * len(chains)
        for number in range(len(chains) - 1, -1, -1):
            chain = chains[number]
            if after[number]:
                found[number] = max(found[each] for each in after[number])
            else:
                at = self._seen[int(self._picture[chain[-1]])].pts_90k
                found[number] = math.inf if self._stops(chain) else at
        return found


def _neighbours(
    count: int, links: Sequence[tuple[int, int]]
) -> tuple[list[set[int]], list[set[int]]]:
    before: list[set[int]] = [set() for _ in range(count)]
    after: list[set[int]] = [set() for _ in range(count)]
    for one, two in links:
        before[two].add(one)
        after[one].add(two)
    return before, after


def _gap(one: Box, two: Box) -> int:
    """Pixels between two boxes, across or down; 0 where they touch or overlap."""
    across = max(one.x - two.x - two.width, two.x - one.x - one.width, 0)
    down = max(one.y - two.y - two.height, two.y - one.y - one.height, 0)
    return max(across, down)


def _turn(is_joined: bool, is_parted: bool, is_break: bool) -> Turn:
    if is_joined:
        return Turn.JOINED
    if is_parted:
        return Turn.PARTED
    return Turn.BREAK if is_break else Turn.EDGE
