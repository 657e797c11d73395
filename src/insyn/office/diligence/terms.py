"""Many terms of many concepts found in a folded text, in one pass whatever their number.

Always: pure; the time is linear in the text, for hostile text too: terms are looked up by words
and their beginnings, never searched for one by one. How a term meets a text depends on its
script: words and stems in most, anywhere in scripts without spaces, behind the article and the
one-letter particles of Arabic and Hebrew.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii

from insyn.office.diligence.folding import LATINISED, fold, latinised

_SPACELESS = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff]"
)
SPACELESS = frozenset({"HIRAGANA", "KATAKANA", "CJK", "THAI", "LAO", "MYANMAR", "KHMER", "TIBETAN"})
"""Scripts, as `script_of` names them, that put no spaces between words."""
_GREEK_CYRILLIC = re.compile("[\u0370-\u052f]")
_ABUGIDA = re.compile("[\u0900-\u0dff]")
"""Indic scripts: their vowel signs and endings hang on the word, so a term of them is a stem."""
_ETHIOPIC = re.compile("[\u1200-\u139f]")
"""Amharic and Tigrinya put particles before and endings after: a term is found inside a word."""
_ARABIC_SCRIPT = re.compile("[\u0600-\u06ff]")
_HEBREW = re.compile("[\u0590-\u05ff]")
_HEBREW_LETTERS = frozenset("והבלמכש")
_SUFFIXING = frozenset(
    {
        "tr", "az", "kk", "ky", "uz", "tk", "mn", "fi", "et", "hu", "ka", "hy", "bn", "ta", "te",
        "si", "ne", "mr", "am", "so", "ru", "uk", "eu", "ug", "tt", "ku", "ti", "kn", "ml", "gu",
    }
)  # fmt: skip
"""Languages that hang endings on every noun: their terms of four letters take any ending."""
_STEM = 5
_POSSESSED = 4
"""An English term whose last letters are so many takes the ending of a possessive or plural."""
_REMEMBERED = 4096
"""Folded texts whose hits are kept."""
_LONGEST_WORD = 48
"""Letters of a word that are looked at; longer ones are no words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A term found in a folded text, from `start` to `end`; `languages` that hold the term."""

    concept: str
    term: str
    start: int
    end: int
    languages: frozenset[str]
    letters: int
    """How many letters of the text the term itself asks for; the fewer, the weaker the hit."""


class _Word(NamedTuple):
    """One word of a term; `head` and `tail`: letters may come before it, or follow."""

    core: str
    head: bool
    tail: bool

    def meets(self, word: str) -> bool:
        if self.head:
            return self.core in word if self.tail else word.endswith(self.core)
        return word.startswith(self.core) if self.tail else word == self.core


@dataclass(frozen=True, slots=True)
class _Term:
    words: tuple[_Word, ...]
    letters: int
    owners: dict[str, frozenset[str]]
    """Concept to the languages that hold the term."""


_Match = tuple[int, int, _Term]
"""Start, end and term."""


class Terms:
    """Many terms of many concepts; built once, then asked."""

    def __init__(self, table: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        """Args: table: concept to language to terms; `*` at an end of a word lets letters be."""
        owners: dict[tuple[_Word, ...], dict[str, set[str]]] = {}
        for concept, by_language in table.items():
            for language, terms in by_language.items():
                for written in terms:
                    for words in _spellings(written, language):
                        owners.setdefault(words, {}).setdefault(concept, set()).add(language)
        self._whole: dict[str, list[_Term]] = {}
        self._stems: dict[str, list[_Term]] = {}
        self._inner: dict[str, list[_Term]] = {}
        self._anywhere: dict[str, list[_Term]] = {}
        for words, found in owners.items():
            letters = sum(len(word.core) for word in words)
            term = _Term(words, letters, {c: frozenset(ls) for c, ls in found.items()})
            first = words[0]
            if not first.core.isascii() and _SPACELESS.search(first.core):
                self._anywhere.setdefault(first.core[:2], []).append(term)
            elif first.head:
                self._inner.setdefault(first.core, []).append(term)
            else:
                (self._stems if first.tail else self._whole).setdefault(first.core, []).append(term)
        self._found: dict[str, tuple[Hit, ...]] = {}
        self._languages = {concept: frozenset(found) for concept, found in table.items()}

    def languages(self, concept: str) -> frozenset[str]:
        """The languages that have terms of a concept."""
        return self._languages.get(concept, frozenset())

    def find(self, folded: str, concepts: Iterable[str] | None = None) -> list[Hit]:
        """All hits in a folded text in order of place; within a concept they do not overlap."""
        if folded not in self._found:
            if len(self._found) > _REMEMBERED:
                self._found.clear()
            self._found[folded] = tuple(self._search(folded))
        wanted = None if concepts is None else set(concepts)
        return [hit for hit in self._found[folded] if wanted is None or hit.concept in wanted]

    def _search(self, folded: str) -> list[Hit]:
        """The longest of overlapping words of a concept; it speaks every language of the rest."""
        matches = [*self._in_words(folded), *self._in_running_text(folded)]
        matches.sort(key=lambda found: (found[0], -found[1]))
        hits: list[Hit] = []
        last: dict[str, int] = {}
        for start, end, found in matches:
            for concept, languages in found.owners.items():
                at = last.get(concept)
                if at is None or start >= hits[at].end:
                    last[concept] = len(hits)
                    hits.append(
                        Hit(
                            concept=concept,
                            term=folded[start:end],
                            start=start,
                            end=end,
                            languages=languages,
                            letters=found.letters,
                        )
                    )
                elif end <= hits[at].end and not languages <= hits[at].languages:
                    hits[at] = replace(hits[at], languages=hits[at].languages | languages)
        return hits

    def _in_words(self, folded: str) -> Iterator[_Match]:
        words = folded.split(" ")
        starts = []
        place = 0
        for word in words:
            starts.append(place)
            place += len(word) + 1
        for at, word in enumerate(words):
            for skipped, terms in self._candidates(word[:_LONGEST_WORD]):
                for term in terms:
                    if (last := _follows(term, words, at)) is not None:
                        yield starts[at] + skipped, starts[last] + len(words[last]), term

    def _candidates(self, word: str) -> Iterator[tuple[int, list[_Term]]]:
        """Terms whose first word may be this one, and the letters before it that are particles."""
        for skipped in _particles(word):
            rest = word[skipped:]
            if rest in self._whole:
                yield skipped, self._whole[rest]
            for length in range(1, len(rest) + 1):
                if (stem := rest[:length]) in self._stems:
                    yield skipped, self._stems[stem]
        for first in range(len(word)):
            for last in range(first + 2, len(word) + 1):
                if (part := word[first:last]) in self._inner:
                    yield (
                        0,
                        [
                            term
                            for term in self._inner[part]
                            if term.words[0].tail or last == len(word)
                        ],
                    )

    def _in_running_text(self, folded: str) -> Iterator[_Match]:
        """Terms of scripts without spaces."""
        if not _SPACELESS.search(folded):
            return
        for place in range(len(folded)):
            groups = [self._anywhere.get(folded[place : place + 2])]
            if folded[place] in self._anywhere:
                groups.append(self._anywhere[folded[place]])
            for term in (term for group in groups if group for term in group):
                end = place
                for word in term.words:
                    if end > place and folded[end : end + 1] == " ":
                        end += 1
                    if not folded.startswith(word.core, end):
                        break
                    end += len(word.core)
                else:
                    yield place, end, term


def _follows(term: _Term, words: list[str], at: int) -> int | None:
    """The place of the term's last word, where its words after the first follow here."""
    if at + len(term.words) > len(words):
        return None
    for step, word in enumerate(term.words[1:], 1):
        if not word.meets(words[at + step][:_LONGEST_WORD]):
            return None
    return at + len(term.words) - 1


