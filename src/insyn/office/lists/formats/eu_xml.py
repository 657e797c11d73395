"""European Union financial sanctions files, XML 1.1. Source: webgate.ec.europa.eu/fsd/fsf.

Always: attributes are present but empty rather than absent; native scripts are further names.
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
    clean,
    open_xml,
    parse_day,
    source_text,
    texts_of,
    year_span,
)
from insyn.office.lists.formats.remarks import identifier_type

FORMAT = "eu-xml"
_KINDS = {"person": Kind.PERSON, "enterprise": Kind.ORGANISATION, "p": Kind.PERSON}
_NAMESPACE = b"http://eu.europa.ec/fpi/fsd/export"


def recognise(head: bytes, filename: str) -> bool:
    """The namespace of the export."""
    return _NAMESPACE in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a sanctionEntity."""
    path = files["main"]
    with path.open("rb") as file:
        head = file.read(4096)
    generated = re.search(rb"generationDate=[\"'](\d{4}-\d\d-\d\d)", head)
    yield Published(on=parse_day(generated[1].decode()) if generated else None)
    position = 0
    for element in open_xml(path, "sanctionEntity"):
        position += 1
        yield _entry(element) or Unread(position=position, reason="it has no reference or no name")
    if not position and _NAMESPACE not in head:
        raise UnreadableInput(f"{path.name} is no EU export; its root is another")


def _of(element: etree._Element, name: str) -> str:
    return clean(element.get(name))


def _country(element: etree._Element) -> str | None:
    code = _of(element, "countryIso2Code")
    return country_code(code) or country_code(_of(element, "countryDescription"))


def _entry(element: etree._Element) -> Entry | None:
    reference = _of(element, "euReferenceNumber") or _of(element, "logicalId")
    aliases = children(element, "nameAlias")
    names = [name for at, alias in enumerate(aliases) if (name := _name(alias, first=at == 0))]
    if not reference or not names:
        return None
    kinds = [_of(sub, "code").lower() for sub in children(element, "subjectType")]
    births = children(element, "birthdate")
    regulations = children(element, "regulation")
    genders = [found for alias in aliases if (found := _of(alias, "gender"))]
    return Entry(
        reference=reference,
        kind=_KINDS.get(kinds[0], Kind.UNKNOWN) if kinds else Kind.UNKNOWN,
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(date for born in births if (date := _born(born))),
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


def _name(alias: etree._Element, *, first: bool) -> ListedName | None:
    parts = [_of(alias, key) for key in ("firstName", "middleName", "lastName")]
    text = _of(alias, "wholeName") or " ".join(part for part in parts if part)
    weak = _of(alias, "strong").lower() == "false" or any(
        "low quality" in remark.lower() for remark in texts_of(alias, "remark")
    )
    use = NameUse.WEAK if weak else NameUse.PRIMARY if first else NameUse.ALIAS
    language = _of(alias, "nameLanguage").lower() or None
    return ListedName(text=text, use=use, language=language) if text else None


def _born(born: etree._Element) -> BirthDate | None:
    circa = _of(born, "circa").lower() == "true"
    first, last = _of(born, "yearRangeFrom"), _of(born, "yearRangeTo")
    found = birth_date(_of(born, "birthdate") or _of(born, "year"))
    if found is None and first.isdigit() and last.isdigit() and int(first) > 0:
        found = year_span(int(first), int(last), text=f"{first} to {last}")
    if found is None:
        return None
    return BirthDate(
        earliest=found.earliest, latest=found.latest, approximate=circa, text=found.text
    )


def _addresses(element: etree._Element) -> Iterator[Address]:
    keys = ("street", "poBox", "zipCode", "city", "region", "place", "countryDescription")
    for address in children(element, "address"):
        text = ", ".join(part for key in keys if (part := _of(address, key)))
        if text:
            yield Address(text=text, country=_country(address))


def _identifiers(element: etree._Element) -> Iterator[Identifier]:
    for item in children(element, "identification"):
        number = _of(item, "latinNumber") or _of(item, "number")
        label = _of(item, "identificationTypeDescription") or _of(item, "identificationTypeCode")
        if number:
            yield Identifier(
                type=identifier_type(label), value=number, country=_country(item), label=label
            )
