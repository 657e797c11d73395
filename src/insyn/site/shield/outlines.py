"""What is drawn around bodies of which parts were found to sway; pure.

Of who stands, much stays as it is: shoes, knees, a flat shirt, hair like the wall. Around what was
found the rest of a body is added, at that body's size. People who stand beside one another are
drawn each for themselves as far as they are apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from insyn.site.shield.difference import Gray, Shapes
from insyn.site.shield.frame import Mask

SPECK, LEAST_PART = 8, 40
"""Pixels of a picture 320 wide: what was found and is less is chance; so are parts of bodies."""

GAP = (3.5, 5.5)
"""Pixels of a picture 320 wide, across and down: between what belongs to one part."""

ACROSS, DOWN, THICK, SLIM = 0.5, 0.7, 2.5, 1.5
"""Gaps in a part's outline: shares of its size that are closed, across and down. Its size is its
height, but no more than so many times its thickness, nor so many times its width: that of a group
is not that of a body."""

UPRIGHT = 1.2
"""Heights in a width: what lies between two edges less far apart is a body's own, a flat shirt."""

OVER, APART, INTO = 0.5, 0.6, 0.2
"""Two parts are head and legs of one body with a shirt like the wall between them: they share this
of the narrower one's width, and are less apart than this share of the higher one's height; they may
overlap by so much of the lower one's. Two sides of one body share as much of their height."""

THIN = 0.15
"""Heights: the side of a body is thinner; a body is not."""

WHOLE, NARROWER = 0.5, 1.5
"""Share of its box that somebody who stands fills, and widths in their height; whatever else was
found is a piece of somebody."""

SLIGHT, PART, PIECE = 0.15, 0.6, 0.2
"""A piece belongs to what is as near as this share of the higher one's height. It is chance where
it is lower than this share of that; and beside a body where it is higher, it is of another one."""

BLUR = 1.5
"""Pixels of a picture 320 wide by which what was found is larger than the edges that sway."""

HEAD, HAIR, FEET = 0.3, 0.2, 0.25
"""What is missing above shoulders, above a head and below legs at most, in the height of what was
found: hair may be as dark as the wall, and shoes do not sway."""

ROUND = 2.5
"""A body's height in the width of its shoulders, at least, where less of it is seen."""

NARROW = 0.6
"""Widths of a body: whatever ends so narrow at its top ends in a head."""

TOP, HIPS, LEGS = (0.0, 0.12), (0.5, 0.6), (0.6, 0.9)
"""Heights of what was found, from its top: where a head is, hips and legs are."""

TALL = 3.5
"""Widths in somebody's height, told by what legs would be: of who moves their arms alone, the legs
are below."""

BESIDE = 2.0
"""Pixels of a picture 320 wide around whoever stands: a sleeve like the wall behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Something of somebody: 255 where it is, the box around it, and how thick it is, in pixels."""

    area: Gray
    x: int
    y: int
    wide: int
    high: int
    thick: float

    @property
    def is_body(self) -> bool:
        """Whether it looks like somebody who stands."""
        fills = cv2.countNonZero(self.area) >= WHOLE * self.wide * self.high
        return fills and self.high >= NARROWER * self.wide


def outlined(found: Mask, unit: float) -> Mask:
    """Where whoever sways may be.

    Args:
        found: where something sways or wavers, to the pixel.
        unit: the side of a pixel of a picture 320 wide, in pixels.
    """
    out = np.zeros(found.shape, np.uint8)
    for part in _stacked(_parts(found, unit)):
        if cv2.countNonZero(part.area) >= LEAST_PART * unit * unit:
            out |= _whole(part, unit)
    side = 2 * round(BESIDE * unit) + 1
    return np.asarray(cv2.dilate(out, np.ones((side, side), np.uint8)) > 0)


def _parts(found: Mask, unit: float) -> Iterator[_Part]:
    """What was found in connected parts, without holes."""
    shapes = Shapes((found.shape[1], found.shape[0]))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= SPECK * unit * unit
    large[0] = False
    joined = _closed(large[labels].astype(np.uint8) * np.uint8(255), GAP[0] * unit, GAP[1] * unit)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    for number in range(1, count):
        x, y, wide, high = (int(each) for each in stats[number, : cv2.CC_STAT_AREA])
        area = np.asarray((labels == number) * np.uint8(255), np.uint8)
        area = shapes.filled(_between(area, min(wide, high / UPRIGHT)))
        size = min(high, SLIM * wide, THICK * _thickness(area))
        shut = _closed(area, ACROSS * min(size, wide), DOWN * size)
        shut = shapes.filled(shut)
        yield _Part(shut, x, y, wide, high, _thickness(shut))


