"""Letters to comparable letters: plain ASCII, phonetic folds, consonant skeletons.

Always: pure functions of one word, deterministic, cached. A fold brings together the spellings
that different romanisation systems and languages give one sound; it is coarser than the word and
never used alone to call two words equal.

Sources: BGN/PCGN, ISO 9, ISO 233, ALA-LC and DIN 31635 romanisation tables (for which letters
stand for one sound), Wade-Giles and Hanyu Pinyin (initials).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

CACHE_SIZE = 1 << 17
"""Words kept per fold; a customer file of a million rows has about 100,000 different ones."""

_SPECIAL = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ð": "d",
        "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "œ": "oe", "Œ": "Oe",
        "ə": "a", "Ə": "A", "ŋ": "n", "ħ": "h", "Ħ": "H", "ŧ": "t", "ĸ": "k",
    }
)  # fmt: skip
_MARKS = re.compile(r"[̀-ͯ҃-҉ً-ٰٟۖ-ۭ֑-ׇ‎‏؜ـ]")


def plain_latin(text: str) -> str:
    """Latin text without its marks; other scripts are left as they are."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKS.sub("", decompose(text).translate(_SPECIAL)))


def decompose(text: str) -> str:
    """Compatibility decomposition (full-width letters, ligatures, marks apart)."""
    return unicodedata.normalize("NFKD", text)


@lru_cache(maxsize=CACHE_SIZE)
def ascii_form(word: str) -> str:
    """The word in lower-case ASCII letters and digits, whatever its script."""
    text = plain_latin(word)
    if not text.isascii():
        text = anyascii(text)
    return re.sub(r"[^a-z0-9]", "", text.lower())


# Order matters: longer groups first. Each line: letters as written, the sound they stand for.
_GROUPS = (
    ("shch", "s"), ("tsch", "c"), ("dsch", "j"), ("tch", "c"), ("sch", "s"), ("tzs", "s"),
    ("dzh", "j"), ("dz", "s"), ("dj", "j"), ("zh", "j"), ("sh", "s"), ("ch", "c"), ("cz", "c"),
    ("kh", "h"), ("gh", "g"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("bh", "b"), ("jh", "j"),
    ("ck", "k"), ("cq", "k"), ("qu", "ku"), ("ts", "s"), ("tz", "s"), ("tc", "c"),
    ("oue", "ue"), ("oui", "ui"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ea", "i"),
    ("eau", "u"), ("iyy", "i"), ("iy", "i"), ("yy", "i"), ("yj", "i"), ("ij", "i"), ("ii", "i"),
    ("ai", "i"), ("ay", "i"), ("ei", "i"), ("ey", "i"), ("ej", "i"), ("aj", "i"), ("ie", "i"),
    ("ye", "i"), ("ae", "a"), ("oe", "u"), ("ue", "u"), ("au", "u"), ("aw", "u"),
    ("ow", "u"), ("yo", "u"), ("eo", "u"), ("eu", "u"), ("ia", "ia"), ("ya", "ia"), ("ja", "ja"),
)  # fmt: skip
_GROUP_MAP = dict(_GROUPS)
_LONGEST = max(len(group) for group in _GROUP_MAP)
_STARTS = frozenset(group[0] for group in _GROUP_MAP)
_SOFT_C = re.compile(r"c(?=[eiy])")
_HARD_C = re.compile(r"c")
_DOUBLE = re.compile(r"(.)\1+")
_SILENT_H = re.compile(r"(?<=[a-z])h(?=[^aeiouy]|$)")
_LETTERS = str.maketrans("qwzyeo", "kvsiiu")
_VOWELS = str.maketrans("", "", "aeiou")


@lru_cache(maxsize=CACHE_SIZE)
def fold(form: str) -> str:
    """The sound of an ASCII word, roughly: `hussein`, `husayn` and `houssain` fold alike."""
    word = form[1:] if form.startswith("hs") else form  # Wade-Giles hs is Pinyin x
    if "c" in word:
        # "ch" is one sound; a bare c is s before e, i, y and k elsewhere.
        word = word.replace("ch", "\0").replace("cz", "\0")
        word = _HARD_C.sub("k", _SOFT_C.sub("s", word)).replace("\0", "ch")
    word = word.replace("x", "ks") if not word.startswith("x") else "s" + word[1:]
    if word.endswith("eff"):
        word = word[:-2] + "v"
    if word.startswith("y") and len(word) > 3 and word[1] == "e":
        word = word[1:]
    word = _replace_groups(word)
    word = _SILENT_H.sub("", word)
    word = _DOUBLE.sub(r"\1", word.translate(_LETTERS))
    return word or form


def _replace_groups(word: str) -> str:
    """Longest group first at each letter; a loop of look-ups is ten times a regular expression."""
    out: list[str] = []
    at = 0
    while at < len(word):
        if word[at] in _STARTS:
            for size in range(min(_LONGEST, len(word) - at), 1, -1):
                sound = _GROUP_MAP.get(word[at : at + size])
                if sound is not None and not _is_consonant_w(word, at + size):
                    out.append(sound)
                    at += size
                    break
            else:
                out.append(word[at])
                at += 1
        else:
            out.append(word[at])
            at += 1
    return "".join(out)


def _is_consonant_w(word: str, end: int) -> bool:
    """The w of a group ow that ends here is a consonant: Schostakowitsch, Tschaikowski.

    Arabic aw stays a vowel: Jawad is Jaouad.
    """
    if word[end - 1] != "w" or word[end - 2] != "o":
        return False
    return word[end : end + 1] in _OPEN or word.startswith("sk", end)


_OPEN = frozenset("aeiou")
_CLASSES = str.maketrans("bdgvjcz", "ptkfsss")


@lru_cache(maxsize=CACHE_SIZE)
def coarse(form: str) -> str:
    """Sound classes: voiced and unvoiced fall together, as in Wade-Giles or careless hearing."""
    word = _pinyin_initials(form)
    return _DOUBLE.sub(r"\1", fold(word).translate(_CLASSES))


@lru_cache(maxsize=CACHE_SIZE)
def skeleton(form: str) -> str:
    """Consonant classes only, as an unvocalised script writes them; w, y and h carry vowels."""
    word = coarse(form).translate(_VOWELS)
    return word.replace("w", "").replace("y", "").replace("h", "") or word


_LONG_VOWELS = re.compile(r"o(?:[uo]|h(?![aiueo]))|uu|ii|aa|ee")


@lru_cache(maxsize=CACHE_SIZE)
def japanese_form(form: str) -> str:
    """Romanised Japanese with each long vowel short: Ono for Ohno and Ouno, but never Uno."""
    return _LONG_VOWELS.sub(lambda found: found.group()[0], form)


PINYIN_SYLLABLE = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|ueng|ai|ei|ao|ou|an|en|in|un|ia|ie|iu"
    r"|ua|uo|ui|ue|er|a|o|e|i|u|v)"
)
_PINYIN = re.compile(rf"(?:{PINYIN_SYLLABLE}){{1,3}}$")


@lru_cache(maxsize=CACHE_SIZE)
def is_pinyin(form: str) -> bool:
    """True where the whole word can be read as one to three Hanyu Pinyin syllables."""
    return _PINYIN.match(form) is not None


def _pinyin_initials(form: str) -> str:
    """Initial q and x sound as ch and sh in Pinyin, and Wade-Giles hs is Pinyin x."""
    if form.startswith("hs"):
        return "s" + form[2:]
    if ("q" in form or "x" in form) and is_pinyin(form):
        return form.replace("q", "ch").replace("x", "sh")
    return form
