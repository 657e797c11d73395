"""Where the believed empty scene itself is not still: somebody stands in it; pure.

Nobody stands as still as a wall. Where a scene is shown as empty, and its pixels waver by more than
noise and the edges around them explain, in an area of a body's size, a person may be part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.codebook import reach
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.frame import Mask
from insyn.site.shield.swaying import Pair, place_of, sway

LEAST = 6
"""With fewer looks at a pixel, nothing can be said of how still it is."""

NOISE, EDGE, FLOOR = 2.2, 2.5, 0.6
"""A pixel wavers when its deviation exceeds NOISE x the picture's noise + EDGE x what an edge of
its strength usually wavers by + FLOOR levels."""

NOISY = 1.0
"""With more levels of noise, as by night, a single pixel's wavering tells nothing."""

SWAYS, USUALLY, MOST = 0.08, 3.0, 0.2
"""Pixels of a picture 320 wide: who stands 16 m away sways by more. Where the camera itself
trembles, or its coding does, so many times what three quarters of the scene do; but who sways by
MOST is believed to be alive whatever the scene does."""

WEAKER = 0.65
"""Beside what sways, so much less sways too: knees less than heads."""

UNDECIDED = 0.3
"""Pixels of a picture 320 wide: where noise could hide a sway so large, nobody knows."""

LEAST_PART = 40
"""Pixels of a picture 320 wide: less that sways is chance."""

HEAD, TALL = 0.15, 2.6
"""Height of a head in heights of what sways, and of somebody who stands in widths."""

BESIDE = 2.0
"""Pixels of a picture 320 wide around whoever stands: a sleeve like the wall behind it."""

HOLLOW = 1.7
"""An area that fills less of its hull is no one body: several, or a shade on the floor."""

AREA, HEIGHT = 0.0012, 0.05
"""Shares of the picture's area and height from which a wavering area may be somebody."""


def restless(
    pairs: Sequence[Pair],
    background: Background,
    unit: float,
    *,
    row: int,
    within: Mask | None = None,
) -> Mask:
    """Where somebody may stand in the background.

    Args:
        pairs: some pictures of the clip in its order, each with one from a little before.
        background: what is believed to be empty.
        unit: the side of a pixel of a picture 320 wide, in pixels.
        row: so many pictures in a row are held against their own mean; see `sway`.
        within: what was always in view; None is all of it.
    """
    wavers, noise = _deviation([now for now, _ in pairs], background, row)
    sways = _swaying(pairs, background, unit, row)
    found = sways.copy()
    if noise <= NOISY:
        edges = _edges(background.mean)
        strong = edges > np.quantile(edges, 0.7)
        usual = float(np.median(np.clip(wavers - noise, 0, None)[strong] / edges[strong]))
        found |= wavers > NOISE * noise + EDGE * usual * edges + FLOOR
    else:
        # What is unknown anyway may be the middle of whoever sways around it.
        found |= ~background.known
    if within is not None:
        # What a shaking camera did not always see has borders that come and go.
        inner = cv2.erode(within.astype(np.uint8), np.ones(place_of(unit)[::-1], np.uint8))
        sways &= inner > 0
        found &= inner > 0
    found |= _whole(sways, unit)
    body = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (round(7.5 * unit) | 1, round(12.5 * unit) | 1)
    )
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, body)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    high, wide = found.shape
    out = np.zeros(found.shape, np.uint8)
    for outline in outlines:
        is_high = cv2.boundingRect(outline)[3] >= HEIGHT * high
        area = cv2.contourArea(outline)
        if not is_high or area < AREA * high * wide:
            continue
        hull = cv2.convexHull(outline)
        if cv2.contourArea(hull) <= HOLLOW * area:
            # A limb that is as still as the wall lies between those that are not.
            cv2.fillConvexPoly(out, hull, 1)
        else:
            cv2.drawContours(out, [outline], -1, 1, cv2.FILLED)
    side = 2 * round(BESIDE * unit) + 1
    return np.asarray(cv2.dilate(out, np.ones((side, side), np.uint8)) > 0)


