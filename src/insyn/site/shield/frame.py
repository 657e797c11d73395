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
    """A picture in which everything that had to be covered is. Not to be built by hand."""

    __slots__ = ("pts_90k", "u", "v", "y")

    def __init__(self, token: object, *, y: Plane, u: Plane, v: Plane, pts_90k: int) -> None:
        if token is not _PAINTED:
            raise TypeError("only insyn.site.shield.paint makes a MaskedFrame")
        self.y, self.u, self.v, self.pts_90k = y, u, v, pts_90k
