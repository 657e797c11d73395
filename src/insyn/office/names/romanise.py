"""Words of other scripts in Latin letters: every reading that is usual for a name.

Always: a word has at least one reading; the first is the likeliest. A reading is marked
`unvocalised` where the script left the vowels out and no table knew the name.

Sources: Hanyu Pinyin (ISO 7098), Hepburn (ISO 3602 variants), Revised Romanisation of Korean
(2000), Royal Thai General System (1999), BGN/PCGN for Arabic, Persian and Hebrew consonants.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from insyn.office.names import tables
from insyn.office.names.fold import CACHE_SIZE, ascii_form
from insyn.office.names.palladius import from_palladius
from insyn.office.names.words import script_of


@dataclass(frozen=True, slots=True)
class Reading:
    """Latin words for one native word; several where the native word runs them together."""

    words: tuple[str, ...]
    unvocalised: bool = False
    natives: tuple[str, ...] = ()
    """The native letters of each word, where the reading cut them; else ()."""


UNSPACED = frozenset({"Hani", "Kana", "Hang", "Thai", "Khmr"})
"""Scripts that need no white space between the words of a name."""


@lru_cache(maxsize=CACHE_SIZE)
def readings(word: str, *, personal: bool) -> tuple[Reading, ...]:
    """The readings of one native word (`words.key_of`); `personal` treats Han and Hangul as names.

    Latin words read as themselves.
    """
    script = script_of(word)
    if script == "Latn":
        return (Reading((word,)),)
    if script == "Arab":
        return _semitic(word, _ARABIC, ("arabic_names", "persian_names"), article="ال")
    if script == "Hebr":
        return _semitic(word, _HEBREW, ("hebrew_names",), article="")
    if script == "Hani":
        return _han_name(word) if personal else (Reading(pinyin(word)),)
    if script == "Hang":
        return _hangul_name(word) if personal else (Reading((ascii_form(word),)),)
    if script == "Thai":
        return _thai(word)
    if script == "Kana":
        # Also a foreign name as heard, whose vowels are not the name's own (`names.heard`).
        return (Reading((_spelled(word),), unvocalised=True),)
    if script == "Beng":
        return _bengali(word)
    if script == "Cyrl" and personal and (chinese := from_palladius(word)):
        return (Reading((chinese,)), Reading((_spelled(word),)))
    if script in ("Deva", "Indc"):
        return (Reading((_abugida(word, drops=script == "Deva"),)),)
    return (Reading((_spelled(word),)),)


def _spelled(word: str) -> str:
    """Alphabets and kana letter by letter; a digraph of Greek sounds as one."""
    if script_of(word) == "Grek":
        for pair, sound in (("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("ου", "u"), ("ευ", "ev")):
            word = word.replace(pair, sound)
    return ascii_form(word) or word


_ARABIC = dict(
    zip(
        "ابتثجحخدذرزسشصضطظعغفقكلمنهوي" + "پچژگڤ",
        ["", "b", "t", "t", "j", "h", "kh", "d", "d", "r", "z", "s", "sh", "s", "d", "t", "z", "",
         "gh", "f", "q", "k", "l", "m", "n", "h", "w", "y", "p", "ch", "zh", "g", "v"],
        strict=True,
    )
)  # fmt: skip
_HEBREW = dict(
    zip(
        "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
        ["", "b", "g", "d", "h", "w", "z", "h", "t", "y", "k", "k", "l", "m", "m", "n", "n", "s",
         "", "p", "p", "ts", "ts", "k", "r", "sh", "t"],
        strict=True,
    )
)  # fmt: skip


def _semitic(
    word: str, letters: dict[str, str], names: tuple[str, ...], *, article: str
) -> tuple[Reading, ...]:
    for table in names:
        known = tables.native_words(table).get(word)
        if known:
            return tuple(Reading(tuple(latin.split())) for latin in known[:3])
    if article and word.startswith(article) and len(word) > len(article) + 1:
        return tuple(
            Reading(("al", *reading.words), reading.unvocalised)
            for reading in _semitic(word[len(article) :], letters, names, article="")
        )
    consonants = "".join(letters.get(ch, "") for ch in word)
    spelt = [consonants or ascii_form(word) or word]
    if article and "w" in consonants[1:]:
        # Waw within a word is a vowel, and before alif perhaps not.
        vowel = consonants[0] + consonants[1:].replace("w", "u")
        spelt = [vowel, consonants] if "وا" in word[1:] else [vowel]
    return tuple(Reading((form,), unvocalised=True) for form in spelt)


_HAN_SYLLABLE = re.compile(r"[A-Z][a-z]*|[a-z]+")


@lru_cache(maxsize=CACHE_SIZE)
def pinyin(text: str) -> tuple[str, ...]:
    """One Pinyin syllable a character, table readings first."""
    own = tables.native_words("han_given")
    return tuple(own[ch][0] if ch in own else (anyascii(ch).strip().lower() or ch) for ch in text)


def _han_name(word: str) -> tuple[Reading, ...]:
    """Surname and given name apart; also as a Japanese name where both parts are known so."""
    surnames = tables.han_surnames()
    size = 2 if word[:2] in surnames and len(word) > 2 else 1
    found: list[Reading] = []
    if word[:size] in surnames and size < len(word) <= size + 2:
        # Other spellings of the same characters are `names.spellings`, not other readings.
        found.append(_cut_reading(word, size))
    else:
        found.append(Reading(("".join(pinyin(word)),)))
    if size == 1 and len(word) == 4 and word[0] in surnames and word[1] in surnames:
        # A wife's surname behind her husband's.
        found.insert(0, _cut_reading(word, 1, 2))
    found += _japanese(word)
    return tuple(found)


def _cut_reading(word: str, *cuts: int) -> Reading:
    """The word cut into surnames and given name, each by its Pinyin."""
    surnames = tables.han_surnames()
    ends = (*cuts, len(word))
    parts = tuple(word[start:end] for start, end in zip((0, *cuts), ends, strict=True))
    names = [surnames[part][0] for part in parts[:-1]]
    return Reading((*names, "".join(pinyin(parts[-1]))), natives=parts)


def _japanese(word: str) -> list[Reading]:
    names = tables.kanji_names()
    if word in names:
        return [Reading((reading,)) for part in names[word] for reading in part[:2]]
    found = []
    for cut in range(1, len(word)):
        family, given = names.get(word[:cut]), names.get(word[cut:])
        if family and given:
            parts = (word[:cut], word[cut:])
            found += [Reading((s, g), natives=parts) for s in family[0][:2] for g in given[1][:2]]
    return found[:4]


def _hangul_name(word: str) -> tuple[Reading, ...]:
    """Korean surname by its usual spelling, the given name by Revised Romanisation."""
    surnames = tables.native_words("hangul_surnames")
    size = 2 if word[:2] in surnames and len(word) > 3 else 1
    if word[:size] in surnames and size < len(word) <= size + 2:
        given = ascii_form(word[size:])
        parts = (word[:size], word[size:])
        return (Reading((surnames[parts[0]][0], given), natives=parts),)
    # No Korean name: a foreign one as heard.
    return (Reading((ascii_form(word) or word,), unvocalised=True),)


_THAI_LEADING = re.compile(r"([เแโใไ])([ก-ฮ])")


def _thai(word: str) -> tuple[Reading, ...]:
    known = tables.native_words("thai_names").get(word)
    if known:
        return tuple(Reading(tuple(latin.split())) for latin in known[:3])
    # A vowel that is written before its consonant sounds after it; silent marks are dropped.
    spoken = _THAI_LEADING.sub(r"\2\1", re.sub(r".์|[็-๎]", "", word))
    return (Reading((ascii_form(spoken) or word,), unvocalised=True),)


_SIGNS = range(0x3E, 0x4D)
_VIRAMA, _NUKTA = 0x4D, 0x3C
"""Vowel signs, virama and nukta, as offsets within every Indic block of Unicode."""

_INDIC_SOUNDS = {0x1A: "ch", 0x1B: "chh", 0x36: "sh", 0x37: "sh"}
_NASALS = {0x01: "n", 0x02: "n"}


_JOINED_Y = re.compile(r"(?<=[bcdghjklmnprst])y(?=a)")


def _bengali(word: str) -> tuple[Reading, ...]:
    """Mamata keeps her vowels, Rahman does not; and j is z in names from Arabic."""
    spelt = [_abugida(word, drops=drops) for drops in (False, True)]
    spelt += [form.replace("j", "z") for form in spelt]
    # Behind a consonant the sign of y with a is one vowel: Banerjee.
    spelt += [_JOINED_Y.sub("", form) for form in spelt]
    return tuple(Reading((form,)) for form in dict.fromkeys(spelt))[:4]


def _abugida(word: str, *, drops: bool) -> str:
    """Indic letters; a consonant without a sign has the vowel a, which Hindi `drops` in places."""
    sounds: list[str] = []
    vowels: list[str] = []  # Of each sound: as written, "a" where inherent, "" where none.
    inherent: list[bool] = []
    for ch in word:
        offset = ord(ch) % 0x80
        if 0x15 <= offset <= 0x39:
            sounds.append(_INDIC_SOUNDS.get(offset) or anyascii(ch))
            vowels.append("a")
            inherent.append(True)
        elif offset in _SIGNS and sounds:
            vowels[-1], inherent[-1] = anyascii(ch), False
        elif offset == _VIRAMA and sounds:
            vowels[-1], inherent[-1] = "", False
        elif offset != _NUKTA:
            sounds.append(_NASALS.get(offset) or anyascii(ch))
            vowels.append("")
            inherent.append(False)
    if inherent and inherent[-1]:
        vowels[-1] = ""
    if drops:
        _drop_schwas(sounds, vowels, inherent)
    spelt = "".join(itertools.chain.from_iterable(zip(sounds, vowels, strict=True))).lower()
    spelt = re.sub(r"n(?=[pb])", "m", spelt)
    return re.sub(r"[^a-z]", "", spelt) or word


def _drop_schwas(sounds: list[str], vowels: list[str], inherent: list[bool]) -> None:
    """An inherent vowel between a vowel with its consonant and a consonant with its vowel."""
    for at in range(len(sounds) - 2, 0, -1):
        if inherent[at] and vowels[at + 1] and (vowels[at - 1] or sounds[at - 1] == "n"):
            vowels[at] = ""
