"""Which of the looks of each place is believed to be the empty scene; pure.

Who comes and stays is the likeliest look of where they stand, for longer than the floor was. Where
somebody is found in the scene, it is asked whether all of that place was once seen without them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.codebook import LOOKS, Codebook, Number, Rank
from insyn.site.shield.frame import Mask

LEAST_LOOKS = 6
"""So many pictures at least must show a place without whoever stands there."""

ALIKE, ANOTHER, AGREES = 0.9, 0.97, 0.5
"""Two pictures show a place alike where so many of its pixels show the same looks; it is another
state of it than what is believed where fewer do. Of a state each pixel must show the same look in
this share of the time."""

FEWER = 0.85
"""Share of a place's outlines that is left at most where somebody has gone. In another pose they
are as many, and of a pose that was held for seconds less can be told how still it is."""

EACH = 3
"""So many rows and columns apart pixels are asked for that: bodies are larger."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """For each pixel the look that is believed to be the empty scene, and the likeliest other one.

    `sure` is where the other one cannot be it.
    """

    first: Rank
    rest: Rank
    sure: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Absent:
    """A choice without some of those who stand in the scene.

    `settled` is where it holds, `gone` where another look is believed now, and `unclear` where a
    pixel of such a place showed now one look, now another.
    """

    choice: Choice
    settled: Mask
    gone: Mask
    unclear: Mask


def chosen(book: Codebook) -> Choice:
    """The likeliest look, or the other one where that is emptier."""
    likeliest, other = book.ordered()
    enough = book.of(book.seen, other) >= max(0.5, 0.02 * book.seconds)
    swap = emptier(book.look(likeliest), book.look(other), enough)
    return Choice(np.where(swap, other, likeliest), np.where(swap, likeliest, other), swap)


def without(
    book: Codebook,
    choice: Choice,
    stands: Mask,
    shown: Sequence[Number],
    times: Sequence[float],
    least_s: float,
) -> Absent | None:
    """The choice without those whose place was seen without them; None where nobody's was.

    Args:
        book: the looks of each pixel.
        choice: what is believed.
        stands: where somebody stands in it.
        shown: by picture, which look each pixel shows.
        times: the seconds that each of these pictures stands for.
        least_s: so long at least a place must be seen without them.
    """
    first = (choice.first // stands.size).astype(np.uint8)
    best = first.copy()
    settled, unclear = (np.zeros(stands.shape, bool) for _ in range(2))
    lasting_s = np.asarray(times, np.float32)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(stands.astype(np.uint8))
    for number in range(1, count):
        x, y, wide, high = (int(each) for each in stats[number, : cv2.CC_STAT_AREA])
        box = (slice(y, y + high), slice(x, x + wide))
        inside = labels[box] == number
        states = _states(inside, first[box], [each[box] for each in shown], lasting_s, least_s)
        least = FEWER * _outlines(book, first[box], box, inside)
        emptiest: tuple[Number, Mask] | None = None
        for state, is_clear in states:
            found = np.where(inside, state, first[box])
            outlines = _outlines(book, found, box, inside)
            if outlines < least:
                least, emptiest = outlines, (found, is_clear)
        if emptiest is not None:
            best[box] = emptiest[0]
            settled[box] |= inside
            unclear[box] |= inside & ~emptiest[1]
    swap = settled & (best != first)
    if not swap.any():
        return None
    found = best.astype(np.intp) * stands.size + np.arange(stands.size).reshape(stands.shape)
    other = Choice(
        np.where(swap, found, choice.first),
        np.where(swap, choice.first, choice.rest),
        choice.sure | settled,
    )
    return Absent(other, settled, swap, unclear)


def _states(
    inside: Mask,
    believed: Number,
    shown: Sequence[Number],
    times: NDArray[np.float32],
    least_s: float,
) -> Iterator[tuple[Number, Mask]]:
    """What a place showed for long enough, other than what is believed of it: the look of each of
    its pixels, and where that is clear.
    """
    some = inside[::EACH, ::EACH]
    if not some.any():
        return
    seen = np.stack([each[::EACH, ::EACH][some] for each in shown])
    left = (seen == believed[::EACH, ::EACH][some]).mean(axis=1) < ANOTHER
    while left.any():
        # The picture that most others are like, by time, stands for its state.
        each = np.flatnonzero(left)
        alike = np.stack([(seen == seen[one]).mean(axis=1) >= ALIKE for one in each])
        lasts_s = alike @ times
        which = int(lasts_s.argmax())
        at = [int(one) for one in np.flatnonzero(alike[which])]
        left[at] = left[each[which]] = False
        if lasts_s[which] < least_s:
            return
        if len(at) < LEAST_LOOKS:
            continue
        # At the border of whoever sways, all of their looks are likelier than the floor.
        state, most_s = believed.copy(), np.zeros(inside.shape, np.float32)
        for look in range(LOOKS):
            for_s = np.zeros(inside.shape, np.float32)
            for one in at:
                for_s += (shown[one] == look) * times[one]
            np.copyto(state, look, where=for_s > most_s)
            np.maximum(most_s, for_s, out=most_s)
        yield state, most_s >= AGREES * float(times[at].sum())


def _outlines(book: Codebook, looks: Number, box: tuple[slice, slice], inside: Mask) -> float:
    """How much there is to see in a place: bodies have outlines, and hide few of the scene's."""
    pixels = np.arange(book.seen[0].size).reshape(book.seen[0].shape)[box]
    rank = looks.astype(np.intp) * book.seen[0].size + pixels
    return _contrast(book.look(rank), inside)


def emptier(first: Small, second: Small, plausible: Mask) -> Mask:
    """Where the second look is the emptier one: it has no outline where the first has one.

    A thing that stands before the scene has an outline along its own border; the scene behind it
    goes on across that border. Source: the test for things left behind and things taken away.
    """
    apart = cv2.absdiff(first, second)
    y, u, v = cv2.split(apart)
    differ = ((y > 14) | (u > 8) | (v > 8)) & plausible
    areas = cv2.morphologyEx(differ.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    areas = cv2.morphologyEx(areas, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(areas, connectivity=8)
    out = np.zeros(differ.shape, bool)
    ring = np.ones((3, 3), np.uint8)
    for number in range(1, count):
        x, top, wide, high, area = stats[number]
        if area < 30:
            continue
        box = (slice(max(0, top - 4), top + high + 4), slice(max(0, x - 4), x + wide + 4))
        inside = (labels[box] == number).astype(np.uint8)
        inner, outer = cv2.erode(inside, ring), cv2.dilate(inside, ring)
        border = (outer > 0) & (inner == 0)
        composed = np.where(inside[..., None] > 0, second[box], first[box])
        one, two = _contrast(first[box], border), _contrast(composed, border)
        if two < 0.75 * one:
            out[box] |= inside > 0
    return out


def _contrast(picture: Small, where: Mask) -> float:
    total = np.zeros(where.shape, np.float32)
    for channel in range(3):
        plane = picture[:, :, channel]
        dx = cv2.Sobel(plane, cv2.CV_32F, 1, 0)
        dy = cv2.Sobel(plane, cv2.CV_32F, 0, 1)
        total += cv2.magnitude(dx, dy)
    return float(total[where].mean()) if where.any() else 0.0
