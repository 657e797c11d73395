"""The lexicon: programmes and practices by name, and words that together are a finding.

Always: pure but for reading package data once. A finding names the entry, the field, the words it
met as written, and the source; a negated name of a programme stays a question, a negated
capability is none unless the text puts it off to later.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

from insyn.office.diligence.entries import (
    Finding,
    Signal,
    mapping,
    read_entry,
    read_signal,
    read_source,
    rows,
    terms_of,
)
from insyn.office.diligence.kinship import borrowers, kin
from insyn.office.diligence.reading import read_yaml
from insyn.office.diligence.terms import SPACELESS, Hit, Terms, script_of
from insyn.office.diligence.vocabulary import Words, read_words
from insyn.office.diligence.wording import Clause, Negation, cut

_LONGEST_EXCERPT = 160
_SHORT = 3
_WEAK = 5
"""Letters of a Latin term that counts only where the text is in its language."""
_VOTING = 60
"""Clauses whose everyday words tell the language."""
_SURE = 3
_NEAR = 0.7
"""So many everyday words make a language sure; others with that share of them stand too."""
_MOST_PLACES = 40
"""Words of one concept in one sentence that are looked at."""
_EVERYWHERE = frozenset({"en"})
"""English words stand in texts of every language."""
_SHARED = frozenset({"LATIN", "CYRILLIC", "ARABIC"})
"""Scripts of many languages."""
_LOAN = 8
"""A word of so many letters is no chance: it is a loan word where its language is another."""
_FEW_WORDS = 6
_LETTERS_A_WORD = 2
"""Letters that a word found in a script without spaces is taken to explain, at least."""
_LETTERS_A_SPACELESS_WORD = 5
_READ = 0.1
"""The share of a text's words that one language must explain."""
_Place = tuple[int, int, int]
"""Clause, start and end."""
_Places = dict[str, list[_Place]]
_PUT_OFF = frozenset(
    {"face_recognition", "biometric_categorisation", "identification", "security_access"}
)
"""Signals whose negation is not believed where the sentence speaks of later."""


