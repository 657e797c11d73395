"""The word tables of the package: what deals are written in, by concept and language.

Always: the tables are data, `data/words/*.txt`; data/words/README.md says how they were made. A
concept may stand in several files; its terms are joined.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from insyn.base.errors import UnreadableInput

Words = dict[str, dict[str, list[str]]]
"""Concept to language to terms."""


def read_words() -> Words:
    """All tables of the package."""
    folder = files("insyn.office.diligence").joinpath("data", "words")
    tables = sorted((f for f in folder.iterdir() if f.name.endswith(".txt")), key=lambda f: f.name)
    words: Words = {}
    for table in tables:
        _read(table.read_text("utf-8").splitlines(), table.name, words)
    return words


def _read(lines: Iterable[str], name: str, words: Words) -> None:
    """One table: `[concept]`, then `language: term, term`; an indented line goes on."""
    concept = ""
    text: list[str] = []  # the terms of the language read last, a term may go over a line's end
    for number, line in enumerate([*lines, "[]"], 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            text.append(line.strip())
            continue
        if text:
            language, _, terms = " ".join(text).partition(":")
            if not concept or not terms or " " in language:
                raise UnreadableInput(
                    f"{name}, before line {number}: a line is `[concept]` or `language: term, term`"
                )
            found = words.setdefault(concept, {}).setdefault(language, [])
            found.extend(term.strip() for term in terms.split(",") if term.strip())
        if line.startswith("["):
            concept, text = line.strip(" []"), []
        else:
            text = [line.strip()]