def _whole(sways: Mask, unit: float) -> Mask:
    """What sways, and what a body has around it: feet, which do not sway, arms beside what is
    thin, and a head above, whose hair may be as dark as the wall.
    """
    out = sways.astype(np.uint8)
    outlines, _ = cv2.findContours(out, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        _, _, across, down = cv2.boundingRect(outline)
        # A place is said to sway when an edge within it does: less so above and below.
        wide, high = max(1, across - place_of(unit)[0]), max(1, down - place_of(unit)[1] // 2)
        if cv2.contourArea(outline) < LEAST_PART * unit * unit:
            continue
        above = round(HEAD * down)
        below = max(down // 8, round(TALL * wide) - high)
        beside = max(0, round((high / TALL - wide) / 2))
        ways = ((-beside, 0), (beside, 0), (0, below), (0, -above))
        corners = np.concatenate([outline + np.array(by, np.int32) for by in ways])
        cv2.fillConvexPoly(out, cv2.convexHull(corners), 1)
    return out > 0


def _swaying(pairs: Sequence[Pair], background: Background, unit: float, row: int) -> Mask:
    """Where edges sway as the living do, or may do so unseen."""
    found = sway(pairs, background, unit, row=row)
    # Where most of a scene is flat, its edges may be somebody's: flat places count as still.
    usual = float(np.quantile(np.where(found.has_edges, found.pixels, 0.0), 0.75))
    limit = unit * min(MOST, max(SWAYS, USUALLY * usual / unit))
    strong = (found.pixels > limit) & found.has_edges
    weak = (found.pixels > WEAKER * limit) & found.has_edges & reach(strong, unit)
    return np.asarray(strong | weak | ((found.error > UNDECIDED * unit) & found.has_edges))


def _deviation(
    pictures: Sequence[Small], background: Background, row: int
) -> tuple[NDArray[np.float32], float]:
    """How much each pixel wavers where nothing is seen before it, levels; and the usual noise.

    About the mean of so many pictures in a `row`: what changes over minutes is daylight.
    """
    comparison = Comparison(background, follows_shift=False)
    shape = background.known.shape
    count, total, squares, seen, free, wander = (np.zeros(shape, np.float32) for _ in range(6))
    for number, picture in enumerate(pictures):
        if number % row == 0:
            _close_row((count, total, squares), free, wander)
        compared = comparison.compare(picture)
        covered = comparison.shapes.grown(compared.areas) > 0
        comparison.masked(covered)
        if not compared.sound:
            continue
        expected = compared.tone.applied(background.mean)[:, :, 0]
        away = cv2.GaussianBlur(
            cv2.subtract(picture[:, :, 0], expected, dtype=cv2.CV_32F), (5, 5), 0
        )
        away[covered] = 0.0
        count += ~covered
        seen += ~covered
        total += away
        squares += away * away
    _close_row((count, total, squares), free, wander)
    enough = (seen >= LEAST) & (free > 0)
    deviation = np.where(enough, np.sqrt(wander / np.maximum(free, 1)), 0.0).astype(np.float32)
    return deviation, float(np.median(deviation[enough])) if enough.any() else 0.0


Plane = NDArray[np.float32]


def _close_row(row: tuple[Plane, Plane, Plane], free: Plane, wander: Plane) -> None:
    """Add a row's squares about its own mean, and how many of them are free; begin anew."""
    count, total, squares = row
    wander += np.maximum(0.0, squares - total * total / np.maximum(count, 1))
    free += np.maximum(0.0, count - 1)
    for each in row:
        each[:] = 0.0


def _edges(picture: Small) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(picture[:, :, 0], (5, 5), 0)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(dx, dy) + 1e-3, np.float32)
