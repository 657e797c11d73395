"""A sheet as people save it (CSV): rows by column name, and broken rows as such.

Always: one broken row never takes the next ones along. A quotation mark that is opened and not
closed would hide all customers up to the next mark somewhere below; here its row is broken, and
reading goes on with the line after it.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from insyn.base.errors import UnreadableInput
from insyn.office.lists.formats.tabular import MAX_FIELD, delimiter_of, encoding_of
from insyn.office.lists.formats.text import clean

MAX_LINES = 100
"""Lines that one row may have, by line breaks in quotation marks; more is a mark not closed."""

HEADER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRow:
    """A row that cannot be read, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """An opened sheet: its header is read, its rows are not yet."""

    path: Path
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int

    def rows(self) -> Iterator[tuple[int, Mapping[str, str] | BrokenRow]]:
        """(line on which the row begins, cells by lower-case column name); blank rows left out.

        Cells beyond the header are dropped; missing ones are empty.
        """
        with self.path.open("r", encoding=self.encoding, errors="replace", newline="") as file:
            lines = _Lines(file)
            for _ in range(self.header_line):
                next(lines, None)
            csv.field_size_limit(MAX_FIELD)
            # Strict, since a mark that is no end of its cell tells of one that was not closed.
            reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
            while not lines.at_end():
                number = lines.start()
                cells: list[str] = []
                try:
                    cells = next(reader, [])
                    reason = self._why_not_whole(cells) if len(lines.taken) > 1 else ""
                except csv.Error as error:
                    reason = f"it cannot be read ({error})"
                    if lines.ran_out or len(lines.taken) > 1:
                        reason = _NOT_CLOSED
                    elif '"' in str(error):
                        # `"ACME" Ltd`: careless, but whole.
                        cells = next(csv.reader(lines.taken, delimiter=self.delimiter))
                        reason = ""
                if reason:
                    lines.back_to_second()
                    yield number, BrokenRow(reason=reason)
                elif any(cell.strip() for cell in cells):
                    cells += [""] * (len(self.header) - len(cells))
                    yield number, dict(zip(self.header, cells, strict=False))

    def _why_not_whole(self, cells: list[str]) -> str:
        """Why a row is broken that holds others in one of its cells, else ""."""
        columns = len(self.header)
        for cell in cells if columns > 1 else ():
            inner = cell.splitlines()[1:-1] if "\n" in cell or "\r" in cell else ()
            if any(line.count(self.delimiter) == columns - 1 for line in inner):
                return _NOT_CLOSED
        return ""


_NOT_CLOSED = "a quotation mark is opened in it and not closed"


class _Lines:
    """Lines of a file for a CSV reader, which can be given back."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._ahead: deque[str] = deque()
        self.taken: list[str] = []
        self._number = 0
        self.ran_out = False

    def start(self) -> int:
        """Begin a row; returns the number of its first line, from 1."""
        self.taken = []
        self.ran_out = False
        return self._number + 1

    def at_end(self) -> bool:
        """Whether there is no further line."""
        if not self._ahead and (line := self._file.readline()):
            self._ahead.append(line)
        return not self._ahead

    def back_to_second(self) -> None:
        """Give back all lines of the row but its first."""
        self._ahead.extendleft(reversed(self.taken[1:]))
        self._number -= len(self.taken) - 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES or self.at_end():
            # Asked for more in the midst of a row: it has not ended.
            self.ran_out = True
            raise StopIteration
        line = self._ahead.popleft()
        self.taken.append(line)
        self._number += 1
        return line.replace("\0", "") if "\0" in line else line


def open_sheet(path: Path) -> Sheet:
    """Read encoding, delimiter and header of a sheet.

    UTF-8, UTF-16 with a byte-order mark (Excel's "Unicode text") or Windows-1252; comma, semicolon
    or tab, by the header or by Excel's `sep=` line.

    Raises:
        UnreadableInput: no text, empty, or without a line that names columns.
    """
    encoding = encoding_of(path)
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        named = ""
        for number, line in enumerate(iter(lambda: file.readline(HEADER_BYTES), ""), 1):
            text = line.strip("\r\n")
            if text.lower().startswith("sep=") and len(text) == 5:
                named = text[4]
            elif text.strip(" \t,;"):
                delimiter = named or delimiter_of(text)
                cells = next(csv.reader([text], delimiter=delimiter))
                header = tuple(clean(cell).lower() for cell in cells)
                return Sheet(
                    path=path,
                    encoding=encoding,
                    delimiter=delimiter,
                    header=header,
                    header_line=number,
                )
    raise UnreadableInput(f"{path.name} holds no line that names columns")
