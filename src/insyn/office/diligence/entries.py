"""Entries and signals of the lexicon, what they find, and the sources they come from.

Always: plain values read from the package's YAML; lexicon.py reads texts with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule or an entry comes from."""

    title: str
    issuer: str
    year: int
    section: str

    def __str__(self) -> str:
        """One line: issuer, title (year), section."""
        return f"{self.issuer}, {self.title} ({self.year}), {self.section}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A programme or practice; `home` empty: the name means it anywhere."""

    id: str
    title: str
    of: str
    strength: str
    home: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Concepts that together in one sentence are a finding; `parts`: one of each is needed.

    `unless` takes it away: a concept the sentence affirms, `a&b` both, or `no:` and one it denies.
    `quiet` ones count whether affirmed or not.
    """

    id: str
    parts: tuple[frozenset[str], ...]
    unless: frozenset[str]
    quiet: frozenset[str]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something a text says. `of`: programme, practice, capability, diversion or signal."""

    id: str
    of: str
    is_strong: bool
    field: str
    words: str
    title: str
    source: Source


def read_entry(row: Mapping[str, object], sources: Mapping[str, Source]) -> Entry:
    """An entry as lexicon.yaml writes it."""
    return Entry(
        id=str(row["id"]),
        title=str(row["title"]),
        of=str(row["of"]),
        strength=str(row["strength"]),
        home=frozenset(strings(row.get("home"))),
        source=sources[str(row["source"])],
    )


def read_signal(row: Mapping[str, object], sources: Mapping[str, Source]) -> Signal:
    """A signal as lexicon.yaml writes it."""
    parts = tuple(frozenset(p.removeprefix("any:").split()) for p in strings(row["all"]))
    return Signal(
        id=str(row["id"]),
        parts=parts,
        unless=frozenset(strings(row.get("unless"))),
        quiet=frozenset(strings(row.get("quiet"))),
        source=sources[str(row["source"])],
    )


def read_source(value: object) -> Source:
    """A source as a rulebook or lexicon writes it.

    Raises:
        ValueError: title, issuer, year or section is missing or of a wrong type.
    """
    given = value if isinstance(value, dict) else {}
    texts = [given.get(key) for key in ("title", "issuer", "section")]
    year = given.get("year")
    if not all(isinstance(text, str) and text for text in texts) or not isinstance(year, int):
        raise ValueError("source needs title, issuer, year (a number) and section")
    title, issuer, section = map(str, texts)
    return Source(title=title, issuer=issuer, year=year, section=section)


def mapping(value: object) -> dict[str, object]:
    """The value, which is a mapping."""
    assert isinstance(value, dict)
    return value


def terms_of(value: object) -> dict[str, list[str]]:
    """Terms by language."""
    return {language: strings(terms) for language, terms in mapping(value).items()}


def rows(value: object) -> list[dict[str, object]]:
    """The value, which is a list of mappings."""
    assert isinstance(value, list)
    return value


def strings(value: object) -> list[str]:
    """The texts of a list; none where the value is no list."""
    return [str(item) for item in value] if isinstance(value, list) else []
