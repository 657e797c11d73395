"""OFAC's sdn.xml and consolidated.xml. Source: OFAC, sdnList schema; traps in lists reference.

Always: Latin script only; alias quality is `category`; an organisation's name is its lastName.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
    Address,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NamePart,
    NameUse,
    PartRole,
    Place,
    Unread,
)
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.elements import children, local_name, source_text, text_of, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.safe_xml import open_xml, read_root

FORMAT = "ofac-sdn-xml"
_KINDS = {
    "individual": Kind.PERSON,
    "entity": Kind.ORGANISATION,
    "vessel": Kind.VESSEL,
    "aircraft": Kind.AIRCRAFT,
}
_ADDRESS = ("address1", "address2", "address3", "city", "stateOrProvince", "postalCode", "country")
_REGISTERED = "Nationality of Registration"
_STATEMENT = re.compile(
    r"\b(?:date|directive|executive order|gender|information|issuer name|model|nationality"
    r"|operator|owner|sanctions|tonnage|transactions|type)\b",
    re.IGNORECASE,
)
"""Words of an idType that is a statement about the party and no number of a paper."""


def recognise(head: bytes, filename: str) -> bool:
    """A root element sdnList."""
    return b"<sdnList" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one an sdnEntry."""
    read_root(files["main"], "sdnList")
    yield from unique(_records(files["main"]))


def _records(path: Path) -> Iterator[Parsed]:
    position = 0
    for element in open_xml(path, "publshInformation", "sdnEntry"):
        if local_name(element) == "publshInformation":
            count = text_of(element, "Record_Count")
            yield Published(
                on=parse_day(text_of(element, "Publish_Date"), month_first=True),
                record_count=int(count) if count.isdecimal() else None,
            )
            continue
        position += 1
        yield _entry(element) or Unread(position=position, reason="it has no uid or no name")


def _name(element: etree._Element, use: NameUse) -> ListedName | None:
    given, family = text_of(element, "firstName"), text_of(element, "lastName")
    text = " ".join(part for part in (given, family) if part)
    if not any(ch.isalnum() for ch in text):
        return None
    parts = [NamePart(role=PartRole.GIVEN, text=given)] if given else []
    parts += [NamePart(role=PartRole.FAMILY, text=family)] if given and family else []
    return ListedName(text=text, use=use, script="Latn", parts=tuple(parts))


def _use(alias: etree._Element) -> NameUse:
    if text_of(alias, "category").lower() == "weak":
        return NameUse.WEAK
    return NameUse.FORMER if text_of(alias, "type").lower() == "f.k.a." else NameUse.ALIAS


def _entry(element: etree._Element) -> Entry | None:
    reference = text_of(element, "uid")
    found = [_name(element, NameUse.PRIMARY)]
    found += [_name(alias, _use(alias)) for alias in children(element, "akaList", "aka")]
    names = [name for name in found if name is not None]
    if not reference or not names:
        return None
    countries = [
        CountryLink(role=role, code=country_code(text), text=text)
        for path, role in (
            (("nationalityList", "nationality", "country"), CountryRole.NATIONALITY),
            (("citizenshipList", "citizenship", "country"), CountryRole.CITIZENSHIP),
            (("vesselInfo", "vesselFlag"), CountryRole.FLAG),
        )
        for text in texts_of(element, *path)
    ]
    countries += [
        CountryLink(role=CountryRole.NATIONALITY, code=country_code(text), text=text)
        for text in _statements(element, _REGISTERED)
    ]
    title = text_of(element, "title")
    births = texts_of(element, "dateOfBirthList", "dateOfBirthItem", "dateOfBirth")
    places = texts_of(element, "placeOfBirthList", "placeOfBirthItem", "placeOfBirth")
    return Entry(
        reference=reference,
        kind=_KINDS.get(text_of(element, "sdnType").lower(), Kind.UNKNOWN),
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(born for text in births if (born := birth_date(text))),
        birth_places=tuple(
            Place(text=text, country=country_code(text.rpartition(",")[2])) for text in places
        ),
        countries=tuple(dict.fromkeys(countries)),
        addresses=tuple(_addresses(element)),
        identifiers=tuple(_identifiers(element)),
        gender=next((text.lower() for text in _statements(element, "Gender")), None),
        programmes=tuple(texts_of(element, "programList", "program")),
        titles=(title,) if title else (),
        remarks=text_of(element, "remarks"),
        source_record=source_text(element),
    )


def _addresses(element: etree._Element) -> Iterator[Address]:
    for address in children(element, "addressList", "address"):
        text = ", ".join(part for tag in _ADDRESS if (part := text_of(address, tag)))
        if text:
            yield Address(text=text, country=country_code(text_of(address, "country")))


def _statements(element: etree._Element, label: str) -> list[str]:
    """What the idList says under a label that is no paper's."""
    papers = [
        item for item in children(element, "idList", "id") if text_of(item, "idType") == label
    ]
    return [text for item in papers if (text := text_of(item, "idNumber"))]


def _identifiers(element: etree._Element) -> Iterator[Identifier]:
    for sign in texts_of(element, "vesselInfo", "callSign"):
        yield Identifier(type=IdentifierType.CALL_SIGN, value=sign, label="Call sign")
    for item in children(element, "idList", "id"):
        number, label = text_of(item, "idNumber"), text_of(item, "idType")
        if number and not _STATEMENT.search(label):
            country = country_code(text_of(item, "idCountry"))
            yield Identifier(
                type=identifier_type(label), value=number, country=country, label=label
            )
