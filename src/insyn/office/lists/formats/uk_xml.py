"""United Kingdom sanctions list (FCDO), XML. Source: SanctionsListSchema 4.33.3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.office.lists.entry import CountryRole, Entry, Identifier, IdentifierType, Unread
from insyn.office.lists.formats.dates import parse_day
from insyn.office.lists.formats.elements import children, source_text, text_of, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.uk import Designation, WrittenName, uk_entry

FORMAT = "uk-xml"
_GIVEN = ("Name1", "Name2", "Name3", "Name4", "Name5")
_ADDRESS = (*(f"AddressLine{at}" for at in range(1, 7)), "AddressPostalCode")
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
    titles = texts_of(element, "Titles", "Title")
    places = children(element, *_PERSON, "BirthDetails", "Location")
    natives = children(element, "NonLatinNames", "NonLatinName")
    return uk_entry(
        Designation(
            reference=text_of(element, "UniqueID"),
            kind=text_of(element, "IndividualEntityShip"),
            names=[_name(name) for name in children(element, "Names", "Name")],
            native_names=[text_of(native, "NameNonLatinScript") for native in natives],
            births=texts_of(element, *_PERSON, "DOBs", "DOB"),
            birth_places=[
                (text_of(born, "TownOfBirth"), text_of(born, "CountryOfBirth")) for born in places
            ],
            countries=[(role, t) for path, role in _COUNTRIES for t in texts_of(element, *path)],
            addresses=[_address(sub) for sub in children(element, "Addresses", "Address")],
            identifiers=list(_identifiers(element)),
            regimes=texts_of(element, "RegimeName"),
            genders=_genders(element),
            titles=titles + texts_of(element, *_PERSON, "Positions", "Position"),
            designated=text_of(element, "DateDesignated"),
            updated=[text_of(element, "LastUpdated")],
            remarks=text_of(element, "OtherInformation"),
            source_record=source_text(element),
        )
    )


def _name(name: etree._Element) -> WrittenName:
    return WrittenName(
        given=tuple(text for tag in _GIVEN if (text := text_of(name, tag))),
        family=text_of(name, "Name6"),
        type=text_of(name, "NameType"),
        strength=text_of(name, "AliasStrength"),
    )


def _genders(element: etree._Element) -> list[str]:
    details = children(element, *_PERSON, "GenderDetails")
    texts = [text for sub in details for text in texts_of(sub, "Gender")]
    return texts + texts_of(element, *_PERSON, "GenderDetails")


def _address(address: etree._Element) -> tuple[tuple[str, ...], str]:
    return tuple(text_of(address, tag) for tag in _ADDRESS), text_of(address, "AddressCountry")


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
