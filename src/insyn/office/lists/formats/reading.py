"""What every format parser shares: the shape of a parse, safe XML, white space, names, dates.

A parser module offers a name and two functions, and nothing else is called from outside:

    FORMAT: str                        # its short id, e.g. "un-xml"
    def recognise(head: bytes, filename: str) -> bool
        # does the first 64 KiB look like this format? By content; the name only breaks ties.
    def parse(files: Mapping[str, Path]) -> Iterator[Parsed]
        # streams; "main" is the file, or a set of companions by role ("primary", "alt", ...)

`Published` comes first. A record that cannot be read is yielded as `Unread` and the rest goes on;
a file that is not the format at all, is cut, or is hostile raises `UnreadableInput`.
"""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from insyn.base.errors import EnvironmentFailure, UnreadableInput
from insyn.office.lists.entry import BirthDate, Entry, NamePart, NameUse, PartRole, Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When the publisher says the list was made, and how many records it says it holds."""

    on: date | None = None
    record_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A record that the publisher keeps in the file but no longer has in force.

    `position` counts records from 1; 0 where the format has no order.
    """

    reference: str
    position: int = 0


Parsed = Entry | Unread | Published | Withdrawn


def unique(parsed: Iterable[Parsed]) -> Iterator[Parsed]:
    """The same parse with every reference once.

    A record that repeats another word for word is reported as `Unread`; one that shares only the
    reference is another listing, so it is kept, and screened, as "REFERENCE~2", "REFERENCE~3".
    """
    seen: dict[str, set[bytes]] = {}
    position = 0
    for item in parsed:
        position += not isinstance(item, Published)
        if not isinstance(item, Entry):
            yield item
            continue
        content = hashlib.sha256(item.source_record.encode("utf-8", "surrogatepass")).digest()
        others = seen.setdefault(item.reference, set())
        if content in others:
            reason = f"it repeats {item.reference[:80]} word for word"
            yield Unread(position=position, reason=reason)
            continue
        others.add(content)
        if len(others) == 1:
            yield item
        else:
            yield replace(item, reference=f"{item.reference}~{len(others)}")


# --- XML -----------------------------------------------------------------------------------

MAX_BYTES = 1 << 30
"""Size of a list file that is read at all; the largest known is 118 MB (OFAC sdn_advanced)."""

MAX_RECORD_BYTES = 1 << 25
"""File bytes from one record's end to the next one's; the largest real gap is some 2 MB."""

