"""Which languages speak for one another: sisters, and those that lend their words.

Always: pure tables by ISO 639 code. A word that is missing in one language's table and stands in
its sister's counts; a Russian word in a Kazakh text is a word of that text.
"""

from __future__ import annotations

from collections.abc import Mapping

_SISTERS = tuple(
    frozenset(names.split())
    for names in (
        "hr sr bs me",
        "id ms",
        "cs sk",
        "da no nb nn",
        "es gl",
        "rw rn",
        "zu xh ss",
        "zh ja",
    )
)
"""Languages so near that a word table of one speaks for the others."""
_BORROWED: Mapping[str, frozenset[str]] = {
    "ru": frozenset(["kk", "ky", "tg", "uz", "tk", "az", "hy", "ka", "be", "uk", "mn", "tt", "ug"]),
    "fr": frozenset(["ht", "mg", "rw", "rn", "ln", "wo", "sg"]),
    "es": frozenset(["qu", "gn", "ay", "eu", "ca", "gl", "tl"]),
}
"""A language to those whose texts hold its words as they are."""


def kin(found: frozenset[str]) -> frozenset[str]:
    """Languages with their sisters and those that they borrow from."""
    lenders = {name for name, borrowers in _BORROWED.items() if borrowers & found}
    return found.union(lenders, *(sisters for sisters in _SISTERS if sisters & found))


def borrowers(lenders: frozenset[str]) -> frozenset[str]:
    """Languages whose texts hold words of these."""
    return frozenset().union(*(found for name, found in _BORROWED.items() if name in lenders))
