"""How alike two words are, as names are misspelt, misheard and romanised.

Always: symmetric, in [0, 1], 1 only for equal forms, 0 for words that are not taken for each
other. There is a cliff: a word of n letters may differ in about n/6 + 1 letters, beyond that the
likeness is nothing (half-alike words are different names).
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from insyn.office.names import tables
from insyn.office.names.fold import coarse, japanese_form, skeleton
from insyn.office.names.heard import heard
from insyn.office.names.spellings import spellings
from insyn.office.names.tokens import Role, Token
from insyn.office.names.words import script_of

SAME_NAME = 0.97
SAME_SOUND = 0.93
SHORT_SOUND = 0.86
SHORT_FORM = 0.82
SAME_CLASSES = 0.8
INITIAL = 0.8
USUAL_SPELLING = 0.95
"""Likeness by evidence other than letters: table of variants, fold, nickname, coarse fold."""


@lru_cache(maxsize=1 << 18)
def token_similarity(a: Token, b: Token) -> tuple[float, str]:
    """Likeness of two tokens, remembered."""
    return likeness(a, b)


def likeness(a: Token, b: Token) -> tuple[float, str]:
    """Likeness of two tokens and the word for why, for the evidence shown to a person."""
    if a.form == b.form:
        return 1.0, "equal"
    if (a.native or b.native) and is_spelling(a, b):
        return USUAL_SPELLING, "usual spelling"
    if a.concept and a.concept == b.concept and a.role is not Role.PARTICLE:
        return (SAME_NAME, "same name") if a.role is Role.PROPER else (1.0, "same word")
    if a.role is b.role is Role.PROPER and not (
        a.native or b.native or a.unvocalised or b.unvocalised
    ):
        return _of_latin_words(a, b)
    if Role.INITIAL in (a.role, b.role):
        return _initial(a, b)
    if Role.NUMBER in (a.role, b.role):
        return 0.0, ""
    if Role.PARTICLE in (a.role, b.role):
        return _particle(a, b)
    if _is_word(a) and _is_word(b):
        return 0.0, ""
    if a.native and b.native and script_of(a.native) == script_of(b.native):
        return _by_native(a, b)
    if a.unvocalised or b.unvocalised:
        if _is_heard(a):
            return _by_hearing(a, b)
        return _by_hearing(b, a) if _is_heard(b) else _by_skeleton(a, b)
    if a.native or b.native:
        return _by_reading(a, b)
    return _of_latin_words(a, b)


def _of_latin_words(a: Token, b: Token) -> tuple[float, str]:
    """By letters, sound, short form or like sound, whichever says most."""
    best, why = _by_letters(a, b)
    if a.fold == b.fold:
        sound = SAME_SOUND if len(a.fold) > 3 else SHORT_SOUND
        if hisses(a.form) != hisses(b.form):
            sound = SAME_CLASSES
        if sound > best:
            best, why = sound, "same sound"
    if best < SHORT_FORM and b.form in tables.nicknames().get(a.form, ()):
        best, why = SHORT_FORM, "short form"
    if best < SAME_CLASSES:
        classes = coarse(a.form)
        if len(classes) > 3 and classes == coarse(b.form):
            best, why = SAME_CLASSES, "like sound"
    return best, why


_SPELT = frozenset({"Hani", "Hang"})
_HEARD = frozenset({"Kana", "Hang"})


def is_spelling(a: Token, b: Token) -> bool:
    """True where one is Han or Hangul and the other, in Latin letters, a usual spelling of it."""
    native, other = (a, b) if script_of(a.native) in _SPELT else (b, a)
    return script_of(other.native) not in _SPELT and other.form in spellings(native.native)


def _is_heard(token: Token) -> bool:
    return token.unvocalised and script_of(token.native) in _HEARD


_FINAL_NG = re.compile("ng(?![aeiouy])")


def _by_hearing(native: Token, other: Token) -> tuple[float, str]:
    """Kana or Hangul: as a native name it is romanised, as a foreign one it is heard."""
    if native.fold == other.fold and japanese_form(native.form) == japanese_form(other.form):
        return (SAME_SOUND if len(native.fold) > 3 else 0.88), "same sound"
    if other.unvocalised or not heard(native.native, other.form):
        return 0.0, ""
    consonants = len(skeleton(_FINAL_NG.sub("n", other.form)))
    if script_of(native.native) == "Hang" and consonants < 3:
        # Two syllables are a Korean given name before they are any foreign one.
        return 0.0, ""
    return (0.0, 0.8, 0.86, 0.9)[min(consonants, 3)], "as heard"


def _by_native(a: Token, b: Token) -> tuple[float, str]:
    """Both in one script: its own letters speak, and a Han character is not a letter."""
    if a.native == b.native:
        return 1.0, "equal"
    if script_of(a.native) in ("Hani", "Hang"):
        return (SAME_SOUND, "same sound") if a.form == b.form else (0.0, "")
    longer = max(len(a.native), len(b.native))
    wrong = OSA.distance(a.native, b.native, score_cutoff=2)
    if wrong == 1:
        return _ONE_WRONG[min(longer, 10)], "1 letter differs"
    if wrong == 2:
        return _TWO_WRONG[min(longer, 10)], "2 letters differ"
    return (SAME_SOUND, "same sound") if a.fold == b.fold and len(a.fold) > 3 else (0.0, "")


def _by_reading(a: Token, b: Token) -> tuple[float, str]:
    """One was romanised by rule: it is not misspelt, but other systems may write it otherwise."""
    script = script_of(a.native or b.native)
    is_latin = not (a.native and b.native)
    if script == "Hang" and is_latin:
        # Every usual spelling was tried before; what only sounds alike is another syllable.
        return 0.0, ""
    if a.fold == b.fold and not (is_latin and len(a.native or b.native) == 1 and script in _SPELT):
        return (SAME_SOUND if len(a.fold) > 3 else 0.88), "same sound"
    if script == "Hani" and is_latin:
        return 0.0, ""
    classes = coarse(a.form)
    if len(classes) > 3 and classes == coarse(b.form):
        return SAME_CLASSES, "like sound"
    if script in _SPELT:
        return 0.0, ""
    # The readings of an Arabic or Hebrew word differ in vowels only: Yasser is no Nasser.
    first = {a.fold[0], b.fold[0]}
    if script in ("Arab", "Hebr") and len(first) == 2 and not first <= _FIRST_VOWELS:
        return 0.0, ""
    return _by_letters(a, b)


_FIRST_VOWELS = frozenset("aiu")


def _is_word(token: Token) -> bool:
    return token.role in (Role.GENERIC, Role.TRADE, Role.BODY, Role.PLACE)


def _initial(a: Token, b: Token) -> tuple[float, str]:
    if Role.NUMBER in (a.role, b.role) or a.native or b.native or not (a.form and b.form):
        return 0.0, ""
    if a.form[0] == b.form[0] or a.fold[:1] == b.fold[:1]:
        return INITIAL, "initial"
    return 0.0, ""


_ONE_PARTICLE = (
    frozenset({"bin", "ben", "ibn", "bn", "b"}),
    frozenset({"al", "el", "ul", "ur", "il", "as", "ad", "an", "ar", "at", "az", "ash", "l"}),
    frozenset({"ould", "wuld", "wald", "oueld"}),
    frozenset({"van", "von"}),
    frozenset({"de", "da", "do", "dos", "di", "del", "du"}),
)


def _particle(a: Token, b: Token) -> tuple[float, str]:
    if a.role is b.role:
        if any(a.form in group and b.form in group for group in _ONE_PARTICLE):
            return 0.95, "same particle"
        return 0.0, ""
    # "Ali" met by "Al": only letters speak, and a particle is too short to be misspelt.
    return _by_letters(a, b) if min(len(a.form), len(b.form)) > 3 else (0.0, "")


# Likeness after 1 and 2 wrong letters, by length of the longer word; nothing beyond.
_ONE_WRONG = (0, 0, 0, 0.66, 0.77, 0.8, 0.83, 0.85, 0.87, 0.88, 0.89)
_TWO_WRONG = (0, 0, 0, 0, 0, 0, 0, 0.68, 0.72, 0.75, 0.78)
OTHER_FIRST_LETTER = 0.08
"""Taken off where the first letters differ: people misspell the first letter least."""
TWO_KNOWN_NAMES = 0.25
"""Taken off where both words are common names in their own right: Mario is not a misspelt Maria."""


def _by_letters(a: Token, b: Token) -> tuple[float, str]:
    longer = max(len(a.form), len(b.form))
    at = min(longer, 10)
    wrong = OSA.distance(a.form, b.form, score_cutoff=3)
    by_sound = OSA.distance(a.fold, b.fold, score_cutoff=2)
    score = 0.0
    if wrong == 1:
        score = _ONE_WRONG[at]
    elif wrong == 2:
        score = _TWO_WRONG[at]
    shorter_sound = min(len(a.fold), len(b.fold))
    if by_sound == 1 and wrong == 2 and shorter_sound > 3 and a.fold[0] == b.fold[0]:
        # One sound is wrong, and the spelling differs besides: between one letter and two.
        score = max(score, _ONE_WRONG[min(shorter_sound, 10)] - 0.06)
    if score == 0.0:
        return 0.0, ""
    if a.form[0] != b.form[0] and a.fold[0] != b.fold[0]:
        score -= OTHER_FIRST_LETTER
    bands = tables.common_bands()
    if (a.form in bands and b.form in bands) or _other_gender(a.form, b.form):
        score -= TWO_KNOWN_NAMES
    return score, f"{wrong} letter{'s' if wrong > 1 else ''} differ"


@lru_cache(maxsize=1 << 16)
def hisses(form: str) -> str:
    """The hissing sounds of a word, s, z and sh apart: a fold makes one of them.

    Nasser, Nazir and Nashir are three names; Sanchez and Sanches, Shukri and Schukri one each.
    """
    return "".join("sh" if "h" in found else found[-1] for found in _HISS.findall(form))


_HISS = re.compile("sch|shch|tsch|sh|zh|(?<=[aeiouy])z(?=[aeiouy])|(?<=[aeiouy])ss?(?=[aeiouy])")


def _other_gender(one: str, two: str) -> bool:
    """Antonio and Antonia, Fernando and Fernanda; and Mohammad, of whom Mohammadi descends."""
    if {one, two} & tables.common_bands().keys() and two in (one + "i", one.removesuffix("i")):
        return True
    return one[:-1] == two[:-1] and {one[-1], two[-1]} == {"a", "o"}


_LONG_VOWELS = re.compile("[اوي]+")
_WRITTEN_VOWELS = re.compile("[aeiouy]+")


def _has_room(arabic: Token, other: Token) -> bool:
    """Arabic writes its long vowels: a word with fewer vowels than those is another word."""
    if other.unvocalised or not arabic.unvocalised or script_of(arabic.native) != "Arab":
        return True
    long_vowels = len(_LONG_VOWELS.findall(arabic.native, 1))
    return long_vowels < 2 or long_vowels <= len(_WRITTEN_VOWELS.findall(other.form))


def _by_skeleton(a: Token, b: Token) -> tuple[float, str]:
    """Vowels were not written: consonants alone must agree, and short ones say little."""
    one, two = skeleton(a.form), skeleton(b.form)
    if not one or not two or not (_has_room(a, b) and _has_room(b, a)):
        return 0.0, ""
    if one == two:
        return (0.0, 0.0, 0.72, 0.85, 0.89)[min(len(one), 4)], "same consonants"
    if min(len(one), len(two)) >= 5 and OSA.distance(one, two, score_cutoff=1) == 1:
        return 0.76, "1 consonant differs"
    return 0.0, ""
