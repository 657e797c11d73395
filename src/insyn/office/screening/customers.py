"""Customer files: CSV as people save it, one subject a row.

Always: a row that cannot be screened is reported with its number and the rest goes on; columns
may stand in any order, unknown ones are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Kind
from insyn.office.lists.formats.dates import birth_date
from insyn.office.lists.formats.tabular import first
from insyn.office.screening.model import BirthSpan, Subject
from insyn.office.screening.sheet import BrokenRow, Sheet, open_sheet

KINDS = {
    "person": Kind.PERSON,
    "individual": Kind.PERSON,
    "organisation": Kind.ORGANISATION,
    "organization": Kind.ORGANISATION,
    "company": Kind.ORGANISATION,
    "publicbody": Kind.ORGANISATION,
    "entity": Kind.ORGANISATION,
    "vessel": Kind.VESSEL,
    "ship": Kind.VESSEL,
    "airplane": Kind.AIRCRAFT,
    "aircraft": Kind.AIRCRAFT,
    "legalentity": Kind.UNKNOWN,
    "unknown": Kind.UNKNOWN,
}
"""Words for a kind, FollowTheMoney's schemata among them."""

MAX_NAME_LENGTH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that cannot be screened; `line` is its number in the file."""

    line: int
    reason: str
    id: str = ""


def kind_of(text: str) -> Kind | None:
    """A kind by its word or schema; None where it is not said or not known."""
    return KINDS.get(text.strip().lower().replace("-", "").replace("_", ""))


def birth_span(text: str) -> BirthSpan | None:
    """A birth date as the days it may be; None where no year can be read."""
    if len(text) == 10 and text[4] == text[7] == "-" and text[:2] in ("19", "20"):
        # The usual form: reading every other one takes a third of the time a customer file takes.
        try:
            day = date.fromisoformat(text)
        except ValueError:
            pass
        else:
            return BirthSpan(earliest=day, latest=day)
    found = birth_date(text) if text else None
    return BirthSpan(earliest=found.earliest, latest=found.latest) if found else None


def read_customers(path: Path) -> Iterator[Subject | BadRow]:
    """The subjects of a customer file, in order; the header is read at once.

    Raises:
        UnreadableInput: it is no text, or has no name column.
    """
    sheet = open_sheet(path)
    if "name" not in sheet.header:
        raise UnreadableInput(
            f"{path.name} has no column called name; the first line must name the columns "
            "(id, name, kind, country, birth_date, identifier)"
        )
    return _read_rows(sheet)


def _read_rows(sheet: Sheet) -> Iterator[Subject | BadRow]:
    for line, row in sheet.rows():
        if isinstance(row, BrokenRow):
            yield BadRow(line=line, reason=row.reason, id=f"row-{line}")
        else:
            yield read_subject(line, row)


def read_subject(line: int, record: Mapping[str, str]) -> Subject | BadRow:
    """One row as a subject; `record` is its cells by lower-case column name, missing ones left out.

    What cannot be read of kind, country or birth date is unknown; without a name, or with one
    longer than `MAX_NAME_LENGTH`, the row is a bad one.
    """
    id_ = first(record, "id") or f"row-{line}"
    name = first(record, "name")
    if not name:
        return BadRow(line=line, reason="the name is empty", id=id_)
    if len(name) > MAX_NAME_LENGTH:
        return BadRow(line=line, reason=f"the name has {len(name)} characters", id=id_)
    return Subject(
        id=id_,
        name=name,
        kind=kind_of(first(record, "kind", "schema", "type")),
        country=country_code(first(record, "country", "nationality")),
        birth_date=birth_span(first(record, "birth_date", "date_of_birth", "dob")),
        identifier=first(record, "identifier", "identifiers") or None,
    )
