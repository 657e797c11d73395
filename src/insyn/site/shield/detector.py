"""Models that find people in a picture: they may add to a mask, never take from it.

Always: a detector that raises has the whole picture covered; how often it looks is its own matter.
"""

from __future__ import annotations

from typing import Protocol

from insyn.site.shield.frame import Mask, YuvFrame


class Detector(Protocol):
    """Finds people; says where bodies are, and never who."""

    def people(self, frame: YuvFrame) -> Mask:
        """Bool, of any size with the picture's shape; True where somebody is.

        Whatever it raises is taken for "anybody may be anywhere"; its text is told to the operator.
        """
