"""The one way from a clear picture to a masked one.

Always: under the mask nothing of the picture is left but, in a mosaic, one colour a block that
is frozen for a second; no mask at all means that the whole picture is covered. Source:
reference/shield.md, 2.1 "which masks are safe": solid is safest, a mosaic least.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from insyn.base.errors import UnreadableInput
from insyn.site.shield import frame as frames
from insyn.site.shield.frame import Mask, MaskedFrame, Plane, YuvFrame, planes_of

SOLID_YUV = (60, 134, 122)
"""Slate, limited range: neither black like a lost picture nor a colour that people wear."""

TINT_YUV = (110, 158, 104)
"""What a ghost is mixed with, half and half: bluish, seen on grey floors and on wooden ones."""

BLOCKS_PER_HEIGHT = 8
"""A mosaic's blocks in the picture's height, hence at most as many in any body's height: for a
person of 1.7 m below 5 px/m, under the 20 px/m of reference/shield.md, 2.2."""

FROZEN_90K = 90_000
"""A block keeps its colour so long; frames between cannot be put together (2.1)."""


class Style(StrEnum):
    """How covered pixels look."""

    SOLID = "solid"
    GHOST = "ghost"
    MOSAIC = "mosaic"


class Tiles:
    """The frozen colours of a mosaic; one for each camera, fed with every picture."""

    def __init__(self) -> None:
        self._sum: tuple[NDArray[np.float32], ...] | None = None
        self._count = 0
        self._since_90k = 0
        self._shown: tuple[Plane, Plane, Plane] | None = None
        self._large: tuple[tuple[int, ...], tuple[Plane, ...]] | None = None

    def fills(self, frame: YuvFrame) -> tuple[Plane, ...]:
        """The colours of now as planes of the picture's size; take every picture."""
        before = self._shown
        colours = self.colours(frame)
        if self._large is None or before is not self._shown or self._large[0] != frame.y.shape:
            planes = (frame.y, frame.u, frame.v)
            large = tuple(_enlarged(t, p) for t, p in zip(colours, planes, strict=True))
            self._large = (frame.y.shape, large)
        return self._large[1]

    def colours(self, frame: YuvFrame) -> tuple[Plane, Plane, Plane]:
        """A colour a block: the mean of the last whole second; solid before there is one."""
        height, width = frame.y.shape
        grid = (max(1, round(BLOCKS_PER_HEIGHT * width / height)), BLOCKS_PER_HEIGHT)
        means = tuple(
            _means(plane, grid).astype(np.float32) for plane in (frame.y, frame.u, frame.v)
        )
        is_new = self._sum is not None and (
            self._sum[0].shape != means[0].shape or frame.pts_90k < self._since_90k
        )
        if is_new:  # another size, or the stream began anew: what was shown is of another
            self._sum = self._shown = None
        if self._sum is None:
            self._sum, self._count, self._since_90k = means, 1, frame.pts_90k
        else:
            self._sum = tuple(a + b for a, b in zip(self._sum, means, strict=True))
            self._count += 1
        if frame.pts_90k - self._since_90k >= FROZEN_90K:
            y, u, v = (np.rint(plane / self._count).astype(np.uint8) for plane in self._sum)
            self._shown = (y, u, v)
            self._sum, self._count, self._since_90k = means, 1, frame.pts_90k
        if self._shown is None:
            shape = (grid[1], grid[0])
            y, u, v = (np.full(shape, value, np.uint8) for value in SOLID_YUV)
            return y, u, v
        return self._shown


def paint(
    frame: YuvFrame,
    mask: Mask | None,
    style: Style = Style.SOLID,
    *,
    backdrop: YuvFrame | None = None,
    tiles: Tiles | None = None,
) -> MaskedFrame:
    """Cover every masked pixel; with `cover` and `coarse` the only maker of a `MaskedFrame`.

    Args:
        frame: the clear picture; its planes are left as they are.
        mask: bool (height, width), of the picture's size or smaller with its shape; True is
            covered. None covers everything, solid, whatever the style.
        style: how covered pixels look.
        backdrop: the empty scene in the picture's size, for GHOST; without it GHOST is solid.
        tiles: the camera's colours, for MOSAIC; without them MOSAIC is solid.

    Raises:
        UnreadableInput: mask or backdrop has another shape than the picture.
    """
    if mask is None:
        return cover((frame.y.shape[1], frame.y.shape[0]), frame.pts_90k)
    if style is Style.MOSAIC and tiles is not None:
        fills = tiles.fills(frame)
    elif style is Style.GHOST and backdrop is not None:
        fills = _tinted(frame, backdrop)
    else:
        fills = _solid(*frame.y.shape)
    return _painted(frame, mask, fills)


def cover(frame_size: tuple[int, int], pts_90k: int) -> MaskedFrame:
    """A picture of (width, height), even sides, of which all is covered."""
    width, height = frame_size
    whole = _blank(height, width)
    for plane, value in zip(planes_of(whole), SOLID_YUV, strict=True):
        plane[:] = value
    return MaskedFrame(frames._PAINTED, whole, covered=_everything(height, width), pts_90k=pts_90k)


