"""What every format parser shares: the shape of a parse, safe XML, white space, dates.

A parser module offers a name and two functions, and nothing else is called from outside:

    FORMAT: str                        # its short id, e.g. "un-xml"
    def recognise(head: bytes, filename: str) -> bool
        # does the first 64 KiB look like this format? By content; the name only breaks ties.
    def parse(files: Mapping[str, Path]) -> Iterator[Parsed]
        # streams; "main" is the file, or a set of companions by role ("primary", "alt", ...)

A record that cannot be read is yielded as `Unread` and the rest goes on; a file that is not the
format at all, is cut, or is hostile raises `UnreadableInput`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import BirthDate, Entry, NameUse, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When the publisher says the list was made, and how many records it says it holds."""

    on: date | None = None
    record_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A record that the publisher keeps in the file but no longer has in force."""

    reference: str


Parsed = Entry | Unread | Published | Withdrawn

MAX_BYTES = 1 << 30
"""Size of a list file that is read at all; the largest known is 118 MB (OFAC sdn_advanced)."""


def open_xml(path: Path, *tags: str) -> Iterator[etree._Element]:
    """Every element with one of the tags (local names), as it ends; memory stays flat.

    Entities are not resolved, no DTD is read and nothing is fetched; a document type of its own
    is refused, since no list has one and every XML bomb does.

    Raises:
        UnreadableInput: not XML, cut, wrongly encoded, or with a document type.
    """
    size = path.stat().st_size
    if size == 0:
        raise UnreadableInput(f"{path.name} is empty; fetch it again")
    if size > MAX_BYTES:
        raise UnreadableInput(f"{path.name} has {size} bytes, more than a list can have")
    wanted = frozenset(tags)
    with path.open("rb") as file:
        try:
            yield from _elements(file, path.name, wanted)
        except (etree.XMLSyntaxError, etree.LxmlError, UnicodeError) as error:
            raise UnreadableInput(
                f"{path.name} is not whole XML ({str(error)[:160]}); fetch it again"
            ) from error


def _elements(file: BinaryIO, name: str, wanted: frozenset[str]) -> Iterator[etree._Element]:
    parser = etree.iterparse(
        file,
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    depth = 0
    for event, element in parser:
        if event == "start":
            if depth == 0 and element.getroottree().docinfo.internalDTD is not None:
                raise UnreadableInput(
                    f"{name} carries a document type of its own, which lists never do; "
                    "it is refused as hostile"
                )
            depth += 1
            continue
        depth -= 1
        if local_name(element) in wanted:
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]


def local_name(element: etree._Element) -> str:
    """The tag without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first direct child of a local name."""
    return next((sub for sub in element if local_name(sub) == name), None)


def children(element: etree._Element | None, *path: str) -> list[etree._Element]:
    """Elements down a path of local names, direct children only at each step."""
    level = [] if element is None else [element]
    for name in path:
        level = [sub for parent in level for sub in parent if local_name(sub) == name]
    return level


def text_of(element: etree._Element | None, name: str) -> str:
    """Clean text of the first direct child of a local name, else ""."""
    found = child(element, name) if element is not None else None
    return clean(found.text) if found is not None else ""


def texts_of(element: etree._Element | None, *path: str) -> list[str]:
    """Clean non-empty texts of the elements down a path."""
    return [text for sub in children(element, *path) if (text := clean(sub.text))]


def source_text(element: etree._Element) -> str:
    """The element as published."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


_SPACE = re.compile(r"[\s\u00a0\u200b\ufeff]+")


def clean(text: str | None) -> str:
    """One blank for any run of white space, none at the ends."""
    return _SPACE.sub(" ", text).strip() if text else ""


_MONTHS = {
    month: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"), 1)
    for month in names.split()
}  # fmt: skip
_YEARS = range(1850, 2101)


