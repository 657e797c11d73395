"""OFAC's ENHANCED_XML: structured names in every script, features and papers.

Always: elements are chosen by their full path (`sanctionsList` and `translation` occur in several
places); reference values are read before the entities, as they stand in the file.
Source: OFAC, ENHANCED_XML.xsd; counts and traps in docs/reference/list-formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
from insyn.office.lists.entry import Entry, Kind, ListedName, Unread
from insyn.office.lists.formats.dates import parse_day
from insyn.office.lists.formats.elements import (
    child,
    children,
    local_name,
    source_text,
    text_of,
    texts_of,
)
from insyn.office.lists.formats.ofac_features import (
    CONSOLIDATED,
    KINDS,
    Facts,
    listed_name,
    span_of,
    use_of,
)
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import clean

FORMAT = "ofac-enhanced-xml"
_NAMESPACE = b"exports/ENHANCED_XML"


def recognise(head: bytes, filename: str) -> bool:
    """A root element sanctionsData."""
    return b"<sanctionsData" in head and _NAMESPACE in head


@dataclass(slots=True)
class _Tables:
    """Script and country codes by reference id."""

    scripts: dict[str, str] = field(default_factory=dict)
    countries: dict[str, str] = field(default_factory=dict)

    def take(self, value: etree._Element) -> None:
        key, kind = value.get("refId", ""), text_of(value, "type").upper()
        if kind == "SCRIPT" and (code := text_of(value, "code")):
            self.scripts[key] = code
        elif kind == "COUNTRY" and (code := country_code(text_of(value, "isoCode")) or ""):
            self.countries[key] = code

    def country(self, element: etree._Element | None) -> str | None:
        if element is None:
            return None
        return self.countries.get(element.get("refId", "")) or country_code(clean(element.text))

    def script(self, element: etree._Element | None) -> str | None:
        return None if element is None else self.scripts.get(element.get("refId", ""))


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one an entity."""
    read_root(files["main"], "sanctionsData")
    yield from unique(_records(files["main"]))


def _records(path: Path) -> Iterator[Parsed]:
    tables = _Tables()
    position = 0
    for element in open_xml(path, "publicationInfo", "referenceValue", "featureType", "entity"):
        tag = local_name(element)
        if tag == "publicationInfo":
            yield Published(on=parse_day(text_of(element, "dataAsOf")))
        elif tag == "referenceValue":
            tables.take(element)
        elif tag == "entity":
            position += 1
            entry = _entry(element, tables)
            yield entry or Unread(position=position, reason="it has no id or no name")


def _entry(element: etree._Element, tables: _Tables) -> Entry | None:
    reference = clean(element.get("id"))
    names = tuple(dict.fromkeys(_names(element, tables)))
    if not reference or not names:
        return None
    facts = Facts()
    _add_features(element, facts, tables)
    _add_papers(element, facts, tables)
    _add_addresses(element, facts, tables)
    general = child(element, "generalInfo")
    lists = [
        (clean(sub.text), parse_day(sub.get("datePublished")))
        for sub in children(element, "sanctionsLists", "sanctionsList")
        if clean(sub.text) != CONSOLIDATED
    ]
    programmes = texts_of(element, "sanctionsPrograms", "sanctionsProgram")
    title = text_of(general, "title")
    return Entry(
        reference=reference,
        kind=KINDS.get(text_of(general, "entityType").lower(), Kind.UNKNOWN),
        names=names,
        birth_dates=tuple(dict.fromkeys(facts.births)),
        birth_places=tuple(dict.fromkeys(facts.places)),
        countries=tuple(dict.fromkeys(facts.countries)),
        addresses=tuple(facts.addresses),
        identifiers=tuple(dict.fromkeys(facts.identifiers)),
        programmes=tuple(dict.fromkeys([*programmes, *(name for name, _ in lists)])),
        gender=facts.gender,
        titles=tuple(dict.fromkeys(([title] if title else []) + facts.titles)),
        listed_on=min((day for _, day in lists if day is not None), default=None),
        remarks=text_of(general, "remarks"),
        source_record=source_text(element),
    )


def _names(element: etree._Element, tables: _Tables) -> Iterator[ListedName]:
    names = children(element, "names", "name")
    for name in sorted(names, key=lambda name: text_of(name, "isPrimary") != "true"):
        for translation in children(name, "translations", "translation"):
            use = use_of(
                text_of(name, "aliasType"),
                weak=text_of(name, "isLowQuality") == "true",
                primary=text_of(name, "isPrimary") == text_of(translation, "isPrimary") == "true",
            )
            parts = [
                (text_of(part, "type"), text_of(part, "value"))
                for part in children(translation, "nameParts", "namePart")
            ]
            found = listed_name(
                parts,
                use,
                script=tables.script(child(translation, "script")),
                whole=text_of(translation, "formattedFullName"),
            )
            if found is not None:
                yield found


def _add_features(element: etree._Element, facts: Facts, tables: _Tables) -> None:
    for feature in children(element, "features", "feature"):
        if text_of(feature, "reliability").lower() == "false":
            continue
        text, when = text_of(feature, "value"), child(feature, "valueDate")
        born = span_of(
            parse_day(text_of(when, "fromDateBegin")),
            parse_day(text_of(when, "toDateEnd")),
            circa=text_of(when, "isApproximate") == "true",
            text=text,
        )
        facts.add(text_of(feature, "type"), text, born=born)


def _add_papers(element: etree._Element, facts: Facts, tables: _Tables) -> None:
    for paper in children(element, "identityDocuments", "identityDocument"):
        number = text_of(paper, "documentNumber")
        if number:
            country = tables.country(child(paper, "issuingCountry"))
            facts.add_paper(text_of(paper, "type"), number, country, is_paper=True)


def _add_addresses(element: etree._Element, facts: Facts, tables: _Tables) -> None:
    for address in children(element, "addresses", "address"):
        country = child(address, "country")
        for translation in children(address, "translations", "translation"):
            parts = texts_of(translation, "addressParts", "addressPart", "value")
            parts += [clean(country.text)] if country is not None else []
            facts.add("location", ", ".join(parts), country=tables.country(country))