_HEAD_BYTES = 1 << 16
_ENCODINGS = frozenset(
    ("utf-8", "utf8", "ascii", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16")
)
"""Those in which the prolog can be read here; in another one a document type could hide."""

_AGAIN = "fetch it again"


def open_xml(path: Path, *tags: str, max_bytes: int = MAX_BYTES) -> Iterator[etree._Element]:
    """Every outermost element with one of the tags (local names), as it ends; memory stays flat.

    An element is emptied when the next one is asked for, and so is all that stood before it: a
    caller names every tag that repeats, also those it passes over. Entities are not resolved, no
    DTD is read, nothing is fetched; a document type is refused, since no list has one and every
    XML bomb does. libxml2's own limits hold: 10 MB of text in a node, some thousand levels.

    Raises:
        UnreadableInput: not XML, cut, wrongly encoded, too large, or with a document type.
        EnvironmentFailure: the file cannot be opened.
    """
    _check_prolog(path, max_bytes)
    with path.open("rb") as file:
        try:
            yield from _elements(file, path.name, tags)
        except (etree.LxmlError, UnicodeError) as error:
            raise _broken(path, error) from error


def read_root(path: Path, expected: str, *, max_bytes: int = MAX_BYTES) -> Mapping[str, str]:
    """The attributes of the root element, by local name.

    Raises:
        UnreadableInput: as `open_xml`, or the root has another name.
    """
    _check_prolog(path, max_bytes)
    with path.open("rb") as file:
        try:
            for _, element in _iterparse(file, ("start",)):
                found = local_name(element)
                if found == expected:
                    items = element.attrib.items()
                    return {str(name).rpartition("}")[2]: str(value) for name, value in items}
                raise UnreadableInput(
                    f"{path.name} is another XML file: its root is {found[:60]!r} where a list of "
                    f"this format has {expected!r}; let the format be recognised, or check the file"
                )
        except (etree.LxmlError, UnicodeError) as error:
            raise _broken(path, error) from error
    raise UnreadableInput(f"{path.name} holds no element; {_AGAIN}")


def _iterparse(
    file: BinaryIO, events: tuple[str, ...], tags: list[str] | None = None
) -> Iterator[tuple[str, etree._Element]]:
    found: Iterator[tuple[str, etree._Element]] = etree.iterparse(
        file,
        events=events,
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return found


def _elements(file: BinaryIO, name: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    depth, mark = 0, 0
    reader = _Bounded(file, name)
    parser = _iterparse(reader, ("start", "end"), [f"{{*}}{tag}" for tag in tags])  # type: ignore[arg-type]  # only read() is called
    for event, element in parser:
        if event == "start":
            if mark == 0 and element.getroottree().docinfo.internalDTD is not None:
                raise _typed(name)
            mark, depth = 1, depth + 1
            continue
        depth -= 1
        if depth:
            continue
        yield element
        reader.allow()
        element.clear()
        ancestor: etree._Element | None = element
        while ancestor is not None and (parent := ancestor.getparent()) is not None:
            while ancestor.getprevious() is not None:
                del parent[0]
            ancestor = parent


class _Bounded:
    """A file that refuses to go on where no record ends for too long: the tree would grow."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name, self._left = file, name, MAX_RECORD_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableInput(
                f"{self._name} holds {MAX_RECORD_BYTES >> 20} MiB without the end of a record, "
                "which lists never do; check where it comes from"
            )
        return data

    def allow(self) -> None:
        self._left = MAX_RECORD_BYTES


def _check_prolog(path: Path, max_bytes: int) -> None:
    """Look at all that stands before the root element, and refuse what no list has there."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    name = path.name
    if not size:
        raise UnreadableInput(f"{name} is empty; {_AGAIN}")
    if size > max_bytes:
        raise UnreadableInput(f"{name} has {size} bytes, more than a list can have; check it")
    text = _decoded(head, name).lstrip("\ufeff").lstrip()
    while text.startswith(("<?", "<!--")):
        end = "?>" if text.startswith("<?") else "-->"
        text = text.partition(end)[2].lstrip()
    lowered = text[:200].lower()
    if lowered.startswith(("<!doctype html", "<html")):
        raise UnreadableInput(
            f"{name} is a web page, not a list: the publisher's address may have moved, or a "
            f"login page answered; look at the address and {_AGAIN}"
        )
    if lowered.startswith("<!doctype"):
        raise _typed(name)
    if not re.match(r"<[^\W\d]", text):
        what = "JSON" if lowered[:1] in ("{", "[") else "no XML" if text else "no element"
        raise UnreadableInput(
            f"{name} holds {what} in its first {len(head)} bytes, where an XML list was expected; "
            "check the format, or fetch it again"
        )


def _decoded(head: bytes, name: str) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    if b"\0" in head:
        raise UnreadableInput(f"{name} is no text; unpack it, or fetch the XML file itself")
    declared = re.match(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]*)", head)
    if declared and (encoding := declared[1].decode("latin-1").lower()) not in _ENCODINGS:
        raise UnreadableInput(
            f"{name} declares the encoding {encoding[:40]!r}, which no list uses; save it as UTF-8"
        )
    return head.decode("utf-8", "replace")


def _typed(name: str) -> UnreadableInput:
    return UnreadableInput(
        f"{name} carries a document type (DOCTYPE) of its own, which lists never do; it is "
        "refused as hostile; fetch the list from its publisher"
    )


def _broken(path: Path, error: Exception) -> UnreadableInput:
    """The parser's complaint: it names elements and lines, never their text."""
    return UnreadableInput(
        f"{path.name} is not whole XML ({str(error)[:160]}): cut short, changed on the way or "
        f"wrongly encoded; {_AGAIN}"
    )


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


def text_of(element: etree._Element | None, *path: str) -> str:
    """Clean text of the first element down a path, else ""."""
    if len(path) == 1 and element is not None:
        found = child(element, path[0])
        return clean(found.text) if found is not None else ""
    return next(iter(texts_of(element, *path)), "")


def texts_of(element: etree._Element | None, *path: str) -> list[str]:
    """Clean non-empty texts of the elements down a path."""
    return [text for sub in children(element, *path) if (text := clean(sub.text))]


def source_text(element: etree._Element) -> str:
    """The element as published."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


# --- Names ---------------------------------------------------------------------------------

_SPACE = re.compile(r"[\s\u00a0\u00ad\u200b\ufeff]+")


def clean(text: str | None) -> str:
    """One blank for any run of white space, none at the ends."""
    return _SPACE.sub(" ", text).strip() if text else ""


_SCRIPTS = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab", "CJK": "Hani", "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan", "HANGUL": "Kore", "GREEK": "Grek", "HEBREW": "Hebr", "THAI": "Thai",
    "GEORGIAN": "Geor", "ARMENIAN": "Armn", "DEVANAGARI": "Deva", "BENGALI": "Beng",
    "GURMUKHI": "Guru", "GUJARATI": "Gujr", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda",
    "MALAYALAM": "Mlym", "SINHALA": "Sinh", "MYANMAR": "Mymr", "KHMER": "Khmr", "LAO": "Laoo",
    "TIBETAN": "Tibt", "ETHIOPIC": "Ethi", "MONGOLIAN": "Mong", "SYRIAC": "Syrc", "THAANA": "Thaa",
}  # fmt: skip
"""First word of a letter's Unicode name to ISO 15924."""

_UNSPACED = frozenset(("Hani", "Hans", "Hant", "Jpan", "Kore"))


@lru_cache(maxsize=8192)
def _script_of(character: str) -> str | None:
    if not character.isalpha():
        return None
    return _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0].partition("-")[0])


