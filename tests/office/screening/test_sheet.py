"""Sheets as people save them, and as they break."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.screening.sheet import MAX_LINES, BrokenRow, open_sheet


def names(content: str | bytes) -> list[str]:
    """The name of every row, or "!LINE" of a broken one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return [
            f"!{line}" if isinstance(row, BrokenRow) else row.get("name", "")
            for line, row in open_sheet(path).rows()
        ]


@pytest.mark.parametrize(
    ("content", "found", "why"),
    [
        ("id,name\n1,A\n2,B\n", ["A", "B"], "plain"),
        ("id;name\r\n1;A\r\n", ["A"], "semicolons"),
        ("name\tid\nA\t1\n", ["A"], "tabs, another order"),
        ("\n\nid,name\n\n1,A\n ,\n", ["A"], "blank lines anywhere"),
        ("sep=;\nid;name\n1;A, B\n", ["A, B"], "Excel's own delimiter line"),
        ("ID, Name ,x\n1,A\n", ["A"], "header in any case, a short row"),
        ("id,name\n1,A,B,C\n", ["A"], "cells beyond the header"),
        ('id,name\n1,"A\nB"\n2,C\n', ["A\nB", "C"], "a line break in quotation marks"),
        ('id,name\n1,"A ""B"" C"\n', ['A "B" C'], "doubled marks"),
        ('id,name\n1,"A" Ltd\n2,B\n', ["A Ltd", "B"], "marks around a part of a cell"),
        ('id,name\n1,5" Lens\n2,B\n', ['5" Lens', "B"], "a mark within a cell"),
        ('id,name\n1,"A\n2,B\n3,C\n', ["!2", "B", "C"], "a mark that is never closed"),
        ('id,name\n1,"A\n2,"B\n3,C\n', ["!2", "!3", "C"], "two of them on neighbouring lines"),
        ('id,name\n1,"A\n2,B\n3,C"\n4,D\n', ["!2", "B", 'C"', "D"], "one that is closed too late"),
        ("id,name\n1,A\x00B\n".encode("utf-16"), ["AB"], "Excel's Unicode text, NUL dropped"),
        (b"\xef\xbb\xbfid,name\n1,A\n", ["A"], "Excel's byte-order mark"),
        ("id,name\n1,Zoë\n".encode("cp1252"), ["Zoë"], "Windows-1252"),
        ("id,name\r1,A\r2,B\r", ["A", "B"], "old Macintosh line ends"),
    ],
)
def test_a_sheet_is_read_as_meant(content: str | bytes, found: list[str], why: str) -> None:
    assert names(content) == found, why


def test_a_mark_not_closed_hides_nobody_below_it() -> None:
    rows = [f"{number},Name {number}" for number in range(3 * MAX_LINES)]
    rows[5] = '5,"Name 5'
    expected = [row.partition(",")[2] for row in rows]
    expected[5] = "!7"
    assert names("id,name\n" + "\n".join(rows)) == expected


def test_an_endless_cell_is_a_broken_row_and_the_rest_goes_on() -> None:
    big = "x" * (1 << 21)
    assert names(f"id,name\n1,{big}\n2,B\n") == ["!2", "B"]


def test_a_megabyte_in_a_column_that_nobody_reads_is_no_hindrance() -> None:
    assert names(f"id,name,notes\n1,A,{'x' * 1_000_000}\n2,B,\n") == ["A", "B"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"id,name\n1,A\x00B\n", b"\x89PNG\x00\x01"])
def test_what_is_no_sheet_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableInput):
        names(content)


@settings(deadline=None, max_examples=150)
@given(
    rows=st.lists(
        st.tuples(
            st.text("ab\"';,\t é中", max_size=6), st.text("ab\n\r\"';, é", min_size=1, max_size=8)
        ),
        max_size=8,
    )
)
def test_what_a_writer_of_csv_wrote_is_read_back(rows: list[tuple[str, str]]) -> None:
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    # A cell that is itself lines of two cells cannot be told from a mark that was not closed.
    kept = [row for row in kept if not any(cell.count("\n") + cell.count("\r") > 1 for cell in row)]
    text = io.StringIO()
    csv.writer(text).writerows([("id", "name"), *kept])
    assert names(text.getvalue()) == [name for _, name in kept]


@settings(deadline=None, max_examples=150)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        names(b"name," + content)
    except UnreadableInput:
        return
