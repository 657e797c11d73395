"""What the UK list's two forms, XML and CSV, share: one designation to one entry.

Always: Name 6 is the family or organisation name, Name 1 to 5 stand before it; narrative fields
(statement of reasons, other information) never become names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
    Address,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    Kind,
    ListedName,
    NamePart,
    NameUse,
    PartRole,
    Place,
)
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.text import detect_script

_KINDS = {"individual": Kind.PERSON, "entity": Kind.ORGANISATION, "ship": Kind.VESSEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenName:
    """One name as its fields stand: `given` is Name 1 to 5 without the empty ones."""

    given: tuple[str, ...]
    family: str
    type: str
    strength: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Designation:
    """One designation in clean texts; `kind` is Individual, Entity or Ship.

    `birth_places` are (town, country), `addresses` the filled lines and the country apart,
    `updated` the days on which its rows were last changed.
    """

    reference: str
    kind: str
    names: Sequence[WrittenName]
    native_names: Sequence[str]
    births: Sequence[str]
    birth_places: Sequence[tuple[str, str]]
    countries: Sequence[tuple[CountryRole, str]]
    addresses: Sequence[tuple[tuple[str, ...], str]]
    identifiers: Sequence[Identifier]
    regimes: Sequence[str]
    genders: Sequence[str]
    titles: Sequence[str]
    designated: str
    updated: Sequence[str]
    remarks: str
    source_record: str


def uk_entry(found: Designation) -> Entry | None:
    """The entry; None without a reference (the Unique ID) or without a name."""
    names = tuple(dict.fromkeys(_names(found)))
    if not found.reference or not names:
        return None
    links = (
        CountryLink(role=role, code=country_code(text), text=text) for role, text in found.countries
    )
    days = [day for text in found.updated if (day := parse_day(text))]
    return Entry(
        reference=found.reference,
        kind=_KINDS.get(found.kind.lower(), Kind.UNKNOWN),
        names=names,
        birth_dates=tuple(dict.fromkeys(b for text in found.births if (b := birth_date(text)))),
        birth_places=tuple(dict.fromkeys(_birth_places(found.birth_places))),
        countries=tuple(dict.fromkeys(links)),
        addresses=tuple(dict.fromkeys(_addresses(found.addresses))),
        identifiers=tuple(dict.fromkeys(found.identifiers)),
        programmes=tuple(dict.fromkeys(found.regimes)),
        gender=next((text.lower() for text in found.genders), None),
        titles=tuple(dict.fromkeys(found.titles)),
        listed_on=parse_day(found.designated),
        updated_on=max(days, default=None),
        remarks=found.remarks,
        source_record=found.source_record,
    )


def _names(found: Designation) -> list[ListedName]:
    personal = found.kind.lower() == "individual"
    names = [name for written in found.names if (name := _name(written, personal=personal))]
    names.sort(key=lambda name: name.use is not NameUse.PRIMARY)
    for text in found.native_names:
        if any(ch.isalnum() for ch in text):
            names.append(ListedName(text=text, use=NameUse.ALIAS, script=detect_script(text)))
    return names


def _name(written: WrittenName, *, personal: bool) -> ListedName | None:
    text = " ".join([*written.given, written.family]).strip()
    if not any(ch.isalnum() for ch in text):
        return None
    parts = [
        NamePart(role=PartRole.MIDDLE if at else PartRole.GIVEN, text=part)
        for at, part in enumerate(written.given)
    ]
    parts += [NamePart(role=PartRole.FAMILY, text=written.family)] if written.family else []
    use = NameUse.PRIMARY if written.type.lower() == "primary name" else NameUse.ALIAS
    return ListedName(
        text=text,
        use=NameUse.WEAK if written.strength.lower().startswith("low") else use,
        script=detect_script(text),
        parts=tuple(parts) if personal and len(parts) > 1 else (),
    )


def _birth_places(places: Sequence[tuple[str, str]]) -> Iterator[Place]:
    for town, country in places:
        text = ", ".join(part for part in (town, country) if part)
        if text:
            yield Place(text=text, country=country_code(country))


def _addresses(addresses: Sequence[tuple[tuple[str, ...], str]]) -> Iterator[Address]:
    for lines, country in addresses:
        text = ", ".join(part for part in (*lines, country) if part)
        if text:
            yield Address(text=text, country=country_code(country))
