"""UN Security Council consolidated list, XML.

Source: scsanctions.un.org, sc-sanctions.xsd; counts and traps in docs/reference/list-formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
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
from insyn.office.lists.formats.dates import birth_date, parse_day, year_range
from insyn.office.lists.formats.elements import children, source_text, text_of, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import detect_script
from insyn.office.lists.formats.written_names import split_alias

FORMAT = "un-xml"
_NAME_PARTS = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")


def recognise(head: bytes, filename: str) -> bool:
    """A root element CONSOLIDATED_LIST."""
    return b"<CONSOLIDATED_LIST" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries of the list, as they stand in the file."""
    path = files["main"]
    root = read_root(path, "CONSOLIDATED_LIST")
    yield Published(on=parse_day(root.get("dateGenerated")))
    yield from unique(_records(path))


def _records(path: Path) -> Iterator[Parsed]:
    for position, element in enumerate(open_xml(path, "INDIVIDUAL", "ENTITY"), 1):
        entry = _entry(element)
        yield entry or Unread(position=position, reason="it has no reference number or no name")


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
        programmes=tuple(texts_of(element, "UN_LIST_TYPE")),
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
    first, *others = split_alias(primary) or [(primary, NameUse.ALIAS)]
    names = [_listed(first[0], NameUse.PRIMARY)] if primary else []
    names += [_listed(name, use) for name, use in others]
    names += _aliases(text_of(element, "NAME_ORIGINAL_SCRIPT"), NameUse.ALIAS)
    for alias in children(element, "INDIVIDUAL_ALIAS") + children(element, "ENTITY_ALIAS"):
        quality = text_of(alias, "QUALITY").lower()
        use = {"low": NameUse.WEAK, "f.k.a.": NameUse.FORMER}.get(quality, NameUse.ALIAS)
        names += _aliases(text_of(alias, "ALIAS_NAME"), use)
    return list(dict.fromkeys(names))


def _aliases(text: str, use: NameUse) -> list[ListedName]:
    return [_listed(name, found) for name, found in split_alias(text, use)]


def _listed(text: str, use: NameUse) -> ListedName:
    return ListedName(text=text, use=use, script=detect_script(text))


def _births(element: etree._Element) -> tuple[list[BirthDate], list[Place]]:
    births: list[BirthDate] = []
    for born in children(element, "INDIVIDUAL_DATE_OF_BIRTH"):
        note = text_of(born, "NOTE")
        year = text_of(born, "YEAR")
        if year and note.rstrip(".").isalpha():
            year = f"{note} {year}"  # a month, or "Approximately"
        found = birth_date(text_of(born, "DATE") or year) or year_range(
            text_of(born, "FROM_YEAR"), text_of(born, "TO_YEAR")
        )
        found = found or birth_date(note)
        circa = "approximately" in f"{text_of(born, 'TYPE_OF_DATE')} {note}".lower()
        if found is not None:
            births.append(replace(found, approximate=circa or found.approximate))
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
            yield Identifier(
                type=_document_type(label.lower()),
                value=number,
                country=country_code(country),
                label=label,
            )


def _document_type(label: str) -> IdentifierType:
    if any(word in label for word in ("passport", "passeport", "pasaporte")):
        return IdentifierType.PASSPORT
    if "fiscal" in label or "tax" in label:
        return IdentifierType.TAX
    if any(word in label for word in ("identi", "national", "tazkira", "social security")):
        return IdentifierType.NATIONAL_ID
    return IdentifierType.OTHER
