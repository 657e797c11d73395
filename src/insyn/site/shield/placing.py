"""Pictures of a camera that shakes, brought to where its first picture looked; pure."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.analysis import Small
from insyn.site.shield.frame import Mask

Edges = NDArray[np.float32]

BLURRED = 2.0
"""Pixels of a picture 320 wide from its border that are not believed, where that is no border of
the canvas: what is smoothed over them is of somewhere else."""

LARGEST_SHIFT = 12.0
"""Pixels of a picture 320 wide by which a shaking camera may be off and is followed."""

STILL = 0.3
"""Pixels that the tolerance of edges covers: no shift at all."""

SURE = 0.04
"""Response of the phase correlation below which no shift is believed."""

BETTER = 0.85
"""A shift counts where edges then differ by less than this share of what they differed by."""


class Placing:
    """Remembers the first picture's edges; not shared between threads.

    `margin` is what a canvas needs around a picture for whatever was seen so far, in pixels: 0
    until the camera is off for the first time.
    """

    def __init__(self, size: tuple[int, int], unit: float, first: Small | None = None) -> None:
        """Begin for small pictures of (width, height); `first` is where the camera looked."""
        self._size = size
        self._most = LARGEST_SHIFT * unit
        self._inner = np.ones((2 * round(BLURRED * unit) + 1,) * 2, np.uint8)
        self._window = np.asarray(cv2.createHanningWindow(size, cv2.CV_32F), np.float32)
        self._first: Edges | None = None if first is None else _edges(first)
        self.margin = 0

    def shift_of(self, picture: Small) -> tuple[float, float]:
        """By how much it is off; not at all where nobody can say."""
        edges = _edges(picture)
        if self._first is None:
            self._first = edges
            return 0.0, 0.0
        (dx, dy), response = shift_between(self._first, edges, self._window)
        off = math.hypot(dx, dy)
        if response < SURE or not STILL <= off <= self._most:
            return 0.0, 0.0
        matrix = np.array([[1, 0, -dx], [0, 1, -dy]], np.float64)
        moved = np.asarray(
            cv2.warpAffine(edges, matrix, self._size, borderMode=cv2.BORDER_REPLICATE), np.float32
        )
        # People who walk all one way correlate too; the scene's own edges decide.
        if _apart(self._first, moved) > BETTER * _apart(self._first, edges):
            return 0.0, 0.0
        self.margin = math.ceil(self._most)
        return dx, dy

    def spread(self, picture: Small, shift: tuple[float, float]) -> tuple[Small, Mask]:
        """The picture on the canvas, where the first one looked, and where it shows anything.

        Beyond its border it goes on as it ends.
        """
        matrix = np.array(
            [[1, 0, self.margin - shift[0]], [0, 1, self.margin - shift[1]]], np.float64
        )
        width, height = self._size
        size = (width + 2 * self.margin, height + 2 * self.margin)
        placed = cv2.warpAffine(
            picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        inner = cv2.erode(
            np.ones((height, width), np.uint8),
            self._inner,
            borderType=cv2.BORDER_CONSTANT,
            borderValue=(0.0,),
        )
        shown = cv2.warpAffine(inner, matrix, size, flags=cv2.INTER_NEAREST)
        return np.asarray(placed, np.uint8), np.asarray(shown > 0)


def shift_between(one: Edges, two: Edges, window: Edges) -> tuple[tuple[float, float], float]:
    """How far `two` lies right of and below `one`, in pixels, and how sure that is, 0 to 1."""
    # Copies: where no padding is needed, OpenCV multiplies the window into what it is given.
    (dx, dy), response = cv2.phaseCorrelate(one.copy(), two.copy(), window)
    return (dx, dy), response


def _edges(picture: Small) -> Edges:
    # Noise has edges too, and those of a coded picture outlast it: they must not count.
    luma = cv2.GaussianBlur(picture[:, :, 0], (5, 5), 0)
    dx = cv2.Sobel(luma, cv2.CV_32F, 1, 0)
    dy = cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(np.minimum(cv2.magnitude(dx, dy), 120.0), np.float32)


def _apart(one: Edges, two: Edges) -> float:
    # At the scene's own edges alone; where somebody stands, large differences count alike.
    strong = one >= np.quantile(one, 0.9)
    return float(np.minimum(np.abs(one - two), 60.0)[strong].mean())
