"""Which look of each place of a clip is the empty scene, and where nobody can say; pure.

What was never surely seen empty stays unknown: it is covered through the clip.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.choosing import Choice, chosen, without
from insyn.site.shield.codebook import Codebook, Motion, Number, reach
from insyn.site.shield.difference import Shapes, areas_of
from insyn.site.shield.frame import Mask
from insyn.site.shield.light import fitted
from insyn.site.shield.looks import Pair
from insyn.site.shield.outlines import outlined
from insyn.site.shield.restless import restless
from insyn.site.shield.stayers import narrowed
from insyn.site.shield.swaying import IN_VIEW, place_of

TELLS_S = 3.8
"""Within less, nobody can be told from the scene who stands in it: all of it is unknown."""

ROUNDS = 2
"""What is sure grows from the border of a place in doubt to its middle."""

ABSENCES = 2
"""So often it is asked whether the place of those who stand was once seen without them: people who
stand side by side come and go one by one."""

NEAR_S = 1.2
"""Movement so near in time makes a place busy: a standing person is still for a while."""

LONG_S, SWAYS = 15.0, 0.3
"""In clips so long, who sways by less than a pixel moves at this share of the time that an edge
of theirs is seen; beside a path that people walk it is less."""

DOUBT = 0.4
"""Two looks whose worth differs by less than this ratio: nobody can say which is the empty one."""

ROW_S, ROW = 6.0, 5
"""Whoever stands shifts their weight in so many seconds; so many samples at least are looked at
together."""

ALIKE = (18, 9, 9)
"""Levels of luma and colour by which a picture may be off a first look that is beyond doubt."""

STAYS_AREA = 150
"""Pixels of a picture 320 wide: less is a leaf or a lamp."""

ISLAND = 0.03
"""Share of the picture: a smaller place that is known, with all around it unknown, is not shown."""

STRAIT = 7.0
"""Pixels of a picture 320 wide: between two places that are known, less is a gap in an outline."""

STAYS = 0.08
"""Share of the time that a look is seen and moves, beyond which it is somebody who stays."""


@dataclass(slots=True)
class Sample:
    """A picture that stands for some seconds of the clip.

    Attributes:
        picture: as it was placed.
        beside: another from a little before or after.
        moving: where bodies move, now and since the sample before.
        shown: where the picture, and all that it was held against, show anything; None everywhere.
    """

    picture: Small
    beside: Small
    moving: Motion
    at_s: float
    lasting_s: float
    shown: Mask | None = None


def decided(samples: list[Sample], unit: float) -> Background:
    """Which look of each pixel is the empty scene, of what was in view for long enough."""
    # A picture that all samples are brought to.
    reference = median_of([one.picture for one in samples])
    views = [one.shown for one in samples if one.shown is not None]
    always = np.logical_and.reduce(views) if views else None
    height, width = reference.shape[:2]
    book = Codebook((height, width))
    shape = np.ones((round(15 * unit) | 1, round(7 * unit) | 1), np.uint8)
    near_s = min(NEAR_S, 0.08 * (samples[-1].at_s - samples[0].at_s))
    brought: list[Small] = []
    for one in samples:
        near = [other.moving for other in samples if abs(other.at_s - one.at_s) <= near_s]
        seen = np.logical_or.reduce([each.seen for each in near])
        around = np.logical_or.reduce([each.around for each in near])
        seen = cv2.morphologyEx(seen.astype(np.uint8), cv2.MORPH_CLOSE, shape) > 0
        # The curve from now to the reference: the other way round than when masking.
        lit = fitted(one.picture, reference, always).applied(one.picture)
        moving = Motion(one.moving.now, one.moving.edge, seen, around | seen)
        book.add(lit, moving, one.lasting_s, one.shown)
        brought.append(lit)
    shown = [(lit, book.nearest(lit)) for lit in brought]
    for _ in range(ROUNDS):
        _weigh(book, shown, samples, unit)
    within: Mask | None = None
    in_view_s = np.ones((height, width), np.float32)
    if views:
        in_view_s[:] = 0.0
        for one in samples:
            in_view_s += np.float32(one.lasting_s) * np.asarray(one.shown)
        # Of a place that is mostly out of view, nobody can tell how still it is.
        long_enough = (in_view_s >= TELLS_S).astype(np.float32)
        within = (long_enough > 0) & (cv2.blur(long_enough, place_of(unit)) > IN_VIEW)
    pairs = [Pair(one.picture, one.beside, one.shown) for one in samples]
    every_s = (samples[-1].at_s - samples[0].at_s) / max(1, len(samples) - 1)
    row = max(ROW, math.ceil(ROW_S / max(every_s, 0.01)))

    def tried(choice: Choice) -> tuple[Background, Mask]:
        scene = _scene(book, choice, unit)
        if within is not None:
            scene = dataclasses.replace(
                scene,
                mean=np.where((in_view_s > 0)[..., None], scene.mean, reference),
                deviation=np.where(in_view_s > 0, scene.deviation, np.float32(np.inf)),
                known=scene.known & within,
            )
        return scene, restless(pairs, scene, unit, row=row, within=within)

    choice = chosen(book)
    scene, stands = tried(choice)
    times = [one.lasting_s for one in samples]
    stayed: list[Mask] = []
    for _ in range(ABSENCES):
        absent = without(book, choice, stands, [number for _, number in shown], times, TELLS_S)
        if absent is None:
            break
        other, found = tried(absent.choice)
        found |= absent.unclear | (stands & ~absent.settled)
        if np.count_nonzero(other.known & ~found) <= np.count_nonzero(scene.known & ~stands):
            break
        empty = (absent.choice.first // stands.size).astype(np.uint8)
        stayed += [
            narrowed(
                place,
                absent.gone,
                brought,
                [number for _, number in shown],
                empty,
                [one.shown for one in samples],
                unit,
            )
            for place in parts_of(stands & outlined(absent.gone, unit))
        ]
        scene, stands, choice = other, found, absent.choice
    known = _mainland(scene.known & ~stands, unit)
    return dataclasses.replace(scene, known=known, stayed=tuple(stayed))


def median_of(pictures: Sequence[Small]) -> Small:
    """The median of some of them, evenly chosen."""
    some = pictures[:: max(1, len(pictures) // 41)]
    lower, upper = (_ranked(some, rank) for rank in ((len(some) - 1) // 2, len(some) // 2))
    return np.asarray((lower & upper) + ((lower ^ upper) >> 1), np.uint8)  # their mean


def _ranked(pictures: Sequence[Small], rank: int) -> Small:
    """At each place the value that so many of at most 255 are not above, found bit by bit.

    A tenth of the time that sorting them takes.
    """
    found = np.zeros_like(pictures[0])
    for bit in (128, 64, 32, 16, 8, 4, 2, 1):
        tried = found | np.uint8(bit)
        below = np.zeros_like(found)
        for each in pictures:
            below -= np.asarray(cv2.compare(each, tried, cv2.CMP_LT), np.uint8)  # -255 is 1 more
        np.copyto(found, tried, where=below <= rank)
    return found


def parts_of(mask: Mask) -> list[Mask]:
    """Its connected parts, each by itself."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return [labels == number for number in range(1, count)]