def detect_script(text: str) -> str | None:
    """ISO 15924 of the script that most letters are of; None where there is no known letter.

    Kana beside Han is Jpan. Han alone is Hans or Hant where only the character set of one of them
    (GB 2312, Big5) can write it, else Hani.
    """
    counts = Counter(found for ch in text if (found := _script_of(ch)))
    if not counts:
        return None
    if counts["Jpan"] and counts["Hani"]:
        counts["Jpan"] += counts.pop("Hani")
    script = max(counts, key=lambda known: (counts[known], known != "Latn", known))
    if script != "Hani":
        return script
    han = "".join(ch for ch in text if _script_of(ch) == "Hani")
    simplified, traditional = _fits(han, "gb2312"), _fits(han, "big5")
    if simplified == traditional:
        return "Hani"
    return "Hans" if simplified else "Hant"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


_ORDER = {
    PartRole.TITLE: 0, PartRole.GIVEN: 1, PartRole.MIDDLE: 2, PartRole.PATRONYMIC: 3,
    PartRole.OTHER: 4, PartRole.FAMILY: 5, PartRole.MAIDEN: 6, PartRole.TRIBAL: 7,
    PartRole.SUFFIX: 8, PartRole.WHOLE: 9,
}  # fmt: skip


def name_of_parts(parts: Iterable[NamePart], script: str | None = None) -> str:
    """Parts in natural order: given, middle, patronymic, family; titles are left out.

    In Han, kana and Hangul the family name stands first and no blank between.
    """
    named = [part for part in parts if part.role is not PartRole.TITLE]
    if script in _UNSPACED and any(part.role is PartRole.FAMILY for part in named):
        named.sort(key=lambda part: part.role is not PartRole.FAMILY)
        return clean("".join(part.text for part in named))
    named.sort(key=lambda part: _ORDER[part.role])
    return clean(" ".join(part.text for part in named))


_NOTE = re.compile(
    r"\s*[(\[](?:(?:at )?birth(?: name)?|real name|name at birth|true name|(?:now )?deceased|third"
    r"|original name|original script|nickname|nom de guerre|combat name"
    r"|[^()]*\b(?:passport|identification|identity|born)\b[^()]*)[)\]]"
    r"|, born\b.*",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"^\(?(?:f\.? ?k\.? ?a\.?|formerly(?: known as| named| listed as)?|previously(?: known as)?)"
    r"(?=[\s:\"'])[\s:]*",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"^\(?(?:(?:a\.? ?k\.? ?a|n\.? ?k\.? ?a)\.?|(?:also|now|better) known as|alias|original script)"
    r"(?=[\s:\"'])[\s:]*",
    re.IGNORECASE,
)
_FORMER_NOTE = re.compile(
    r"\s*\((?:f\.?k\.?a\.?|former(?:ly)?(?: name)?|previously listed as)\)$", re.IGNORECASE
)
_BRACKET = re.compile(r"\s*\(((?:[^()]|\([^()]*\))*)\)")
_JOIN = re.compile(r";|\s[b-z]\)\s")