@lru_cache(maxsize=1 << 12)
def _particles(word: str) -> tuple[int, ...]:
    """How many letters before a word may be an article or a particle: 0 and perhaps more."""
    if not word or word.isascii():
        return (0,)
    if _ARABIC_SCRIPT.match(word):
        found = {0}
        for first in (0, 1) if word[0] in "وف" else (0,):
            rest = word[first:]
            for head in ("بال", "لال", "کال", "ال", "لل", "ب", "ل", "ک"):
                if rest.startswith(head):
                    found.add(first + len(head))
            found.add(first)
        return tuple(sorted(found))
    if _HEBREW.match(word):
        most = 0
        while most < 3 and most < len(word) and word[most] in _HEBREW_LETTERS:
            most += 1
        return tuple(range(most + 1))
    return (0,)


def _spellings(written: str, language: str) -> list[tuple[_Word, ...]]:
    """The ways a written term is looked for; Cyrillic and Greek ones in Latin letters too."""
    if language in _SUFFIXING and len(written) >= _STEM and not written.endswith("*"):
        written += "*"
    made = [_words(written)]
    if language == "en" and written[-_POSSESSED:].isalpha() and not written.endswith("s"):
        made.append(_words(written + "s"))  # The army's, folded: armys.
    if language in LATINISED and re.search("[\u0400-\u052f]", written):
        made.append(_words(latinised(written)))
    if len(written) >= 8 and not written.isascii() and _GREEK_CYRILLIC.search(written):
        made.append(_words(" ".join(anyascii(word) for word in written.split())))
    return [words for words in made if words]


def _words(written: str) -> tuple[_Word, ...]:
    found = []
    for piece in written.split():
        core = fold(piece.strip("*"))
        parts = core.split()
        for at, part in enumerate(parts):
            head = piece.startswith("*") and at == 0
            tail = piece.endswith("*") and at == len(parts) - 1
            if len(part) > 2 and not part.isascii():
                inside = bool(_ETHIOPIC.search(part))
                head, tail = head or inside, tail or inside or bool(_ABUGIDA.search(part))
            found.append(_Word(part, head, tail))
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def script_of(ch: str) -> str:
    """The script of a letter, as the first word of its Unicode name."""
    return "LATIN" if ch.isascii() else unicodedata.name(ch, "OTHER").split()[0]
