"""Stems of words that scripts inflect, so that a table need not hold every case of every word.

Always: pure; words of other scripts and short words are their own stem. A stem is coarser than the
word: it is looked up only where the word itself is not known, and only where all words of a table
with that stem mean the same.

Sources: the common endings of Russian, Ukrainian, Bulgarian and Serbian nouns and adjectives, of
modern Greek and of Georgian nouns; the Arabic article and the prefixes that run into it; the
Hebrew article.
"""

from __future__ import annotations

from functools import lru_cache

from insyn.office.names.fold import CACHE_SIZE
from insyn.office.names.words import script_of

SHORTEST = 4
"""Letters that a stem keeps at least."""

_ENDINGS = {
    "Cyrl": (
        "ского ской скому ским ская ский ское ские ских ську ська ський ське ські ської ського "
        "ского ска ски ство ства "
        "ого его ому ему ыми ими ами ями ая яя ій ий ый ой ое ее ие ые ых их ою ею ую юю ів ов "
        "ев ам ям ах ях ії ія ия ии ію ию а я о е и і ы у ю й ь ї"
    ),
    "Grek": "ικου ικης ικος ικη ικο ικα ους εως ας ης ος ου ων ες οι η α ο ι υ ς",
    "Geor": "ებისა ების ური ული ისა ის ოს ს ი ა ო ე",
}  # fmt: skip
_LONGEST_FIRST = {
    script: tuple(sorted(endings.split(), key=len, reverse=True))
    for script, endings in _ENDINGS.items()
}
_PREFIXES = {"Arab": ("وال", "بال", "لل", "ال"), "Hebr": ("ה",)}


@lru_cache(maxsize=CACHE_SIZE)
def stem(word: str) -> str:
    """The stem of a word as `words.key_of` gives it."""
    script = script_of(word)
    for prefix in _PREFIXES.get(script, ()):
        if word.startswith(prefix) and len(word) - len(prefix) >= SHORTEST - 1:
            return word[len(prefix) :]
    for ending in _LONGEST_FIRST.get(script, ()):
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST:
            return word[: -len(ending)]
    return word
