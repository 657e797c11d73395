"""From a written text to its words, script by script.

Always: no letter is lost; what cannot be romanised keeps its own characters as its key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from insyn.office.names.fold import CACHE_SIZE, ascii_form, decompose, plain_latin

_APOSTROPHES = re.compile(r"[‘’ʼʻ`´ʿʾ'ʹʺ״׳\u02bf\u02be]")
_BROKEN = re.compile(r"(?<=[a-z])\?(?=[a-z])|(?<=[A-Z])\?(?=[A-Z])")
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.){2,}(?:[^\W\d_]\b)?(?!\w)")
_WORD = re.compile(r"[^\W_]+(?:[\u094d\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd"
                   r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u17b4-\u17d3\u0a3c-\u0a4d\u0b3c-\u0b4d"
                   r"\u0bbe-\u0bcd\u0c3e-\u0c4d\u0cbe-\u0ccd\u0d3e-\u0d4d]+[^\W_]*)*|&"
)  # fmt: skip


_ASCII_WORD = re.compile("[A-Za-z0-9]+|&")


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written and its `key`: lower-case ASCII for Latin, else its own letters."""

    text: str
    key: str


@lru_cache(maxsize=CACHE_SIZE)
def script_of(word: str) -> str:
    """ISO 15924 code of the word's first letter that has a script we treat apart, else `Latn`."""
    for ch in word:
        code = ord(ch)
        if code < 0x370:
            continue
        for first, last, script in _RANGES:
            if first <= code <= last:
                return script
    return "Latn"


_RANGES = (
    (0x370, 0x3FF, "Grek"), (0x1F00, 0x1FFF, "Grek"), (0x400, 0x52F, "Cyrl"),
    (0x530, 0x58F, "Armn"), (0x590, 0x5FF, "Hebr"), (0x600, 0x6FF, "Arab"),
    (0x750, 0x77F, "Arab"), (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFF, "Arab"),
    (0x900, 0x97F, "Deva"), (0x980, 0x9FF, "Beng"), (0xA00, 0xDFF, "Indc"),
    (0xE00, 0xE7F, "Thai"), (0x10A0, 0x10FF, "Geor"), (0x1780, 0x17FF, "Khmr"),
    (0x3040, 0x30FF, "Kana"), (0x31F0, 0x31FF, "Kana"), (0x3400, 0x9FFF, "Hani"),
    (0xF900, 0xFAFF, "Hani"), (0x20000, 0x2FA1F, "Hani"), (0xAC00, 0xD7AF, "Hang"),
    (0x1100, 0x11FF, "Hang"),
)  # fmt: skip


@lru_cache(maxsize=CACHE_SIZE)
def key_of(word: str) -> str:
    """Comparable letters of one word in its own script; ASCII for Latin."""
    if word == "&":
        return "and"
    if word.isascii():
        return word.lower()
    if script_of(word) == "Latn":
        return ascii_form(word) or word.lower()
    return normal_native(word)


_NATIVE = str.maketrans("أإآٱىيئيكةؤ", "ااااييييكهو")
_ARABIC_EXTRA = str.maketrans({"ی": "ي", "ک": "ك", "ۀ": "ه", "ە": "ه", "ء": "", "ھ": "ه"})


@lru_cache(maxsize=CACHE_SIZE)
def normal_native(word: str) -> str:
    """A non-Latin word without optional marks and with its letter variants made one."""
    text = plain_latin(word).lower()
    if script_of(text) == "Arab":
        text = decompose(text)
        text = "".join(ch for ch in text if ch.isalnum())
        text = text.translate(_NATIVE).translate(_ARABIC_EXTRA)
    elif script_of(text) == "Cyrl":
        text = text.replace("ё", "е")
    return text


def split(text: str) -> list[Word]:
    """The words of a text; hyphens and full stops part words, apostrophes do not.

    A run of single letters with full stops is one word: "A.B.C." is "abc", "J.-C." stays two.
    """
    is_ascii = text.isascii()
    if is_ascii:
        text = text.replace("'", "").replace("`", "")
    else:
        text = _APOSTROPHES.sub("", text.replace("\u200c", "").replace("\u00ad", ""))
    if "?" in text:
        # A letter or an apostrophe that some export could not write: "Mus?ab".
        text = _BROKEN.sub("", text)
    if "." in text:
        text = _INITIALS.sub(_join_initials, text)
    words = (_ASCII_WORD if is_ascii else _WORD).findall(text)
    return [Word(found, key_of(found)) for found in words]


def _join_initials(match: re.Match[str]) -> str:
    return re.sub(r"[.\s]", "", match.group()) + " "
