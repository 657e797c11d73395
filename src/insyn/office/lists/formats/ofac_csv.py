"""OFAC's legacy CSV: the SDN and the non-SDN list, each a set of up to four files.

Always: weak aliases come out of Remarks, and a remark cut at 1,000 characters is joined with its
overflow first. Source: OFAC data file formats; docs/reference/list-formats.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
    Address,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NameUse,
    Unread,
)
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.formats.remarks import read_remarks
from insyn.office.lists.formats.tabular import first_row, read_rows
from insyn.office.lists.formats.text import clean
from insyn.office.lists.formats.written_names import natural_order

FORMAT = "ofac-csv"
_KINDS = {
    "individual": Kind.PERSON,
    "vessel": Kind.VESSEL,
    "aircraft": Kind.AIRCRAFT,
    "": Kind.ORGANISATION,
}
_USES = {"aka": NameUse.ALIAS, "fka": NameUse.FORMER, "nka": NameUse.ALIAS}
_COLUMNS = {12: "primary", 5: "alt", 6: "add", 2: "comments"}


def role(head: bytes, filename: str) -> tuple[str, str] | None:
    """("sdn" or "non-sdn", "primary", "alt", "add" or "comments") of a headerless file, or None.

    The columns tell the role, the name tells the list; without a telling name it is the SDN list.
    """
    cells = first_row(head.decode("ascii", "replace"), ",")
    found = _COLUMNS.get(len(cells))
    if found is None or not cells[0].strip().isdigit():
        return None
    if found in ("alt", "add") and not cells[1].strip().isdigit():
        return None
    if found == "alt" and cells[2] not in _USES:
        return None
    list_name = "non-sdn" if "cons" in Path(filename).name.lower() else "sdn"
    return list_name, found


def recognise(head: bytes, filename: str) -> bool:
    """Rows of 12, 5, 6 or 2 columns that begin with an entity number, and no header."""
    return role(head, filename) is not None


def parse(files: Mapping[str, Path]) -> Iterator[Parsed]:
    """Entries of `primary`, with what `alt`, `add` and `comments` add where given."""
    aliases = _by_entity(files.get("alt"), 5)
    addresses = _by_entity(files.get("add"), 6)
    overflow = _by_entity(files.get("comments"), 2)
    yield Published()
    for position, row in enumerate(_rows(files["primary"]), 1):
        if len(row) != 12 or not row[0].isdigit() or not _is_name(row[1]):
            yield Unread(position=position, reason=f"{len(row)} columns, not 12, or no name")
            continue
        number = row[0]
        extra = "".join(more[1] for more in overflow.get(number, ()))
        yield _entry(row, extra, aliases.get(number, []), addresses.get(number, []))


def _rows(path: Path) -> Iterator[list[str]]:
    for _, row in read_rows(path, delimiter=","):
        # A lone Ctrl-Z ends some of the files.
        if row != ["\x1a"]:
            yield ["" if cell.strip() == "-0-" else cell.replace("\x1a", "") for cell in row]


def _by_entity(path: Path | None, columns: int) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for row in _rows(path) if path else ():
        if len(row) == columns:
            found.setdefault(row[0].strip(), []).append(row)
    return found


def _entry(
    row: list[str], overflow: str, aliases: list[list[str]], addresses: list[list[str]]
) -> Entry:
    kind = _KINDS.get(row[2].strip().lower(), Kind.UNKNOWN)
    personal = kind is Kind.PERSON
    remarks = row[11] + overflow
    read = read_remarks(remarks, personal=personal)
    names = [ListedName(text=_name(row[1], personal))]
    names += [
        ListedName(text=_name(alias[3], personal), use=_USES.get(alias[2].strip(), NameUse.ALIAS))
        for alias in aliases
        if _is_name(alias[3])
    ]
    identifiers = list(read.identifiers)
    if row[5]:
        identifiers.append(Identifier(type=IdentifierType.CALL_SIGN, value=clean(row[5])))
    countries = list(read.countries)
    if row[9]:
        text = clean(row[9])
        countries.append(CountryLink(role=CountryRole.FLAG, code=country_code(text), text=text))
    return Entry(
        reference=row[0],
        kind=kind,
        names=tuple(dict.fromkeys(names + read.weak)),
        birth_dates=tuple(read.births),
        birth_places=tuple(read.places),
        countries=tuple(dict.fromkeys(countries)),
        addresses=tuple(_address(address) for address in addresses if any(address[2:5])),
        identifiers=tuple(dict.fromkeys(identifiers)),
        programmes=tuple(clean(p) for p in re.split(r"\]\s*\[|;", row[3]) if clean(p)),
        gender=read.gender,
        titles=(clean(row[4]),) if clean(row[4]) else (),
        remarks=clean(remarks),
        source_record=json.dumps(
            {"primary": row, "alt": aliases, "add": addresses, "comments": overflow},
            ensure_ascii=False,
        ),
    )


def _is_name(text: str) -> bool:
    return any(ch.isalnum() for ch in text)


def _name(text: str, personal: bool) -> str:
    return natural_order(text) if personal else clean(text)


def _address(row: list[str]) -> Address:
    parts = [clean(cell) for cell in row[2:5]]
    return Address(text=", ".join(part for part in parts if part), country=country_code(parts[2]))
