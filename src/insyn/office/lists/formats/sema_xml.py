"""Canada's SEMA consolidated list, XML. Source: international.gc.ca, sema-lmes.xml.

Always: the list has no identifiers, so a reference is a digest of regulation, schedule, item and
name; its Country is the regulation's, not the party's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lxml import etree

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
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
    Unread,
)
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.elements import source_text, text_of
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.safe_xml import open_xml, read_root
from insyn.office.lists.formats.text import clean, detect_script
from insyn.office.lists.formats.written_names import natural_order, split_alias

FORMAT = "sema-xml"
_ALSO = re.compile(
    r"[\s,]*\((?:also known as|a\.?k\.?a\.?|formerly(?: known as)?)[:\s]+"
    r"((?:[^()]|\([^()]*\))*)\)?",
    re.IGNORECASE,
)
_LANGUAGES = {
    "russian": "ru",
    "belarusian": "be",
    "ukrainian": "uk",
    "arabic": "ar",
    "persian": "fa",
    "farsi": "fa",
    "hebrew": "he",
    "burmese": "my",
}
_LABEL = re.compile(rf"[\s,;]*\b({'|'.join(_LANGUAGES)})\s*:\s*", re.IGNORECASE)
_SHIPS = ("tanker", "ship", "carrier", "cargo", "vessel", "fso")


def recognise(head: bytes, filename: str) -> bool:
    """A root data-set with records that have a Schedule or an Item."""
    return b"<data-set" in head and b"<record>" in head and b"<Country>" in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a record."""
    path = files["main"]
    read_root(path, "data-set")
    yield Published()
    yield from unique(_records(path))


def _records(path: Path) -> Iterator[Parsed]:
    for position, record in enumerate(open_xml(path, "record"), 1):
        yield _entry(record) or Unread(position=position, reason="it has no name")


def _entry(record: etree._Element) -> Entry | None:
    given, family = text_of(record, "GivenName"), text_of(record, "LastName")
    body = text_of(record, "EntityOrShip")
    title = text_of(record, "TitleOrShip")
    number = re.sub(r"\D", "", text_of(record, "ShipIMONumber"))
    personal = bool(given or family) and not body
    whole = " ".join(part for part in (given, family) if part) if personal else body
    names = _person_names(given, family) if personal else _body_names(body)
    names += _aliases(text_of(record, "Aliases"), personal=personal)
    if not names:
        return None
    country = text_of(record, "Country")
    keys = (country, text_of(record, "Schedule"), text_of(record, "Item"), whole)
    digest = hashlib.sha256("|".join(keys).encode()).hexdigest()[:8]
    is_ship = bool(number) or any(word in title.lower() for word in _SHIPS)
    born = birth_date(text_of(record, "DateOfBirthOrShipBuildDate")) if personal else None
    imo = Identifier(type=IdentifierType.IMO, value=number, label="IMO")
    code = _regime_code(country)
    return Entry(
        reference=f"{code or 'XX'}-{keys[1] or '0'}-{keys[2] or '0'}-{digest}".replace(" ", ""),
        kind=Kind.PERSON if personal else Kind.VESSEL if is_ship else Kind.ORGANISATION,
        names=tuple(dict.fromkeys(names)),
        birth_dates=(born,) if born else (),
        countries=(CountryLink(role=CountryRole.REGIME, code=code, text=country),),
        identifiers=(imo,) if number else (),
        programmes=(country,) if country else (),
        titles=(title,) if title and not is_ship else (),
        listed_on=parse_day(text_of(record, "DateOfListing")),
        source_record=source_text(record),
    )


def _regime_code(text: str) -> str | None:
    """The country of a regulation; None for those named after a deed ("... Settler Violence").

    A former name may stand in brackets: "Myanmar (Burma) / Myanmar (Birmanie)".
    """
    return country_code(text) or country_code(re.sub(r"\s*\([^()]*\)", "", text))


def _person_names(given: str, family: str) -> list[ListedName]:
    """The name, then the one with the family name that stands in brackets: "DIKIY (DIKY)"."""
    outer, _, inner = family.partition("(")
    found = []
    for at, last in enumerate((outer, inner)):
        parts = [
            NamePart(role=role, text=text)
            for role, text in (
                (PartRole.GIVEN, given),
                (PartRole.FAMILY, last.strip(" ,)")),
            )
            if text
        ]
        text = " ".join(part.text for part in parts)
        if any(ch.isalnum() for ch in text) and (not at or last.strip(" )")):
            use = NameUse.ALIAS if at else NameUse.PRIMARY
            script = detect_script(text)
            found.append(ListedName(text=text, use=use, script=script, parts=tuple(parts)))
    return found


def _body_names(body: str) -> list[ListedName]:
    """English and French names with a stroke between, and those in "(also known as ...)"."""
    whole = clean(_ALSO.sub(" ", body)).strip(" ,;")
    halves = [half.strip() for half in whole.split("/")]
    if len(halves) != 2 or any(len(half.split()) < 3 for half in halves):
        halves = [whole]
    found = [
        ListedName(
            text=half,
            use=NameUse.ALIAS if at else NameUse.PRIMARY,
            script=detect_script(half),
        )
        for at, half in enumerate(halves)
        if any(ch.isalnum() for ch in half)
    ]
    for bracket in _ALSO.finditer(body):
        use = NameUse.FORMER if "formerly" in bracket[0].lower() else NameUse.ALIAS
        for piece in re.split(r",? and (?=[A-Z])|, (?=[A-Z]\w+ \w+ )", bracket[1]):
            found += [_alias(text, kind) for text, kind in split_alias(piece, use)]
    return found


def _alias(text: str, use: NameUse, language: str | None = None) -> ListedName:
    return ListedName(text=text, use=use, script=detect_script(text), language=language)


def _aliases(text: str, *, personal: bool) -> list[ListedName]:
    """The names of an Aliases field, told apart by every mark that the list uses for it."""
    pieces = _LABEL.split(text)  # text, label, text, label, text ...
    labels = [None, *(_LANGUAGES[label.lower()] for label in pieces[1::2])]
    found = []
    for language, piece in zip(labels, pieces[::2], strict=True):
        for name, use in split_alias(piece.strip().lstrip("(")):
            for single in _split_commas(name, personal=personal):
                found += [_alias(one, use, language) for one in _split_words(single)]
    return found


def _split_commas(name: str, *, personal: bool) -> list[str]:
    """Commas part a list of names, "LAST, First" of a person, or a legal form from a body."""
    pieces = [piece.strip() for piece in name.split(",") if piece.strip()]
    if len(pieces) > 2 or (
        personal and len(pieces) == 2 and all(len(piece.split()) > 1 for piece in pieces)
    ):
        return pieces
    return [natural_order(name)] if personal else [name.strip(" ,")]


def _split_words(name: str) -> list[str]:
    """Alternatives with "or" or a stroke between; a single word replaces the last one before."""
    pieces = [piece for piece in re.split(r" or | / ", name) if piece]
    if len(pieces) < 2 or len(pieces[0].split()) < 2:
        return [name] if any(ch.isalnum() for ch in name) else []
    front = pieces[0].rpartition(" ")[0]
    return [piece if len(piece.split()) > 1 else f"{front} {piece}" for piece in pieces]