def _between(area: Gray, most: float) -> Gray:
    """With what lies between two places of a row that are so many pixels apart at most."""
    width = area.shape[1]
    at = np.arange(width)
    marked = area > 0
    left = np.maximum.accumulate(np.where(marked, at, -width), axis=1)
    right = np.minimum.accumulate(np.where(marked, at, 2 * width)[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((right - left <= most + 1) * np.uint8(255), np.uint8)


def _closed(area: Gray, across: float, down: float) -> Gray:
    """Gaps of that size closed, at the picture's border too, where it is taken to go on."""
    wide, high = (max(1, round(each)) | 1 for each in (across, down))
    shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, high))
    far = max(wide, high)
    more = cv2.copyMakeBorder(area, far, far, far, far, cv2.BORDER_REPLICATE)
    shut = cv2.morphologyEx(more, cv2.MORPH_CLOSE, shape)
    return np.ascontiguousarray(shut[far:-far, far:-far], np.uint8)


def _thickness(area: Gray) -> float:
    """Across the thickest place, in pixels; a picture's border is none of the area's."""
    return 2 * float(cv2.distanceTransform(area, cv2.DIST_L2, 3).max())


def _stacked(parts: Iterator[_Part]) -> list[_Part]:
    """Parts that lie to one another as one body's do, joined, with what is between them."""
    left = list(parts)
    apart: list[_Part] = []
    while left:
        one = left.pop()
        two = next((each for each in apart if _are_one_body(one, each)), None)
        if two is None:
            apart.append(one)
        else:
            apart.remove(two)
            left.append(_joined(one, two))
    return apart


def _are_one_body(one: _Part, two: _Part) -> bool:
    beside = max(one.x, two.x) - min(one.x + one.wide, two.x + two.wide)
    above = max(one.y, two.y) - min(one.y + one.high, two.y + two.high)
    least, most = min(one.high, two.high), max(one.high, two.high)
    if beside <= -OVER * min(one.wide, two.wide):
        return -INTO * least < above <= APART * most
    if max(one.thick, two.thick) < THIN * least:
        return above <= -OVER * least and beside <= APART * most
    lower, higher = sorted((one, two), key=lambda each: each.high)
    if max(above, beside) > PIECE * most or least < SLIGHT * most:
        return False
    if higher.is_body and (lower.is_body or least > PART * most):
        return False
    return _distance(one, two) <= PIECE * most


def _distance(one: _Part, two: _Part) -> float:
    """Pixels between two parts, at least."""
    away = cv2.distanceTransform(cv2.bitwise_not(one.area), cv2.DIST_L2, 3)
    return float(away[two.area > 0].min())


def _joined(one: _Part, two: _Part) -> _Part:
    points = cv2.findNonZero(cv2.bitwise_or(one.area, two.area))
    area = np.zeros_like(one.area)
    cv2.fillConvexPoly(area, cv2.convexHull(points), 255)
    x, y, wide, high = cv2.boundingRect(points)
    return _Part(area, x, y, wide, high, _thickness(area))


def _whole(part: _Part, unit: float) -> Gray:
    """With what a body has around what sways: feet or legs below, a head or hair above, and arms
    beside what is thin.
    """
    blur = 2 * BLUR * unit
    rows = np.count_nonzero(part.area[part.y : part.y + part.high], axis=1)

    def width(at: tuple[float, float]) -> float:
        some = rows[int(at[0] * part.high) : max(1, round(at[1] * part.high))]
        return float(np.median(some)) if some.size else 0.0

    high = max(1.0, part.high - blur)
    wide = max(1.0, min(part.thick, width(LEGS)) - blur)
    share = HAIR if width(TOP) < NARROW * part.thick else HEAD
    # Of who is cut by the picture's border the width tells how large a head is.
    above = round(max(share * part.high, ROUND * share * part.thick))
    below = max(round(FEET * part.high), round(TALL * wide - high))
    beside = max(0, round((high / TALL - (part.wide - blur)) / 2))
    far = max(above, below)
    # The shape turned over: dilation turns it back.
    shape = np.zeros((2 * far + 1, 2 * beside + 1), np.uint8)
    corners = [
        (0, far),
        (0, far - below),
        (2 * beside, far - below),
        (2 * beside, far),
        (beside, far + above),
    ]
    cv2.fillConvexPoly(shape, np.array(corners, np.int32), 1)
    out = np.asarray(cv2.dilate(part.area, shape), np.uint8)
    if part.wide <= part.high:
        # One body: below its hips it is no narrower, though one shoe may be all that was found.
        hips = [part.y + round(at * part.high) for at in HIPS]
        across = np.flatnonzero(part.area[hips[0] : hips[1] + 1].any(axis=0))
        bottom = part.y + part.high + below
        out[hips[0] : bottom, across[0] : across[-1] + 1] = 255
    return _closed(out, wide, wide)
