"""A company's own list as CSV, and Japan's end-user list as people retype it.

The columns are documented in docs/reference/plain-list-csv.md; only a name is required.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import (
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NameUse,
    Unread,
)
from insyn.office.lists.formats.csl import References
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.formats.tabular import first, header_of, read_records
from insyn.office.lists.formats.text import clean

FORMAT = "plain-csv"
NAME = ("name", "company or organization", "company or organisation", "organization", "entity")
_REFERENCE = ("reference", "id", "no.", "no", "number")
_ALIASES = ("aliases", "alias", "also known as", "aka")
_KINDS = {
    "person": Kind.PERSON,
    "individual": Kind.PERSON,
    "organisation": Kind.ORGANISATION,
    "organization": Kind.ORGANISATION,
    "company": Kind.ORGANISATION,
    "entity": Kind.ORGANISATION,
    "vessel": Kind.VESSEL,
    "ship": Kind.VESSEL,
    "aircraft": Kind.AIRCRAFT,
}


def recognise(head: bytes, filename: str) -> bool:
    """A header with a name column; the last format that is tried."""
    return any(column in header_of(head) for column in NAME)


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a row; a row without a name is reported."""
    path = files["main"]
    with path.open("rb") as file:
        if not recognise(file.read(1 << 16), path.name):
            raise UnreadableInput(
                f"{path.name} has no column called name; see docs/reference/plain-list-csv.md"
            )
    yield Published()
    references = References()
    for number, record in read_records(path):
        entry = _entry(record)
        if entry is None:
            yield Unread(position=number, reason="the row has no name")
        else:
            yield replace(entry, reference=references.unique(entry.reference, ""))


def _entry(record: Mapping[str, str]) -> Entry | None:
    name = first(record, *NAME)
    if not any(ch.isalnum() for ch in name):
        return None
    names = [ListedName(text=name)]
    for alias in re.split(r"[;・|\n]", record.get(_ALIASES[0]) or first(record, *_ALIASES)):
        if any(ch.isalnum() for ch in alias):
            names.append(ListedName(text=clean(alias), use=NameUse.ALIAS))
    japanese = "company or organization" in record
    country = first(record, "country", "country or region")
    born = birth_date(first(record, "birth_date", "date_of_birth", "dob"))
    identifiers = [
        Identifier(type=IdentifierType.OTHER, value=clean(value))
        for value in first(record, "identifiers", "identifier").split(";")
        if clean(value)
    ]
    programme = first(record, "programme", "program", "type of wmd")
    kind = Kind.ORGANISATION if japanese else Kind.UNKNOWN
    return Entry(
        reference=first(record, *_REFERENCE) or _slug(name, country),
        kind=_KINDS.get(first(record, "kind", "type", "schema").lower(), kind),
        names=tuple(dict.fromkeys(names)),
        birth_dates=(born,) if born else (),
        countries=(
            (CountryLink(role=CountryRole.JURISDICTION, code=country_code(country), text=country),)
            if country
            else ()
        ),
        identifiers=tuple(identifiers),
        programmes=(programme,) if programme else (),
        listed_on=parse_day(first(record, "listed_on", "date")),
        remarks=first(record, "remarks", "note", "notes"),
        source_record=json.dumps(dict(record), ensure_ascii=False),
    )


def _slug(name: str, country: str) -> str:
    return "row-" + hashlib.sha256(f"{name}|{country}".encode()).hexdigest()[:12]
