"""Names as lists write them: in parts, turned round, joined in one field, with notes in brackets.

Always: text is reordered or split, never changed; a note that is no name is dropped, and the
untouched record stays on the entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from insyn.office.lists.entry import NamePart, NameUse, PartRole
from insyn.office.lists.formats.text import clean, detect_script

_UNSPACED = frozenset(("Hani", "Hans", "Hant", "Jpan", "Kore"))
"""Scripts in which the family name stands first and names hold no blank."""

_ORDER = {
    PartRole.TITLE: 0, PartRole.GIVEN: 1, PartRole.MIDDLE: 2, PartRole.PATRONYMIC: 3,
    PartRole.OTHER: 4, PartRole.FAMILY: 5, PartRole.MAIDEN: 6, PartRole.TRIBAL: 7,
    PartRole.SUFFIX: 8, PartRole.WHOLE: 9,
}  # fmt: skip


def name_of_parts(parts: Iterable[NamePart], script: str | None = None) -> str:
    """Parts in natural order: given, middle, patronymic, family; titles are left out.

    In Han, kana and Hangul the family name stands first and no blank between.
    """
    named = [part for part in parts if part.role is not PartRole.TITLE]
    if script in _UNSPACED and any(part.role is PartRole.FAMILY for part in named):
        named.sort(key=lambda part: part.role is not PartRole.FAMILY)
        return clean("".join(part.text for part in named))
    named.sort(key=lambda part: _ORDER[part.role])
    return clean(" ".join(part.text for part in named))


_NOTE = re.compile(
    r"\s*[(\[](?:(?:at )?birth(?: name)?|real name|name at birth|true name|(?:now )?deceased|third"
    r"|original name|original script|nickname|nom de guerre|combat name"
    r"|[^()]*\b(?:passport|identification|identity|born)\b[^()]*)[)\]]"
    r"|, born\b.*",
    re.IGNORECASE,
)
_FORMER = re.compile(
    r"^\(?(?:f\.? ?k\.? ?a\.?|formerly(?: known as| named| listed as)?|previously(?: known as)?)"
    r"(?=[\s:\"'])[\s:]*",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"^\(?(?:(?:a\.? ?k\.? ?a|n\.? ?k\.? ?a)\.?|(?:also|now|better) known as|alias|original script)"
    r"(?=[\s:\"'])[\s:]*",
    re.IGNORECASE,
)
_FORMER_NOTE = re.compile(
    r"\s*\((?:f\.?k\.?a\.?|former(?:ly)?(?: name)?|previously listed as)\)$", re.IGNORECASE
)
_BRACKET = re.compile(r"\s*\(((?:[^()]|\([^()]*\))*)\)")
_JOIN = re.compile(r";|\s[b-z]\)\s")


def split_alias(text: str, use: NameUse = NameUse.ALIAS) -> list[tuple[str, NameUse]]:
    """The names in an alias field, as (name, use).

    Names are joined by semicolons; notes such as "(birth name)" are dropped, "f.k.a." makes a
    name `FORMER`, and what stands in brackets in another script is a name of its own.
    """
    found = []
    for piece in _pieces(clean(text)):
        name = clean(_NOTE.sub("", piece)).strip(" ,")
        kind = use
        if former := _FORMER.match(name) or _FORMER_NOTE.search(name):
            name, kind = name[: former.start()] + name[former.end() :], NameUse.FORMER
        elif also := _ALSO.match(name):
            name = name[also.end() :]
        name = _unwrapped(name)
        if any(ch.isalnum() for ch in name):
            found.append((name, kind))
    return list(dict.fromkeys(found))


def _pieces(text: str) -> Iterator[str]:
    """Names between semicolons, and those in another script that stand in brackets after one."""
    inner: list[str] = []

    def lift(found: re.Match[str]) -> str:
        content = found[1].removeprefix("original script:")
        inside, outside = detect_script(content), detect_script(_BRACKET.sub("", text))
        if ";" in content or (inside and outside and inside != outside):
            inner.append(content)
            return ""
        return found[0]

    outer = _BRACKET.sub(lift, text) if "(" in text else text
    for part in (outer, *inner):
        yield from _JOIN.split(part)


def _unwrapped(name: str) -> str:
    """A name without the quotation marks around all of it, and without a bracket left open.

    A quoted "LAST, First" is turned into natural order.
    """
    name = name.strip(" ,").removeprefix(") ")
    if name.endswith(")") and name.count(")") > name.count("("):
        name = name[:-1].rstrip()
    if len(name) > 1 and name[0] + name[-1] in ('""', "''", "“”", "‘’", "«»"):
        name = natural_order(name[1:-1])
    return name.strip(" ,")


def natural_order(name: str) -> str:
    """Turn "LAST, First Middle" into "First Middle LAST"; a suffix stays last."""
    parts = [part.strip() for part in name.split(",") if part.strip()]
    if len(parts) < 2:
        return clean(name)
    return clean(" ".join([*parts[1:2], parts[0], *parts[2:]]))