def parse_day(text: str | None) -> date | None:
    """A full date: ISO, DD/MM/YYYY, MM/DD/YYYY where only that can be, or 14 Aug 1964."""
    value = clean(text)
    if found := re.match(r"(\d{4})-(\d{1,2})-(\d{1,2})", value):
        return _day(int(found[1]), int(found[2]), int(found[3]))
    if found := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", value):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        return _day(year, second, first) or _day(year, first, second)
    if found := re.fullmatch(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?[ -](\d{4})", value):
        return _day(int(found[3]), _MONTHS.get(found[2].lower(), 0), int(found[1]))
    if found := re.fullmatch(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})", value):
        return _day(int(found[3]), _MONTHS.get(found[1].lower(), 0), int(found[2]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in _YEARS else None
    except ValueError:
        return None


def year_span(first: int, last: int, *, approximate: bool = False, text: str = "") -> BirthDate:
    """A birth date known by years only."""
    low, high = min(first, last), max(first, last)
    return BirthDate(
        earliest=date(low, 1, 1), latest=date(high, 12, 31), approximate=approximate, text=text
    )


def birth_date(text: str | None) -> BirthDate | None:
    """A birth date as lists write them: exact, a year, a month, a range, circa.

    None where no year can be read; an absurd one keeps what can be read of it.
    """
    value = clean(text)
    if not value:
        return None
    lowered = value.lower()
    approximate = any(word in lowered for word in ("circa", "approx", "about", "c.", "around"))
    bare = re.sub(r"^(circa|approximately|approx\.?|about|around|c\.)\s*", "", lowered)
    exact = parse_day(bare)
    if exact is not None:
        return BirthDate(earliest=exact, latest=exact, approximate=approximate, text=value)
    years = [int(y) for y in re.findall(r"(?<!\d)(\d{4})(?!\d)", bare) if int(y) in _YEARS]
    if not years:
        return None
    month = _month_of(bare)
    if len(years) == 1 and month:
        first = date(years[0], month, 1)
        following = date(years[0] + month // 12, month % 12 + 1, 1)
        return BirthDate(
            earliest=first,
            latest=date.fromordinal(following.toordinal() - 1),
            approximate=approximate,
            text=value,
        )
    return year_span(years[0], years[-1], approximate=approximate, text=value)


def _month_of(text: str) -> int:
    if found := re.fullmatch(r"([a-z]{3,9})\.? (\d{4})", text):
        return _MONTHS.get(found[1], 0)
    if found := re.fullmatch(r"(?:dd|00|0)/(\d{1,2})/(\d{4})", text):
        return int(found[1]) if 1 <= int(found[1]) <= 12 else 0
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})(?:-00)?", text):
        return int(found[2]) if 1 <= int(found[2]) <= 12 else 0
    return 0


_NOTE = re.compile(r"\s*\((?:(?:birth|real) name|name at birth|(?:now )?deceased)\)", re.IGNORECASE)
_FORMER = re.compile(r"^\(?(?:f\.?k\.?a\.?|formerly(?: known as)?|previously)[:\s]+", re.IGNORECASE)
_ALSO = re.compile(r"^\(?(?:a\.?k\.?a\.?|also known as)[:\s]+", re.IGNORECASE)


def split_alias(text: str, use: NameUse = NameUse.ALIAS) -> list[tuple[str, NameUse]]:
    """The names in an alias field: joined by semicolons, with notes and "f.k.a." before them."""
    found = []
    for piece in text.split(";"):
        name = clean(_NOTE.sub("", piece)).strip(" ,")
        if former := _FORMER.match(name):
            found.append((name[former.end() :].strip(" )"), NameUse.FORMER))
        elif also := _ALSO.match(name):
            found.append((name[also.end() :].strip(" )"), use))
        elif any(ch.isalnum() for ch in name):
            found.append((name, use))
    return [(name, kind) for name, kind in found if name]


def natural_order(name: str) -> str:
    """Turn "LAST, First Middle" into "First Middle LAST"; a suffix stays last."""
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if len(parts) < 2:
        return clean(name)
    return clean(" ".join([*parts[1:2], parts[0], *parts[2:]]))
