"""United Kingdom sanctions list (FCDO), XML. Source: SanctionsListSchema 4.33.3.

Always: Name6 is the family or organisation name, Name1 to Name5 stand before it; narrative fields
(statement of reasons, other information) never become names.
"""

from __future__ import annotations

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
from insyn.office.lists.formats.elements import children, source_text, text_of, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import detect_script

FORMAT = "uk-xml"
_KINDS = {"individual": Kind.PERSON, "entity": Kind.ORGANISATION, "ship": Kind.VESSEL}
_GIVEN = ("Name1", "Name2", "Name3", "Name4", "Name5")
_ADDRESS = (*(f"AddressLine{at}" for at in range(1, 7)), "AddressPostalCode", "AddressCountry")
_PERSON = ("IndividualDetails", "Individual")
_BODY = ("EntityDetails", "Entity")
_SHIP = ("ShipDetails", "Ship")
_PAPERS = (
    ((*_PERSON, "PassportDetails", "Passport"), "Passport", IdentifierType.PASSPORT),
    (
        (*_PERSON, "NationalIdentifierDetails", "NationalIdentifier"),
        "NationalIdentifier",
        IdentifierType.NATIONAL_ID,
    ),
)
_NUMBERS: tuple[tuple[tuple[str, ...], IdentifierType, str], ...] = (
    (("UNReferenceNumber",), IdentifierType.OTHER, "UN reference"),
    (("PhoneNumbers", "PhoneNumber"), IdentifierType.PHONE, "Phone"),
    (("Websites", "Website"), IdentifierType.WEBSITE, "Website"),
    (("EmailAddresses", "EmailAddress"), IdentifierType.EMAIL, "Email"),
    (
        (*_BODY, "BusinessRegistrationNumbers", "BusinessRegistrationNumber"),
        IdentifierType.REGISTRATION,
        "Business registration number",
    ),
    ((*_SHIP, "IMONumbers", "IMONumber"), IdentifierType.IMO, "IMO"),
    (
        (*_SHIP, "HullIdentificationNumbers", "HullIdentificationNumber"),
        IdentifierType.OTHER,
        "Hull identification number",
    ),
)
_COUNTRIES = (
    ((*_PERSON, "Nationalities", "Nationality"), CountryRole.NATIONALITY),
    ((*_SHIP, "CurrentBelievedFlagOfShips", "CurrentBelievedFlagOfShip"), CountryRole.FLAG),
    ((*_SHIP, "PreviousFlags", "PreviousFlag"), CountryRole.FLAG),
)


def recognise(head: bytes, filename: str) -> bool:
    """A root element Designations."""
    return b"<Designations" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a Designation."""
    path = files["main"]
    published = parse_day(read_root(path, "Designations").get("dateGenerated"))
    if published is None:
        dates = (parse_day(sub.text) for sub in open_xml(path, "DateGenerated", "Designation"))
        published = next(dates, None)
    yield Published(on=published)
    yield from unique(_records(path))


def _records(path: Path) -> Iterator[Parsed]:
    for position, element in enumerate(open_xml(path, "Designation"), 1):
        yield _entry(element) or Unread(position=position, reason="it has no UniqueID or no name")


def _entry(element: etree._Element) -> Entry | None:
    reference = text_of(element, "UniqueID")
    names = tuple(dict.fromkeys(_names(element)))
    if not reference or not names:
        return None
    births = texts_of(element, *_PERSON, "DOBs", "DOB")
    titles = texts_of(element, "Titles", "Title")
    titles += texts_of(element, *_PERSON, "Positions", "Position")
    return Entry(
        reference=reference,
        kind=_KINDS.get(text_of(element, "IndividualEntityShip").lower(), Kind.UNKNOWN),
        names=names,
        birth_dates=tuple(dict.fromkeys(born for text in births if (born := birth_date(text)))),
        birth_places=tuple(dict.fromkeys(_birth_places(element))),
        countries=tuple(
            dict.fromkeys(
                CountryLink(role=role, code=country_code(text), text=text)
                for path, role in _COUNTRIES
                for text in texts_of(element, *path)
            )
        ),
        addresses=tuple(dict.fromkeys(_addresses(element))),
        identifiers=tuple(dict.fromkeys(_identifiers(element))),
        programmes=tuple(texts_of(element, "RegimeName")),
        gender=_gender(element),
        titles=tuple(dict.fromkeys(titles)),
        listed_on=parse_day(text_of(element, "DateDesignated")),
        updated_on=parse_day(text_of(element, "LastUpdated")),
        remarks=text_of(element, "OtherInformation"),
        source_record=source_text(element),
    )


def _names(element: etree._Element) -> list[ListedName]:
    personal = text_of(element, "IndividualEntityShip").lower() == "individual"
    names = children(element, "Names", "Name")
    found = [listed for name in names if (listed := _name(name, personal=personal))]
    found.sort(key=lambda name: name.use is not NameUse.PRIMARY)
    for native in children(element, "NonLatinNames", "NonLatinName"):
        text = text_of(native, "NameNonLatinScript")
        if any(ch.isalnum() for ch in text):
            found.append(ListedName(text=text, use=NameUse.ALIAS, script=detect_script(text)))
    return found


def _name(name: etree._Element, *, personal: bool) -> ListedName | None:
    given = [text for tag in _GIVEN if (text := text_of(name, tag))]
    family = text_of(name, "Name6")
    text = " ".join([*given, family]).strip()
    if not any(ch.isalnum() for ch in text):
        return None
    parts = [
        NamePart(role=PartRole.MIDDLE if at else PartRole.GIVEN, text=part)
        for at, part in enumerate(given)
    ]
    parts += [NamePart(role=PartRole.FAMILY, text=family)] if family else []
    kind, strength = text_of(name, "NameType").lower(), text_of(name, "AliasStrength").lower()
    use = NameUse.PRIMARY if kind == "primary name" else NameUse.ALIAS
    return ListedName(
        text=text,
        use=NameUse.WEAK if strength.startswith("low") else use,
        script=detect_script(text),
        parts=tuple(parts) if personal and len(parts) > 1 else (),
    )


def _gender(element: etree._Element) -> str | None:
    details = children(element, *_PERSON, "GenderDetails")
    texts = [text for sub in details for text in texts_of(sub, "Gender")]
    texts += texts_of(element, *_PERSON, "GenderDetails")
    return next((text.lower() for text in texts), None)


def _birth_places(element: etree._Element) -> Iterator[Place]:
    for born in children(element, *_PERSON, "BirthDetails", "Location"):
        town, country = text_of(born, "TownOfBirth"), text_of(born, "CountryOfBirth")
        text = ", ".join(part for part in (town, country) if part)
        if text:
            yield Place(text=text, country=country_code(country))


def _addresses(element: etree._Element) -> Iterator[Address]:
    for address in children(element, "Addresses", "Address"):
        text = ", ".join(part for tag in _ADDRESS if (part := text_of(address, tag)))
        if text:
            yield Address(text=text, country=country_code(text_of(address, "AddressCountry")))


def _identifiers(element: etree._Element) -> Iterator[Identifier]:
    for path, stem, kind in _PAPERS:
        for paper in children(element, *path):
            number = text_of(paper, f"{stem}Number")
            if number:
                more = text_of(paper, f"{stem}AdditionalInformation")
                yield Identifier(type=kind, value=number, label=more)
    for at, sort, label in _NUMBERS:
        for number in texts_of(element, *at):
            yield Identifier(type=sort, value=number, label=label)
