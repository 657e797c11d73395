"""US Consolidated Screening List, CSV. Source: api.trade.gov; docs/reference/list-formats.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from insyn.base.countries import country_code
from insyn.office.lists.entry import Address, Unread
from insyn.office.lists.formats.csl import References, csl_entry
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.formats.tabular import header_of, read_records
from insyn.office.lists.formats.text import clean

FORMAT = "csl-csv"
MULTIPLE = ("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth",
            "ids", "programs", "addresses")  # fmt: skip


def recognise(head: bytes, filename: str) -> bool:
    """A header with the list's own columns."""
    return {"source", "entity_number", "alt_names", "ids"} <= set(header_of(head))


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a row; `Entry.source` tells from which list a row comes."""
    yield Published()
    references = References()
    for number, record in read_records(files["main"], delimiter=","):
        values = {
            c: [t for p in record.get(c, "").split("; ") if (t := clean(p))] for c in MULTIPLE
        }
        addresses = [_address(text) for text in values["addresses"]]
        entry = csl_entry(record, values, addresses)
        if entry is None:
            yield Unread(position=number, reason="it has no name, or neither number nor _id")
        else:
            yield replace(entry, reference=references.unique(entry.reference, entry.source))


def _address(text: str) -> Address:
    """One address ends in a country code; several are joined by "; " as all values are."""
    return Address(text=text, country=country_code(text.rpartition(",")[2].strip()))
