"""Whoever came and stayed, told from the place as it was without them; pure.

One picture shows a body where it differs by more than noise. The mean of many with somebody there,
beside the mean of many without, shows what differs by a level or two: a sleeve like the floor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.codebook import Number
from insyn.site.shield.difference import Shapes, areas_of
from insyn.site.shield.frame import Mask

WITHOUT, WITH = 0.9, 0.5
"""Of what has changed in a place, so much looks as it does without them in a picture without them,
and less than so much in one with them."""

LEAST, ROW = 6, 5
"""Pictures without them, at least; pictures with them of which a mean is taken: whoever stays moves
a little in more."""

LEVELS, NOISES = (1.5, 1.0, 1.0), 4.0
"""Levels of luma and colour, and deviations of the noise that is left, from which the means
differ."""

PASSING = 0.1
"""Share of these means in which no more than somebody who walks past is seen."""

TOLD = 0.5
"""Share of these means at least that must tell: in the dark, noise may hide it."""

NOISY = (3.5, 2.5, 2.5)
"""Levels below which a body may be like what is behind it: where more is noise, nobody can say."""

AROUND, RING = 12.0, 200
"""Pixels of a picture 320 wide around a place that tell how light and noise are, and how many of
them are needed."""

SPECK, BESIDE = 8, 1.0
"""Pixels of a picture 320 wide: less is noise; and a margin around what was found."""


def narrowed(
    place: Mask,
    gone: Mask,
    pictures: Sequence[Small],
    shown: Sequence[Number],
    without: Number,
    views: Sequence[Mask | None],
    unit: float,
) -> Mask:
    """Of a place where somebody stayed, where they and their shade were.

    All of the place where it was not seen often enough with them and without, or where noise
    hides what is like the scene.

    Args:
        place: where they may be.
        gone: where it looks otherwise without them.
        pictures: some of the clip, in the light of one.
        shown: which look each of their pixels shows.
        without: the look of each pixel without them.
        views: where each of the pictures shows anything; None everywhere.
        unit: the side of a pixel of a picture 320 wide, in pixels.
    """
    x, y, wide, high = cv2.boundingRect(place.view(np.uint8))
    far = round(AROUND * unit)
    box = (slice(max(0, y - far), y + high + far), slice(max(0, x - far), x + wide + far))
    inside = place[box]
    always = np.logical_and.reduce(
        [np.ones_like(inside), *(v[box] for v in views if v is not None)]
    )
    changed = (gone & place)[box] & always
    ring = ~_dilated(inside, BESIDE * unit) & always
    if not changed.any() or np.count_nonzero(ring) < RING * unit * unit:
        return place
    empty: list[Small] = []
    there: list[Small] = []
    for picture, look in zip(pictures, shown, strict=True):
        alike = float((look[box] == without[box])[changed].mean())
        if alike >= WITHOUT:
            empty.append(picture[box])
        elif alike < WITH:
            there.append(picture[box])
    if len(empty) < LEAST or len(there) < ROW:
        return place
    scene = _mean(empty)
    rows = [_apart(_mean(row) - scene, ring) for row in _rows(there)]
    told = [row for row in rows if row is not None]
    if len(told) < TOLD * len(rows):
        return place
    found = np.sum(told, axis=0) >= max(1.0, PASSING * len(told))
    out = np.zeros_like(place)
    out[box] = inside & (_body(found & inside, unit) | ~always)
    return out


def _mean(pictures: list[Small]) -> NDArray[np.float32]:
    return np.asarray(np.mean(pictures, axis=0, dtype=np.float32), np.float32)


def _rows(there: list[Small]) -> Iterator[list[Small]]:
    """Pictures that follow each other, so many at a time; the last ones with those before."""
    for start in range(0, len(there), ROW):
        yield there[min(start, len(there) - ROW) :][:ROW]


def _apart(difference: NDArray[np.float32], ring: Mask) -> Mask | None:
    """Where two means differ by more than light and noise do around; None where noise hides it."""
    found = np.zeros(ring.shape, bool)
    smooth = cv2.blur(difference, (3, 3))
    for plane in range(3):
        around = smooth[:, :, plane][ring]
        light = float(np.median(around))
        noise = 1.4826 * float(np.median(np.abs(around - light)))
        limit = max(LEVELS[plane], NOISES * noise)
        if limit > NOISY[plane]:
            return None
        found |= np.abs(smooth[:, :, plane] - light) > limit
    return found


def _body(found: Mask, unit: float) -> Mask:
    """What was found, but for specks, with the gaps that a body has, room for a head, a margin."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK * unit * unit
    large[0] = False
    shapes = Shapes((found.shape[1], found.shape[0]))
    whole = shapes.filled(shapes.closed(areas_of(large[labels])))
    return _dilated(shapes.crowned(whole) > 0, BESIDE * unit)


def _dilated(mask: Mask, by: float) -> Mask:
    side = 2 * round(by) + 1
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)
