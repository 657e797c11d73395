"""How the light of now differs from the light of the background; pure.

A tone curve for luma and a line for each colour plane, fitted on pixels that show the empty scene
and held against people by throwing out what does not fit. Exposure, gain, gamma and clipping are
all functions of the pixel's own level, so a curve follows them where a single gain does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.frame import Mask

Numbers = NDArray[np.float64]

_KNOTS = np.arange(16, 256, 16, dtype=np.float64)
_HALF_WIDTH = 14
_LEAST = 24  # samples that a knot needs
_SAMPLES = 4000

DRIFT = 0.3
"""Levels by which the mean of many pixels may drift before the light is fitted anew; what is
doubted begins at several."""

BAND = 200
"""Samples without which a band of levels says nothing about a drift."""

LESS = 0.01
"""Share of the samples that may newly differ before the light is fitted anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Tone:
    """From levels of the background to levels of now.

    `table` is uint8 (256, 1, 3) for OpenCV; `gain` the slope of luma; `fit` the share of samples
    that the curve explains, 0 to 1: low where the scene itself has changed.
    """

    table: NDArray[np.uint8]
    gain: float
    offset: float
    fit: float

    def applied(self, background: Small) -> Small:
        """The background as it would look in the light of now."""
        return np.asarray(cv2.LUT(background, self.table), np.uint8)


def same_light() -> Tone:
    """The curve that changes nothing."""
    levels = np.arange(256, dtype=np.uint8)
    return Tone(np.repeat(levels[:, None, None], 3, axis=2), 1.0, 0.0, 1.0)


