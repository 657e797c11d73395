"""Dated facts: what is said of a deal, since when it holds, since when we know it. Pure.

Always: a fact is superseded, never edited. What was known on a day is the newest fact of each
field known by then and valid by then; evidence adds up; a fact that was retracted counts until the
day the retraction was known.

Source: reference/diligence.md, finding 3 ("we had no information at the time" is answerable only
with two times in each record).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.office.diligence.deal import Deal

ADDING = frozenset({"evidence"})
"""Fields of which every fact counts; of all others the newest."""

_ALIASES = ("analytics", "sensitive_site", "country_band", "notes", "description", "remarks",
            "comments")  # fmt: skip
FIELDS = frozenset(
    {field.name for field in dataclasses.fields(Deal)} - {"id", "problems", "linked_cameras"}
) | frozenset(_ALIASES)
"""Fields of a deal record that are kept (docs/reference/deal-format.md); scoring fields never."""


ERASED_TEXT = "(erased)"
"""What stands in the place of a source that was erased."""


# `Any`: a value is whatever JSON the record holds; `read_deal` judges it.
@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value of one field.

    `known_since` is when the office learned it, as whoever recorded it says; `recorded_at` is when
    it was entered, by the office's own clock: a gap between the two is told, not hidden. `erased`:
    value and source are gone, on request.
    """

    id: int
    deal: str
    field: str
    value: Any
    valid_from: date | None
    known_since: datetime
    recorded_at: datetime
    source: str
    by: str
    evidence: str | None = None
    retracts: int | None = None
    erased: bool = False

    def to_json(self) -> dict[str, Json]:
        """As commands and the API tell it."""
        # Only where it is so: the ledger's commitments of before are over the other keys.
        erased: dict[str, Json] = {"erased": True} if self.erased else {}
        return {
            **erased,
            "id": self.id,
            "field": self.field,
            "value": self.value,
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
            "known_since": isoformat(self.known_since),
            "recorded_at": isoformat(self.recorded_at),
            "source": self.source,
            "evidence": self.evidence,
            "by": self.by,
            "retracts": self.retracts,
        }


def standing(facts: Iterable[Fact], *, known: datetime, valid: date | None = None) -> list[Fact]:
    """The facts that stand as known at a moment, and valid on a day (None: that moment's)."""
    day = valid or known.date()
    by_then = [fact for fact in facts if fact.known_since <= known]
    gone = {fact.retracts for fact in by_then if fact.retracts is not None}
    candidates = [
        fact
        for fact in by_then
        if fact.retracts is None
        and fact.id not in gone
        and (fact.valid_from is None or fact.valid_from <= day)
    ]
    newest: dict[str, Fact] = {}
    for fact in sorted(candidates, key=_age):
        newest[fact.field if fact.field not in ADDING else f"{fact.field} {fact.id}"] = fact
    return sorted(newest.values(), key=lambda fact: (fact.field, fact.id))


def record_of(deal: str, facts: Iterable[Fact]) -> dict[str, Any]:
    """The deal record that these facts, one a field, say; as `read_deal` reads it."""
    record: dict[str, Any] = {"id": deal}
    for fact in facts:
        if fact.erased:
            continue  # nobody knows it any more
        if fact.field in ADDING:
            record.setdefault(fact.field, []).append(fact.value)
        else:
            record[fact.field] = fact.value
    return record


def values_of(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Field and value of all that a record says; what is null says nothing."""
    found: list[tuple[str, Any]] = []
    for field in sorted(FIELDS & record.keys()):
        value = record[field]
        if field in ADDING and isinstance(value, list):
            found += [(field, item) for item in value if item is not None]
        elif value is not None:
            found.append((field, value))
    return found


def _age(fact: Fact) -> tuple[date, datetime, int]:
    return (fact.valid_from or fact.known_since.date(), fact.known_since, fact.id)
