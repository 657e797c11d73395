"""Where the believed empty scene itself is not still: somebody stands in it; pure.

Nobody stands as still as a wall. Where a scene is shown as empty, and its pixels waver by more than
noise and the edges around them explain, in an area of a body's size, a person may be part of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from insyn.site.shield.background import Background
from insyn.site.shield.codebook import reach
from insyn.site.shield.difference import Gray
from insyn.site.shield.frame import Mask
from insyn.site.shield.looks import Pair, Plane, looks
from insyn.site.shield.outlines import BESIDE, LEAST_PART, NARROWER, outlined
from insyn.site.shield.swaying import Sway, Swaying, place_of

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

EXPLAINED = 0.35
"""Of how a living body changes a picture, shifts of its edges explain two fifths (far away) to nine
tenths; of shade, mirrored light and a coder's refinement three tenths at most. An area of which
they explain less is nobody."""

EXPLAINED_HERE, AROUND = 0.6, (7, 10)
"""The same of a part of an area, which has that many pixels of a picture 320 wide around it to the
sides, above and below: of shade and mirrored light it may be a half here and there."""

PART = 0.08
"""Share of an area that has moved as a whole from which it is somebody."""

TOLD = 0.1
"""Changes beyond noise, in variances of noise, from which it can be told what they are."""

NEAR_EDGE = 2.0
"""Pixels of a picture 320 wide from an edge of its own within which a place sways."""

HEAD, FEET, TALL = 0.15, 0.25, 3.0
"""Heights of a head above what sways and of feet below it, in its own height; and of somebody who
stands, in widths."""

SHOES, ROOM = 0.1, 0.2
"""Below whoever stands, in their height: shoes, which nobody moves who stands. Above somebody by
themselves: room for a head of which nothing sways, since face and hair are as the wall."""

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
    on_doubt: bool = True,
) -> Mask:
    """Where somebody may stand in the background.

    Args:
        pairs: some pictures of the clip in its order, each with one from a little before.
        background: what is believed to be empty.
        unit: the side of a pixel of a picture 320 wide, in pixels.
        row: so many pictures in a row are held against their own mean; see `Swaying`.
        within: what was in view for long enough to tell; None is all of it.
        on_doubt: also where nobody can tell, since it is seen too little or noise would hide it.
    """
    swaying = Swaying(background, unit)
    wavering, *coloured = (_Wavering(background.mean[:, :, plane]) for plane in range(3))
    for number, look in enumerate(looks(pairs, background)):
        if number % row == 0:
            swaying.begin_row()
            for plane in (wavering, *coloured):
                plane.begin_row()
        if look is not None:
            swaying.add(look)
            for plane, away in zip((wavering, *coloured), (look.now, *look.colours), strict=True):
                plane.add(away, look.seen)
    sway = swaying.found()
    if not on_doubt:
        sway = dataclasses.replace(sway, error=np.zeros_like(sway.error))
    sways, edges = _sways(sway, unit), _own_edges(background, unit)
    near = sways & _near(edges, unit)
    wavers = wavering.found()
    if not on_doubt and any(pair.shown is not None for pair in pairs):
        wavers = None  # pixels between the edges of a trembling picture waver as well
    if wavers is None:
        # Where noise hides how a pixel wavers, what is unknown may be the middle of whoever sways.
        wavers = ~background.known
    if within is not None:
        near &= within
        wavers &= within
    lives = _may_live if on_doubt else _surely_lives
    bodies = _bodies(_whole(near, unit) | _whole(wavers, unit), sway, unit, lives)
    # A shirt as light as the wall has a colour of its own.
    colours = [found for each in coloured if (found := each.found()) is not None]
    exact = np.logical_or.reduce([sways & edges, wavers, *colours])
    return bodies & outlined(exact & bodies, unit)


def _closed(found: Mask, unit: float) -> Mask:
    """Gaps of the size of limbs closed."""
    size = (round(7.5 * unit) | 1, round(12.5 * unit) | 1)
    body = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size)
    return np.asarray(cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, body) > 0)


def _bodies(
    found: Mask, sway: Sway, unit: float, lives: Callable[[Mask, Sway, float], bool]
) -> Mask:
    """Of what was found, the areas that are somebody, whole."""
    closed = _closed(found, unit).astype(np.uint8)
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    outlines, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    high, wide = found.shape
    out = np.zeros(found.shape, np.uint8)
    for outline in outlines:
        _, _, across, tall = cv2.boundingRect(outline)
        area = cv2.contourArea(outline)
        if tall < HEIGHT * high or area < AREA * high * wide:
            continue
        hull = cv2.convexHull(outline)
        is_one = cv2.contourArea(hull) <= HOLLOW * area
        # A limb that is as still as the wall lies between those that are not.
        whole = hull if is_one else outline
        one = np.zeros_like(out)
        cv2.drawContours(one, [whole], -1, 1, cv2.FILLED)
        if lives(one > 0, sway, unit):
            out |= one
            for by in (SHOES, -ROOM if tall > NARROWER * across else 0.0):
                moved = whole + np.array((0, round(by * tall)), np.int32)
                cv2.drawContours(out, [moved], -1, 1, cv2.FILLED)
    side = 2 * round(BESIDE * unit) + 1
    return np.asarray(cv2.dilate(out, np.ones((side, side), np.uint8)) > 0)


def _may_live(area: Mask, sway: Sway, unit: float) -> bool:
    """Whether what changes an area may be somebody; on doubt it may."""
    edges = area & sway.has_edges
    if not edges.any() or (edges & (sway.error > UNDECIDED * unit)).any():
        return True
    if np.count_nonzero(area & sway.strides) > PART * np.count_nonzero(area):
        return True
    if _sways_whole(edges, sway, unit):
        return True
    furthest = float(np.quantile(sway.pixels[edges], 0.9))
    changes = float(sway.changes[area].sum())
    if furthest > MOST * unit or changes < TOLD * float(sway.noise[area].sum()):
        return True
    return float(sway.shifts[area].sum()) > EXPLAINED * changes


def _sways_whole(edges: Mask, sway: Sway, unit: float) -> bool:
    """Whether a part of an area sways as a body's part does, whatever else changes in it.

    Of who comes and stands beside somebody, shifts explain little; those who were there sway on.
    """
    part = (2 * round(AROUND[0] * unit) + 1, 2 * round(AROUND[1] * unit) + 1)
    shifts, changes, noise = (
        cv2.blur(each, part) for each in (sway.shifts, sway.changes, sway.noise)
    )
    told = (shifts > EXPLAINED_HERE * changes) & (changes > TOLD * noise)
    sways = edges & told & (sway.pixels > SWAYS * unit)
    return bool(np.count_nonzero(sways) > LEAST_PART * unit * unit)


def _surely_lives(area: Mask, sway: Sway, unit: float) -> bool:
    """Whether what changes an area is somebody; on doubt it is not."""
    edges = area & sway.has_edges
    if not edges.any():
        return False
    if float(np.quantile(sway.pixels[edges], 0.9)) > MOST * unit:
        return True
    changes, noise = (float(each[area].sum()) for each in (sway.changes, sway.noise))
    if changes < noise and np.count_nonzero(area & sway.strides) > PART * np.count_nonzero(area):
        return True  # they moved too far to be seen to sway
    return float(sway.shifts[area].sum()) > EXPLAINED * changes > 0.0


def _whole(sways: Mask, unit: float) -> Mask:
    """What sways, and what a body has around it: feet, which do not sway, arms beside what is
    thin, and a head above, whose hair may be as dark as the wall.
    """
    out = _closed(sways, unit).astype(np.uint8)
    outlines, _ = cv2.findContours(out, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    for outline in outlines:
        area = cv2.contourArea(outline)
        if area < LEAST_PART * unit * unit:
            continue
        _, _, _, down = cv2.boundingRect(outline)
        # What sways was found around its edges; an arm makes nobody taller.
        margin = NEAR_EDGE * unit
        wide, high = max(1.0, area / down - margin), max(1.0, down - margin)
        above = round(HEAD * down)
        below = max(round(FEET * down), round(TALL * wide) - high)
        beside = max(0, round((high / TALL - wide) / 2))
        ways = ((-beside, 0), (beside, 0), (0, below), (0, -above))
        corners = np.concatenate([outline + np.array(by, np.int32) for by in ways])
        cv2.fillConvexPoly(out, cv2.convexHull(corners), 1)
    return out > 0


def _sways(sway: Sway, unit: float) -> Mask:
    """Where edges sway as the living do, or may do so unseen."""
    # Where most of a scene is flat, its edges may be somebody's: flat places count as still.
    usual = float(np.quantile(np.where(sway.has_edges, sway.pixels, 0.0), 0.75))
    limit = unit * min(MOST, max(SWAYS, USUALLY * usual / unit))
    strong = (sway.pixels > limit) & sway.has_edges
    weak = (sway.pixels > WEAKER * limit) & sway.has_edges & reach(strong, unit)
    unsure = (sway.error > UNDECIDED * unit) & sway.has_edges
    return np.asarray(strong | weak | unsure | sway.strides)


def _own_edges(background: Background, unit: float) -> Mask:
    """Where a place that sways has the edges that do: the place is larger than they."""
    edges = _edges(background.mean[:, :, 0])
    return np.asarray(edges * edges >= cv2.blur(edges * edges, place_of(unit)))


def _near(edges: Mask, unit: float) -> Mask:
    side = 2 * round(NEAR_EDGE * unit) + 1
    return np.asarray(cv2.dilate(edges.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


class _Wavering:
    """How much each pixel of a plane wavers where nothing is seen before it.

    About the mean of so many pictures in a row: what changes over minutes is daylight.
    """

    def __init__(self, scene: Gray) -> None:
        self._edges = _edges(scene)
        self._count, self._total, self._squares, self._seen, self._free, self._wander = (
            np.zeros(scene.shape, np.float32) for _ in range(6)
        )

    def add(self, away: Plane, seen: Plane) -> None:
        away = away * seen
        self._count += seen
        self._seen += seen
        self._total += away
        self._squares += away * away

    def begin_row(self) -> None:
        """Add a row's squares about its own mean, and how many of them are free; begin anew."""
        looked = np.maximum(self._count, 1)
        self._wander += np.maximum(0.0, self._squares - self._total * self._total / looked)
        self._free += np.maximum(0.0, self._count - 1)
        for each in (self._count, self._total, self._squares):
            each[:] = 0.0

    def found(self) -> Mask | None:
        """Where pixels waver by more than noise and edges do; None where noise hides that."""
        self.begin_row()
        enough = (self._seen >= LEAST) & (self._free > 0)
        wavers = np.where(enough, np.sqrt(self._wander / np.maximum(self._free, 1)), 0.0)
        noise = float(np.median(wavers[enough])) if enough.any() else 0.0
        if noise > NOISY:
            return None
        edges = self._edges
        strong = edges >= np.quantile(edges, 0.7)
        usual = float(np.median(np.clip(wavers - noise, 0, None)[strong] / edges[strong]))
        return np.asarray(wavers > NOISE * noise + EDGE * usual * edges + FLOOR)


def _edges(plane: Gray) -> Plane:
    smooth = cv2.GaussianBlur(plane, (5, 5), 0)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    return np.asarray(cv2.magnitude(dx, dy) + 1e-3, np.float32)
