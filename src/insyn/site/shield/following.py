"""Follows the areas that a shield covers through a clip, by overlap from picture to picture; pure.

A *blob* is a connected area that is covered because it differs from the empty scene. A *track* is
one blob through pictures in a row, as long as it neither joins another nor parts. Nothing here
looks at what is in a blob: who leaves and comes back is another track.

Always: a track in which several people may be is never taken for one person. That is one that came
of blobs that joined, or that parts later (then it was several all along), or one of the pieces of a
group of which more went in than came out. Pictures that are covered whole, and gaps, end all
tracks.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import Refusal
from insyn.site.shield.crowding import Meeting, several
from insyn.site.shield.frame import Mask

LONGEST_STEP_90K = 54_000
"""Pictures further apart than 0.6 s: in that time somebody takes another's place."""

LEAST_OVERLAP = 0.1
"""Share of the smaller of two blobs. Masks are held for a while, so that whoever goes from one
into the other joins them; less is somebody who walks close behind."""

PIECE_90K, PIECE_SHARE = 90_000, 0.35
"""An arm, a foot or a shirt like the wall comes off a body and back within a second, and is smaller
than it: not somebody. Where one is taken for a piece, whoever chooses the track looks at it."""

COMING_90K = 180_000
"""Who comes into the picture, or leaves it, is in pieces for up to two seconds."""

Labels = NDArray[np.int32]
"""(height, width): 0 where no blob is, else the number of the blob, from 1."""


class Turn(StrEnum):
    """How a track begins or ends."""

    EDGE = "edge"
    """Somebody comes or goes; or the clip begins or ends."""
    JOINED = "joined"
    PARTED = "parted"
    BREAK = "break"
    """A picture covered whole, or a gap in the recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A blob's place in the small picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One blob through pictures in a row.

    Attributes:
        first, last: numbers of pictures, both included.
        labels: the blob's number in each of these pictures.
        is_one: nothing speaks for several people in it.
        look_at: pictures in which a piece came off it or joined it; somebody looks whether that is
            the same person.
    """

    number: int
    first: int
    last: int
    labels: tuple[int, ...]
    begins: Turn
    ends: Turn
    is_one: bool
    look_at: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Seen:
    pts_90k: int
    people: bytes
    """Packed and compressed: half an hour of masks is some dozens of megabytes."""
    covered: bytes | None
    boxes: tuple[Box, ...]
    areas: tuple[int, ...]


class Following:
    """Takes the masks of a clip, picture by picture, then tells the tracks."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin for masks of (width, height)."""
        self._size = size
        self._seen: list[_Seen] = []
        self._links: list[tuple[int, int, int]] = []
        self._before: Labels | None = None
        self._breaks: set[int] = {0}

    def gap(self) -> None:
        """The next picture does not follow the last one: time is missing between them."""
        self._before = None
        self._breaks.add(len(self._seen))

    def add(self, pts_90k: int, people: Mask | None, covered: Mask | None) -> None:
        """Take the next picture; None: it is covered whole.

        Args:
            pts_90k: its time, after that of the picture before.
            people: what differs from the empty scene, where that is known.
            covered: all that is covered, `people` included.
        """
        number = len(self._seen)
        if self._seen and pts_90k - self._seen[-1].pts_90k > LONGEST_STEP_90K:
            self.gap()
        if people is None or covered is None:
            nothing = np.zeros((self._size[1], self._size[0]), bool)
            self._seen.append(
                _Seen(pts_90k=pts_90k, people=_packed(nothing), covered=None, boxes=(), areas=())
            )
            self._before = None
            self._breaks |= {number, number + 1}
            return
        labels, boxes, areas = _blobs(people)
        if self._before is not None:
            last = self._seen[-1].areas
            for one, two, area in _overlaps(self._before, labels):
                if area >= LEAST_OVERLAP * min(last[one - 1], areas[two - 1]):
                    self._links.append((number, one, two))
        self._before = labels
        self._seen.append(
            _Seen(
                pts_90k=pts_90k,
                people=_packed(people),
                covered=_packed(covered | people),
                boxes=boxes,
                areas=areas,
            )
        )

    def end(self) -> Followed:
        """What was followed."""
        graph = _Graph(self._size, self._seen, self._links, self._breaks)
        return Followed(self._size, self._seen, graph.tracks())


