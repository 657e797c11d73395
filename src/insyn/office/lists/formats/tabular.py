"""Tables as people and publishers save them: encodings, delimiters, rows that do not fit.

Always: streaming; a row is a list of texts with its number in the file; what cannot be decoded as
text is refused before the first row.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from insyn.base.errors import UnreadableInput
from insyn.office.lists.formats.parsed import MAX_BYTES
from insyn.office.lists.formats.text import clean

HEAD_BYTES = 1 << 16
MAX_FIELD = 1 << 20
"""Characters of one field; the longest real one (an OFAC remark) has some 10,000."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """UTF-8 or UTF-16 by byte-order mark, else UTF-8 where all of it is, else Windows-1252.

    Raises:
        UnreadableInput: empty, too large, or not text at all.
    """
    size = path.stat().st_size
    if size == 0:
        raise UnreadableInput(f"{path.name} is empty; fetch or save it again")
    if size > MAX_BYTES:
        raise UnreadableInput(f"{path.name} has {size} bytes, more than a table can have")
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        for mark, encoding in _BOMS:
            if head.startswith(mark):
                return encoding
        if b"\0" in head:
            raise UnreadableInput(f"{path.name} is no text; save it as CSV in UTF-8")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while head:
                decoder.decode(head)
                head = file.read(1 << 20)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def delimiter_of(line: str) -> str:
    """The likeliest of tab, semicolon and comma in a header line."""
    return max("\t;,", key=line.count)


def read_rows(path: Path, *, delimiter: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every row that is not blank.

    Raises:
        UnreadableInput: not text, or a field that never ends.
    """
    encoding = encoding_of(path)
    with path.open("r", encoding=encoding, errors="replace", newline="") as file:
        if delimiter is None:
            delimiter = delimiter_of(file.readline(HEAD_BYTES))
            file.seek(0)
        csv.field_size_limit(MAX_FIELD)
        reader = csv.reader(_without_nul(file), delimiter=delimiter)
        try:
            for row in reader:
                if any(cell.strip() for cell in row):
                    yield reader.line_num, row
        except csv.Error as error:
            raise UnreadableInput(
                f"{path.name} breaks off near line {reader.line_num} ({error}); "
                "a quotation mark may be missing there"
            ) from error


def read_records(
    path: Path, *, delimiter: str | None = None, skip: int = 0
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, cell by lower-case column name); `skip` rows stand above the header.

    Cells beyond the header are dropped; missing ones are empty.
    """
    header: list[str] | None = None
    for number, row in read_rows(path, delimiter=delimiter):
        if skip:
            skip -= 1
            continue
        if header is None:
            header = [clean(name).lower() for name in row]
            continue
        cells = [*row, *[""] * (len(header) - len(row))]
        yield number, dict(zip(header, cells, strict=False))


def first_row(text: str, delimiter: str | None) -> list[str]:
    """Cells of the first line that holds something; none where it is no table."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    try:
        return next(csv.reader([line], delimiter=delimiter or delimiter_of(line)), [])
    except csv.Error:
        return []


def header_of(head: bytes) -> list[str]:
    """Lower-case column names in the first line of a file's head; empty when it is no text."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            text = head.decode(encoding, "replace")
            break
    else:
        if b"\0" in head:
            return []
        text = head.decode("utf-8", "replace")
    return [clean(cell).lower() for cell in first_row(text, None)]


def first(record: Mapping[str, str], *columns: str) -> str:
    """The first non-empty cell among the columns, clean."""
    for column in columns:
        text = clean(record.get(column))
        if text:
            return text
    return ""


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\0", "") if "\0" in line else line
