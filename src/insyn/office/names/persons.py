"""Persons' names read: titles left out, particles known, compounds cut, Han and Hangul read.

Always: pure; likeliest readings first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

from insyn.office.names import tables
from insyn.office.names.fold import fold
from insyn.office.names.romanise import Reading, readings
from insyn.office.names.tokens import (
    BAND_WEIGHTS,
    BOUND_WEIGHT,
    MAX_READINGS,
    WEIGHTS,
    Name,
    Role,
    Token,
    is_syllabic,
    name_of,
)
from insyn.office.names.words import Word, script_of


def person_readings(text: str, words: list[Word]) -> Iterator[Name]:
    """The readings of a person\'s name, likeliest first; two may be alike."""
    if all(word.key.isascii() for word in words):
        # Latin words read as themselves; that is nine names of ten.
        yield name_of(text, True, _person_tokens([(w.text, w.key, False, "") for w in words]), ())
        return
    if len(words) > 1 and all(script_of(word.key) in ("Hani", "Hang") for word in words):
        options = [tuple(_together(word) for word in words), *_spaced_japanese(words)]
    else:
        options = list(
            itertools.islice(
                itertools.product(*(readings(word.key, personal=True) for word in words)),
                MAX_READINGS,
            )
        )
    for option in options:
        pairs = list(zip(words, option, strict=True))
        yield name_of(text, True, _person_tokens(_without_titles(pairs)), ())


def _together(word: Word) -> Reading:
    """A Han or Hangul name with spaces has its cut made: each part is read whole."""
    if word.key in tables.han_surnames():
        return Reading((tables.han_surnames()[word.key][0],))
    if word.key in tables.native_words("hangul_surnames"):
        return Reading((tables.native_words("hangul_surnames")[word.key][0],))
    read = readings(word.key, personal=False)[0]
    # Spaces stand between the words of a foreign name, too: as heard (`names.heard`).
    return Reading(("".join(read.words),), script_of(word.key) == "Hang")


def _spaced_japanese(words: list[Word]) -> list[tuple[Reading, ...]]:
    """A Japanese surname and given name with a blank between, where the tables know both."""
    names = tables.kanji_names()
    if len(words) != 2 or not all(word.key in names for word in words):
        return []
    families, givens = names[words[0].key][0], names[words[1].key][1]
    return [
        (Reading((family,)), Reading((given,))) for family in families[:2] for given in givens[:2]
    ]


_Flat = tuple[str, str, bool, str]
"""A word of a person's name: as written, its form, whether unvocalised, its native letters."""


def _without_titles(pairs: Sequence[tuple[Word, Reading]]) -> list[_Flat]:
    """The Latin words of the readings; words that are titles in their own script are left out."""
    titles = tables.titles()
    flat = [
        (word.text, form, reading.unvocalised, _own_letters(word, reading, at))
        for word, reading in pairs
        for at, form in enumerate(reading.words)
        if word.key not in titles or titles[word.key]
    ]
    return flat or [(w.text, form, r.unvocalised, "") for w, r in pairs for form in r.words]


def _person_tokens(flat: list[_Flat]) -> list[Token]:
    titles = tables.titles()
    kept = [item for item in flat if titles.get(item[1]) is not False or _is_name(item, flat)]
    strong = [item for item in kept if item[1] not in titles or _is_name(item, flat)]
    if len(strong) < 2:
        strong = kept or flat
    tokens: list[Token] = []
    for at, (text, form, unvocalised, native) in enumerate(strong):
        tokens.extend(_person_words(text, form, unvocalised, native, at == 0))
    return tokens


def _is_name(item: _Flat, flat: list[_Flat]) -> bool:
    """A title's letters that are a name here: a syllable, or Tsai Ing-wen, who is no engineer."""
    if is_syllabic(item[3]):
        return True
    if item[1] not in tables.leading_titles():
        return False
    before = itertools.takewhile(lambda other: other is not item, flat)
    return any(other[1] not in tables.titles() for other in before)


def _own_letters(word: Word, reading: Reading, at: int) -> str:
    """The native letters of the `at`-th Latin word of a reading, as far as they can be told."""
    if word.key.isascii() or script_of(word.key) == "Latn":
        return ""
    if reading.natives:
        return reading.natives[at]
    if len(reading.words) == 1:
        return word.key
    if reading.words[0] == "al":
        return "" if at == 0 else word.key.removeprefix("ال")
    return ""


@lru_cache(maxsize=1 << 17)
def _person_words(
    text: str, form: str, unvocalised: bool, native: str, leads: bool
) -> tuple[Token, ...]:
    """Tokens of one Latin word: abd- and -eddin are cut off, so that `abdulrahman` is two."""
    if is_syllabic(native):
        return (_person_word(text, form, unvocalised, native),)
    kind = tables.particles().get(form)
    if kind is not None and not (leads and form == "ben"):
        role = Role.PARTICLE
        form = {"theophoric": "abd", "kunya": "abu"}.get(kind, form)
        weight = BOUND_WEIGHT if kind in ("theophoric", "kunya") else WEIGHTS[role]
        return (Token(text, form, fold(form), role, weight, kind),)
    if 4 <= len(form) <= 6 and any(OSA.distance(form, w, score_cutoff=1) < 2 for w in _MISSPELT):
        return (Token(text, "abd", "abd", Role.PARTICLE, BOUND_WEIGHT, "theophoric"),)
    if len(form) == 1 and form.isalpha():
        return (Token(text, form, form, Role.INITIAL, WEIGHTS[Role.INITIAL]),)
    parts = _cut_compound(form)
    if len(parts) > 1:
        native = ""
    return tuple(_person_word(text, part, unvocalised, native) for part in parts)


def _person_word(text: str, form: str, unvocalised: bool, native: str) -> Token:
    if form in ("abd", "din"):
        return Token(text, form, form, Role.PARTICLE, BOUND_WEIGHT, "theophoric")
    canonical = tables.variants().get(form, "")
    band = tables.common_bands().get(form) or tables.common_bands().get(canonical)
    weight = BAND_WEIGHTS[band] if band else 1.0
    if form.isdigit():
        return Token(text, form, form, Role.NUMBER, WEIGHTS[Role.NUMBER])
    return Token(text, form, fold(form), Role.PROPER, weight, canonical, unvocalised, native)


_MISSPELT = ("abdul", "abdel", "abdur")
_ABD = ("abdul", "abdel", "abdal", "abdol", "abdur", "abdus", "abdud", "abdun", "abduz", "abdush",
        "abder", "abdes", "abdou")  # fmt: skip
_DIN = ("uddin", "eddine", "eddin", "addin", "aldin", "oddin", "udin", "uddeen", "eldin", "edine")


def _cut_compound(form: str) -> tuple[str, ...]:
    if form.startswith("abd"):
        if form in ("abdullah", "abdallah", "abdulla", "abdalla", "abdellah", "abdoulaye"):
            return ("abdullah",)
        for prefix in _ABD:
            if form.startswith(prefix) and len(form) - len(prefix) >= 3:
                rest = form[len(prefix) :]
                # The article takes the sound of the next letter: abdurrahman, abdussalam.
                return ("abd", rest)
        return (form,)
    for suffix in _DIN:
        if form.endswith(suffix) and len(form) - len(suffix) >= 3:
            return (form[: -len(suffix)], "din")
    return (form,)
