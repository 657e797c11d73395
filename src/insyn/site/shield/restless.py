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
from insyn.site.shield.codebook import bodies
from insyn.site.shield.comparison import Comparison
from insyn.site.shield.frame import Mask

LEAST = 6
"""With fewer looks at a pixel, nothing can be said of how still it is."""

NOISE, EDGE, FLOOR = 2.2, 2.5, 0.6
"""A pixel wavers when its deviation exceeds NOISE x the picture's noise + EDGE x what an edge of
its strength usually wavers by + FLOOR levels."""

NOISY, IN_NOISE = 1.0, 1.5
"""With more levels of noise, as by night, a body's outline wavers little beyond it; but noise is
the same everywhere, so that IN_NOISE x it is beyond what pixels of a wall reach."""

ALONE = 3
"""Pixels of nine that must waver together in noise."""

AREA, HEIGHT = 0.0012, 0.05
"""Shares of the picture's area and height from which a wavering area may be somebody."""


def restless(pictures: Sequence[Small], background: Background, unit: float) -> Mask:
    """Where somebody may stand in the background.

    Args:
        pictures: some of the clip, in its order.
        background: what is believed to be empty.
        unit: the side of a pixel of a picture 320 wide, in pixels.
    """
    wavers, noise = _deviation(pictures, background)
    edges = _edges(background.mean)
    strong = edges > np.quantile(edges, 0.7)
    usual = float(np.median(np.clip(wavers - noise, 0, None)[strong] / edges[strong]))
    is_noisy = noise > NOISY
    if is_noisy:
        wavering = (wavers > IN_NOISE * noise + EDGE * usual * edges).astype(np.uint8)
        together = cv2.boxFilter(wavering, -1, (3, 3), normalize=False)
        # What is unknown anyway may be the middle of whoever wavers around it.
        found = ((together >= ALONE) | ~background.known).astype(np.uint8)
    else:
        found = (wavers > NOISE * noise + EDGE * usual * edges + FLOOR).astype(np.uint8)
    gap = unit * (1.6 if is_noisy else 1.0)
    body = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (round(7.5 * gap) | 1, round(12.5 * gap) | 1)
    )
    closed = cv2.morphologyEx(found, cv2.MORPH_CLOSE, body)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    high, wide = found.shape
    out = np.zeros_like(found)
    for outline in outlines:
        is_body = cv2.boundingRect(outline)[3] >= HEIGHT * high
        hull = cv2.convexHull(outline)
        if is_body and cv2.contourArea(outline) >= AREA * high * wide:
            # A limb that is as still as the wall lies between those that are not.
            cv2.fillConvexPoly(out, hull, 1)
    side = 2 * round(3 * unit) + 1
    if is_noisy:
        # In noise only parts of somebody waver visibly: what they belong to is covered whole.
        out = bodies(out > 0, unit).astype(np.uint8)
    return np.asarray(cv2.dilate(out, np.ones((side, side), np.uint8)) > 0)


def _deviation(
    pictures: Sequence[Small], background: Background
) -> tuple[NDArray[np.float32], float]:
    """How much each pixel wavers where nothing is seen before it, levels; and the usual noise."""
    comparison = Comparison(background, follows_shift=False)
    shape = background.known.shape
    count, total, squares = (np.zeros(shape, np.float32) for _ in range(3))
    for picture in pictures:
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
        total += away
        squares += away * away
    looks = np.maximum(count, 1)
    deviation = np.sqrt(np.maximum(0.0, squares / looks - (total / looks) ** 2))
    seen = count >= LEAST
    deviation = np.where(seen, deviation, 0.0).astype(np.float32)
    return deviation, float(np.median(deviation[seen])) if seen.any() else 0.0


def _edges(picture: Small) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(picture[:, :, 0], (5, 5), 0)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(dx, dy) + 1e-3, np.float32)
