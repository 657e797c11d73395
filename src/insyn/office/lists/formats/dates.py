"""Dates as lists write them: days of listing, and birth dates as spans of days.

Always: a span is never narrower than what is written; what is no date is None, never a guess.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from insyn.office.lists.entry import BirthDate
from insyn.office.lists.formats.text import clean

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
