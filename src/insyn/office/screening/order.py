"""The one order of a subject's matches. Pure.

Always: total, and of the matches alone, so that matches found in two runs can be merged into the
order a single run would give.
"""

from __future__ import annotations

from collections.abc import Iterable

from insyn.office.screening.model import Match, MatchClass

_STRENGTH = {match_class: rank for rank, match_class in enumerate(MatchClass)}


def best_first(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Highest score first; at equal scores the stronger class, then list and entry."""
    return tuple(
        sorted(matches, key=lambda m: (-m.score, _STRENGTH[m.match_class], m.list, m.entry))
    )
