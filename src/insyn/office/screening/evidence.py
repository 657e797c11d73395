"""What beside the name supports or contradicts a match: birth date, country, identifier. Pure.

Always: unknown neither supports nor contradicts. Several birth dates of an entry are
alternatives; the nearest counts. An approximate date reaches further.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from insyn.office.screening.model import BirthSpan

DAYS_A_YEAR = 365.25
NEAR_YEARS = 2.0
"""Years by which lists and passports differ without meaning another person, where one of them knows
no day: UN entries carry alternatives that far apart (INDIVIDUAL_DATE_OF_BIRTH)."""
APPROXIMATE_YEARS = 3.0
FAR_YEARS = 8.0

NEAR_MISS = 0.0
DIFFERENT_BIRTH = 0.15
FAR_BIRTH = 0.33
DIFFERENT_COUNTRY = 0.06
"""What a contradiction takes off the score. A far birth date alone takes an equal name below the
bar: 1 - 0.33 < 0.7."""

SUPPORT = 0.04
"""What a support adds, at most to 1."""

MIN_IDENTIFIER = 5


def identifier_key(value: str) -> str:
    """An identifier's letters and digits in upper case; empty when too short to identify."""
    key = "".join(ch for ch in value.upper() if ch.isalnum())
    return key if len(key) >= MIN_IDENTIFIER and any(ch.isdigit() for ch in key) else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence: what to show, and what it does to the score (positive: for)."""

    text: str
    change: float
    supports: bool


def weigh_birth(
    subject: BirthSpan | None, listed: Iterable[tuple[int, int, bool]]
) -> Finding | None:
    """Compare a birth date with an entry's alternatives (ordinals, and whether approximate)."""
    if subject is None:
        return None
    span = (subject.earliest.toordinal(), subject.latest.toordinal())
    findings = [_weigh_span(span, (first, last), approx) for first, last, approx in listed]
    return max(findings, key=lambda finding: finding.change, default=None)


_Days = tuple[int, int]
"""First and last day that a date may be, proleptic ordinals."""


def _weigh_span(subject: _Days, listed: _Days, approximate: bool) -> Finding:
    years = max(0, listed[0] - subject[1], subject[0] - listed[1]) / DAYS_A_YEAR
    if approximate:
        years = max(0.0, years - APPROXIMATE_YEARS)
    shown = _shown(*listed)
    if years == 0:
        return Finding(f"birth date {shown}", SUPPORT, True)
    away = f"birth date {shown} is {years:.1f} years away"
    if approximate or not (_is_day(subject) and _is_day(listed)):
        is_near = years <= NEAR_YEARS
    else:
        is_near = years <= FAR_YEARS and _is_slip(subject[0], listed[0])
    if is_near:
        return Finding(away, -NEAR_MISS, False)
    return Finding(away, -FAR_BIRTH if years > FAR_YEARS else -DIFFERENT_BIRTH, False)


def _is_day(span: _Days) -> bool:
    """A full date; registries write the first of January where they know only the year."""
    day = date.fromordinal(span[0])
    return span[0] == span[1] and (day.month, day.day) != (1, 1)


def _is_slip(first: int, second: int) -> bool:
    """Two parts of three agree, or day and month have changed places: one slip of the pen."""
    one, two = date.fromordinal(first), date.fromordinal(second)
    agree = (one.year == two.year) + (one.month == two.month) + (one.day == two.day)
    return agree == 2 or (one.year == two.year and (one.month, one.day) == (two.day, two.month))


def weigh_country(subject: str | None, listed: str) -> Finding | None:
    """Compare a country (ISO code) with an entry's own countries (codes, blank between)."""
    if not subject or not listed:
        return None
    codes = listed.split()
    if subject in codes:
        return Finding(f"country {subject}", SUPPORT / 2, True)
    return Finding(f"country {' '.join(codes[:6])}, not {subject}", -DIFFERENT_COUNTRY, False)


def _shown(earliest: int, latest: int) -> str:
    first, last = date.fromordinal(earliest), date.fromordinal(latest)
    if first == last:
        return first.isoformat()
    return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
