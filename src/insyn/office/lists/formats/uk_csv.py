"""United Kingdom sanctions list (FCDO), CSV: a row for each name and address of a designation.

Always: a first line with the report's date stands above the header; rows of one Unique ID are one
entry, the same as the XML makes. Source: docs/reference/list-formats.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from insyn.office.lists.entry import CountryRole, Entry, Identifier, IdentifierType
from insyn.office.lists.formats.dates import parse_day
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
from insyn.office.lists.formats.text import clean
from insyn.office.lists.formats.uk import Designation, WrittenName, uk_entry

FORMAT = "uk-csv"
_DELIMITER = ","
_NEEDED = ("Unique ID", "Name 6", "Name 1", "Name type", "Designation Type")
_EXPECTED = (
    "Last Updated", "UN Reference Number", "Name 2", "Name 3", "Name 4", "Name 5",
    "Alias strength", "Title", "Name non-latin script", "Regime Name", "Other Information",
    "Address Line 1", "Address Postal Code", "Address Country", "Phone number", "Website",
    "Email address", "Date Designated", "D.O.B", "Nationality(/ies)",
    "National Identifier number", "Passport number", "Position", "Gender", "Town of birth",
    "Country of birth", "Business registration number (s)", "IMO number",
    "Current believed flag of ship", "Previous flags", "Hull identification number (HIN)",
)  # fmt: skip
_GIVEN = tuple(f"name{at}" for at in range(1, 6))
_ADDRESS = (*(f"addressline{at}" for at in range(1, 7)), "addresspostalcode")
_PAPERS = (
    ("passport", IdentifierType.PASSPORT),
    ("nationalidentifier", IdentifierType.NATIONAL_ID),
)
_NUMBERS = (
    ("unreferencenumber", IdentifierType.OTHER, "UN reference"),
    ("phonenumber", IdentifierType.PHONE, "Phone"),
    ("website", IdentifierType.WEBSITE, "Website"),
    ("emailaddress", IdentifierType.EMAIL, "Email"),
    ("businessregistrationnumbers", IdentifierType.REGISTRATION, "Business registration number"),
    ("imonumber", IdentifierType.IMO, "IMO"),
    ("hullidentificationnumberhin", IdentifierType.OTHER, "Hull identification number"),
)
_COUNTRIES = (
    ("nationalityies", CountryRole.NATIONALITY),
    ("currentbelievedflagofship", CountryRole.FLAG),
    ("previousflags", CountryRole.FLAG),
)
_VALUES = re.compile(r"[\r\n|]+")
"""Between several values in one cell; a semicolon or comma may be part of one."""


def recognise(head: bytes, filename: str) -> bool:
    """A header with the list's own columns, in one of the first lines."""
    return has_columns(head, _DELIMITER, _NEEDED)


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a Unique ID, in the order in which they are complete."""
    table = open_table(files["main"], _DELIMITER, _NEEDED)
    yield Published(on=parse_day(_reported(table)))
    yield from missing_columns(table, _EXPECTED)
    yield from unique(read_entries(table, _key, _entry, lacks="no UniqueID or no name"))


def _reported(table: Table) -> str:
    """The date after "Report Date:" above the header."""
    cells = (clean(cell.rpartition(":")[2]) for row in table.above for cell in row)
    return next((cell for cell in cells if parse_day(cell)), "")


def _key(row: Row) -> str:
    return clean(row.get("uniqueid"))


def _values(group: Group, column: str) -> list[str]:
    """The distinct values of a column over all rows, several of which may be in one cell."""
    cells = (cell for row in group.rows for cell in _VALUES.split(row.get(column, "")))
    return list(dict.fromkeys(text for cell in cells if (text := clean(cell))))


def _texts(group: Group, column: str) -> list[str]:
    """The distinct cells of a column over all rows, clean."""
    cells = (row.get(column) for row in group.rows)
    return list(dict.fromkeys(text for cell in cells if (text := clean(cell))))


def _first(group: Group, column: str) -> str:
    return next((text for row in group.rows if (text := clean(row.get(column)))), "")


def _entry(group: Group) -> Entry | None:
    places = ((clean(r.get("townofbirth")), clean(r.get("countryofbirth"))) for r in group.rows)
    return uk_entry(
        Designation(
            reference=group.key,
            kind=_first(group, "designationtype"),
            names=list(dict.fromkeys(_name(row) for row in group.rows)),
            native_names=_values(group, "namenonlatinscript"),
            births=_values(group, "dob"),
            birth_places=list(dict.fromkeys(places)),
            countries=[(role, t) for column, role in _COUNTRIES for t in _values(group, column)],
            addresses=list(dict.fromkeys(_address(row) for row in group.rows)),
            identifiers=list(_identifiers(group)),
            regimes=_texts(group, "regimename"),
            genders=_texts(group, "gender"),
            titles=_texts(group, "title") + _texts(group, "position"),
            designated=_first(group, "datedesignated"),
            updated=_texts(group, "lastupdated"),
            remarks=_first(group, "otherinformation"),
            source_record=json.dumps([dict(row) for row in group.rows], ensure_ascii=False),
        )
    )


def _name(row: Row) -> WrittenName:
    return WrittenName(
        given=tuple(text for column in _GIVEN if (text := clean(row.get(column)))),
        family=clean(row.get("name6")),
        type=clean(row.get("nametype")),
        strength=clean(row.get("aliasstrength")),
    )


def _address(row: Row) -> tuple[tuple[str, ...], str]:
    return tuple(clean(row.get(c)) for c in _ADDRESS), clean(row.get("addresscountry"))


def _identifiers(group: Group) -> Iterator[Identifier]:
    for stem, kind in _PAPERS:
        for row in group.rows:
            if number := clean(row.get(f"{stem}number")):
                more = clean(row.get(f"{stem}additionalinformation"))
                yield Identifier(type=kind, value=number, label=more)
    for column, sort, label in _NUMBERS:
        for number in _values(group, column):
            yield Identifier(type=sort, value=number, label=label)