def coarse(frame: YuvFrame) -> MaskedFrame:
    """The whole picture as eight rows of blocks: no person can be told from another.

    Colours are not frozen here: eight rows of a whole picture hold too little to be put together.
    """
    height, width = frame.y.shape
    grid = (max(1, round(BLOCKS_PER_HEIGHT * width / height)), BLOCKS_PER_HEIGHT)
    fills = tuple(
        _enlarged(np.asarray(cv2.resize(plane, grid, interpolation=cv2.INTER_AREA)), plane)
        for plane in (frame.y, frame.u, frame.v)
    )
    return _painted(frame, np.ones(frame.y.shape, bool), fills)


def _painted(frame: YuvFrame, mask: Mask, fills: tuple[Plane, ...]) -> MaskedFrame:
    over_y, over_c = covered(mask, frame.y.shape)
    # Nothing is covered outside of this box.
    x, y, wide, high = cv2.boundingRect(over_c)
    half = (slice(y, y + high), slice(x, x + wide))
    full = (slice(2 * y, 2 * (y + high)), slice(2 * x, 2 * (x + wide)))
    whole = _blank(*frame.y.shape)
    parts = ((over_y, full), (over_c, half), (over_c, half))
    for out, clear, fill, (over, box) in zip(
        planes_of(whole), (frame.y, frame.u, frame.v), fills, parts, strict=True
    ):
        out[:] = clear
        if wide:
            cv2.copyTo(fill[box], over[box], out[box])
    return MaskedFrame(frames._PAINTED, whole, covered=over_y, pts_90k=frame.pts_90k)


def _blank(height: int, width: int) -> Plane:
    return np.empty((height * 3 // 2, width), np.uint8)


def covered(mask: Mask, shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """The mask in the sizes of luma and chroma, uint8, 255 where covered.

    A pixel that touches a covered one of a smaller mask is covered, so that no edge shows.

    Raises:
        UnreadableInput: the shapes differ by more than a pixel of the mask.
    """
    height, width = shape
    rows, columns = mask.shape
    if abs(rows * width - columns * height) > 1.5 * max(height, width):
        raise UnreadableInput(
            f"a mask of {columns}x{rows} does not fit a picture of {width}x{height}; "
            "analyse the picture anew"
        )
    small = mask.view(np.uint8) * np.uint8(255)
    x, y, wide, high = _box(small, height, width)
    part: MatLike = small[y : y + high, x : x + wide]
    across, down = width // columns, height // rows
    if (rows, columns) != (height, width):
        # Linear, then anything above zero: half a mask's pixel more on every side.
        size = (width, height) if part.shape == small.shape else (wide * across, high * down)
        part = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
        part = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY)[1]
    half = (part.shape[1] // 2, part.shape[0] // 2)
    colour = cv2.resize(part, half, interpolation=cv2.INTER_AREA)
    colour = cv2.threshold(colour, 0, 255, cv2.THRESH_BINARY)[1]
    if part.shape == (height, width):
        return np.asarray(part, np.uint8), np.asarray(colour, np.uint8)
    over_y = np.zeros((height, width), np.uint8)
    over_c = np.zeros((height // 2, width // 2), np.uint8)
    x, y = x * across, y * down
    over_y[y : y + part.shape[0], x : x + part.shape[1]] = part
    over_c[y // 2 : y // 2 + half[1], x // 2 : x // 2 + half[0]] = colour
    return over_y, over_c


def _box(small: Plane, height: int, width: int) -> tuple[int, int, int, int]:
    """(x, y, width, height) of what of a small mask is enlarged; even.

    Only around what is covered: where the scale is whole, a part is enlarged as the whole is.
    """
    rows, columns = small.shape
    if height % rows or width % columns or rows % 2 or columns % 2:
        return 0, 0, columns, rows
    x, y, wide, high = cv2.boundingRect(small)
    right, lower = min(columns, x + wide + 2) & ~1, min(rows, y + high + 2) & ~1
    x, y = max(0, x - 1) & ~1, max(0, y - 1) & ~1
    return x, y, right - x, lower - y


@lru_cache(maxsize=8)
def _everything(height: int, width: int) -> Plane:
    out = np.full((height, width), 255, np.uint8)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=8)
def _solid(height: int, width: int) -> tuple[Plane, Plane, Plane]:
    """Planes of one colour, not to be written to."""
    y, u, v = SOLID_YUV
    half = (height // 2, width // 2)
    planes = (
        np.full((height, width), y, np.uint8),
        np.full(half, u, np.uint8),
        np.full(half, v, np.uint8),
    )
    for plane in planes:
        plane.flags.writeable = False
    return planes


def _means(plane: Plane, grid: tuple[int, int]) -> Plane:
    """The mean of each block, to a level; halved first, which OpenCV does many times faster."""
    while plane.shape[1] >= 8 * grid[0] and plane.shape[0] % 2 == plane.shape[1] % 2 == 0:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = np.asarray(cv2.resize(plane, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(plane, grid, interpolation=cv2.INTER_AREA), np.uint8)


def _enlarged(small: Plane, plane: Plane) -> Plane:
    size = (plane.shape[1], plane.shape[0])
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _tinted(frame: YuvFrame, backdrop: YuvFrame) -> tuple[Plane, ...]:
    if backdrop.y.shape != frame.y.shape:
        raise UnreadableInput("the backdrop has another size than the picture; learn it anew")
    planes = (backdrop.y, backdrop.u, backdrop.v)
    return tuple(
        np.asarray(cv2.addWeighted(plane, 0.5, np.full_like(plane, tint), 0.5, 0.0), np.uint8)
        for plane, tint in zip(planes, TINT_YUV, strict=True)
    )
