"""The lexicon: programmes and practices by name, and words that together are a finding.

Always: pure but for reading package data once. A finding names the entry, the field, the words it
met as written, and the source; a negated name of a programme stays a question, a negated
capability is none unless the text puts it off to later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from insyn.office.diligence.reading import read_yaml
from insyn.office.diligence.terms import Hit, Terms
from insyn.office.diligence.vocabulary import Words, read_words
from insyn.office.diligence.wording import Clause, Negation, cut

_LONGEST_EXCERPT = 160
_PUT_OFF = frozenset({"face_recognition", "biometric_categorisation", "identification"})
"""Signals whose negation is not believed where the sentence speaks of later."""


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
    """Concepts that together in one sentence are a finding; `parts`: one of each is needed."""

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


class Lexicon:
    """Entries and signals, ready to read texts with."""

    def __init__(self, words: Words, book: Mapping[str, object]) -> None:
        """Args: words: the word tables; book: lexicon.yaml, read."""
        self.version = str(book["version"])
        sources = {key: read_source(value) for key, value in _map(book["sources"]).items()}
        self.entries = {str(row["id"]): _entry(row, sources) for row in _rows(book["entries"])}
        self.signals = [_signal(row, sources) for row in _rows(book["signals"])]
        self.words = Terms(words)
        self._names = Terms(
            {str(row["id"]): _terms(row["terms"]) for row in _rows(book["entries"])}
        )
        self._negation = Negation(self.words)

    def read(self, field: str, text: str, country: str | None) -> list[Finding]:
        """What one text of a deal says; `country` is the deal's, ISO 3166-1 alpha-2."""
        clauses = cut(text)
        found = [*self._named(field, clauses, country), *self._signalled(field, clauses)]
        return list({(f.id, f.is_strong): f for f in reversed(found)}.values())[::-1]

    def has(self, text: str, concept: str) -> bool:
        """Whether a text affirms a concept of the word tables anywhere."""
        clauses = cut(text)
        return any(
            not self._negation.negated(clauses, at, hit)
            for at, clause in enumerate(clauses)
            for hit in self.words.find(clause.folded, [concept])
        )

    def _named(
        self, field: str, clauses: Sequence[Clause], country: str | None
    ) -> Iterator[Finding]:
        for at, clause in enumerate(clauses):
            for hit in self._names.find(clause.folded):
                entry = self.entries[hit.concept]
                negated = self._negation.negated(list(clauses), at, hit)
                if negated and entry.of != "programme":
                    continue
                at_home = not entry.home or country is None or country in entry.home
                yield Finding(
                    id=entry.id,
                    of=entry.of,
                    is_strong=entry.strength == "strong" and at_home and not negated,
                    field=field,
                    words=clause.text[:_LONGEST_EXCERPT],
                    title=entry.title,
                    source=entry.source,
                )

    def _signalled(self, field: str, clauses: list[Clause]) -> Iterator[Finding]:
        places = list(enumerate(clauses))
        for _, group in itertools.groupby(places, key=lambda place: place[1].sentence):
            sentence = list(group)
            said, spoken = self._concepts(clauses, sentence)
            words = ", ".join(clause.text for _, clause in sentence)[:_LONGEST_EXCERPT]
            put_off = "unreliable_negation" in spoken
            for signal in self.signals:
                heard = said | (spoken & signal.quiet)
                if all(part & heard for part in signal.parts) and not signal.unless & said:
                    yield _found(signal, signal.id, field, words, strong=True)
                elif signal.id in _PUT_OFF and put_off and all(p & spoken for p in signal.parts):
                    yield _found(signal, "put_off", field, words, strong=False)

    def _concepts(
        self, clauses: list[Clause], sentence: Iterable[tuple[int, Clause]]
    ) -> tuple[set[str], set[str]]:
        """Concepts a sentence affirms, and all it speaks of."""
        said: set[str] = set()
        spoken: set[str] = set()
        hits: list[tuple[int, Hit]] = []
        for at, clause in sentence:
            hits += [(at, hit) for hit in self.words.find(clause.folded)]
        heard = frozenset().union(*(h.languages for _, h in hits if len(h.term) > 3))
        for at, hit in hits:
            if len(hit.term) <= 3 and hit.term.isascii() and not hit.languages & heard:
                continue  # so short a Latin word is a word of many languages
            spoken.add(hit.concept)
            if not self._negation.negated(clauses, at, hit):
                said.add(hit.concept)
        return said, spoken


@cache
def lexicon() -> Lexicon:
    """The lexicon in the package."""
    folder = files("insyn.office.diligence").joinpath("data")
    book = _map(read_yaml(folder.joinpath("lexicon.yaml").read_text("utf-8")))
    return Lexicon(read_words(), book)


def _found(signal: Signal, name: str, field: str, words: str, *, strong: bool) -> Finding:
    return Finding(
        id=name,
        of="signal",
        is_strong=strong,
        field=field,
        words=words,
        title=name.replace("_", " "),
        source=signal.source,
    )


def _entry(row: Mapping[str, object], sources: Mapping[str, Source]) -> Entry:
    return Entry(
        id=str(row["id"]),
        title=str(row["title"]),
        of=str(row["of"]),
        strength=str(row["strength"]),
        home=frozenset(_strings(row.get("home"))),
        source=sources[str(row["source"])],
    )


def _signal(row: Mapping[str, object], sources: Mapping[str, Source]) -> Signal:
    parts = tuple(frozenset(p.removeprefix("any:").split()) for p in _strings(row["all"]))
    return Signal(
        id=str(row["id"]),
        parts=parts,
        unless=frozenset(_strings(row.get("unless"))),
        quiet=frozenset(_strings(row.get("quiet"))),
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


def _map(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _terms(value: object) -> dict[str, list[str]]:
    return {language: _strings(terms) for language, terms in _map(value).items()}


def _rows(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
