"""Countries by code and by the names that lists and customer files use.

Always: an unknown name is None, never a guess.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files


@cache
def _names() -> Mapping[str, str]:
    """Folded name or code to ISO 3166-1 alpha-2."""
    table: dict[str, str] = {}
    for code, alpha3, names in _rows():
        for name in (code, alpha3, *names.split(";")):
            table.setdefault(_fold(name), code)
    return table


def _rows() -> list[tuple[str, str, str]]:
    text = files("insyn.base").joinpath("data", "countries.tsv").read_text("utf-8")
    lines = [line for line in text.splitlines()[1:] if line and not line.startswith("#")]
    return [(code, alpha3, names) for code, alpha3, names in (ln.split("\t") for ln in lines)]


def _fold(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(ch for ch in plain if ch.isalnum())


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 of a code or a name in any case; None where it names no known country.

    A bilingual name ("Russia / Russie") counts where its halves agree.
    """
    found = _names().get(_fold(text))
    if found is None and "/" in text:
        halves = {country_code(half) for half in text.split("/")} - {None}
        return halves.pop() if len(halves) == 1 else None
    return found


@cache
def _titles() -> Mapping[str, str]:
    return {code: names.split(";")[0] for code, _, names in _rows()}


def country_name(code: str) -> str:
    """The usual English name of a code, or the code itself."""
    return _titles().get(code.upper(), code)
