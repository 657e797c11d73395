"""OFAC's sdn_advanced.xml and cons_advanced.xml (118 MB): reference ids everywhere.

Always: read twice, since what a party is listed under stands behind all parties; the first pass
keeps only tables. The list "Consolidated List" is a tag and no list.
Source: OFAC, ADVANCED_XML schema; docs/reference/list-formats.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
from insyn.office.lists.entry import BirthDate, Entry, Kind, ListedName, Unread
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

FORMAT = "ofac-advanced-xml"
_REPEATING = (
    "DateOfIssue",
    "ReferenceValueSets",
    "Location",
    "IDRegDocument",
    "DistinctParty",
    "ProfileRelationship",
    "SanctionsEntry",
    "SanctionsEntryLink",
)


def recognise(head: bytes, filename: str) -> bool:
    """A root element Sanctions with reference value sets."""
    return b"<Sanctions" in head and b"<ReferenceValueSets" in head


@dataclass(slots=True)
class _Listing:
    programmes: list[str] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)


@dataclass(slots=True)
class _Tables:
    """All that parties point to: values by (set, id), places, papers, listings."""

    issued: date | None = None
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    codes: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    papers: dict[str, list[tuple[str, str, str | None]]] = field(default_factory=dict)
    listings: dict[str, _Listing] = field(default_factory=dict)

    def value(self, kind: str, key: str | None) -> str:
        return self.values.get((kind, key or ""), "")

    def take(self, element: etree._Element) -> None:
        match local_name(element):
            case "DateOfIssue":
                self.issued = _point(element)[0]
            case "ReferenceValueSets":
                self._take_values(element)
            case "Location":
                self._take_place(element)
            case "IDRegDocument":
                self._take_paper(element)
            case "SanctionsEntry":
                self._take_listing(element)

    def _take_values(self, sets: etree._Element) -> None:
        for element in (value for group in sets for value in group):
            key = (local_name(element), element.get("ID", ""))
            self.values[key] = clean(element.text)
            code = element.get("ISO2") or element.get("ScriptCode") or element.get("PartyTypeID")
            if code:
                self.codes[key] = code

    def _country(self, key: str | None) -> str | None:
        at = ("Country", key or "")
        return country_code(self.codes.get(at, "")) or country_code(self.values.get(at, ""))

    def _take_place(self, element: etree._Element) -> None:
        keys = [sub.get("CountryID") for sub in children(element, "LocationCountry")]
        country = next((code for key in keys if (code := self._country(key))), None)
        parts = texts_of(element, "LocationPart", "LocationPartValue", "Value")
        parts += [name for key in keys if (name := self.value("Country", key))]
        if not parts:
            areas = [sub.get("AreaCodeID") for sub in children(element, "LocationAreaCode")]
            parts = [name for key in areas if (name := self.value("AreaCode", key))]
        self.places[element.get("ID", "")] = (", ".join(parts), country)

    def _take_paper(self, element: etree._Element) -> None:
        number = text_of(element, "IDRegistrationNo")
        if number:
            label = self.value("IDRegDocType", element.get("IDRegDocTypeID"))
            paper = (label, number, self._country(element.get("IssuedBy-CountryID")))
            self.papers.setdefault(element.get("IdentityID", ""), []).append(paper)

    def _take_listing(self, element: etree._Element) -> None:
        name = self.value("List", element.get("ListID"))
        if name == CONSOLIDATED:
            return
        listing = self.listings.setdefault(element.get("ProfileID", ""), _Listing())
        listing.lists += [name] if name else []
        listing.programmes += texts_of(element, "SanctionsMeasure", "Comment")
        for day in children(element, "EntryEvent", "Date"):
            first, _ = _point(day)
            listing.days += [first] if first is not None else []

    def kind(self, subtype: str | None) -> Kind:
        own = self.value("PartySubType", subtype).lower()
        party = self.value("PartyType", self.codes.get(("PartySubType", subtype or ""))).lower()
        return KINDS.get(own) or KINDS.get(party) or Kind.UNKNOWN


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a distinct party."""
    path = files["main"]
    read_root(path, "Sanctions")
    tables = _Tables()
    for element in open_xml(path, *_REPEATING):
        tables.take(element)
    yield Published(on=tables.issued)
    yield from unique(_records(path, tables))


def _records(path: Path, tables: _Tables) -> Iterator[Parsed]:
    position = 0
    for element in open_xml(path, *_REPEATING):
        if local_name(element) == "DistinctParty":
            position += 1
            entry = _entry(element, tables)
            yield entry or Unread(position=position, reason="it has no profile or no name")


