"""Tables for people: what lists and files say is printed as text, never as terminal commands."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST_WHOLE = 26
"""Characters: a permit's id has 23, a time 20, the longest state 24; a digest of 64 is folded."""


def shown(text: str) -> str:
    """The text without control characters: a listed name must not move a terminal's cursor."""
    return "".join(ch if _is_harmless(ch) else " " for ch in text)


def _is_harmless(ch: str) -> bool:
    # Persian and Indic names need the two joiners; other format characters can reverse a line.
    return ch in "\u200c\u200d\n" or unicodedata.category(ch) not in ("Cc", "Cf")


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its word: `1 deal`, `2,000 deals`; `many` where an s does not make it."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ask(question: str) -> str:
    """A line that is typed; the question goes to stderr, so that stdout holds results alone."""
    import typer

    # typer.prompt(err=True) leaves a blank on stdout for each question.
    typer.echo(f"{question}: ", nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise typer.Abort
    return line.strip()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a head, cells folded between words to the width of the terminal.

    A word of up to `LONGEST_WHOLE` characters is never broken: an id that runs over two lines
    cannot be copied. Where a terminal is too narrow for that, the table is wider than it.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    cells = [[shown(cell) for cell in row] for row in rows]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    console = Console()
    edges = 3 * len(columns)  # a blank on either side of a column, and one between two
    widths = _widths(list(zip(columns, *cells, strict=True)), console.width - edges)
    for column, width in zip(columns, widths, strict=True):
        table.add_column(column, overflow="fold", width=width)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    if console.width < sum(widths) + edges:
        console = Console(width=sum(widths) + edges)
    console.print(table)


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """The width of each column: at least its longest word, and no more than its longest line."""
    from rich.cells import cell_len

    most = [max(cell_len(line) for cell in each for line in cell.split("\n")) for each in columns]
    words = [[cell_len(word) for cell in each for word in cell.split()] for each in columns]
    widths = [max((n for n in each if n <= LONGEST_WHOLE), default=1) for each in words]
    spare = room - sum(widths)
    while spare > 0 and (growing := [at for at, width in enumerate(widths) if width < most[at]]):
        share = max(1, spare // len(growing))
        for at in growing:
            step = min(share, most[at] - widths[at], spare)
            widths[at] += step
            spare -= step
    return widths
