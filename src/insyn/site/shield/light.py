"""How the light of now differs from the light of the background; pure.

A tone curve for luma and a line for each colour plane, fitted on pixels that show the empty scene
and held against people by throwing out what does not fit. Exposure, gain, gamma and clipping are
all functions of the pixel's own level, so a curve follows them where a single gain does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.frame import Mask

_KNOTS = np.arange(16, 256, 16, dtype=np.float64)
_HALF_WIDTH = 14
_LEAST = 24  # samples that a knot needs
_SAMPLES = 4000


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


def fitted(background: Small, now: Small, empty: Mask | None = None) -> Tone:
    """The tone curve between two pictures of the same scene.

    Args:
        background: the scene as it is known.
        now: the picture as it is.
        empty: where the background is known and nobody stood before; None is everywhere.
    """
    step = max(1, int((background.shape[0] * background.shape[1] / _SAMPLES) ** 0.5))
    known = background[::step, ::step].reshape(-1, 3)
    seen = now[::step, ::step].reshape(-1, 3)
    if empty is not None:
        chosen = empty[::step, ::step].reshape(-1)
        if int(chosen.sum()) >= 200:
            known, seen = known[chosen], seen[chosen]
    level, value = known[:, 0].astype(np.float64), seen[:, 0].astype(np.float64)
    gain, offset, fits = _line(level, value, scaled=True)
    table = np.empty((256, 1, 3), np.uint8)
    table[:, 0, 0] = _curve(level, value, gain, offset)
    good = np.abs(table[known[:, 0], 0, 0] - value) < 12
    for channel in (1, 2):
        chroma, seen_chroma = known[good, channel] - 128.0, seen[good, channel] - 128.0
        slope, shift = _chroma_line(chroma, seen_chroma, gain)
        levels = (np.arange(256) - 128.0) * slope + shift + 128.0
        table[:, 0, channel] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return Tone(table, gain, offset, float(good.mean()) if good.size else fits)


def _line(
    level: NDArray[np.float64], value: NDArray[np.float64], *, scaled: bool
) -> tuple[float, float, float]:
    """Slope and offset of the line most samples lie on, and their share."""
    if level.size < 50:
        return 1.0, 0.0, 0.0
    best = (-1.0, 1.0, 0.0)
    usable = (level > 40) & (value < 232) & (value > 18)
    ratios = (value[usable] - 16) / (level[usable] - 16)
    starts = [(1.0, 0.0), (1.0, float(np.median(value - level)))]
    if scaled and ratios.size > 50:
        for quantile in (0.25, 0.5, 0.75):
            gain = float(np.quantile(ratios, quantile))
            starts.append((gain, 16 - 16 * gain))
    for gain, offset in starts:
        # A step may be large: begin wide, end narrow.
        for width in (24.0, 12.0, 7.0):
            predicted = np.clip(level * gain + offset, 16, 235)
            near = (np.abs(predicted - value) < width) & (value < 233) & (value > 17)
            if int(near.sum()) < 40:
                break
            gain, offset = _least_squares(level[near], value[near], gain, offset)
        share = float((np.abs(np.clip(level * gain + offset, 16, 235) - value) < 7).mean())
        if share > best[0] + 0.01:
            best = (share, gain, offset)
    return best[1], best[2], best[0]


def _least_squares(
    level: NDArray[np.float64], value: NDArray[np.float64], gain: float, offset: float
) -> tuple[float, float]:
    mean, spread = float(level.mean()), float(level.var())
    if spread < 9.0:  # one level only: an offset says all there is
        return gain, offset + float(np.median(value - (level * gain + offset)))
    slope = float(((level - mean) * (value - value.mean())).mean()) / spread
    slope = min(4.0, max(0.1, slope))
    return slope, float(value.mean()) - slope * mean


def _curve(
    level: NDArray[np.float64], value: NDArray[np.float64], gain: float, offset: float
) -> NDArray[np.uint8]:
    knots: list[float] = []
    for knot in _KNOTS:
        line = float(np.clip(knot * gain + offset, 0, 255))
        near = np.abs(level - knot) <= _HALF_WIDTH
        residual = value[near] - np.clip(level[near] * gain + offset, 0, 255)
        residual = residual[np.abs(residual) < 14]
        knots.append(line + float(np.median(residual)) if residual.size >= _LEAST else line)
    rising = np.maximum.accumulate(np.clip(knots, 0, 255))
    levels = np.arange(256, dtype=np.float64)
    table = np.interp(levels, _KNOTS, rising)
    below = levels < _KNOTS[0]
    table[below] = rising[0] - (_KNOTS[0] - levels[below]) * min(1.0, gain)
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)


def _chroma_line(
    chroma: NDArray[np.float64], seen: NDArray[np.float64], gain: float
) -> tuple[float, float]:
    if chroma.size < 50:
        return 1.0, 0.0
    slope = 1.0
    shift = float(np.median(seen - chroma))
    for width in (10.0, 5.0, 4.0):
        near = np.abs(chroma * slope + shift - seen) < width
        if int(near.sum()) < 50:
            break
        spread = float(chroma[near].var())
        if spread > 6.0:
            mean = float(chroma[near].mean())
            slope = float(((chroma[near] - mean) * (seen[near] - seen[near].mean())).mean())
            slope = min(2.5, max(0.2, slope / spread))
            shift = float(seen[near].mean()) - slope * mean
        else:
            shift = float(np.median(seen[near] - slope * chroma[near]))
    return slope, shift
