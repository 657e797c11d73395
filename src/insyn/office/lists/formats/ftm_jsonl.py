"""FollowTheMoney entities as JSON lines: parties, with their papers and addresses.

Source: followthemoney.tech, model 4.x: schema and property names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import (
    Address,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NameUse,
    Place,
    Unread,
)
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.parsed import MAX_BYTES, Parsed, Published
from insyn.office.lists.formats.text import clean

FORMAT = "ftm-jsonl"
SCHEMATA = {
    "Person": Kind.PERSON,
    "Organization": Kind.ORGANISATION,
    "Company": Kind.ORGANISATION,
    "PublicBody": Kind.ORGANISATION,
    "LegalEntity": Kind.UNKNOWN,
    "Vessel": Kind.VESSEL,
    "Airplane": Kind.AIRCRAFT,
}
"""Schemata that are parties; all others describe parties, and are no entries."""

_NAMES = (
    ("name", NameUse.PRIMARY),
    ("alias", NameUse.ALIAS),
    ("previousName", NameUse.FORMER),
    ("weakAlias", NameUse.WEAK),
)
_COUNTRIES = (
    ("nationality", CountryRole.NATIONALITY),
    ("citizenship", CountryRole.CITIZENSHIP),
    ("jurisdiction", CountryRole.JURISDICTION),
    ("country", CountryRole.RESIDENCE),
    ("flag", CountryRole.FLAG),
)
_IDENTIFIERS = (
    ("passportNumber", IdentifierType.PASSPORT),
    ("idNumber", IdentifierType.NATIONAL_ID),
    ("taxNumber", IdentifierType.TAX),
    ("innCode", IdentifierType.TAX),
    ("vatCode", IdentifierType.TAX),
    ("registrationNumber", IdentifierType.REGISTRATION),
    ("ogrnCode", IdentifierType.REGISTRATION),
    ("imoNumber", IdentifierType.IMO),
    ("mmsi", IdentifierType.MMSI),
    ("callSign", IdentifierType.CALL_SIGN),
    ("serialNumber", IdentifierType.AIRCRAFT_SERIAL),
    ("leiCode", IdentifierType.LEI),
    ("swiftBic", IdentifierType.SWIFT),
    ("dunsCode", IdentifierType.DUNS),
    ("cryptoWallets", IdentifierType.WALLET),
)


def recognise(head: bytes, filename: str) -> bool:
    """A JSON object a line with schema and properties."""
    line = head.lstrip(b"\xef\xbb\xbf \r\n").split(b"\n", 1)[0]
    return line.startswith(b"{") and b'"schema"' in line and b'"properties"' in line


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries of the party schemata; a line that is no entity is reported."""
    path = files["main"]
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableInput(f"{path.name} is larger than a list can be")
    yield Published()
    with path.open("rb") as file:
        for position, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                schema, properties = record["schema"], record["properties"]
                if schema in SCHEMATA:
                    yield _entry(record, schema, properties)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                yield Unread(position=position, reason=f"no FollowTheMoney entity: {error!r:.80}")


def _texts(properties: Mapping[str, Any], name: str) -> list[str]:
    values = properties.get(name) or []
    return [clean(v) for v in values if isinstance(v, str) and clean(v)]


def _entry(record: Mapping[str, Any], schema: str, properties: Mapping[str, Any]) -> Entry:
    names = [
        ListedName(text=text, use=use)
        for name, use in _NAMES
        for text in _texts(properties, name)
        if any(ch.isalnum() for ch in text)
    ]
    if not names:
        raise ValueError("it has no name")
    reference = clean(str(record["id"]))
    if not reference:
        raise ValueError("it has no id")
    births = [born for text in _texts(properties, "birthDate") if (born := birth_date(text))]
    gender = _texts(properties, "gender")
    return Entry(
        reference=reference,
        kind=SCHEMATA[schema],
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(births),
        birth_places=tuple(Place(text=text) for text in _texts(properties, "birthPlace")),
        countries=tuple(
            CountryLink(role=role, code=country_code(text), text=text)
            for name, role in _COUNTRIES
            for text in _texts(properties, name)
        ),
        addresses=tuple(Address(text=text) for text in _texts(properties, "address")),
        identifiers=tuple(
            Identifier(type=type_, value=text, label=name)
            for name, type_ in _IDENTIFIERS
            for text in _texts(properties, name)
        ),
        programmes=tuple(_texts(properties, "program")),
        gender=gender[0].lower() if gender else None,
        titles=tuple(_texts(properties, "title") + _texts(properties, "position")),
        listed_on=next(
            (day for t in _texts(properties, "createdAt") if (day := parse_day(t))), None
        ),
        remarks=" ".join(_texts(properties, "notes")),
        source_record=json.dumps(record, ensure_ascii=False),
    )
