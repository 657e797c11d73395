"""European Union financial sanctions files, CSV 1.1: a row for each name, address, date or paper.

Always: rows of one `Entity_LogicalId` are one entry, the same as the XML makes but for one thing:
the CSV has no column for weak names, so only a remark "low quality" tells them; take the XML where
there is a choice. Source: docs/reference/list-formats.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from insyn.office.lists.entry import Entry
from insyn.office.lists.formats.dates import parse_day
from insyn.office.lists.formats.eu import Party, eu_entry
from insyn.office.lists.formats.parsed import Parsed, Published, unique
from insyn.office.lists.formats.row_groups import (
    Group,
    Row,
    Table,
    has_columns,
    missing_columns,
    open_table,
    read_entries,
)
from insyn.office.lists.formats.tabular import read_rows
from insyn.office.lists.formats.text import clean

FORMAT = "eu-csv"
_DELIMITER = ";"
_NEEDED = ("Entity_LogicalId", "Entity_EU_ReferenceNumber", "NameAlias_WholeName")
_EXPECTED = (
    "Entity_UnitedNationId", "Entity_DesignationDate", "Entity_SubjectType", "Entity_Remark",
    "Entity_Regulation_Programme", "NameAlias_LastName", "NameAlias_FirstName",
    "NameAlias_Gender", "NameAlias_Remark", "Address_City", "Address_Street",
    "Address_CountryDescription", "BirthDate_BirthDate", "BirthDate_Year", "BirthDate_City",
    "Identification_Number", "Identification_TypeCode", "Citizenship_CountryDescription",
)  # fmt: skip
_BLOCKS = ("entity", "namealias", "address", "birthdate", "identification", "citizenship")
_RENAMED = {
    "day": "dayofmonth",
    "month": "monthofyear",
    "countryiso2": "countryiso2code",
    "typecode": "identificationtypecode",
    "typedescription": "identificationtypedescription",
    "subjecttype": "code",
    "subjecttypeclassificationcode": "classificationcode",
}
"""Columns that the XML calls otherwise, without their block's name."""

_CONTACT = re.compile(r"([A-Z]+)\s*[\[:=]\s*([^\]\n;|]+)")
_OWN = ("logicalid", "regulation")
"""What a block's columns begin with that tells nothing of the party."""


def recognise(head: bytes, filename: str) -> bool:
    """A header with the export's own columns, semicolons between."""
    return has_columns(head, _DELIMITER, _NEEDED)


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a logical id, in the order in which they are complete."""
    table = open_table(files["main"], _DELIMITER, _NEEDED)
    yield Published(on=parse_day(_generated(table)))
    yield from missing_columns(table, _EXPECTED)
    yield from unique(read_entries(table, _key, _entry, lacks="no reference or no name"))


def _generated(table: Table) -> str:
    """The date that every row repeats, from the first row; else from a line above the header."""
    above = [cell for row in table.above for cell in row if parse_day(cell)]
    if above:
        return above[0]
    if "filegenerationdate" not in table.columns:
        return ""
    at = table.columns.index("filegenerationdate")
    rows = read_rows(table.path, delimiter=table.delimiter)
    return next((row[at] for number, row in rows if number > table.at and len(row) > at), "")


def _key(row: Row) -> str:
    return clean(row.get("entitylogicalid")) or clean(row.get("entityeureferencenumber"))


@lru_cache(maxsize=512)
def _place(column: str) -> tuple[str, str]:
    """The block of a column and its name in there, as in the XML; ("", "") for no block's."""
    block = next((name for name in _BLOCKS if column.startswith(name)), "")
    if not block:
        return "", ""
    name = column.removeprefix(block)
    return block, _RENAMED.get(name, name)


def _blocks(group: Group) -> dict[str, list[dict[str, str]]]:
    """The distinct blocks by kind; those that say nothing of the party are left out."""
    found: dict[str, dict[tuple[tuple[str, str], ...], None]] = {name: {} for name in _BLOCKS}
    for row in group.rows:
        blocks: dict[str, dict[str, str]] = {}
        for column, text in row.items():
            kind, name = _place(column)
            if kind:
                blocks.setdefault(kind, {})[name] = clean(text)
        for kind, cells in blocks.items():
            if any(text and not name.startswith(_OWN) for name, text in cells.items()):
                found[kind][tuple(cells.items())] = None
    return {kind: [dict(cells) for cells in distinct] for kind, distinct in found.items()}


def _entry(group: Group) -> Entry | None:
    blocks = _blocks(group)
    heads = blocks["entity"]
    head = {name: text for block in reversed(heads) for name, text in block.items()}
    return eu_entry(
        Party(
            head=head or {"logicalid": group.key},
            subject=head.get("code") or head.get("classificationcode", ""),
            remarks=list(dict.fromkeys(text for block in heads if (text := block.get("remark")))),
            programmes=[block.get("regulationprogramme", "") for block in heads],
            names=blocks["namealias"],
            births=blocks["birthdate"],
            citizenships=blocks["citizenship"],
            papers=blocks["identification"],
            addresses=blocks["address"],
            contacts=[
                (key, clean(value))
                for block in blocks["address"]
                for key, value in _CONTACT.findall(block.get("contactinfo", ""))
            ],
            source_record=json.dumps([dict(row) for row in group.rows], ensure_ascii=False),
        )
    )
