"""US Consolidated Screening List, JSON. Source: api.trade.gov; docs/reference/list-formats.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from insyn.base.countries import country_code
from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Address, Unread
from insyn.office.lists.formats.csl import References, csl_entry
from insyn.office.lists.formats.csl_csv import MULTIPLE
from insyn.office.lists.formats.parsed import MAX_BYTES, Parsed, Published
from insyn.office.lists.formats.text import clean

FORMAT = "csl-json"


def recognise(head: bytes, filename: str) -> bool:
    """A JSON object with results that have alt_names and a source."""
    start = head.lstrip()[:4096]
    return start.startswith(b"{") and b'"results"' in head and b'"source"' in head


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries, one a result."""
    path = files["main"]
    if path.stat().st_size > MAX_BYTES:
        raise UnreadableInput(f"{path.name} is larger than the list can be")
    try:
        content = json.loads(path.read_bytes())
        results = content["results"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableInput(f"{path.name} is no whole CSL JSON; fetch it again") from error
    yield Published()
    references = References()
    for position, record in enumerate(results if isinstance(results, list) else (), 1):
        entry = None
        if isinstance(record, dict):
            values = {column: _texts(record.get(column)) for column in MULTIPLE}
            entry = csl_entry(record, values, _addresses(record.get("addresses")))
        if entry is None:
            yield Unread(position=position, reason="it has no name, or neither number nor id")
        else:
            yield replace(entry, reference=references.unique(entry.reference, entry.source))


def _texts(value: Any) -> list[str]:
    """Texts of an array; an identifier object becomes the CSV's "country, number, type"."""
    items = value if isinstance(value, list) else [value]
    found = []
    for item in items:
        if isinstance(item, dict):
            item = ", ".join(str(item.get(key) or "") for key in ("country", "number", "type"))
        if isinstance(item, str) and clean(item):
            found.append(clean(item))
    return found


def _addresses(value: Any) -> list[Address]:
    found = []
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            keys = ("address", "city", "state", "postal_code", "country")
            text = ", ".join(clean(str(item[key])) for key in keys if item.get(key))
            found.append(Address(text=text, country=country_code(str(item.get("country") or ""))))
    return found
