"""What screening takes and gives: subject, match with its evidence, outcome, manifest.

Always: a score alone never confirms; an outcome `MATCH` has evidence beside the name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from insyn.base.canonical import Json, digest
from insyn.office.lists.entry import Kind

ALERT_BAR = 0.7
"""The score, of 0 to 1, from which a match asks for a human, everywhere."""


class Outcome(StrEnum):
    """What a screening says of a subject, from worst to best."""

    MATCH = "match"
    REVIEW = "review"
    CLEAR = "clear"


class MatchClass(StrEnum):
    """What kind of likeness a match rests on, from strongest to weakest."""

    IDENTIFIER = "identifier"
    EXACT = "exact"
    STRONG = "strong"
    POSSIBLE = "possible"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthSpan:
    """The days a birth date may be; a plain year is 1 January to 31 December."""

    earliest: date
    latest: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is screened. Everything but the name may be unknown (None)."""

    id: str
    name: str
    kind: Kind | None = None
    country: str | None = None
    birth_date: BirthSpan | None = None
    identifier: str | None = None

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        # Batches travel between processes; the general way takes six times as long.
        born = self.birth_date
        days = (born.earliest.toordinal(), born.latest.toordinal()) if born else None
        kind = None if self.kind is None else str(self.kind)
        return _subject, (self.id, self.name, kind, self.country, days, self.identifier)

    def content_digest(self) -> str:
        """SHA-256 of all that matching sees, the id left out."""
        born = self.birth_date
        return digest(
            {
                "name": self.name,
                "kind": self.kind,
                "country": self.country,
                "birth_date": f"{born.earliest}/{born.latest}" if born else None,
                "identifier": self.identifier,
            }
        )


def _subject(
    id_: str,
    name: str,
    kind: str | None,
    country: str | None,
    days: tuple[int, int] | None,
    identifier: str | None,
) -> Subject:
    return Subject(
        id=id_,
        name=name,
        kind=None if kind is None else Kind(kind),
        country=country,
        birth_date=None
        if days is None
        else BirthSpan(earliest=date.fromordinal(days[0]), latest=date.fromordinal(days[1])),
        identifier=identifier,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMatch:
    """Which written word of the subject met which of the entry, how well (0 to 1), and why.

    One side is empty where a word met nothing.
    """

    subject: str
    entry: str
    score: float
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One entry that a subject resembles, with what speaks for and against.

    `score` in [0, 1] after supports and contradictions; `entry_digest` is the entry's content
    hash, which a clearance is bound to.
    """

    list: str
    entry: str
    name: str
    match_class: MatchClass
    score: float
    supports: tuple[str, ...] = ()
    contradicts: tuple[str, ...] = ()
    tokens: tuple[TokenMatch, ...] = ()
    entry_digest: str = ""
    cleared: str | None = None
    """The id of the clearance that silences this match, or None."""

    def to_json(self) -> dict[str, Json]:
        """The match as the commands and the API print it."""
        record: dict[str, Json] = {
            "list": self.list,
            "entry": self.entry,
            "name": self.name,
            "class": str(self.match_class),
            "score": round(self.score, 4),
            "supports": list(self.supports),
            "contradicts": list(self.contradicts),
            "tokens": [
                {"subject": t.subject, "entry": t.entry, "score": round(t.score, 3), "how": t.how}
                for t in self.tokens
            ],
            "entry_digest": self.entry_digest,
        }
        if self.cleared is not None:
            record["cleared"] = self.cleared
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedState:
    """One list as it stood for a screening; `degraded` is why it may be out of date, or None."""

    list: str
    snapshot: str
    entries: int
    degraded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Against what, and with which matcher, a screening was made. Its digest names it."""

    matcher: str
    lists: tuple[ListedState, ...]

    def to_json(self) -> dict[str, Json]:
        """The manifest as the first line of a batch, its digest first."""
        return {"manifest": self.digest(), **self._content()}

    def digest(self) -> str:
        """SHA-256 over matcher version and the state of each list."""
        return digest(self._content())

    def _content(self) -> dict[str, Json]:
        return {
            "matcher": self.matcher,
            "lists": [
                {
                    "list": state.list,
                    "snapshot": state.snapshot,
                    "entries": state.entries,
                    "degraded": state.degraded,
                }
                for state in self.lists
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Screening:
    """The outcome for one subject. `matches` are ordered, best first, contradicted ones too."""

    id: str
    name: str
    outcome: Outcome
    matches: tuple[Match, ...]
    manifest: str
    degraded: tuple[str, ...] = ()
    note: str = ""
    """Why a subject without a comparable name is under review, else empty."""

    def to_json(self) -> dict[str, Json]:
        """One line of a batch."""
        record: dict[str, Json] = {
            "id": self.id,
            "name": self.name,
            "outcome": str(self.outcome),
            "matches": [match.to_json() for match in self.matches],
            "manifest": self.manifest,
        }
        if self.degraded:
            record["degraded"] = list(self.degraded)
        if self.note:
            record["note"] = self.note
        return record
