"""BIS Denied Persons List, tab separated. Source: bis.doc.gov, dpl.txt."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from insyn.base.countries import country_code
from insyn.office.lists.entry import Address, Entry, Kind, ListedName, Unread
from insyn.office.lists.formats.csl import References
from insyn.office.lists.formats.dates import parse_day
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.formats.tabular import first, header_of, read_records
from insyn.office.lists.formats.text import clean

FORMAT = "dpl-txt"


def recognise(head: bytes, filename: str) -> bool:
    """A header with Standard_Order and FR_Citation."""
    return {"name", "standard_order", "fr_citation"} <= set(header_of(head)[:14])


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one an order. The list has no numbers: a reference is a digest of name and order."""
    yield Published()
    references = References()
    for number, record in read_records(files["main"], delimiter="\t"):
        name = clean(record.get("name"))
        if not any(ch.isalnum() for ch in name):
            yield Unread(position=number, reason="it has no name")
            continue
        key = "|".join((name, clean(record.get("effective_date")), clean(record.get("city"))))
        reference = "DPL-" + hashlib.sha256(key.encode()).hexdigest()[:12]
        parts = [first(record, c) for c in ("street_address", "city", "state", "postal_code")]
        country = first(record, "country")
        address = ", ".join(part for part in [*parts, country] if part)
        entry = Entry(
            reference=reference,
            kind=Kind.UNKNOWN,
            names=(ListedName(text=name),),
            addresses=(Address(text=address, country=country_code(country)),) if address else (),
            programmes=("Denied Persons",),
            listed_on=parse_day(record.get("effective_date")),
            remarks=first(record, "action"),
            source_record=json.dumps(record, ensure_ascii=False),
        )
        yield replace(entry, reference=references.unique(reference, ""))
