"""Pictures before and after the shield: two types, so that the wrong one cannot be passed on.

Always: planes are 8-bit YUV 4:2:0 in arrays of their own, width and height even. A `MaskedFrame`
is made by `insyn.site.shield.paint` alone; the encoder takes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import UnreadableInput

Plane = NDArray[np.uint8]
Mask = NDArray[np.bool_]
"""(height, width) of the analysis size; True is covered."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class YuvFrame:
    """A clear picture: `y` (height, width), `u` and `v` (height/2, width/2), uint8, limited range.

    Raises:
        UnreadableInput: the planes do not fit each other, or a side is odd.
    """

    y: Plane
    u: Plane
    v: Plane
    pts_90k: int

    def __post_init__(self) -> None:
        height, width = self.y.shape
        half = (height // 2, width // 2)
        if height % 2 or width % 2 or self.u.shape != half or self.v.shape != half:
            raise UnreadableInput(
                f"planes of {width}x{height} are not YUV 4:2:0 with even sides; scale them first"
            )


_PAINTED = object()  # the token that `paint` alone hands over


class MaskedFrame:
    """A picture in which everything that had to be covered is. Not to be built by hand.

    Attributes:
        whole: the picture in one piece, as FFmpeg lays out yuv420p: uint8 (height * 3/2, width).
        y, u, v: its planes, views of `whole`.
        covered: what is covered of it, uint8 (height, width), 255; not to be written to.
    """

    __slots__ = ("covered", "pts_90k", "u", "v", "whole", "y")

    def __init__(self, token: object, whole: Plane, *, covered: Plane, pts_90k: int) -> None:
        if token is not _PAINTED:
            raise TypeError("only insyn.site.shield.paint makes a MaskedFrame")
        self.whole, self.covered, self.pts_90k = whole, covered, pts_90k
        self.y, self.u, self.v = planes_of(whole)


def planes_of(whole: Plane) -> tuple[Plane, Plane, Plane]:
    """The planes of a picture in one piece, uint8 (height * 3/2, width), as views."""
    height, width = whole.shape[0] // 3 * 2, whole.shape[1]
    u, v = whole[height:].reshape(2, height // 2, width // 2)
    return whole[:height], u, v
