"""Foreign names as Kana and Hangul write them: which Latin words they may stand for.

Always: one native word gives a pattern of Latin words and a bounded set of consonant skeletons;
a Latin word is taken for it only when both agree, so that the skeletons serve as keys.

How: both scripts have one letter for r and l, for b and v, for s and th, and put a vowel behind a
consonant that has none; each syllable becomes the Latin letters it may stand for. Sources: the
Japanese cabinet notice on loanwords (1991), the Korean loanword orthography (1986).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from insyn.office.names.fold import CACHE_SIZE, skeleton
from insyn.office.names.spellings import jamo
from insyn.office.names.words import script_of

MOST = 128
"""Skeletons kept for one word."""

LONGEST = 16
"""Characters of a word that is read as a name; what is longer is no single word."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """A letter or syllable: a pattern of what it stands for, and its classes in `fold.skeleton`."""

    pattern: str
    bones: tuple[str, ...] = ("",)


def heard(native: str, form: str) -> bool:
    """True where a Latin word `form` may be what a Kana or Hangul word writes."""
    word = _word(native)
    if word is None:
        return False
    pattern, bones = word
    return skeleton(form) in bones and pattern.fullmatch(form) is not None


@lru_cache(maxsize=CACHE_SIZE)
def heard_skeletons(native: str) -> frozenset[str]:
    """The skeletons of the Latin words that `heard` accepts; empty for other scripts."""
    word = _word(native)
    return frozenset() if word is None else word[1]


@lru_cache(maxsize=CACHE_SIZE)
def _word(native: str) -> tuple[re.Pattern[str], frozenset[str]] | None:
    script = script_of(native) if len(native) <= LONGEST else ""
    if script == "Kana":
        sounds = _kana(native)
    elif script == "Hang":
        sounds = _hangul(native)
    else:
        return None
    ways = itertools.islice(itertools.product(*(sound.bones for sound in sounds)), MOST)
    found = {"".join(way) for way in ways}
    # Two like consonants meet where the Latin word has no vowel between them: then they are one.
    found |= {re.sub(r"(.)\1+", r"\1", bones) for bones in found}
    return re.compile("".join(sound.pattern for sound in sounds)), frozenset(found - {""})


_CONSONANTS = {
    "": _Sound(""),
    "k": _Sound("(?:ch?|kh?|qu?|ck|cc|kk|x)", ("k", "s")),
    "s": _Sound("(?:ss?|th|sc?|c|z|x)", ("s", "t")),
    "sh": _Sound("(?:sh|sch|ch|ss?|c|sz|sc|x)", ("s",)),
    "t": _Sound("(?:tt?h?|d)", ("t",)),
    "ch": _Sound("(?:t?s?ch|tt?|c|cz|ci|tj)", ("s", "t")),
    "ts": _Sound("(?:tz?|tt?s?|zz?|c)", ("s", "t")),
    "n": _Sound("nn?", ("n",)),
    "h": _Sound("(?:h|kh?|j|ch|g|x)", ("", "k", "s")),
    "f": _Sound("(?:ff?|ph|h|v)", ("f", "")),
    "m": _Sound("mm?", ("m",)),
    "y": _Sound("(?:y|j|i|e|ll|h)?", ("", "s", "l")),
    "r": _Sound("(?:w?rr?h?|ll?)", ("r", "l")),
    "w": _Sound("(?:wh?|v|u|o|h)?", ("f", "")),
    "g": _Sound("(?:gg?[hu]?|c)", ("k", "s")),
    "z": _Sound("(?:zz?|ss?|th|ds|x)", ("s", "t")),
    "j": _Sound("(?:jj?|gg?i?|z|dj|dzh|zh|dg|sh?)", ("s", "k")),
    "ji": _Sound("(?:jj?|gg?i?|z|dj|dzh|zh|dg|sh?|d)", ("s", "k", "t")),
    "d": _Sound("(?:dd?h?|th)", ("t",)),
    "b": _Sound("(?:bb?h?|v|w)", ("p", "f")),
    "p": _Sound("pp?", ("p",)),
    "v": _Sound("(?:v|w|b|f)", ("f", "p")),
}
_A = "(?:aa?|e[ar]?|u|o[ru]?|i)(?:h|r)?"
_I = "(?:ii?|y|ee?|ea|ie|ey|ei)"
_U = "(?:u|oo|ou|w|o|eu|y)h?"
_E = "(?:e[aeiy]?|a[ieyh]?|oe?)h?"
_O = "(?:o[aeouhw]?|aw|au|a)h?"
_VOWELS = {"a": _A, "i": _I, "u": _U, "e": _E, "o": _O}
_LONG = _Sound("(?:[rhwlu]e?|e|a)?", ("", "r"))
_NASAL = _Sound("(?:nn?|m|ng)", ("n", "m", "nk"))
_SMALL = dict(
    zip("ァィゥェォャュョヮ", ("a", "i", "u", "e", "o", "ya", "yu", "yo", "wa"), strict=True)
)
_SILENT = {"u": "kstgzbpmrvfnj", "o": "td", "i": "kjg"}
"""Vowels that Kana adds behind a consonant where the foreign word has none."""


def _kana(native: str) -> list[_Sound]:
    morae: list[tuple[str, str]] = []
    for ch in native:
        if ch in _SMALL and morae and morae[-1][1]:
            # A small vowel behind u is w: ウィン stands for win.
            round_u = morae[-1] == ("", "u") and ch in "ァィェォ"
            morae[-1] = ("w" if round_u else morae[-1][0], _SMALL[ch])
        elif ch in "ャュョ" or ch in "ッ・":
            continue
        else:
            morae.append(_mora(ch))
    sounds: list[_Sound] = []
    for at, (consonant, vowel) in enumerate(morae):
        if consonant in ("-", "nn"):
            sounds.append(_LONG if consonant == "-" else _NASAL)
            continue
        if consonant == "" and at and vowel[:1] in ("y", "w") and len(vowel) > 1:
            consonant, vowel = "y" if vowel[0] == "y" else "w", vowel[1:]
        key = "ji" if (consonant, vowel) == ("j", "i") else consonant
        sounds.append(_CONSONANTS.get(key, _CONSONANTS[""]))
        glide = vowel[0] in "yw"
        pattern = _VOWELS[vowel[-1]]
        if glide:
            pattern = f"(?:[yijhue]?{pattern}|e)"
        silent = consonant[:1] in _SILENT.get(vowel, "") or consonant in ("ch", "sh", "ts")
        if consonant and silent and not glide:
            pattern = f"(?:{pattern}|e)?"
        elif not consonant and vowel == "i" and at and morae[at - 1][1][-1:] in ("a", "e"):
            pattern = f"(?:{pattern}|h)?"  # One sound with the vowel before it: Biden.
        elif not consonant:
            pattern = f"(?:{pattern}|[yhwe]|v)" if at or vowel == "u" else f"h?{pattern}"
        sounds.append(_Sound(pattern, ("", "f") if not consonant and vowel == "u" else ("",)))
    return sounds


def _mora(ch: str) -> tuple[str, str]:
    """Consonant and vowel of one Kana; ("-", "") the long mark and ("nn", "") the nasal."""
    if ch == "ー":
        return "-", ""
    latin = re.sub(r"[^a-z]", "", anyascii(ch).lower())
    if latin in ("n", "m") or not latin or latin[-1] not in _VOWELS:
        return "nn", ""
    return latin[:-1], latin[-1]


_LEADS = ("g", "g", "n", "d", "d", "r", "m", "b", "b", "s", "s", "", "j", "j", "ch", "k", "t",
          "p", "h")  # fmt: skip
_HANGUL_P = _Sound("(?:pp?h?|ff?|v)", ("p", "f"))
_HANGUL_VOWELS = (
    _A, _E, "[yij]?" + _A, "[yij]?" + _E, "(?:eo?|[aou]r?|e[ar]|u|i)", _E, "[yij]?(?:eo?|u|o|a|e)",
    "[yij]?" + _E, _O, "[wouv]?" + _A, "[wouv]?" + _E, "(?:o[ei]?|ui)", "[yij]?" + _O, _U,
    "[wv]?(?:[ou]o?|a|e|i)", "[wv]?" + _E, "[wvu]?" + _I, "[yije]?" + _U, "(?:[ueoia]|eu)?",
    "(?:ui|i)", _I,
)  # fmt: skip
_TAILS = {
    0: _Sound("[rh]?e?", ("", "r")), 1: _Sound("(?:c?k|c|g|q|x)e?", ("k",)),
    4: _Sound("nn?e?", ("n",)), 7: _Sound("(?:tt?h?|d)e?", ("t",)),
    8: _Sound("(?:ll?|r)e?", ("l", "r")), 16: _Sound("mm?e?", ("m",)),
    17: _Sound("(?:pp?|b|f|v)e?", ("p", "f")), 19: _Sound("(?:tt?h?|d|s)e?", ("t", "s")),
    21: _Sound("(?:ngu?|n[gk]?)e?", ("nk", "n")),
}  # fmt: skip
_TAIL_AND_LEAD = _Sound("(?:ll?|rr?)", ("l", "r"))


def _hangul(native: str) -> list[_Sound]:
    parts: list[tuple[int, int, int]] = []
    for ch in native:
        found = jamo(ch)
        if found is None:
            return [_Sound(re.escape(native))]
        parts.append(found)
    sounds: list[_Sound] = []
    before = 0
    for lead, vowel, tail in parts:
        if lead == 5 and before == 8:
            sounds[-1] = _TAIL_AND_LEAD
        else:
            sounds.append(_HANGUL_P if lead == 17 else _CONSONANTS[_LEADS[lead]])
        pattern = _HANGUL_VOWELS[vowel]
        if lead == 11:
            pattern = f"(?:{pattern}|[wyh])"
        elif vowel == 20 and lead in (12, 14):
            pattern = f"(?:{pattern})?e?"
        rounded = lead == 11 and vowel in (9, 10, 13, 14, 15, 16)
        bones = ("f", "") if rounded else ("",)
        sounds += [_Sound(pattern, bones), _TAILS.get(tail, _TAILS[0])]
        before = tail
    return sounds
