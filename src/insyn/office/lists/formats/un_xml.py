"""UN Security Council consolidated list, XML.

Source: scsanctions.un.org, sc-sanctions.xsd; counts and traps in docs/reference/list-formats.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import (
    Address,
    BirthDate,
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
from insyn.office.lists.formats.reading import (
    Parsed,
    Published,
    birth_date,
    children,
    open_xml,
    parse_day,
    source_text,
    split_alias,
    text_of,
    texts_of,
    year_span,
)

FORMAT = "un-xml"
_RECORDS = ("INDIVIDUAL", "ENTITY")
_NAME_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def recognise(head: bytes, filename: str) -> bool:
    """A root element CONSOLIDATED_LIST."""
    return b"<CONSOLIDATED_LIST" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries of the list, as they stand in the file."""
    path = files["main"]
    with path.open("rb") as file:
        head = file.read(4096)
    generated = re.search(rb"dateGenerated=[\"'](\d{4}-\d\d-\d\d)", head)
    yield Published(on=parse_day(generated[1].decode()) if generated else None)
    closed = 0
    position = 0
    for element in open_xml(path, *_RECORDS, "CONSOLIDATED_LIST"):
        if element.tag == "CONSOLIDATED_LIST":
            closed += 1
            continue
        position += 1
        entry = _entry(element)
        yield entry or Unread(position=position, reason="it has no reference number or no name")
    if not closed:
        raise UnreadableInput(f"{path.name} is no UN consolidated list; its root is another")


def _entry(element: etree._Element) -> Entry | None:
    reference = text_of(element, "REFERENCE_NUMBER") or text_of(element, "DATAID")
    names = _names(element)
    if not reference or not names:
        return None
    personal = element.tag == "INDIVIDUAL"
    prefix = "INDIVIDUAL" if personal else "ENTITY"
    births, places = _births(element)
    addresses, countries = _addresses(element, prefix)
    countries += [
        CountryLink(role=CountryRole.NATIONALITY, code=country_code(text), text=text)
        for text in texts_of(element, "NATIONALITY", "VALUE")
    ]
    updates = [day for t in texts_of(element, "LAST_DAY_UPDATED", "VALUE") if (day := parse_day(t))]
    return Entry(
        reference=reference,
        kind=Kind.PERSON if personal else Kind.ORGANISATION,
        names=tuple(names),
        birth_dates=tuple(births),
        birth_places=tuple(places),
        countries=tuple(dict.fromkeys(countries)),
        addresses=tuple(addresses),
        identifiers=tuple(_documents(element)),
        programmes=(text_of(element, "UN_LIST_TYPE"),),
        gender=text_of(element, "GENDER").lower() or None,
        titles=tuple(
            texts_of(element, "TITLE", "VALUE") + texts_of(element, "DESIGNATION", "VALUE")
        ),
        listed_on=parse_day(text_of(element, "LISTED_ON")),
        updated_on=max(updates, default=None),
        remarks=text_of(element, "COMMENTS1"),
        source_record=source_text(element),
    )


def _names(element: etree._Element) -> list[ListedName]:
    primary = " ".join(part for tag in _NAME_PARTS if (part := text_of(element, tag)))
    names = [ListedName(text=primary)] if primary else []
    names += [
        ListedName(text=name, use=use)
        for name, use in split_alias(text_of(element, "NAME_ORIGINAL_SCRIPT"))
    ]
    for alias in children(element, "INDIVIDUAL_ALIAS") + children(element, "ENTITY_ALIAS"):
        quality = text_of(alias, "QUALITY").lower()
        use = {"low": NameUse.WEAK, "f.k.a.": NameUse.FORMER}.get(quality, NameUse.ALIAS)
        names += [
            ListedName(text=name, use=found)
            for name, found in split_alias(text_of(alias, "ALIAS_NAME"), use)
        ]
    return list(dict.fromkeys(names))


def _births(element: etree._Element) -> tuple[list[BirthDate], list[Place]]:
    births: list[BirthDate] = []
    for born in children(element, "INDIVIDUAL_DATE_OF_BIRTH"):
        circa = text_of(born, "TYPE_OF_DATE").upper() == "APPROXIMATELY"
        first, last = text_of(born, "FROM_YEAR"), text_of(born, "TO_YEAR")
        found = birth_date(text_of(born, "DATE") or text_of(born, "YEAR"))
        if found is None and first.isdigit() and last.isdigit():
            found = year_span(int(first), int(last), text=f"{first} to {last}")
        if found is not None:
            births.append(
                BirthDate(
                    earliest=found.earliest,
                    latest=found.latest,
                    approximate=circa or found.approximate,
                    text=found.text,
                )
            )
    places = []
    for place in children(element, "INDIVIDUAL_PLACE_OF_BIRTH"):
        parts = [text_of(place, tag) for tag in ("STREET", "CITY", "STATE_PROVINCE", "COUNTRY")]
        text = ", ".join(part for part in parts if part)
        if text:
            places.append(Place(text=text, country=country_code(parts[-1])))
    return births, places


def _addresses(element: etree._Element, prefix: str) -> tuple[list[Address], list[CountryLink]]:
    addresses: list[Address] = []
    countries: list[CountryLink] = []
    for address in children(element, f"{prefix}_ADDRESS"):
        tags = ("STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE", "COUNTRY", "NOTE")
        parts = [text_of(address, tag) for tag in tags]
        text = ", ".join(part for part in parts if part)
        if text:
            code = country_code(parts[4])
            addresses.append(Address(text=text, country=code))
            if parts[4]:
                countries.append(CountryLink(role=CountryRole.ADDRESS, code=code, text=parts[4]))
    return addresses, countries


def _documents(element: etree._Element) -> Iterator[Identifier]:
    for document in children(element, "INDIVIDUAL_DOCUMENT"):
        number = text_of(document, "NUMBER")
        label = text_of(document, "TYPE_OF_DOCUMENT") or text_of(document, "TYPE_OF_DOCUMENT2")
        country = text_of(document, "ISSUING_COUNTRY") or text_of(document, "COUNTRY_OF_ISSUE")
        if number:
            kind = (
                IdentifierType.PASSPORT
                if "passport" in label.lower()
                else IdentifierType.NATIONAL_ID
                if "identification" in label.lower()
                else IdentifierType.OTHER
            )
            yield Identifier(type=kind, value=number, country=country_code(country), label=label)
