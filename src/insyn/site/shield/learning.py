"""How a camera learns its empty scene by itself: over minutes, and never under doubt."""

from __future__ import annotations

import logging
import threading

from insyn.site.shield.analysis import Small
from insyn.site.shield.background import Background
from insyn.site.shield.survey import Survey

log = logging.getLogger("insyn.shield")

LEARN_S = 600.0
"""Nobody stands unmoved so long; before, an unconfirmed place is not believed to be empty."""

LEARN_AGAIN_S = 120.0
KNOWN_ENOUGH = 0.6
"""Share of the picture that must be known before the shield runs by what it learned itself."""

GAP_S = 2.0
"""Time without a picture after which the scene may be another."""


class Learner:
    """Learns the empty scene over minutes; decides on a thread, for it takes seconds."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Begin for small pictures of (width, height)."""
        self._survey = Survey(size)
        self._began_90k: int | None = None
        self._last_90k = 0
        self._next_s = LEARN_S
        self._thread: threading.Thread | None = None
        self._found: Background | None = None
        self._size = size

    def look(self, small: Small, pts: int) -> Background | None:
        """Take the next picture; the empty scene, when it is known."""
        if self._began_90k is None or not 0 <= pts - self._last_90k <= GAP_S * 90_000:
            # After a gap the scene may be another: begin anew.
            self._survey, self._began_90k, self._next_s = Survey(self._size), pts, LEARN_S
        self._last_90k = pts
        at_s = (pts - self._began_90k) / 90_000
        if self._thread is not None:
            if self._thread.is_alive():
                return None
            self._thread = None
            found, self._found = self._found, None
            if found is not None and float(found.known.mean()) >= KNOWN_ENOUGH:
                return found
            self._next_s = at_s + LEARN_AGAIN_S
        self._survey.look(small, at_s)
        if at_s >= self._next_s:
            self._thread = threading.Thread(target=self._decide, name="learn", daemon=True)
            self._thread.start()
        return None

    def _decide(self) -> None:
        try:
            found = self._survey.background()
            for place in found.stayed:  # a file covers them while somebody is there; live, always
                found.known[place] = False
            self._found = found.inside
        except Exception:
            log.exception("the empty scene could not be learned; everything stays covered")
