"""Tables for people: what lists and files say is printed as text, never as terminal commands."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence


def shown(text: str) -> str:
    """The text without control characters: a listed name must not move a terminal's cursor."""
    return "".join(ch if _is_harmless(ch) else " " for ch in text)


def _is_harmless(ch: str) -> bool:
    # Persian and Indic names need the two joiners; other format characters can reverse a line.
    return ch in "\u200c\u200d\n" or unicodedata.category(ch) not in ("Cc", "Cf")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a head, cells folded to the width of the terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    Console().print(table)
