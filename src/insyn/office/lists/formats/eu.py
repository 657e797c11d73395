"""What the EU list's two forms, XML and CSV, share: one sanctioned party to one entry.

Always: blocks carry the XML attributes' names in lower case and clean texts, so that both forms
make the same entry of the same publication.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
)
from insyn.office.lists.formats.dates import birth_date, parse_day, year_range
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.text import detect_script

Block = Mapping[str, str]
"""One sub-record: clean texts by lower-case attribute name; what is missing is empty."""

_KINDS = {
    "person": Kind.PERSON,
    "p": Kind.PERSON,
    "enterprise": Kind.ORGANISATION,
    "e": Kind.ORGANISATION,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One sanctionEntity in its blocks. A name's block may hold a `remark`.

    `contacts` are (key, value) pairs; `subject` is the code of its type; `source_record` is the
    record as published.
    """

    head: Block
    subject: str
    remarks: Sequence[str]
    programmes: Sequence[str]
    names: Sequence[Block]
    births: Sequence[Block]
    citizenships: Sequence[Block]
    papers: Sequence[Block]
    addresses: Sequence[Block]
    contacts: Sequence[tuple[str, str]]
    source_record: str


def _country(block: Block) -> str | None:
    code = block.get("countryiso2code", "")
    return country_code(code) or country_code(block.get("countrydescription", ""))


def eu_entry(party: Party) -> Entry | None:
    """The entry; None without a reference or without a name.

    The reference is the EU reference number (EU.27.28), else the logical id.
    """
    reference = party.head.get("eureferencenumber") or party.head.get("logicalid")
    names = _names(party.names)
    if not reference or not names:
        return None
    genders = [found for name in party.names if (found := name.get("gender"))]
    births = (date for born in party.births if (date := _born(born)))
    titles = (
        text for name in party.names for key in ("title", "function") if (text := name.get(key))
    )
    return Entry(
        reference=reference,
        kind=_KINDS.get(party.subject.lower(), Kind.UNKNOWN),
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(dict.fromkeys(births)),
        birth_places=tuple(dict.fromkeys(_birth_places(party.births))),
        countries=tuple(dict.fromkeys(_citizenships(party.citizenships))),
        addresses=tuple(dict.fromkeys(_addresses(party.addresses))),
        identifiers=tuple(dict.fromkeys(_identifiers(party))),
        programmes=tuple(dict.fromkeys(text for text in party.programmes if text)),
        gender={"M": "male", "F": "female"}.get(genders[0]) if genders else None,
        titles=tuple(dict.fromkeys(titles)),
        listed_on=parse_day(party.head.get("designationdate")),
        remarks=" ".join(party.remarks),
        source_record=party.source_record,
    )


def _names(blocks: Sequence[Block]) -> list[ListedName]:
    """All names; the first that is not weak is the primary one, as the list has none marked."""
    names = [name for block in blocks if (name := _name(block))]
    strong = next((at for at, name in enumerate(names) if name.use is not NameUse.WEAK), None)
    if strong is not None:
        names[strong] = replace(names[strong], use=NameUse.PRIMARY)
    return names


def _name(block: Block) -> ListedName | None:
    parts = [
        NamePart(role=role, text=text)
        for key, role in (
            ("firstname", PartRole.GIVEN),
            ("middlename", PartRole.MIDDLE),
            ("lastname", PartRole.FAMILY),
        )
        if (text := block.get(key))
    ]
    text = block.get("wholename") or " ".join(part.text for part in parts)
    if not any(ch.isalnum() for ch in text):
        return None
    said = block.get("remark", "").lower()
    weak = block.get("strong", "").lower() == "false" or "low quality" in said
    return ListedName(
        text=text,
        use=NameUse.WEAK if weak else NameUse.ALIAS,
        script=detect_script(text),
        language=block.get("namelanguage", "").lower() or None,
        parts=tuple(parts) if len(parts) > 1 else (),
    )


def _born(born: Block) -> BirthDate | None:
    """The date, or the month or year where the list has no more; other calendars give None."""
    day, month, year = (born.get(key, "") for key in ("birthdate", "monthofyear", "year"))
    if not day and month.isdecimal() and int(month):
        day = f"{year}-{int(month):02}"
    found = birth_date(day or year) or year_range(
        born.get("yearrangefrom", ""), born.get("yearrangeto", "")
    )
    circa = born.get("circa", "").lower() == "true"
    return replace(found, approximate=circa or found.approximate) if found else None


def _birth_places(births: Sequence[Block]) -> Iterator[Place]:
    for born in births:
        text = ", ".join(part for key in ("city", "place", "region") if (part := born.get(key)))
        if text:
            yield Place(text=text, country=_country(born))


def _citizenships(blocks: Sequence[Block]) -> Iterator[CountryLink]:
    for block in blocks:
        code, text = _country(block), block.get("countrydescription", "")
        if code or text.upper() not in ("", "UNKNOWN"):
            yield CountryLink(role=CountryRole.CITIZENSHIP, code=code, text=text)


def _addresses(blocks: Sequence[Block]) -> Iterator[Address]:
    keys = ("street", "pobox", "zipcode", "city", "region", "place", "countrydescription")
    for block in blocks:
        text = ", ".join(part for key in keys if (part := block.get(key)))
        if text:
            yield Address(text=text, country=_country(block))


_CONTACTS = {
    "EMAIL": IdentifierType.EMAIL,
    "PHONE": IdentifierType.PHONE,
    "WEB": IdentifierType.WEBSITE,
}


def _identifiers(party: Party) -> Iterator[Identifier]:
    united = party.head.get("unitednationid")
    if united:
        yield Identifier(type=IdentifierType.OTHER, value=united, label="UN reference")
    for paper in party.papers:
        number = paper.get("latinnumber") or paper.get("number")
        code = paper.get("identificationtypecode", "")
        label = paper.get("identificationtypedescription") or code
        if number:
            kind = identifier_type(label)
            if kind is IdentifierType.OTHER:
                kind = identifier_type(code)
            false = " (known false)" if paper.get("knownfalse", "").lower() == "true" else ""
            yield Identifier(type=kind, value=number, country=_country(paper), label=label + false)
    for key, value in party.contacts:
        known = next((kind for word, kind in _CONTACTS.items() if key.startswith(word)), None)
        if known is not None and value:
            yield Identifier(type=known, value=value, label=key)
