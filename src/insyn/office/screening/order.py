"""The one order of a subject's matches, and how many of them are kept. Pure.

Always: the order is total and of the matches alone, so that matches found in two runs can be
merged into what a single run would give.
"""

from __future__ import annotations

from collections.abc import Iterable

from insyn.office.screening.model import ALERT_BAR, Match


def best_first(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Highest score first; at equal scores by list and entry."""
    return tuple(sorted(matches, key=lambda match: (-match.score, match.list, match.entry)))


def cut(matches: tuple[Match, ...], shown: int | None) -> tuple[Match, ...]:
    """Of ordered matches, all at or over the bar, and others to make up `shown` (None: all)."""
    if shown is None:
        return matches
    over = sum(match.score >= ALERT_BAR for match in matches)
    return matches[: max(over, shown)]
