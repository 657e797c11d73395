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

SHRED_90K = 45_000
"""A piece that lives no longer than half a second may be an arm or a foot, not a person."""

SHRED_SHARE = 0.10
"""An arm or a foot that comes off a body for a moment has at most this share of its area."""

COMING_SHARE = 0.35
"""Pieces of somebody who comes into the picture, or leaves it, are small beside the whole."""

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
    """

    number: int
    first: int
    last: int
    labels: tuple[int, ...]
    begins: Turn
    ends: Turn
    is_one: bool


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
        graph = _Graph(self._seen, self._links, self._breaks)
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
        self, seen: Sequence[_Seen], links: Sequence[tuple[int, int, int]], breaks: set[int]
    ) -> None:
        self._seen, self._breaks = seen, breaks
        counts = [len(one.areas) for one in seen]
        self._base = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._picture = np.repeat(np.arange(len(seen)), counts)
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
        gone: set[int] = set()
        while True:
            chains, links = self._chains(gone)
            shreds = self._shreds(chains, links)
            if not shreds:
                break
            gone |= {blob for shred in shreds for blob in chains[shred]}
        meetings = self._meetings(chains, links)
        crowded = several(len(chains), meetings)
        counted = [one for one in meetings if one.counts]
        joined = {out for one in counted for out in one.joined}
        parted = {come for one in counted for come in one.parted}
        before, after = _neighbours(len(chains), links)
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
                )
            )
        return found

    def _chains(self, gone: set[int]) -> tuple[list[list[int]], list[tuple[int, int]]]:
        """Blobs that follow one another alone, and the overlaps between such chains."""
        links = self._links
        if gone:
            lost = np.fromiter(gone, np.int64)
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

    def _shreds(
        self, chains: Sequence[Sequence[int]], links: Sequence[tuple[int, int]]
    ) -> list[int]:
        """Small pieces that come off a blob for a moment, and vanish or come back to it."""
        before, after = _neighbours(len(chains), links)
        found = []
        for number, chain in enumerate(chains):
            if len(before[number]) != 1 or self._lasts_90k(chain) > SHRED_90K:
                continue
            (parent,) = before[number]
            if self._most(chain) > SHRED_SHARE * int(self._areas[chains[parent][-1]]):
                continue
            if len(after[parent]) < 2 or self._starts(chain) or self._stops(chain):
                continue
            siblings = after[parent] | {parent}
            if all(before[later] - {number} <= siblings for later in after[number]):
                found.append(number)
        return found

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
        small = [self._lasts_90k(chain) <= SHRED_90K for chain in chains]
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
            coming = {
                each for each in ins if small[each] and not before[each]
                and not self._starts(chains[each])
            }  # fmt: skip
            going = {
                each for each in outs if small[each] and not after[each]
                and not self._stops(chains[each])
            }  # fmt: skip
            is_coming = coming == ins and len(outs) == 1
            is_going = going == outs and len(ins) == 1
            found.append(
                Meeting(
                    ins=frozenset(ins),
                    outs=frozenset(outs),
                    joined=frozenset(out for out in outs if len(before[out]) > 1),
                    parted=frozenset(come for come in ins if len(after[come]) > 1),
                    counts=not (is_coming or is_going),
                    counted_ins=len(ins) - self._uncounted(chains, coming, outs),
                    counted_outs=len(outs) - self._uncounted(chains, going, ins),
                )
            )
        return found

    def _uncounted(
        self, chains: Sequence[Sequence[int]], pieces: set[int], others: set[int]
    ) -> int:
        """How many of these moments' pieces are too small beside the others to be people."""
        whole = max(self._most(chains[each]) for each in others)
        return sum(self._most(chains[each]) <= COMING_SHARE * whole for each in pieces)


def _neighbours(
    count: int, links: Sequence[tuple[int, int]]
) -> tuple[list[set[int]], list[set[int]]]:
    before: list[set[int]] = [set() for _ in range(count)]
    after: list[set[int]] = [set() for _ in range(count)]
    for one, two in links:
        before[two].add(one)
        after[one].add(two)
    return before, after


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
