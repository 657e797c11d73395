"""What is kept of a known party: its latest screening and each change of outcome. Pure.

Always: what `match_to_record` writes, `match_from_record` reads back equal, to the last bit of the
score, so that a stored match can be merged with a fresh one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.office.screening.model import (
    ALERT_BAR,
    ListedState,
    Manifest,
    Match,
    MatchClass,
    Outcome,
    Screening,
    Subject,
    TokenMatch,
)

_RANK = {Outcome.MATCH: 2, Outcome.REVIEW: 1, Outcome.CLEAR: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestScreening:
    """What screening last said of a party; matches carry the clearances that silenced them."""

    subject_digest: str
    outcome: Outcome
    note: str
    matches: tuple[Match, ...]
    manifest: str
    screened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownParty:
    """A party that is screened again whenever it or a list changes."""

    subject: Subject
    digest: str
    added_at: datetime
    changed_at: datetime
    latest: LatestScreening | None = None

    @property
    def is_current(self) -> bool:
        """The latest screening was of the party as it is now."""
        return self.latest is not None and self.latest.subject_digest == self.digest

    @property
    def outcome(self) -> Outcome:
        """The latest outcome; never better than review while the party is not screened as it is."""
        if self.latest is None:
            return Outcome.REVIEW
        if self.is_current or self.latest.outcome is Outcome.MATCH:
            return self.latest.outcome
        return Outcome.REVIEW

    @property
    def note(self) -> str:
        """Why the outcome is not simply that of the matches, else empty."""
        if self.latest is None:
            return "not screened yet"
        if not self.is_current:
            return "changed since it was screened"
        return self.latest.note

    def to_json(self) -> dict[str, Json]:
        """The party as the commands print it."""
        subject, latest = self.subject, self.latest
        born = subject.birth_date
        return {
            "id": subject.id,
            "name": subject.name,
            "kind": None if subject.kind is None else str(subject.kind),
            "country": subject.country,
            "birth_date": _span_text(born.earliest.isoformat(), born.latest.isoformat())
            if born
            else None,
            "identifier": subject.identifier,
            "digest": self.digest,
            "added_at": isoformat(self.added_at),
            "changed_at": isoformat(self.changed_at),
            "outcome": str(self.outcome),
            "note": self.note,
            "matches": [match.to_json() for match in latest.matches] if latest else [],
            "manifest": latest.manifest if latest else None,
            "screened_at": isoformat(latest.screened_at) if latest else None,
        }


def _span_text(earliest: str, latest: str) -> str:
    """A day, a plain year, or a span, in ISO 8601."""
    if earliest == latest:
        return earliest
    if earliest[:4] == latest[:4] and earliest[4:] == "-01-01" and latest[4:] == "-12-31":
        return earliest[:4]
    return f"{earliest}/{latest}"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Alert:
    """A match at or over the bar, as the history counts it."""

    list: str
    entry: str
    cleared: bool = False

    def to_json(self) -> dict[str, Json]:
        """As stored and printed."""
        return {"list": self.list, "entry": self.entry, "cleared": self.cleared}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange:
    """An outcome that changed, or alerts that came or went; `before` is None the first time."""

    party: str
    at: datetime
    before: Outcome | None
    after: Outcome
    because: str
    appeared: tuple[Alert, ...]
    vanished: tuple[Alert, ...]
    manifest: str

    @property
    def is_worse(self) -> bool:
        """A human has something new to look at: a worse outcome, or a new uncleared alert."""
        before = Outcome.CLEAR if self.before is None else self.before
        new_alert = any(not alert.cleared for alert in self.appeared)
        return _RANK[self.after] > _RANK[before] or new_alert

    def to_json(self) -> dict[str, Json]:
        """The change as the commands print it."""
        return {
            "party": self.party,
            "at": isoformat(self.at),
            "from": None if self.before is None else str(self.before),
            "to": str(self.after),
            "because": self.because,
            "appeared": [alert.to_json() for alert in self.appeared],
            "vanished": [alert.to_json() for alert in self.vanished],
            "manifest": self.manifest,
        }


def alerts(matches: Iterable[Match]) -> frozenset[Alert]:
    """The matches at or over the bar, cleared ones marked."""
    return frozenset(
        Alert(list=match.list, entry=match.entry, cleared=match.cleared is not None)
        for match in matches
        if match.score >= ALERT_BAR
    )


def change_between(
    party: KnownParty, after: Screening, *, because: str, at: datetime
) -> OutcomeChange | None:
    """The change from the party's latest screening to `after`; None where there is none."""
    latest = party.latest
    old = alerts(latest.matches) if latest else frozenset[Alert]()
    new = alerts(after.matches)
    if latest is not None and latest.outcome is after.outcome and old == new:
        return None
    return OutcomeChange(
        party=party.subject.id,
        at=at,
        before=latest.outcome if latest else None,
        after=after.outcome,
        because=because,
        appeared=tuple(sorted(new - old)),
        vanished=tuple(sorted(old - new)),
        manifest=after.manifest,
    )


def match_to_record(match: Match) -> dict[str, Json]:
    """A match for storage: like `Match.to_json`, but with nothing rounded."""
    return {
        "list": match.list,
        "entry": match.entry,
        "name": match.name,
        "class": str(match.match_class),
        "score": float(match.score),
        "supports": list(match.supports),
        "contradicts": list(match.contradicts),
        "tokens": [[t.subject, t.entry, float(t.score), t.how] for t in match.tokens],
        "entry_digest": match.entry_digest,
        "cleared": match.cleared,
    }


# `Any`: the JSON that `match_to_record` wrote.
def match_from_record(record: Mapping[str, Any]) -> Match:
    """The match that `match_to_record` wrote."""
    return Match(
        list=record["list"],
        entry=record["entry"],
        name=record["name"],
        match_class=MatchClass(record["class"]),
        score=float(record["score"]),
        supports=tuple(record["supports"]),
        contradicts=tuple(record["contradicts"]),
        tokens=tuple(
            TokenMatch(subject=subject, entry=entry, score=float(score), how=how)
            for subject, entry, score, how in record["tokens"]
        ),
        entry_digest=record["entry_digest"],
        cleared=record["cleared"],
    )


def manifest_from_json(content: Mapping[str, Any]) -> Manifest:
    """The manifest that `Manifest.to_json` wrote."""
    return Manifest(
        matcher=content["matcher"],
        lists=tuple(
            ListedState(
                list=state["list"],
                snapshot=state["snapshot"],
                entries=state["entries"],
                degraded=state["degraded"],
            )
            for state in content["lists"]
        ),
    )