def split_alias(text: str, use: NameUse = NameUse.ALIAS) -> list[tuple[str, NameUse]]:
    """The names in an alias field, as (name, use).

    Names are joined by semicolons; notes such as "(birth name)" are dropped, "f.k.a." makes a
    name `FORMER`, and what stands in brackets in another script is a name of its own.
    """
    found = []
    for piece in _pieces(clean(text)):
        name = clean(_NOTE.sub("", piece)).strip(" ,")
        kind = use
        if former := _FORMER.match(name) or _FORMER_NOTE.search(name):
            name, kind = name[: former.start()] + name[former.end() :], NameUse.FORMER
        elif also := _ALSO.match(name):
            name = name[also.end() :]
        name = _unwrapped(name)
        if any(ch.isalnum() for ch in name):
            found.append((name, kind))
    return list(dict.fromkeys(found))


def _pieces(text: str) -> Iterator[str]:
    """Names between semicolons, and those in another script that stand in brackets after one."""
    inner: list[str] = []

    def lift(found: re.Match[str]) -> str:
        content = found[1].removeprefix("original script:")
        inside, outside = detect_script(content), detect_script(_BRACKET.sub("", text))
        if ";" in content or (inside and outside and inside != outside):
            inner.append(content)
            return ""
        return found[0]

    outer = _BRACKET.sub(lift, text) if "(" in text else text
    for part in (outer, *inner):
        yield from _JOIN.split(part)


def _unwrapped(name: str) -> str:
    """A name without the quotation marks around all of it, and without a bracket left open.

    A quoted "LAST, First" is turned into natural order.
    """
    name = name.strip(" ,").removeprefix(") ")
    if name.endswith(")") and name.count(")") > name.count("("):
        name = name[:-1].rstrip()
    if len(name) > 1 and name[0] + name[-1] in ('""', "''", "“”", "‘’", "«»"):
        name = natural_order(name[1:-1])
    return name.strip(" ,")


def natural_order(name: str) -> str:
    """Turn "LAST, First Middle" into "First Middle LAST"; a suffix stays last."""
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if len(parts) < 2:
        return clean(name)
    return clean(" ".join([*parts[1:2], parts[0], *parts[2:]]))


# --- Dates ---------------------------------------------------------------------------------

_MONTHS = {
    month: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"), 1)
    for month in names.split()
}  # fmt: skip
_YEARS = range(1850, 2101)
"""Years that a listed date can have; others are numbers, or of another calendar."""

_ISO = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")
_NUMERIC = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")
_DAY_MONTH = re.compile(
    r"([0-9]{1,2})(?:st|nd|rd|th)?[ .-]+([a-z]{3,9})\.?,?[ -]([0-9]{4})", re.IGNORECASE
)
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})", re.IGNORECASE)


def parse_day(text: str | None, *, month_first: bool = False) -> date | None:
    """A full date: ISO, 14/08/1964, 14 Aug 1964, August 14, 1964; None where it is none.

    Of two numbers before a year the first is the day, unless `month_first` or only the other way
    is a date.
    """
    value = clean(text)
    if found := _ISO.match(value):
        return _day(found[1], found[2], found[3])
    if found := _NUMERIC.fullmatch(value):
        first, second = _day(found[3], found[2], found[1]), _day(found[3], found[1], found[2])
        return (second or first) if month_first else (first or second)
    if found := _DAY_MONTH.fullmatch(value):
        return _day(found[3], str(_MONTHS.get(found[2].lower(), 0)), found[1])
    if found := _MONTH_DAY.fullmatch(value):
        return _day(found[3], str(_MONTHS.get(found[1].lower(), 0)), found[2])
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day)) if int(year) in _YEARS else None
    except ValueError:
        return None


