"""The small picture in which the shield decides; pure.

Always: a `Small` is uint8 (height, width, 3): luma and both colour planes in one size.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site.shield.frame import YuvFrame

Small = NDArray[np.uint8]

LIVE_AREA = 320 * 180
"""Pixels analysed in a live picture: 3 to 4 ms of one core (reference/shield.md, section 6)."""

FORESIGHT_AREA = 384 * 216
"""Pixels analysed where nobody waits."""


def analysis_size(width: int, height: int, area: int = LIVE_AREA) -> tuple[int, int]:
    """(width, height) of the small picture: the shape of the large one, about `area` pixels."""
    scale = min(1.0, math.sqrt(area / (width * height)))
    return max(16, round(width * scale)), max(16, round(height * scale))


def analysed(frame: YuvFrame, size: tuple[int, int]) -> Small:
    """The picture in (width, height), averaged over what each of its pixels covers."""
    planes = [_resized(plane, size) for plane in (frame.y, frame.u, frame.v)]
    return np.asarray(cv2.merge(planes), np.uint8)


LITTLE = 1.5
"""What is shrunk by so little at most is interpolated: each pixel is then mixed of the same four as
in the average of the area it covers, in much the same shares, and OpenCV does it in a fifth of the
time (0.9 of 1.4 ms went there, for 1080p)."""


def _resized(plane: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A plane in (width, height); halved while that is too much, which costs a fifth."""
    high, wide = plane.shape
    while wide >= 2 * size[0] and high >= 2 * size[1] and wide % 2 == high % 2 == 0:
        wide, high = wide // 2, high // 2
        plane = np.asarray(cv2.resize(plane, (wide, high), interpolation=cv2.INTER_AREA), np.uint8)
    if (wide, high) == size:
        return plane
    way = cv2.INTER_AREA if wide > LITTLE * size[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(plane, size, interpolation=way), np.uint8)
