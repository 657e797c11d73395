"""The Latin spellings that bearers of Han and Hangul names use, whatever the system.

Always: a finite set for one native word, so that retrieval can make a key of each; systems may be
mixed within a word, as bearers do (Chiang Kai-shek: Wade-Giles and Cantonese).

Sources: Wade-Giles by its rules from Hanyu Pinyin; Hong Kong, Hokkien and customary spellings in
`han_spellings.tsv` and `han_surnames.tsv`; Revised Romanisation (2000), McCune-Reischauer and
customary Korean spellings.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

from insyn.office.names import tables
from insyn.office.names.fold import CACHE_SIZE, PINYIN_SYLLABLE
from insyn.office.names.romanise import pinyin
from insyn.office.names.words import script_of

MOST = 256
"""Spellings kept for one word; two syllables seldom have more than a hundred."""

_NONE: frozenset[str] = frozenset()


@lru_cache(maxsize=CACHE_SIZE)
def spellings(native: str) -> frozenset[str]:
    """Lower-case ASCII spellings of a Han or Hangul word of one to four characters, else none."""
    script = script_of(native)
    if len(native) > 4 or script not in ("Hani", "Hang"):
        return _NONE
    if script == "Hani":
        return frozenset(_han(native))
    return frozenset(_hangul(native))


def _han(native: str) -> Iterable[str]:
    found = set(tables.han_surnames().get(native, ())) - _hangul_surname_spellings()
    by_character = [_character(ch) for ch in native]
    if not all(by_character):
        return found
    return found | _products(by_character)


@cache
def _hangul_surname_spellings() -> frozenset[str]:
    """Spellings that Korean surnames have: without Korean given names they only mislead."""
    spelt = tables.native_words("hangul_surnames").values()
    return frozenset(spelling for spellings_ in spelt for spelling in spellings_)


@lru_cache(maxsize=CACHE_SIZE)
def _character(ch: str) -> tuple[str, ...]:
    syllable = pinyin(ch)[0]
    if not syllable.isascii():
        return ()
    # A surname stands in a given name too, but its Korean and Vietnamese spellings do not.
    return tuple(dict.fromkeys((*wade_giles(syllable), *tables.han_spellings().get(ch, ()))))


def _products(syllables: Sequence[Sequence[str]]) -> set[str]:
    return {"".join(way) for way in itertools.islice(itertools.product(*syllables), MOST)}


# Wade-Giles

_INITIALS = {
    "b": "p", "d": "t", "g": "k", "zh": "ch", "z": "ts", "c": "ts", "j": "ch", "q": "ch",
    "x": "hs", "r": "j",
}  # fmt: skip
_WHOLE = {
    "zhi": ("chih",), "chi": ("chih",), "shi": ("shih",), "ri": ("jih",),
    "zi": ("tzu", "tze"), "ci": ("tzu", "tze"), "si": ("szu", "ssu", "sze"),
    "yi": ("i", "yi"), "yan": ("yen",), "ye": ("yeh",), "yong": ("yung",), "yue": ("yueh",),
    "you": ("yu", "yiu", "yow"), "er": ("erh",), "ge": ("ko",), "ke": ("ko",), "he": ("ho",),
    "gui": ("kuei",), "kui": ("kuei",), "guo": ("kuo",), "kuo": ("kuo",), "huo": ("huo",),
    "shuo": ("shuo",), "e": ("o",), "lv": ("lu",), "nv": ("nu",), "ying": ("ing", "ying"),
}  # fmt: skip
_FINALS = {
    "ian": "ien", "ie": "ieh", "ue": "ueh", "uo": "o", "ong": "ung", "iong": "iung",
}  # fmt: skip


@lru_cache(maxsize=1024)
def wade_giles(syllable: str) -> tuple[str, ...]:
    """A Pinyin syllable and its Wade-Giles spellings without marks; Taiwan's sh for hs too."""
    if syllable in _WHOLE:
        return (syllable, *_WHOLE[syllable])
    size = 2 if syllable[:2] in ("zh", "ch", "sh") else 1
    initial, final = syllable[:size], syllable[size:]
    if initial in "aeoyw" or not final:
        return (syllable,)
    heads = [_INITIALS.get(initial, initial)]
    if initial == "x":
        heads.append("sh")
    tail = _FINALS.get(final, final)
    return tuple(dict.fromkeys((syllable, *(head + tail for head in heads))))