def _entry(party: etree._Element, tables: _Tables) -> Entry | None:
    profile = child(party, "Profile")
    if profile is None:
        return None
    key = clean(profile.get("ID"))
    reference = clean(party.get("FixedRef")) or key
    names = tuple(dict.fromkeys(_names(profile, tables)))
    if not reference or not names:
        return None
    facts = Facts()
    for feature in children(profile, "Feature"):
        _add_feature(feature, facts, tables)
    for identity in children(profile, "Identity"):
        for label, number, country in tables.papers.get(identity.get("ID", ""), ()):
            facts.add_paper(label, number, country, is_paper=True)
    listing = tables.listings.get(key, _Listing())
    return Entry(
        reference=reference,
        kind=tables.kind(profile.get("PartySubTypeID")),
        names=names,
        birth_dates=tuple(dict.fromkeys(facts.births)),
        birth_places=tuple(dict.fromkeys(facts.places)),
        countries=tuple(dict.fromkeys(facts.countries)),
        addresses=tuple(dict.fromkeys(facts.addresses)),
        identifiers=tuple(dict.fromkeys(facts.identifiers)),
        programmes=tuple(dict.fromkeys([*listing.programmes, *listing.lists])),
        gender=facts.gender,
        titles=tuple(dict.fromkeys(facts.titles)),
        listed_on=min(listing.days, default=None),
        remarks=text_of(party, "Comment"),
        source_record=source_text(party),
    )


def _names(profile: etree._Element, tables: _Tables) -> Iterator[ListedName]:
    for identity in children(profile, "Identity"):
        kinds = {
            group.get("ID"): tables.value("NamePartType", group.get("NamePartTypeID"))
            for group in children(
                identity, "NamePartGroups", "MasterNamePartGroup", "NamePartGroup"
            )
        }
        aliases = children(identity, "Alias")
        for alias in sorted(aliases, key=lambda alias: alias.get("Primary") != "true"):
            yield from _spellings(alias, kinds, tables)


def _spellings(
    alias: etree._Element, kinds: Mapping[str | None, str], tables: _Tables
) -> Iterator[ListedName]:
    """One name a documented name and script; the first is primary where the alias is."""
    primary = alias.get("Primary") == "true"
    for documented in children(alias, "DocumentedName"):
        by_script: dict[str, list[tuple[str, str]]] = {}
        for value in children(documented, "DocumentedNamePart", "NamePartValue"):
            part = (kinds.get(value.get("NamePartGroupID"), ""), clean(value.text))
            by_script.setdefault(value.get("ScriptID", ""), []).append(part)
        for key, parts in by_script.items():
            use = use_of(
                tables.value("AliasType", alias.get("AliasTypeID")),
                weak=alias.get("LowQuality") == "true",
                primary=primary,
            )
            found = listed_name(parts, use, script=tables.codes.get(("Script", key)))
            if found is not None:
                primary = False
                yield found


def _add_feature(feature: etree._Element, facts: Facts, tables: _Tables) -> None:
    label = tables.value("FeatureType", feature.get("FeatureTypeID"))
    for version in children(feature, "FeatureVersion"):
        if tables.value("Reliability", version.get("ReliabilityID")).lower() == "false":
            continue
        for period in children(version, "DatePeriod"):
            facts.add(label, "", born=_period(period))
        for detail in children(version, "VersionDetail"):
            named = tables.value("DetailReference", detail.get("DetailReferenceID"))
            facts.add(label, named or clean(detail.text))
        for at in children(version, "VersionLocation"):
            text, country = tables.places.get(at.get("LocationID", ""), ("", None))
            facts.add(label, text, country=country)


def _point(element: etree._Element | None) -> tuple[date | None, date | None]:
    """First and last day that Year, Month and Day may mean."""
    numbers = [text_of(element, tag) for tag in ("Year", "Month", "Day")]
    if not all(len(text) <= 4 and text.isascii() and text.isdigit() for text in numbers if text):
        return None, None
    year, month, day = (int(text) if text else 0 for text in numbers)
    try:
        if month and day:
            return date(year, month, day), date(year, month, day)
        first = date(year, month or 1, 1)
        following = date(year + (month or 12) // 12, (month or 12) % 12 + 1, 1)
        return first, following - timedelta(days=1)
    except ValueError:
        return None, None


def _period(period: etree._Element) -> BirthDate | None:
    starts, ends = children(period, "Start"), children(period, "End")
    points = [point for edge in (*starts, *ends) for point in (*children(edge, "From"),)]
    points += [point for edge in (*starts, *ends) for point in (*children(edge, "To"),)]
    days = [day for point in points for day in _point(point) if day is not None]
    if not days:
        return None
    circa = any(edge.get("Approximate") == "true" for edge in (*starts, *ends))
    first, last = min(days), max(days)
    text = str(first) if first == last else f"{first} to {last}"
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        text = str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
    return span_of(first, last, circa=circa, text=text)
