"""Switzerland's sanctions list (SECO), XML.

Always: read twice, since places and programmes stand apart from the targets that name them. A
target whose latest modification is a de-listing is `Withdrawn`. Only direct children of a target
count: modifications repeat whole identities.
Source: SECO, swiss-sanctions-list schema; docs/reference/list-formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice, product
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
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.elements import children, local_name, source_text, text_of, texts_of
from insyn.office.lists.formats.parsed import Parsed, Published, Withdrawn, unique
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import clean, detect_script
from insyn.office.lists.formats.written_names import name_of_parts

FORMAT = "seco-xml"
_REPEATING = ("sanctions-program", "place", "target")
_BODIES = ("individual", "entity", "object")
_ROLES = {
    "whole-name": PartRole.WHOLE,
    "family-name": PartRole.FAMILY,
    "given-name": PartRole.GIVEN,
    "further-given-name": PartRole.MIDDLE,
    "father-name": PartRole.PATRONYMIC,
    "maiden-name": PartRole.MAIDEN,
    "tribal-name": PartRole.TRIBAL,
    "title": PartRole.TITLE,
    "suffix": PartRole.SUFFIX,
}
MAX_SPELLINGS = 32
"""Names that one `name` element may give; variants multiply, and real names have under 20."""

_Style = tuple[str, str]
"""(language, script) of a spelling, upper-case, as published."""


def recognise(head: bytes, filename: str) -> bool:
    """A root element swiss-sanctions-list."""
    return b"<swiss-sanctions-list" in head


@dataclass(slots=True)
class _Tables:
    """Places by id as (text, country), and programme names by the id of their sanctions sets."""

    places: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    programmes: dict[str, str] = field(default_factory=dict)

    def take(self, element: etree._Element) -> None:
        tag = local_name(element)
        if tag == "place":
            country = next(iter(children(element, "country")), None)
            parts = [text_of(element, key) for key in ("location", "area", "country")]
            text = ", ".join(dict.fromkeys(part for part in parts if part))
            self.places[element.get("ssid", "")] = (text, _country(country))
        elif tag == "sanctions-program":
            keys = children(element, "program-key") or children(element, "program-name")
            keys.sort(key=lambda key: key.get("lang") != "eng")
            name = clean(keys[0].text) if keys else ""
            for item in children(element, "sanctions-set"):
                self.programmes[item.get("ssid", "")] = name


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a target in force; the others as `Withdrawn`."""
    path = files["main"]
    yield Published(on=parse_day(read_root(path, "swiss-sanctions-list").get("date")))
    yield from unique(_records(path))


def _records(path: Path) -> Iterator[Parsed]:
    tables = _Tables()
    for element in open_xml(path, *_REPEATING):
        tables.take(element)
    position = 0
    for element in open_xml(path, *_REPEATING):
        if local_name(element) != "target":
            continue
        position += 1
        if _is_delisted(element):
            yield Withdrawn(position=position, reference=clean(element.get("ssid")))
        else:
            entry = _entry(element, tables)
            yield entry or Unread(position=position, reason="it has no ssid or no name")


def _day_of(modification: etree._Element) -> date | None:
    keys = ("effective-date", "publication-date", "enactment-date")
    return next((day for key in keys if (day := parse_day(modification.get(key)))), None)


def _is_delisted(target: etree._Element) -> bool:
    """Whether the latest modification de-lists. An undated one counts as the oldest.

    Where a listing is of the same day, the target stays in force: a doubt is screened.
    """
    changes = children(target, "modification")
    latest = max((_day_of(change) or date.min for change in changes), default=date.min)
    last = {
        clean(change.get("modification-type"))
        for change in changes
        if (_day_of(change) or date.min) == latest
    }
    return "de-listed" in last and "listed" not in last


def _entry(target: etree._Element, tables: _Tables) -> Entry | None:
    reference = clean(target.get("ssid"))
    bodies = [sub for sub in target if local_name(sub) in _BODIES]
    identities = [identity for body in bodies for identity in children(body, "identity")]
    identities.sort(key=lambda identity: identity.get("main") != "true")
    names = tuple(dict.fromkeys(name for each in identities for name in _names(each)))
    if not reference or not names:
        return None
    listed = [
        day
        for change in children(target, "modification")
        if change.get("modification-type") == "listed" and (day := _day_of(change))
    ]
    changed = [day for change in children(target, "modification") if (day := _day_of(change))]
    sets = texts_of(target, "sanctions-set-id")
    return Entry(
        reference=reference,
        kind=_kind(bodies[0]),
        names=names,
        birth_dates=tuple(dict.fromkeys(born for each in identities for born in _births(each))),
        birth_places=tuple(_birth_places(identities, tables)),
        countries=tuple(dict.fromkeys(link for each in identities for link in _nations(each))),
        addresses=tuple(dict.fromkeys(_addresses(identities, tables))),
        identifiers=tuple(dict.fromkeys(_identifiers(target, bodies, identities))),
        programmes=tuple(dict.fromkeys(tables.programmes.get(key) or key for key in sets)),
        gender=next((sex for body in bodies if (sex := clean(body.get("sex")))), None),
        listed_on=min(listed, default=None),
        updated_on=max(changed, default=None),
        remarks=" ".join(
            text for body in (target, *bodies) for text in texts_of(body, "other-information")
        ),
        source_record=source_text(target),
    )


def _kind(body: etree._Element) -> Kind:
    tag, sort = local_name(body), clean(body.get("object-type"))
    if tag == "individual":
        return Kind.PERSON
    if tag == "entity":
        return Kind.ORGANISATION
    return {"vessel": Kind.VESSEL, "aircraft": Kind.AIRCRAFT}.get(sort, Kind.UNKNOWN)


