"""Tables in which an entry is spread over many rows: the rows of one entry brought together.

Always: columns are found by name, not by place; rows may stand anywhere in the file, and only those
of entries not yet complete are held. A file whose last row alone breaks off is refused as cut.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Entry, Unread
from insyn.office.lists.formats.tabular import read_rows

_TOP = 10
"""Rows among which the header stands; the UK's is the second."""

Row = Mapping[str, str]
"""Cells that are not empty, as published, by `column_key`."""

Key = Callable[[Row], str]
"""What names the entry that a row is of; "" where nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A file whose header was found. `above` are the rows before it, `at` its line."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All rows of one entry, in file order; `position` is the line where the first one ends."""

    key: str
    position: int
    rows: tuple[Row, ...]


def column_key(name: str) -> str:
    """A column's name by its letters and digits alone: "D.O.B" and "DOB" are one column."""
    return "".join(ch for ch in name.casefold() if ch.isalnum())


def has_columns(head: bytes, delimiter: str, needed: Sequence[str]) -> bool:
    """Whether one of the first rows of a file's head is a header with these columns."""
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = head.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    try:
        rows = list(islice(csv.reader(text.splitlines()[:_TOP], delimiter=delimiter), _TOP))
    except csv.Error:
        return False
    wanted = {column_key(name) for name in needed}
    return any(wanted <= {column_key(cell) for cell in row} for row in rows)


def open_table(path: Path, delimiter: str, needed: Sequence[str]) -> Table:
    """Find the header, by the columns it must have.

    Raises:
        UnreadableInput: no text, or no such header among the first rows; it names what is missing.
    """
    above: list[tuple[str, ...]] = []
    best: set[str] = set()
    for number, row in islice(read_rows(path, delimiter=delimiter), _TOP):
        columns = tuple(column_key(cell) for cell in row)
        found = {name for name in needed if column_key(name) in columns}
        if len(found) == len(needed):
            return Table(
                path=path, delimiter=delimiter, columns=columns, above=tuple(above), at=number
            )
        best = max(best, found, key=len)
        above.append(tuple(row))
    missing = ", ".join(name for name in needed if name not in best)
    raise UnreadableInput(
        f"{path.name} has no header with the column {missing}; the publisher may have renamed it, "
        "or it is another file: take the list's XML file instead"
    )


def missing_columns(table: Table, expected: Sequence[str]) -> Iterator[Unread]:
    """One report for each column that the list has always had and this file lacks."""
    for name in expected:
        if column_key(name) not in table.columns:
            yield Unread(
                position=table.at,
                reason=f"the header has no column {name}, so no entry has what it told; the "
                "publisher may have renamed it",
            )


def read_groups(table: Table, key: Key) -> Iterator[Group | Unread]:
    """Rows by what `key` makes of them; a group comes when its last row was read.

    A row without a key, or with more cells than the header, is `Unread` by its line.

    Raises:
        UnreadableInput: the last row alone breaks off, so the file is cut; or a quotation mark is
            missing, so that rows would be lost in a cell.
    """
    left = Counter(key(item[1]) for item in _rows(table) if not isinstance(item, Unread))
    held: dict[str, list[tuple[int, Row]]] = {}
    for item in _rows(table):
        if isinstance(item, Unread):
            yield item
            continue
        name = key(item[1])
        if not name:
            yield Unread(position=item[0], reason="the row has no reference")
            continue
        held.setdefault(name, []).append(item)
        left[name] -= 1
        if not left[name]:
            items = held.pop(name)
            yield Group(key=name, position=items[0][0], rows=tuple(row for _, row in items))


def read_entries(
    table: Table, key: Key, entry: Callable[[Group], Entry | None], *, lacks: str
) -> Iterator[Entry | Unread]:
    """The entries that `entry` makes of the groups; where it makes none, that the group `lacks`.

    Raises:
        UnreadableInput: as `read_groups`.
    """
    for group in read_groups(table, key):
        if isinstance(group, Unread):
            yield group
        else:
            yield entry(group) or Unread(position=group.position, reason=f"it has {lacks}")


def _rows(table: Table) -> Iterator[tuple[int, Row] | Unread]:
    """Rows under the header; a header that comes again is passed over."""
    width, rows, short, last, before = len(table.columns), 0, 0, 0, table.at
    for number, row in read_rows(table.path, delimiter=table.delimiter):
        if number <= table.at or _is_header(row, table):
            continue
        if number > before + 1 and _swallows(row, table):
            raise UnreadableInput(
                f"{table.path.name} has a quotation mark too few between lines {before + 1} and "
                f"{number}: one cell holds the rows after it; fetch it again"
            )
        before = number
        rows, last = rows + 1, len(row)
        short += last < width
        if any(cell.strip() for cell in row[width:]):
            reason = f"the row has {last} cells, the header {width}; a quotation mark may be wrong"
            yield Unread(position=number, reason=reason)
        else:
            cells = zip(table.columns, row, strict=False)
            yield number, {name: cell for name, cell in cells if cell.strip()}
    # Some programs leave out empty cells at the end of every row; a cut file does it once.
    if last < width and short == 1 and rows:
        raise UnreadableInput(
            f"{table.path.name} breaks off in its last row, after {last} of {width} cells; fetch "
            "it again"
        )


def _is_header(row: Sequence[str], table: Table) -> bool:
    """Whether the header comes again; the first cell is looked at first, since rows are many."""
    if column_key(row[0]) != table.columns[0]:
        return False
    return tuple(column_key(cell) for cell in row) == table.columns


def _swallows(row: Sequence[str], table: Table) -> bool:
    """Whether a cell of several lines holds the rest of its own row and the start of another.

    Its first line then has the delimiters of all cells to its right. A narrative has line breaks
    too, but not so many delimiters in so few lines.
    """
    width = len(table.columns)
    for at, cell in enumerate(row[:width]):
        lines = cell.strip().splitlines()
        if len(lines) > 1:
            first, last = (line.count(table.delimiter) for line in (lines[0], lines[-1]))
            if first >= width - 1 - at and first + last >= width // 2:
                return True
    return False
