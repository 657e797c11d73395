"""Follows the areas that a shield covers through a clip, by overlap from picture to picture; pure.

Nothing here looks at what is in a blob: who leaves and comes back is another track.
"""

from __future__ import annotations

import numpy as np

from insyn.site.shield.chaining import Graph
from insyn.site.shield.frame import Mask
from insyn.site.shield.tracks import Followed, Labels, Seen, blobs, packed

LONGEST_STEP_90K = 54_000
"""Pictures further apart than 0.6 s: in that time somebody takes another's place."""


LEAST_OVERLAP = 0.1
"""Share of the smaller of two blobs. Masks are held for a while, so that whoever goes from one
into the other joins them; less is somebody who walks close behind."""


class Following:
    """Takes the masks of a clip, picture by picture, then tells the tracks."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin for masks of (width, height)."""
        self._size = size
        self._seen: list[Seen] = []
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
                Seen(pts_90k=pts_90k, people=packed(nothing), covered=None, boxes=(), areas=())
            )
            self._before = None
            self._breaks |= {number, number + 1}
            return
        labels, boxes, areas = blobs(people)
        if self._before is not None:
            last = self._seen[-1].areas
            for one, two, area in _overlaps(self._before, labels):
                if area >= LEAST_OVERLAP * min(last[one - 1], areas[two - 1]):
                    self._links.append((number, one, two))
        self._before = labels
        self._seen.append(
            Seen(
                pts_90k=pts_90k,
                people=packed(people),
                covered=packed(covered | people),
                boxes=boxes,
                areas=areas,
            )
        )

    def end(self) -> Followed:
        """What was followed."""
        graph = Graph(self._size, self._seen, self._links, self._breaks)
        return Followed(self._size, self._seen, graph.tracks())


def _overlaps(before: Labels, now: Labels) -> list[tuple[int, int, int]]:
    """Blob before, blob now, and how many pixels they share."""
    both = (before > 0) & (now > 0)
    most = int(now.max()) + 1
    pairs, counts = np.unique(before[both].astype(np.int64) * most + now[both], return_counts=True)
    return [(*divmod(int(pair), most), int(area)) for pair, area in zip(pairs, counts, strict=True)]