def _names(identity: etree._Element) -> Iterator[ListedName]:
    names = children(identity, "name")
    names.sort(key=lambda name: name.get("name-type") != "primary-name")
    for name in names:
        sort, use = clean(name.get("name-type")), NameUse.ALIAS
        if clean(name.get("quality")) == "low":
            use = NameUse.WEAK
        elif sort == "formerly-known-as":
            use = NameUse.FORMER
        elif sort == "primary-name" and identity.get("main") != "false":
            use = NameUse.PRIMARY
        for at, (language, parts) in enumerate(islice(_spellings(name), MAX_SPELLINGS)):
            plain = "".join(part.text for part in parts)
            script = detect_script(plain)
            text = name_of_parts(parts, script)
            if any(ch.isalnum() for ch in text):
                yield ListedName(
                    text=text,
                    use=NameUse.ALIAS if at and use is NameUse.PRIMARY else use,
                    script=script,
                    language=language.lower() or None,
                    parts=tuple(parts) if len(parts) > 1 else (),
                )


def _spellings(name: etree._Element) -> Iterator[tuple[str, list[NamePart]]]:
    """The name as written, then as the product of its parts' variants by language and script.

    A part without a variant in that style stands in another language of the same script, else as
    it is written. The first spelling of every style comes before the second of any, so that what
    multiplies in one script crowds no other out.
    """
    parts = children(name, "name-part")
    parts.sort(key=lambda part: _order(part.get("order")))
    roles = [_ROLES.get(part.get("name-part-type", ""), PartRole.OTHER) for part in parts]
    variants = [_variants(part) for part in parts]
    styles = dict.fromkeys(style for table in variants for style in table)
    spelt = [
        (
            style[0] or clean(name.get("lang")),
            product(
                *(_choices(part, known, style) for part, known in zip(parts, variants, strict=True))
            ),
        )
        for style in (("", ""), *islice(styles, MAX_SPELLINGS - 1))
    ]
    firsts = [(language, next(texts)) for language, texts in spelt]
    others = ((language, texts) for language, more in spelt for texts in more)
    for language, texts in chain(firsts, others):
        named = zip(roles, texts, strict=True)
        yield language, [NamePart(role=role, text=text) for role, text in named if text]


def _order(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 9 else 0


def _variants(part: etree._Element) -> dict[_Style, list[str]]:
    found: dict[_Style, list[str]] = {}
    for variant in children(part, "spelling-variant"):
        text = clean(variant.text)
        if text:
            style = (clean(variant.get("lang")).upper(), clean(variant.get("script")).upper())
            found.setdefault(style, []).append(text)
    return found


def _choices(part: etree._Element, table: dict[_Style, list[str]], style: _Style) -> list[str]:
    written = [text_of(part, "value")]
    if style == ("", ""):
        return written
    beside = (texts[:1] for (_, script), texts in table.items() if script == style[1])
    return table.get(style) or next(beside, written)


def _births(identity: etree._Element) -> Iterator[BirthDate]:
    for born in children(identity, "day-month-year"):
        year, month, day = (clean(born.get(key)) for key in ("year", "month", "day"))
        pieces = [year, *([month.zfill(2)] if month else []), *([day.zfill(2)] if day else [])]
        if day and not month:
            pieces = [year]
        found = birth_date("-".join(pieces))
        if found is not None:
            circa = clean(born.get("quality")) in ("low", "approximate", "circa")
            yield BirthDate(
                earliest=found.earliest, latest=found.latest, approximate=circa, text=found.text
            )


def _birth_places(identities: list[etree._Element], tables: _Tables) -> Iterator[Place]:
    for born in (sub for each in identities for sub in children(each, "place-of-birth")):
        text, country = tables.places.get(born.get("place-id", ""), ("", None))
        if text:
            yield Place(text=text, country=country)


def _country(element: etree._Element | None) -> str | None:
    if element is None:
        return None
    return country_code(clean(element.get("iso-code"))) or country_code(clean(element.text))


def _nations(identity: etree._Element) -> Iterator[CountryLink]:
    for country in children(identity, "nationality", "country"):
        text, code = clean(country.text) or clean(country.get("iso-code")), _country(country)
        if text or code:
            yield CountryLink(role=CountryRole.NATIONALITY, code=code, text=text)


def _addresses(identities: list[etree._Element], tables: _Tables) -> Iterator[Address]:
    for address in (sub for each in identities for sub in children(each, "address")):
        place, country = tables.places.get(address.get("place-id", ""), ("", None))
        keys = ("c-o", "address-details", "p-o-box", "zip-code")
        text = ", ".join(part for part in (*(text_of(address, key) for key in keys), place) if part)
        if text:
            yield Address(text=text, country=country)


def _identifiers(
    target: etree._Element, bodies: list[etree._Element], identities: list[etree._Element]
) -> Iterator[Identifier]:
    for text in texts_of(target, "foreign-identifier"):
        yield Identifier(type=IdentifierType.OTHER, value=text, label="foreign identifier")
    for paper in (sub for each in identities for sub in children(each, "identification-document")):
        number, label = text_of(paper, "number"), clean(paper.get("document-type"))
        if number:
            issuers = children(paper, "issuer")
            kind = IdentifierType.NATIONAL_ID if label == "id-card" else identifier_type(label)
            country = _country(issuers[0]) if issuers else None
            yield Identifier(type=kind, value=number, country=country, label=label)
    for sub in (sub for each in (target, *bodies, *identities) for sub in each):
        if local_name(sub) == "generic-attribute" and clean(sub.text):
            label = clean(sub.get("name"))
            kind = identifier_type(label.replace("-", " "))
            if kind is not IdentifierType.OTHER:
                yield Identifier(type=kind, value=clean(sub.text), label=label)