def year_span(first: int, last: int, *, approximate: bool = False, text: str = "") -> BirthDate:
    """A birth date known by years only; years of 1 to 9999."""
    low, high = min(first, last), max(first, last)
    return BirthDate(
        earliest=date(low, 1, 1), latest=date(high, 12, 31), approximate=approximate, text=text
    )


def year_range(first: str, last: str) -> BirthDate | None:
    """A span from two year fields, one of which may be empty; None where neither is a year."""
    years = [int(text) for text in (first, last) if re.fullmatch("[0-9]{4}", text)]
    known = [year for year in years if year in _YEARS]
    if not known:
        return None
    text = f"{first} to {last}" if len(years) == 2 else str(known[0])
    return year_span(known[0], known[-1], approximate=len(known) == 1, text=text)


_CIRCA = re.compile(
    r"\b(?:circa|approximately|approx|about|around|ca|c|est(?:imated)?|possibly|probably)\b\.?"
)
_BETWEEN = re.compile(r"^(?:born )?(?:in |on |between |from )+")
_RANGE = re.compile(
    r" (?:to|and|or|until|through|[-–—]) |(?<=[0-9]{4})\s?[-–—/]\s?(?=[0-9]{4}(?![0-9]))"
)
_FIELD_LENGTH = 200
"""Characters of a date field that are looked at; the longest real one has some 60."""


def birth_date(text: str | None) -> BirthDate | None:
    """A birth date as lists write them: exact, a month, a year, a decade, a range, circa.

    None where no year can be read. Where only a part is understood, the span is the whole year
    or years named: wider, never narrower, than what is written.
    """
    value = clean(text)
    lowered = re.sub(r"\([^)]*\)", " ", value[:_FIELD_LENGTH].lower())
    bare = clean(_CIRCA.sub(" ", lowered)).strip(" .,")
    approximate = bare != clean(lowered).strip(" .,")
    spans = [_span(piece.strip()) for piece in _RANGE.split(_BETWEEN.sub("", bare))]
    known = [span for span in spans if span is not None]
    if not known or len(known) < len(spans):
        known = _years(bare) or _years(value[:_FIELD_LENGTH])
    if not known:
        return None
    return BirthDate(
        earliest=min(first for first, _ in known),
        latest=max(last for _, last in known),
        approximate=approximate,
        text=value,
    )


_MONTH_NAMED = re.compile(r"([a-z]{3,9})\.?,? ([0-9]{4})")
_MONTH_NUMBERED = re.compile(r"(?:(?:dd|00?|--?|xx)[/.-])?([0-9]{1,2})[/.-]([0-9]{4})")
_MONTH_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})(?:-(?:00?|dd|xx))?")
_YEAR_ALONE = re.compile(r"(?:(?:dd|00?|xx)[/.-](?:mm|00?|xx)[/.-])?([0-9]{4})(?:-00?-00?)?")
_DECADE = re.compile(r"(?:the )?(?:(?:early|mid|late)[ -]?)?([0-9]{3}0)'?s")
_YEAR_WITHIN = re.compile(r"(?<![0-9])([0-9]{4})(?![0-9])")

_Span = tuple[date, date]


def _span(piece: str) -> _Span | None:
    day = parse_day(piece)
    if day is not None:
        return day, day
    if found := _YEAR_ALONE.fullmatch(piece):
        return _year(int(found[1]))
    if found := _MONTH_NAMED.fullmatch(piece):
        return _month(int(found[2]), _MONTHS.get(found[1], 0))
    if found := _MONTH_NUMBERED.fullmatch(piece):
        return _month(int(found[2]), int(found[1]))
    if found := _MONTH_ISO.fullmatch(piece):
        return _month(int(found[1]), int(found[2]))
    if (found := _DECADE.fullmatch(piece)) and int(found[1]) in _YEARS:
        return date(int(found[1]), 1, 1), date(int(found[1]) + 9, 12, 31)
    return None


def _month(year: int, month: int) -> _Span | None:
    if year not in _YEARS or not 1 <= month <= 12:
        return None
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def _year(year: int) -> _Span | None:
    return (date(year, 1, 1), date(year, 12, 31)) if year in _YEARS else None


def _years(text: str) -> list[_Span]:
    return [span for year in _YEAR_WITHIN.findall(text) if (span := _year(int(year)))]
