"""Published text: its white space and the script it is written in."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

_SPACE = re.compile(r"[\s\u00a0\u00ad\u200b\ufeff]+")


def clean(text: str | None) -> str:
    """One blank for any run of white space, none at the ends."""
    return _SPACE.sub(" ", text).strip() if text else ""


_SCRIPTS = {
    "LATIN": "Latn", "CYRILLIC": "Cyrl", "ARABIC": "Arab", "CJK": "Hani", "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan", "HANGUL": "Kore", "GREEK": "Grek", "HEBREW": "Hebr", "THAI": "Thai",
    "GEORGIAN": "Geor", "ARMENIAN": "Armn", "DEVANAGARI": "Deva", "BENGALI": "Beng",
    "GURMUKHI": "Guru", "GUJARATI": "Gujr", "TAMIL": "Taml", "TELUGU": "Telu", "KANNADA": "Knda",
    "MALAYALAM": "Mlym", "SINHALA": "Sinh", "MYANMAR": "Mymr", "KHMER": "Khmr", "LAO": "Laoo",
    "TIBETAN": "Tibt", "ETHIOPIC": "Ethi", "MONGOLIAN": "Mong", "SYRIAC": "Syrc", "THAANA": "Thaa",
}  # fmt: skip
"""First word of a letter's Unicode name to ISO 15924."""


@lru_cache(maxsize=8192)
def _script_of(character: str) -> str | None:
    if not character.isalpha():
        return None
    return _SCRIPTS.get(unicodedata.name(character, "").partition(" ")[0].partition("-")[0])


def detect_script(text: str) -> str | None:
    """ISO 15924 of the script that most letters are of; None where there is no known letter.

    Kana beside Han is Jpan. Han alone is Hans or Hant where only the character set of one of them
    (GB 2312, Big5) can write it, else Hani.
    """
    counts = Counter(found for ch in text if (found := _script_of(ch)))
    if not counts:
        return None
    if counts["Jpan"] and counts["Hani"]:
        counts["Jpan"] += counts.pop("Hani")
    script = max(counts, key=lambda known: (counts[known], known != "Latn", known))
    if script != "Hani":
        return script
    han = "".join(ch for ch in text if _script_of(ch) == "Hani")
    simplified, traditional = _fits(han, "gb2312"), _fits(han, "big5")
    if simplified == traditional:
        return "Hani"
    return "Hans" if simplified else "Hant"


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