class Lexicon:
    """Entries and signals, ready to read texts with."""

    def __init__(self, words: Words, book: Mapping[str, object]) -> None:
        """Args: words: the word tables; book: lexicon.yaml, read."""
        self.version = str(book["version"])
        sources = {key: read_source(value) for key, value in mapping(book["sources"]).items()}
        self.entries = {str(row["id"]): read_entry(row, sources) for row in rows(book["entries"])}
        self.signals = [read_signal(row, sources) for row in rows(book["signals"])]
        self.words = Terms(words)
        self._names = Terms(
            {str(row["id"]): terms_of(row["terms"]) for row in rows(book["entries"])}
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

    def speaks(self, text: str, concept: str) -> bool | None:
        """Whether a text holds a word of a concept at all; None where no table of it could tell."""
        clauses = cut(text)
        if any(self.words.find(clause.folded, [concept]) for clause in clauses):
            return True
        heard = self._languages(clauses) or frozenset().union(
            *(h.languages for c in clauses for h in self.words.find(c.folded) if h.letters > _WEAK)
        )
        return False if heard & self.words.languages(concept) else None

    def is_read(self, text: str) -> bool:
        """Whether the tables hold enough of the language of a text to speak of having read it.

        A name or a few words count as read; a sentence of which one language explains hardly any
        word does not.
        """
        words, known = 0.0, Counter[str]()
        for clause in cut(text)[:_VOTING]:
            words += _words_in(clause.folded)
            touched: dict[str, set[int]] = {}
            for hit in self.words.find(clause.folded):
                for language in hit.languages:
                    places = range(hit.start, hit.end, _LETTERS_A_WORD)
                    touched.setdefault(language, set()).update(
                        place
                        if script_of(hit.term[0]) in SPACELESS
                        else clause.folded.count(" ", 0, place)
                        for place in places
                    )
            known.update({language: len(places) for language, places in touched.items()})
        return words < _FEW_WORDS or max(known.values(), default=0) >= words * _READ

    def _named(
        self, field: str, clauses: Sequence[Clause], country: str | None
    ) -> Iterator[Finding]:
        shown = {c.sentence for c in clauses if self.words.find(c.folded, ["museum"])}
        for at, clause in enumerate(clauses):
            for hit in self._names.find(clause.folded):
                entry = self.entries[hit.concept]
                negated = self._negation.negated(list(clauses), at, hit)
                if negated and entry.of != "programme":
                    continue
                if entry.of == "practice" and clause.sentence in shown:
                    continue  # The museum of an old prison holds nobody.
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
        spoken_in = self._languages(clauses)
        places = list(enumerate(clauses))
        for _, group in itertools.groupby(places, key=lambda place: place[1].sentence):
            sentence = list(group)
            said, spoken = self._concepts(clauses, sentence, spoken_in)
            words = ", ".join(clause.text for _, clause in sentence)[:_LONGEST_EXCERPT]
            put_off = "unreliable_negation" in spoken
            for signal in self.signals:
                if _meet(signal, said, spoken) and not _lifted(signal, said, spoken):
                    yield _found(signal, signal.id, field, words, strong=True)
                elif (
                    signal.id in _PUT_OFF
                    and put_off
                    and _meet(signal, spoken, spoken)
                    and not _lifted(signal, spoken, spoken)
                ):
                    yield _found(signal, "put_off", field, words, strong=False)

    def _languages(self, clauses: Sequence[Clause]) -> frozenset[str]:
        """The languages a text is written in, by its everyday words; none where that is open."""
        votes: Counter[str] = Counter()
        for clause in clauses[:_VOTING]:
            for hit in self.words.find(clause.folded, ["plain"]):
                votes.update(hit.languages)
        most = max(votes.values(), default=0)
        if most < _SURE:
            return frozenset()
        found = frozenset(name for name, count in votes.items() if count >= most * _NEAR)
        return kin(found)

    def _concepts(
        self,
        clauses: list[Clause],
        sentence: Iterable[tuple[int, Clause]],
        spoken_in: frozenset[str],
    ) -> tuple[_Places, _Places]:
        """Concepts a sentence affirms, and all it speaks of, with the places of their words."""
        said: _Places = {}
        spoken: _Places = {}
        hits: list[tuple[int, Hit]] = []
        for at, clause in sentence:
            hits += [(at, h) for h in self.words.find(clause.folded) if h.concept != "plain"]
        heard = frozenset().union(*(h.languages for _, h in hits if len(h.term) > _SHORT))
        surely = frozenset().union(*(h.languages for _, h in hits if h.letters > _WEAK))
        surely = kin(surely | borrowers(surely))
        for at, hit in hits:
            if hit.letters <= _WEAK and script_of(hit.term[0]) in _SHARED:
                # So short a word is a word of many languages.
                near = heard if len(hit.term) <= _SHORT and hit.term.isascii() else surely
                if hit.letters > _SHORT or (not near and len(hit.term) <= _WEAK):
                    near = hit.languages
                known = spoken_in or near
                if not hit.languages & known:
                    continue
            # Urdu's "and" is Pashto's "fire": where a language is sure, its words count.
            known = spoken_in | _EVERYWHERE
            if spoken_in and hit.letters < _LOAN and not hit.languages & known:
                continue
            place = (at, hit.start, hit.end)
            if len(spoken.setdefault(hit.concept, [])) < _MOST_PLACES:
                spoken[hit.concept].append(place)
                if not self._negation.negated(clauses, at, hit):
                    said.setdefault(hit.concept, []).append(place)
        return said, spoken


def _words_in(folded: str) -> float:
    """Words of a clause; letters of scripts without spaces count by their usual number."""
    letters = sum(1 for ch in folded if script_of(ch) in SPACELESS)
    spaced = sum(
        1 for word in folded.split() if word.isalpha() and script_of(word[0]) not in SPACELESS
    )
    return spaced + letters / _LETTERS_A_SPACELESS_WORD


def _meet(signal: Signal, said: _Places, spoken: _Places) -> bool:
    """Whether a sentence holds every part of a signal, each by words of its own."""
    found = [
        [
            place
            for concept in part
            for place in (spoken if concept in signal.quiet else said).get(concept, ())
        ]
        for part in signal.parts
    ]
    if len(found) < 2 or not all(found):
        return all(found)
    return any(_apart(one, other) for one in found[0] for other in found[1]) and all(found[2:])


def _lifted(signal: Signal, said: _Places, spoken: _Places) -> bool:
    """Whether something in the sentence takes the signal away; `a&b`: only both together."""
    # What is denied for now is not denied.
    later = "unreliable_negation" in spoken
    denied = set() if later else {f"no:{concept}" for concept in spoken.keys() - said.keys()}
    present = said.keys() | denied | (signal.quiet & spoken.keys())
    return any(present >= set(concepts.split("&")) for concepts in signal.unless)


def _apart(one: _Place, other: _Place) -> bool:
    """Whether two words are two: apart, or one a phrase that holds the other ("see who")."""
    if one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1]:
        return True
    return one[1:] != other[1:]


@cache
def lexicon() -> Lexicon:
    """The lexicon in the package."""
    folder = files("insyn.office.diligence").joinpath("data")
    book = mapping(read_yaml(folder.joinpath("lexicon.yaml").read_text("utf-8")))
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