class Followed:
    """The tracks of a clip, and its masks with one person left out."""

    def __init__(
        self, size: tuple[int, int], seen: Sequence[_Seen], tracks: Sequence[Track]
    ) -> None:
        self.size = size
        self.tracks = tuple(tracks)
        self._seen = list(seen)
        self._times = np.array([one.pts_90k for one in seen], np.int64)
        self._at: list[dict[int, int]] = [{} for _ in seen]
        for track in tracks:
            for place, label in enumerate(track.labels):
                self._at[track.first + place][label] = track.number

    def __len__(self) -> int:
        """How many pictures."""
        return len(self._seen)

    def time(self, index: int) -> int:
        """When a picture is, in 90 kHz."""
        return self._seen[index].pts_90k

    def nearest(self, pts_90k: int) -> int:
        """The number of the picture nearest to a time.

        Raises:
            Refusal: there is no picture at all.
        """
        if not self._seen:
            raise Refusal("there is no picture in this span")
        after = int(np.searchsorted(self._times, pts_90k))
        some = [each for each in (after - 1, after) if 0 <= each < len(self._seen)]
        return min(some, key=lambda each: abs(int(self._times[each]) - pts_90k))

    def index(self, pts_90k: int) -> int | None:
        """The number of the picture at exactly this time; None where none is."""
        found = int(np.searchsorted(self._times, pts_90k))
        is_there = found < len(self._seen) and int(self._times[found]) == pts_90k
        return found if is_there else None

    def at(self, index: int) -> list[tuple[Track, Box]]:
        """The tracks in a picture and where they are, from left to right."""
        boxes = self._seen[index].boxes
        found = [(self.tracks[n], boxes[label - 1]) for label, n in self._at[index].items()]
        return sorted(found, key=lambda one: (one[1].x, one[1].y))

    def pointed(self, index: int, x: float, y: float) -> Track:
        """The track that somebody points at, in shares of the picture's width and height.

        Raises:
            Refusal: nobody is covered there, or several people may be.
        """
        if not (0 <= x <= 1 and 0 <= y <= 1):
            raise Refusal("point into the picture")
        width, height = self.size
        column, row = min(width - 1, int(x * width)), min(height - 1, int(y * height))
        label = int(_blobs(_unpacked(self._seen[index].people, self.size))[0][row, column])
        number = self._at[index].get(label)
        if number is None:
            raise Refusal(
                "nobody is outlined there; point inside an outline, or choose another moment"
            )
        track = self.tracks[number]
        if not track.is_one:
            raise Refusal(
                "several people may be in that outline, at this moment or because it parts later; "
                "point at a moment in which the person is apart from others"
            )
        return track

    def outline(self, index: int, track: Track) -> Mask:
        """Where a track is in a picture; nowhere outside its time."""
        if not track.first <= index <= track.last:
            return np.zeros((self.size[1], self.size[0]), bool)
        labels = _blobs(_unpacked(self._seen[index].people, self.size))[0]
        return np.asarray(labels == track.labels[index - track.first])

    def mask(self, index: int, shown: Collection[Track]) -> Mask | None:
        """All that is covered but the tracks that are shown; None: the whole picture.

        A track that may be several people is covered whatever is asked.
        """
        covered = self._seen[index].covered
        if covered is None:
            return None
        mask = _unpacked(covered, self.size)
        for track in shown:
            if track.is_one and track.first <= index <= track.last:
                mask &= ~self.outline(index, track)
        return mask


class _Graph:
    """Blobs of all pictures and their overlaps; blobs are numbered through the clip."""

    def __init__(
        self,
        size: tuple[int, int],
        seen: Sequence[_Seen],
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


def _blobs(people: Mask) -> tuple[Labels, tuple[Box, ...], tuple[int, ...]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        people.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    rows = [[int(value) for value in row] for row in stats[1:]]
    boxes = tuple(Box(x=x, y=y, width=wide, height=high) for x, y, wide, high, _ in rows)
    return np.asarray(labels, np.int32), boxes, tuple(row[4] for row in rows)


def _overlaps(before: Labels, now: Labels) -> list[tuple[int, int, int]]:
    """Blob before, blob now, and how many pixels they share."""
    both = (before > 0) & (now > 0)
    most = int(now.max()) + 1
    pairs, counts = np.unique(before[both].astype(np.int64) * most + now[both], return_counts=True)
    return [(*divmod(int(pair), most), int(area)) for pair, area in zip(pairs, counts, strict=True)]


def _packed(mask: Mask) -> bytes:
    return zlib.compress(np.packbits(mask).tobytes(), 1)


def _unpacked(packed: bytes, size: tuple[int, int]) -> Mask:
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    return np.unpackbits(bits, count=size[0] * size[1]).reshape(size[1], size[0]) > 0
