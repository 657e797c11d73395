"""European Union financial sanctions files, XML 1.1. Source: webgate.ec.europa.eu/fsd/fsf.

Always: attributes are present but empty rather than absent; native scripts are further names.
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
    NamePart,
    NameUse,
    PartRole,
    Place,
    Unread,
)
from insyn.office.lists.formats.dates import birth_date, parse_day, year_range
from insyn.office.lists.formats.elements import children, source_text, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import clean, detect_script

FORMAT = "eu-xml"
_KINDS = {
    "person": Kind.PERSON,
    "p": Kind.PERSON,
    "enterprise": Kind.ORGANISATION,
    "e": Kind.ORGANISATION,
}
_NAMESPACE = b"http://eu.europa.ec/fpi/fsd/export"


def recognise(head: bytes, filename: str) -> bool:
    """The namespace of the export."""
    return _NAMESPACE in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a sanctionEntity."""
    root = read_root(files["main"], "export")
    yield Published(on=parse_day(root.get("generationDate")))
    yield from unique(_records(files["main"]))


def _records(path: Path) -> Iterator[Parsed]:
    for position, element in enumerate(open_xml(path, "sanctionEntity"), 1):
        yield _entry(element) or Unread(position=position, reason="it has no reference or no name")


def _of(element: etree._Element, name: str) -> str:
    return clean(element.get(name))


def _country(element: etree._Element) -> str | None:
    code = _of(element, "countryIso2Code")
    return country_code(code) or country_code(_of(element, "countryDescription"))


def _entry(element: etree._Element) -> Entry | None:
    reference = _of(element, "euReferenceNumber") or _of(element, "logicalId")
    aliases = children(element, "nameAlias")
    names = _names(aliases)
    if not reference or not names:
        return None
    kinds = [
        (_of(sub, "code") or _of(sub, "classificationCode")).lower()
        for sub in children(element, "subjectType")
    ]
    births = children(element, "birthdate")
    regulations = children(element, "regulation")
    genders = [found for alias in aliases if (found := _of(alias, "gender"))]
    return Entry(
        reference=reference,
        kind=_KINDS.get(kinds[0], Kind.UNKNOWN) if kinds else Kind.UNKNOWN,
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(dict.fromkeys(date for born in births if (date := _born(born)))),
        birth_places=tuple(
            Place(text=text, country=_country(born))
            for born in births
            if (text := ", ".join(p for k in ("city", "place", "region") if (p := _of(born, k))))
        ),
        countries=tuple(
            CountryLink(
                role=CountryRole.CITIZENSHIP,
                code=_country(sub),
                text=_of(sub, "countryDescription"),
            )
            for sub in children(element, "citizenship")
            if _country(sub) or _of(sub, "countryDescription").upper() not in ("", "UNKNOWN")
        ),
        addresses=tuple(_addresses(element)),
        identifiers=tuple(_identifiers(element)),
        programmes=tuple(dict.fromkeys(p for sub in regulations if (p := _of(sub, "programme")))),
        gender={"M": "male", "F": "female"}.get(genders[0]) if genders else None,
        titles=tuple(
            dict.fromkeys(
                text
                for alias in aliases
                for key in ("title", "function")
                if (text := _of(alias, key))
            )
        ),
        listed_on=parse_day(_of(element, "designationDate")),
        remarks=" ".join(texts_of(element, "remark")),
        source_record=source_text(element),
    )


def _names(aliases: list[etree._Element]) -> list[ListedName]:
    """All names; the first that is not weak is the primary one, as the list has none marked."""
    names = [name for alias in aliases if (name := _name(alias))]
    strong = next((at for at, name in enumerate(names) if name.use is not NameUse.WEAK), None)
    if strong is not None:
        names[strong] = replace(names[strong], use=NameUse.PRIMARY)
    return names


def _name(alias: etree._Element) -> ListedName | None:
    parts = [
        NamePart(role=role, text=text)
        for key, role in (
            ("firstName", PartRole.GIVEN),
            ("middleName", PartRole.MIDDLE),
            ("lastName", PartRole.FAMILY),
        )
        if (text := _of(alias, key))
    ]
    text = _of(alias, "wholeName") or " ".join(part.text for part in parts)
    if not any(ch.isalnum() for ch in text):
        return None
    weak = _of(alias, "strong").lower() == "false" or any(
        "low quality" in remark.lower() for remark in texts_of(alias, "remark")
    )
    return ListedName(
        text=text,
        use=NameUse.WEAK if weak else NameUse.ALIAS,
        script=detect_script(text),
        language=_of(alias, "nameLanguage").lower() or None,
        parts=tuple(parts) if len(parts) > 1 else (),
    )


def _born(born: etree._Element) -> BirthDate | None:
    """The date, or the month or year where the list has no more; other calendars give None."""
    day, month, year = (_of(born, key) for key in ("birthdate", "monthOfYear", "year"))
    if not day and month.isdecimal() and int(month):
        day = f"{year}-{int(month):02}"
    found = birth_date(day or year) or year_range(
        _of(born, "yearRangeFrom"), _of(born, "yearRangeTo")
    )
    circa = _of(born, "circa").lower() == "true"
    return replace(found, approximate=circa or found.approximate) if found else None


def _addresses(element: etree._Element) -> Iterator[Address]:
    keys = ("street", "poBox", "zipCode", "city", "region", "place", "countryDescription")
    for address in children(element, "address"):
        text = ", ".join(part for key in keys if (part := _of(address, key)))
        if text:
            yield Address(text=text, country=_country(address))


_CONTACTS = {
    "EMAIL": IdentifierType.EMAIL,
    "PHONE": IdentifierType.PHONE,
    "WEB": IdentifierType.WEBSITE,
}


def _identifiers(element: etree._Element) -> Iterator[Identifier]:
    united = _of(element, "unitedNationId")
    if united:
        yield Identifier(type=IdentifierType.OTHER, value=united, label="UN reference")
    for item in children(element, "identification"):
        number = _of(item, "latinNumber") or _of(item, "number")
        label = _of(item, "identificationTypeDescription") or _of(item, "identificationTypeCode")
        if number:
            kind = identifier_type(label)
            if kind is IdentifierType.OTHER:
                kind = identifier_type(_of(item, "identificationTypeCode"))
            false = " (known false)" if _of(item, "knownFalse").lower() == "true" else ""
            yield Identifier(type=kind, value=number, country=_country(item), label=label + false)
    for contact in children(element, "address", "contactInfo"):
        key, value = _of(contact, "key").upper(), _of(contact, "value")
        known = next((kind for word, kind in _CONTACTS.items() if key.startswith(word)), None)
        if known is not None and value:
            yield Identifier(type=known, value=value, label=key)