def _mainland(known: Mask, unit: float) -> Mask:
    """What is known but for small islands: within somebody's outline is their still chest.

    An island that hangs on by a strait narrower than a limb is one too.
    """
    side = round(STRAIT * unit) | 1
    limb = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    wide = cv2.erode(known.astype(np.uint8), limb)  # a picture's border is no strait
    _, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= ISLAND * known.size
    large[0] = False
    return np.asarray((cv2.dilate(large[labels].astype(np.uint8), limb) > 0) & known)


def _weigh(
    book: Codebook, shown: list[tuple[Small, Number]], samples: list[Sample], unit: float
) -> None:
    """Count the seconds in which a place and all around it look as empty.

    `shown` are the samples in the light of the reference, and which looks they show.
    Who stands still is often not seen to move; but where the first look is beyond doubt, around a
    pixel in doubt, a body shows as a difference, and its reach covers the pixel.
    """
    likeliest, rival = book.ordered()
    first = book.look(likeliest)
    worth = book.worth()
    sure = areas_of(book.of(worth, likeliest) > 2.5 * book.of(worth, rival))
    book.empty[:] = 0.0
    shapes, spot = Shapes((first.shape[1], first.shape[0])), np.ones((3, 3), np.uint8)
    for (lit, looked), one in zip(shown, samples, strict=True):
        alike = cv2.inRange(cv2.absdiff(lit, first), (0, 0, 0), ALIKE)
        here = sure if one.shown is None else cv2.bitwise_and(sure, areas_of(one.shown))
        opened = cv2.morphologyEx(cv2.subtract(here, alike), cv2.MORPH_OPEN, spot)
        places = reach(shapes.closed(np.asarray(opened, np.uint8)) > 0, unit)
        if one.shown is not None:
            places |= ~one.shown
        book.weigh(looked, places, one.lasting_s)


def _scene(book: Codebook, choice: Choice, unit: float) -> Background:
    total = book.seconds

    def figure(store: NDArray[np.float32]) -> NDArray[np.float32]:
        return book.of(store, choice.first)

    enough = max(0.3, min(3.0, 0.08 * total))
    stirs = figure(book.stirred) > np.maximum(STAYS * figure(book.seen), 0.4)
    if total >= LONG_S:
        stirs |= (figure(book.edged) > SWAYS * figure(book.seen)) & (figure(book.seen) > 3.0)
    stays = cv2.morphologyEx(stirs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    size = (stays.shape[1], stays.shape[0])
    shapes = Shapes(size)
    body = np.ones((round(41 * unit), round(21 * unit)), np.uint8)
    stays = cv2.morphologyEx(
        shapes.closed(np.asarray(stays * 255, np.uint8)), cv2.MORPH_CLOSE, body
    )
    stays = shapes.filled(np.asarray(stays, np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(stays, connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= STAYS_AREA * unit * unit
    large[0] = False
    stays = np.where(large[labels], np.uint8(255), np.uint8(0))
    worth = book.worth()
    rival = book.of(worth, choice.rest) > DOUBT * book.of(worth, choice.first)
    rival &= ~choice.sure & (book.of(book.seen, choice.rest) > max(1.0, 0.1 * total))
    doubtful = cv2.morphologyEx(rival.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    known = (
        (figure(book.calm) >= enough) & (doubtful == 0) & ~_margin(outlined(stays > 0, unit), unit)
    )
    opened = cv2.morphologyEx(known.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return Background(
        mean=book.look(choice.first),
        deviation=np.clip(1.25 * figure(book.spread), 0.7, 6.0).astype(np.float32),
        chroma_deviation=np.clip(1.25 * figure(book.colour_spread), 0.5, 4.0).astype(np.float32),
        known=opened > 0,
    )


def _margin(places: Mask, unit: float) -> Mask:
    shape = np.ones((round(13 * unit), round(9 * unit)), np.uint8)
    return cv2.dilate(places.astype(np.uint8), shape) > 0
