"""Tracks of a clip, and its masks with one person left out; pure.

A *blob* is a connected area that is covered because it differs from the empty scene. A *track* is
one blob through pictures in a row, as long as it neither joins another nor parts.

Always: a track in which several people may be is covered whatever is asked.
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
from insyn.site.shield.frame import Mask

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
class Seen:
    """A picture as it was followed: its masks, and its blobs' boxes and areas in pixels."""

    pts_90k: int
    people: bytes
    """Packed and compressed: half an hour of masks is some dozens of megabytes."""
    covered: bytes | None
    boxes: tuple[Box, ...]
    areas: tuple[int, ...]


class Followed:
    """The tracks of a clip, and its masks with one person left out."""

    def __init__(
        self, size: tuple[int, int], seen: Sequence[Seen], tracks: Sequence[Track]
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
        label = int(blobs(unpacked(self._seen[index].people, self.size))[0][row, column])
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
        labels = blobs(unpacked(self._seen[index].people, self.size))[0]
        return np.asarray(labels == track.labels[index - track.first])

    def mask(self, index: int, shown: Collection[Track]) -> Mask | None:
        """All that is covered but the tracks that are shown; None: the whole picture.

        A track that may be several people is covered whatever is asked.
        """
        covered = self._seen[index].covered
        if covered is None:
            return None
        mask = unpacked(covered, self.size)
        for track in shown:
            if track.is_one and track.first <= index <= track.last:
                mask &= ~self.outline(index, track)
        return mask


def blobs(people: Mask) -> tuple[Labels, tuple[Box, ...], tuple[int, ...]]:
    """Which blob each pixel is in, and the blobs' boxes and areas, the first one's first."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        people.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    rows = [[int(value) for value in row] for row in stats[1:]]
    boxes = tuple(Box(x=x, y=y, width=wide, height=high) for x, y, wide, high, _ in rows)
    return np.asarray(labels, np.int32), boxes, tuple(row[4] for row in rows)


def packed(mask: Mask) -> bytes:
    """A mask in few bytes."""
    return zlib.compress(np.packbits(mask).tobytes(), 1)


def unpacked(data: bytes, size: tuple[int, int]) -> Mask:
    """The mask of (width, height) that was packed."""
    bits = np.frombuffer(zlib.decompress(data), np.uint8)
    return np.unpackbits(bits, count=size[0] * size[1]).reshape(size[1], size[0]) > 0