_PINYIN_SYLLABLE = re.compile(PINYIN_SYLLABLE)


@lru_cache(maxsize=CACHE_SIZE)
def wade_giles_word(form: str) -> frozenset[str]:
    """The Wade-Giles spellings of a Latin word of two Pinyin syllables, else none."""
    found: set[str] = set()
    for cut in range(1, min(len(form), 7)):
        parts = form[:cut], form[cut:]
        if all(_PINYIN_SYLLABLE.fullmatch(part) for part in parts):
            found |= _products([wade_giles(part) for part in parts])
    return frozenset(found - {form})


# Korean

_LEADS = (
    ("g", "k"), ("kk",), ("n", "r", "l"), ("d", "t"), ("tt",), ("r", "l", "n"), ("m",),
    ("b", "p"), ("pp",), ("s", "sh"), ("ss",), ("",), ("j", "ch"), ("jj",), ("ch",), ("k",),
    ("t",), ("p",), ("h",),
)  # fmt: skip
_VOWELS = (
    ("a", "ah"), ("ae", "ai"), ("ya",), ("yae",), ("eo", "o", "u"), ("e",),
    ("yeo", "yo", "yu", "you"), ("ye",), ("o", "oh"), ("wa",), ("wae",), ("oe", "oi"), ("yo",),
    ("u", "oo"), ("wo", "weo"), ("we",), ("wi", "ui"), ("yu", "yoo", "you"), ("eu", "u"),
    ("ui", "eui", "i", "ee", "e"), ("i", "ee"),
)  # fmt: skip
_OPEN = {4: ("eo", "o", "uh"), 6: ("yeo", "yo")}
"""Vowels that are written u or you only before a consonant: Sung and Young, but Suh and Seo."""

_TAILS = (
    ("",), ("k", "g"), ("k",), ("k",), ("n",), ("n",), ("n",), ("t", "d"), ("l", "r"), ("k",),
    ("m",), ("l",), ("l",), ("l",), ("p",), ("l",), ("m",), ("p", "b"), ("p",), ("t", "s"),
    ("t",), ("ng",), ("t",), ("t",), ("k",), ("t",), ("p",), ("t", "h"),
)  # fmt: skip


def _hangul(native: str) -> Iterable[str]:
    found = set(tables.native_words("hangul_surnames").get(native, ()))
    syllables = [_syllable(ch, at) for at, ch in enumerate(native)]
    if not all(syllables):
        return found
    return found | _products(syllables)


def jamo(ch: str) -> tuple[int, int, int] | None:
    """Numbers of the lead, vowel and tail of a Hangul syllable, in Unicode's order."""
    code = ord(ch) - 0xAC00
    return (code // 588, code % 588 // 28, code % 28) if 0 <= code < 11172 else None


@lru_cache(maxsize=1 << 14)
def _syllable(ch: str, at: int) -> tuple[str, ...]:
    parts = jamo(ch)
    if parts is None:
        return ()
    lead, vowel, tail = parts
    leads = _LEADS[lead] if lead != 2 else ("n",)
    vowels: tuple[str, ...] = _VOWELS[vowel]
    if lead == 9 and vowel != 20:
        leads = ("s",)
    if lead == 11:  # No consonant: the South writes u as woo, i as yi or lee.
        vowels = {
            0: ("a", "ah"),
            13: ("u", "oo", "woo"),
            20: ("i", "yi", "ee"),
            4: ("eo", "o", "u", "uh"),
        }.get(vowel, vowels)
    if tail and vowel == 0 and lead != 11:
        vowels = ("a",)
    if tail and vowel == 8:
        vowels = ("o",)
    if not tail and vowel in _OPEN:
        vowels = _OPEN[vowel]
    return tuple("".join(parts) for parts in itertools.product(leads, vowels, _TAILS[tail]))
