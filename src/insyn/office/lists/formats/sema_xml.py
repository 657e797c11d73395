"""Canada's SEMA consolidated list, XML. Source: international.gc.ca, sema-lmes.xml.

Always: the list has no identifiers, so a reference is a digest of regulation, schedule, item and
name; its Country is the regulation's, not the party's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
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
from insyn.office.lists.formats.reading import (
    Parsed,
    Published,
    birth_date,
    open_xml,
    parse_day,
    source_text,
    split_alias,
    text_of,
)

FORMAT = "sema-xml"
_ALSO = re.compile(r"\s*\((?:also known as|a\.?k\.?a\.?|formerly)[:\s]*([^)]*)\)?", re.IGNORECASE)


def recognise(head: bytes, filename: str) -> bool:
    """A root data-set with records that have a Schedule or an Item."""
    return b"<data-set" in head and b"<record>" in head and b"<Country>" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a record."""
    yield Published()
    for position, record in enumerate(open_xml(files["main"], "record"), 1):
        yield _entry(record) or Unread(position=position, reason="it has no name")


def _entry(record: etree._Element) -> Entry | None:
    given, family = text_of(record, "GivenName"), text_of(record, "LastName")
    body = text_of(record, "EntityOrShip")
    title = text_of(record, "TitleOrShip")
    number = re.sub(r"\D", "", text_of(record, "ShipIMONumber"))
    personal = bool(given or family) and not body
    whole = " ".join(part for part in (given, family) if part) if personal else body
    names = [ListedName(text=name) for name in [_ALSO.sub("", whole).strip(" ,;")] if name]
    inside = "; ".join(_ALSO.findall(whole))
    for text, use in split_alias(inside) + split_alias(text_of(record, "Aliases")):
        names.append(ListedName(text=text, use=use or NameUse.ALIAS))
    if not names:
        return None
    country = text_of(record, "Country")
    keys = (country, text_of(record, "Schedule"), text_of(record, "Item"), whole)
    digest = hashlib.sha256("|".join(keys).encode()).hexdigest()[:10]
    is_ship = bool(number) or any(word in title for word in ("Tanker", "Ship", "Carrier", "Cargo"))
    born = birth_date(text_of(record, "DateOfBirthOrShipBuildDate")) if personal else None
    imo = Identifier(type=IdentifierType.IMO, value=number, label="IMO")
    code = country_code(country)
    return Entry(
        reference=f"{code or 'XX'}-{keys[1] or '0'}-{keys[2] or '0'}-{digest}".replace(" ", ""),
        kind=Kind.PERSON if personal else Kind.VESSEL if is_ship else Kind.ORGANISATION,
        names=tuple(dict.fromkeys(names)),
        birth_dates=(born,) if born else (),
        countries=(CountryLink(role=CountryRole.REGIME, code=code, text=country),),
        identifiers=(imo,) if number else (),
        programmes=(country,) if country else (),
        titles=(title,) if title and not is_ship else (),
        listed_on=parse_day(text_of(record, "DateOfListing")),
        source_record=source_text(record),
    )
