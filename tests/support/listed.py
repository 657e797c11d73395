"""Invented entries in a line each, and screeners over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from insyn.base.canonical import digest
from insyn.office.lists.entry import (
    BirthDate,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NameUse,
)
from insyn.office.lists.serial import content_digest
from insyn.office.screening.builder import ListSource
from insyn.office.screening.engine import Screener, build_screener


def born(first: int, last: int | None = None, *, circa: bool = False) -> BirthDate:
    """A birth date known by years."""
    return BirthDate(
        earliest=date(first, 1, 1), latest=date(last or first, 12, 31), approximate=circa
    )


def listed(
    reference: str,
    *names: str,
    kind: Kind = Kind.PERSON,
    weak: str = "",
    births: Sequence[BirthDate] = (),
    country: str = "",
    identifier: str = "",
) -> Entry:
    """One entry; `weak` is a low-quality alias."""
    spelt = [ListedName(text=name) for name in names]
    if weak:
        spelt.append(ListedName(text=weak, use=NameUse.WEAK))
    return Entry(
        reference=reference,
        kind=kind,
        names=tuple(spelt),
        birth_dates=tuple(births),
        countries=(CountryLink(role=CountryRole.NATIONALITY, code=country),) if country else (),
        identifiers=(Identifier(type=IdentifierType.PASSPORT, value=identifier),)
        if identifier
        else (),
    )


def source(name: str, *entries: Entry, degraded: str | None = None) -> ListSource:
    """Entries as one list, its snapshot named by content."""
    snapshot = digest([content_digest(entry) for entry in entries])
    return ListSource(list=name, snapshot=snapshot, entries=entries, degraded=degraded)


def screener(root: Path, *entries: Entry) -> Screener:
    """Screens against these entries as the list "un"."""
    return build_screener([source("un", *entries)], root)