class _Pairs:
    """Which level was seen as which value, and how often: samples repeat themselves manyfold.

    `level`, `value` and `count` go together, all float64 for the sake of quick products; `total` is
    the sum of `count`.
    """

    __slots__ = ("count", "level", "total", "value")

    def __init__(self, level: Numbers, value: Numbers, count: Numbers) -> None:
        self.level, self.value, self.count = level, value, count
        self.total = float(count.sum())

    def median(self, figures: Numbers) -> float:
        """The median over all samples of a figure that each pair has."""
        order = figures.argsort(kind="stable")
        reached = self.count[order].cumsum()
        middle = ((self.total - 1) // 2, self.total // 2)
        below, above = reached.searchsorted(middle, side="right")
        return float((figures[order[below]] + figures[order[above]]) / 2)

    def where(self, chosen: NDArray[np.bool_]) -> _Pairs:
        """Some of the pairs."""
        return _Pairs(self.level[chosen], self.value[chosen], self.count[chosen])


class _Line:
    """The line of least squares through pairs, of which each counts by its weight.

    Attributes:
        total: the weight of all.
        level, value: where the middle of all lies; the line goes through it.
        spread: variance of the levels; 0 says nothing about the slope.
    """

    __slots__ = ("_shared", "level", "spread", "total", "value")

    def __init__(self, level: Numbers, value: Numbers, weight: Numbers, least: float) -> None:
        self.total = float(weight.sum())
        if self.total < least:
            return
        self.level, self.value = (
            float(level @ weight) / self.total,
            float(value @ weight) / self.total,
        )
        away = level - self.level
        weighed = away * weight
        self.spread = float(away @ weighed) / self.total
        self._shared = float(weighed @ value) / self.total

    def slope(self, least: float, most: float) -> float:
        """The slope, within bounds."""
        return min(most, max(least, self._shared / self.spread))


def _sparse(picture: Small, step: int) -> Small:
    """Every so many pixels of every so many rows; a pixel is copied as one, not plane by plane."""
    if not picture.flags.c_contiguous:
        return np.ascontiguousarray(picture[::step, ::step])
    pixels = picture.view("V3")[::step, ::step]
    return np.ascontiguousarray(pixels).view(np.uint8)


def _sampled(picture: Small, step: int) -> list[NDArray[np.uint8]]:
    """Every so many pixels of each plane, in one row."""
    planes = cv2.split(_sparse(picture, step))
    return [np.asarray(plane, np.uint8).reshape(-1) for plane in planes]


def _paired(level: NDArray[np.uint8], value: NDArray[np.uint8]) -> _Pairs:
    keys = level.astype(np.uint16)
    keys <<= 8
    keys |= value
    keys.sort(kind="stable")  # for 16 bits this is a radix sort
    is_last = np.ones(keys.size, bool)
    np.not_equal(keys[1:], keys[:-1], out=is_last[:-1])
    ends = is_last.nonzero()[0]
    some = keys[ends]
    count = ends.astype(np.float64)
    count[1:] -= ends[:-1]
    count[:1] += 1
    return _Pairs((some >> 8).astype(np.float64), (some & 255).astype(np.float64), count)


def fitted(background: Small, now: Small, empty: Mask | None = None) -> Tone:
    """The tone curve between two pictures of the same scene.

    Args:
        background: the scene as it is known.
        now: the picture as it is.
        empty: where the background is known and nobody stood before; None is everywhere.
    """
    step = max(1, int((background.shape[0] * background.shape[1] / _SAMPLES) ** 0.5))
    known, seen = _sampled(background, step), _sampled(now, step)
    if empty is not None:
        chosen = np.flatnonzero(empty[::step, ::step])
        if 200 <= chosen.size < known[0].size:
            known, seen = [each[chosen] for each in known], [each[chosen] for each in seen]
    pairs = _paired(known[0], seen[0])
    gain, offset, fits = _line(pairs)
    table = np.empty((256, 1, 3), np.uint8)
    table[:, 0, 0] = _curve(pairs, gain, offset)
    good = np.flatnonzero(cv2.absdiff(table[known[0], 0, 0], seen[0]).reshape(-1) < 12)
    levels = np.arange(256) - 128.0
    for channel in (1, 2):
        chroma = _paired(known[channel][good], seen[channel][good])
        slope, shift = _chroma_line(chroma, gain)
        table[:, 0, channel] = np.clip(np.rint(levels * slope + shift + 128.0), 0, 255)
    share = good.size / known[0].size if good.size else fits
    return Tone(table, gain, offset, share)


@dataclass(frozen=True, slots=True, eq=False)
class Offsets:
    """How a picture lies beside what is expected of it, cheaply: a quarter of what a fit costs.

    `share` of the samples is near; `levels` are mean differences of luma where the scene is darker
    and lighter, and of both colour planes.
    """

    share: float
    levels: Numbers

    def holds(self, now: Offsets) -> bool:
        """Whether the light in which this was measured still is that of now."""
        is_near = bool((np.abs(now.levels - self.levels) <= DRIFT).all())
        return is_near and now.share >= self.share - LESS


def offsets(expected: Small, now: Small, empty: Mask) -> Offsets:
    """How a picture lies beside the empty scene in some light; `empty` as for `fitted`."""
    step = max(1, int((now.shape[0] * now.shape[1] / _SAMPLES) ** 0.5))
    lit, seen = _sparse(expected, step), _sparse(now, step)
    free = np.ascontiguousarray(empty[::step, ::step]).view(np.uint8)
    total = cv2.countNonZero(free)
    luma, *tints = cv2.split(cv2.absdiff(seen, lit))
    good = cv2.bitwise_and(_below(luma, 12), free)
    away = np.asarray(cv2.subtract(seen, lit, dtype=cv2.CV_16S))
    chosen = np.flatnonzero(good)
    # Where it is darker and where it is lighter: contrast may change and the mean not.
    band = lit[:, :, 0].reshape(-1)[chosen] >> 5
    count = np.bincount(band, minlength=8)
    shift = np.bincount(band, away[:, :, 0].reshape(-1)[chosen], 8)
    levels = np.where(count >= BAND, shift / np.maximum(count, 1), 0.0)
    near = (cv2.bitwise_and(_below(tint, 6), free) for tint in tints)
    colour = [cv2.mean(away, mask=where)[number] for number, where in enumerate(near, 1)]
    return Offsets(chosen.size / max(1, total), np.append(levels, colour))


def _below(plane: MatLike, level: int) -> MatLike:
    """255 where a plane is below a level."""
    return cv2.threshold(plane, level - 1, 255, cv2.THRESH_BINARY_INV)[1]


def _line(pairs: _Pairs) -> tuple[float, float, float]:
    """Slope and offset of the line most samples lie on, and their share."""
    if pairs.total < 50:
        return 1.0, 0.0, 0.0
    best = (-1.0, 1.0, 0.0)
    seen = pairs.where((pairs.value < 233) & (pairs.value > 17))
    for start in _starts(pairs):
        gain, offset = _followed(seen, *start)
        away = np.abs(_shown(pairs.level, gain, offset) - pairs.value)
        share = float(pairs.count[away < 7].sum()) / pairs.total
        if share > best[0] + 0.01:
            best = (share, gain, offset)
        if best[0] + 0.01 >= 1.0:
            break  # no other line can be so much better
    return best[1], best[2], best[0]


def _shown(level: Numbers, gain: float, offset: float) -> Numbers:
    """Levels in a light, as far as a picture can show them."""
    return np.minimum(np.maximum(level * gain + offset, 16.0), 235.0)


def _starts(pairs: _Pairs) -> Iterator[tuple[float, float]]:
    """Gains and offsets to begin with: the light of before, then others."""
    yield 1.0, 0.0
    brighter = pairs.median(pairs.value - pairs.level)
    if brighter:
        yield 1.0, brighter
    usable = pairs.where((pairs.level > 40) & (pairs.value < 232) & (pairs.value > 18))
    if usable.total > 50:
        ratios = np.repeat((usable.value - 16) / (usable.level - 16), usable.count.astype(np.intp))
        for gain in np.quantile(ratios, (0.25, 0.5, 0.75)).tolist():
            yield gain, 16 - 16 * gain


def _followed(pairs: _Pairs, gain: float, offset: float) -> tuple[float, float]:
    """The line of least squares near the one given, narrower and narrower: a step may be large."""
    for width in (24.0, 12.0, 7.0):
        away = pairs.value - _shown(pairs.level, gain, offset)
        near = np.abs(away) < width
        line = _Line(pairs.level, pairs.value, pairs.count * near, least=40.0)
        if line.total < 40:
            break
        if line.spread < 9.0:  # one level only: an offset says all there is
            chosen = pairs.where(near)
            offset += chosen.median(chosen.value - (chosen.level * gain + offset))
        else:
            gain = line.slope(0.1, 4.0)
            offset = line.value - gain * line.level
    return gain, offset


def _curve(pairs: _Pairs, gain: float, offset: float) -> NDArray[np.uint8]:
    line = np.clip(_KNOTS * gain + offset, 0, 255)
    residual = pairs.value - np.clip(pairs.level * gain + offset, 0, 255)
    order = residual.argsort(kind="stable")
    order = order[np.abs(residual[order]) < 14]
    knots = line
    if order.size:
        # The median of what is near each knot, all at once: a row a knot, residuals rising.
        near = np.abs(pairs.level[order] - _KNOTS[:, None]) <= _HALF_WIDTH
        reached = (near * pairs.count[order]).cumsum(axis=1)
        samples = reached[:, -1]
        below = (reached > ((samples - 1) // 2)[:, None]).argmax(axis=1)
        above = (reached > (samples // 2)[:, None]).argmax(axis=1)
        sorted_residual = residual[order]
        median = (sorted_residual[below] + sorted_residual[above]) / 2
        knots = np.where(samples >= _LEAST, line + median, line)
    rising = np.maximum.accumulate(np.clip(knots, 0, 255))
    levels = np.arange(256, dtype=np.float64)
    table = np.interp(levels, _KNOTS, rising)
    below_first = levels < _KNOTS[0]
    table[below_first] = rising[0] - (_KNOTS[0] - levels[below_first]) * min(1.0, gain)
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)


def _chroma_line(pairs: _Pairs, gain: float) -> tuple[float, float]:
    if pairs.total < 50:
        return 1.0, 0.0
    level, value = pairs.level - 128.0, pairs.value - 128.0
    slope, shift = 1.0, pairs.median(value - level)
    for width in (10.0, 5.0, 4.0):
        near = np.abs(level * slope + shift - value) < width
        line = _Line(level, value, pairs.count * near, least=50.0)
        if line.total < 50:
            break
        if line.spread > 6.0:
            slope = line.slope(0.2, 2.5)
            shift = line.value - slope * line.level
        else:
            shift = pairs.where(near).median((value - slope * level)[near])
    return slope, shift
