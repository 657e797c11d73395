"""Models that find people in a picture: they may add to a mask, never take from it."""

from __future__ import annotations

from typing import Protocol

from insyn.site.shield.frame import Mask, YuvFrame


class Detector(Protocol):
    """Finds people; says where bodies are, and never who."""

    def people(self, frame: YuvFrame) -> Mask:
        """Bool, of any size with the picture's shape; True where somebody is."""
