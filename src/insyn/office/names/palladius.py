"""Chinese names in Cyrillic, back to Hanyu Pinyin: Си Цзиньпин is Xi Jinping.

Always: only a word that is one to three syllables of the Palladius system from end to end, and has
a cluster that Slavic names do not, is taken for Chinese.

Source: the Palladius system (Russian cyrillisation of Chinese), by its initials and finals.
"""

from __future__ import annotations

import re
from functools import lru_cache

from insyn.office.names.fold import CACHE_SIZE

_HARD = {
    "б": "b", "п": "p", "м": "m", "ф": "f", "д": "d", "т": "t", "н": "n", "л": "l", "г": "g",
    "к": "k", "х": "h", "цз": "z", "ц": "c", "чж": "zh", "ч": "ch", "ш": "sh", "ж": "r", "с": "s",
    "в": "w", "": "",
}  # fmt: skip
_BEFORE_FRONT = {"цз": "j", "ц": "q", "с": "x"}
"""What these initials stand for before и, е, ю and я."""

_FINALS = {
    "а": "a", "о": "o", "э": "e", "е": "ie", "ы": "i", "и": "i", "у": "u", "ай": "ai",
    "эй": "ei", "ао": "ao", "оу": "ou", "ань": "an", "ан": "ang", "энь": "en", "эн": "eng",
    "ун": "ong", "уа": "ua", "уо": "uo", "уай": "uai", "уй": "ui", "уэй": "ui", "уань": "uan",
    "уан": "uang", "унь": "un", "я": "ia", "яо": "iao", "ю": "iu", "янь": "ian", "ян": "iang",
    "инь": "in", "ин": "ing", "юн": "iong", "юй": "u", "юэ": "ue", "юань": "uan", "юнь": "un",
    "эр": "er",
}  # fmt: skip
_ALONE = {
    "и": "yi", "ин": "ying", "инь": "yin", "я": "ya", "яо": "yao", "ян": "yang", "янь": "yan",
    "е": "ye", "ю": "you", "юй": "yu", "юань": "yuan", "юэ": "yue", "юнь": "yun", "юн": "yong",
    "у": "wu", "ун": "weng", "уа": "wa",
}  # fmt: skip
_TELLING = re.compile(r"цз|чж|[бпмфнгкхшжв]э|[сц][юя]|нь(?=[^аеиоуыэюя])|юй|хуа|гуо")
_INITIAL = "|".join(sorted(filter(None, _HARD), key=len, reverse=True))
_FINAL = "|".join(sorted(_FINALS, key=len, reverse=True))
_SYLLABLE = re.compile(f"({_INITIAL})?({_FINAL})(?![ьй])")


@lru_cache(maxsize=CACHE_SIZE)
def from_palladius(word: str) -> str:
    """The Pinyin of a lower-case Cyrillic word, its syllables run together; "" for no Chinese."""
    if _TELLING.search(word) is None:
        return ""
    parts = _cut(word, 3)
    return "".join(_pinyin(initial, final) for initial, final in parts) if parts else ""


def _cut(word: str, most: int) -> list[tuple[str, str]]:
    """The syllables of the word, or none; the longest final that leaves a readable rest."""
    if most == 0:
        return []
    for size in range(min(len(word), 6), 0, -1):
        match = _SYLLABLE.fullmatch(word, 0, size)
        if match is None:
            continue
        first = (match[1] or "", match[2])
        if size == len(word):
            return [first]
        rest = _cut(word[size:], most - 1)
        if rest:
            return [first, *rest]
    return []


def _pinyin(initial: str, final: str) -> str:
    if not initial and final in _ALONE:
        return _ALONE[final]
    head = _HARD[initial]
    if final[0] in "иеюя":
        head = _BEFORE_FRONT.get(initial, head)
    latin = _FINALS[final]
    if head in ("b", "p", "m", "f", "w") and latin == "uo":
        latin = "o"
    elif latin == "o" and head not in ("b", "p", "m", "f", "w", ""):
        latin = "uo"
    return head + latin
