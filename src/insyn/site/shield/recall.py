"""Empty scenes known from before (by day, by night), tried where none is trusted; pure.

Always: a scene is taken up again only where pictures agree with it for a while; it is no risk to
anybody even so, since whatever differs from it stays covered.
"""

from __future__ import annotations

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.comparison import Comparison

MOST = 3
"""Scenes that a camera keeps: by day, by night, by lamps."""

EVERY_90K = 18_000
AGREES_90K = 90_000
"""A scene must agree so long in a row before it is taken up."""

STRUCTURE = 0.6
"""Share of the scene's edges that the picture must have."""

DIFFERS = 0.5
"""With more of the picture different, it is another scene, or too full to tell."""


class Recall:
    """Tries scenes against the pictures of a camera; not shared between threads."""

    def __init__(self, scenes: tuple[Background, ...], size: tuple[int, int]) -> None:
        """Begin with the scenes of this (width, height); others are of another time, and left."""
        fitting = [each for each in scenes if each.known.shape == (size[1], size[0])]
        self._scenes = fitting[-MOST:]
        self._tried: list[tuple[Background, Comparison]] = []
        self._since: dict[int, int] = {}
        self._last_90k: int | None = None

    @property
    def scenes(self) -> tuple[Background, ...]:
        """What is remembered, the newest last."""
        return tuple(self._scenes)

    def remember(self, scene: Background, instead_of: Background | None = None) -> None:
        """Keep a scene for later; the oldest goes where there are too many."""
        kept = [each for each in self._scenes if each is not scene and each is not instead_of]
        self._scenes = [*kept, scene][-MOST:]
        self._tried.clear()

    def look(self, picture: Small, pts_90k: int) -> Background | None:
        """Take a picture; the scene that has agreed with the last second of them, if one has."""
        if self._last_90k is not None and 0 <= pts_90k - self._last_90k < EVERY_90K:
            return None
        if self._last_90k is None or not 0 <= pts_90k - self._last_90k < 5 * EVERY_90K:
            self._since.clear()
        self._last_90k = pts_90k
        if not self._tried:
            self._tried = [(scene, Comparison(scene)) for scene in self._scenes]
        found: list[tuple[float, Background]] = []
        for number, (scene, comparison) in enumerate(self._tried):
            compared = comparison.compare(picture)
            comparison.masked((compared.areas > 0) | compared.unknown)
            agrees = compared.sound and compared.raw < DIFFERS
            if not agrees or comparison.structure(picture) < STRUCTURE:
                self._since.pop(number, None)
            elif pts_90k - self._since.setdefault(number, pts_90k) >= AGREES_90K:
                found.append((compared.raw, scene))
        if not found:
            return None
        self._since.clear()
        return min(found, key=lambda one: one[0])[1]
