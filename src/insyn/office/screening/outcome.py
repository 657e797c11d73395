"""From matches to an outcome. Pure.

Always: a name alone never gives `MATCH`; a cleared match never counts; doubt is `REVIEW`.
"""

from __future__ import annotations

from collections.abc import Iterable

from insyn.office.screening.model import ALERT_BAR, Match, MatchClass, Outcome


def decide(matches: Iterable[Match], note: str = "") -> Outcome:
    """The worst outcome that any uncleared match at or over the bar gives.

    Args:
        matches: of one subject, in any order; those with `cleared` set are passed over.
        note: why the subject has no comparable name, else empty; with a note, never `CLEAR`.

    Returns:
        `MATCH` on an identifier, or on an exact or strong name that something supports and
        nothing contradicts; `REVIEW` on any other match at or over `ALERT_BAR`; else `CLEAR`.
    """
    outcome = Outcome.REVIEW if note else Outcome.CLEAR
    for match in matches:
        if match.cleared is not None or match.score < ALERT_BAR:
            continue
        if _is_confirmed(match):
            return Outcome.MATCH
        outcome = Outcome.REVIEW
    return outcome


def _is_confirmed(match: Match) -> bool:
    """More than a name speaks for the match."""
    if match.match_class is MatchClass.IDENTIFIER:
        return True
    named = match.match_class in (MatchClass.EXACT, MatchClass.STRONG)
    return named and bool(match.supports) and not match.contradicts
