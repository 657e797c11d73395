"""What the two forms of the US Consolidated Screening List share: one record to one entry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

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
    Place,
)
from insyn.office.lists.formats.dates import birth_date, parse_day
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.text import clean
from insyn.office.lists.formats.written_names import natural_order

KINDS = {
    "individual": Kind.PERSON,
    "entity": Kind.ORGANISATION,
    "vessel": Kind.VESSEL,
    "aircraft": Kind.AIRCRAFT,
}
SOURCES = (
    ("specially designated", "SDN"), ("entity list", "EL"), ("denied persons", "DPL"),
    ("unverified", "UVL"), ("military end user", "MEU"), ("nonproliferation", "ISN"),
    ("itar debarred", "DTC"), ("sectoral sanctions", "SSI"), ("capta", "CAP"),
    ("correspondent account", "CAP"), ("palestinian legislative", "PLC"),
    ("military-industrial complex", "CMIC"), ("menu-based", "MBS"),
    ("foreign sanctions evaders", "FSE"),
)  # fmt: skip
_SUCCESSORS = re.compile(
    r",?\s*(?:and|including)? any (?:and all )?(?:successors?|sub-?units?|subsidiar(?:y|ies)).*$",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    r"\(?\b(a\.?k\.?a\.?|f\.?k\.?a\.?|also known as|formerly known as)[,:\s]+", re.IGNORECASE
)


def source_code(source: str) -> str:
    """Short code of the list a row comes from: SDN, EL, DPL, ..."""
    lowered = source.lower()
    return next((code for words, code in SOURCES if words in lowered), clean(source)[:12])


def listed_names(text: str, *, personal: bool, use: NameUse) -> list[ListedName]:
    """The comparable names in a name field: successors' clause off, "f.k.a." lifted out."""
    whole = _SUCCESSORS.sub("", clean(text))
    pieces = _INSIDE.split(whole)
    found: list[ListedName] = []
    uses = [use]
    for word in pieces[1::2]:
        uses.append(NameUse.FORMER if word.lower().startswith("f") else NameUse.ALIAS)
    for piece, kind in zip(pieces[0::2], uses, strict=True):
        name = clean(piece).strip(" ,;)") if len(pieces) > 1 else clean(piece)
        if any(ch.isalnum() for ch in name):
            found.append(ListedName(text=natural_order(name) if personal else name, use=kind))
    return found


def csl_entry(
    record: Mapping[str, Any], values: Mapping[str, Sequence[str]], addresses: Sequence[Address]
) -> Entry | None:
    """One row as an entry; `values` are its multi-valued columns. None without reference or name.

    The reference is the plain entity number or `_id` (`id` in the JSON); the caller makes repeats
    unique.
    """
    known = (clean(str(record.get(key) or "")) for key in ("entity_number", "_id", "id"))
    reference = next(filter(None, known), "")
    kind = KINDS.get(clean(str(record.get("type") or "")).lower(), Kind.UNKNOWN)
    personal = kind is Kind.PERSON
    names = listed_names(str(record.get("name") or ""), personal=personal, use=NameUse.PRIMARY)
    if not reference or not names:
        return None
    for alias in values["alt_names"]:
        names += listed_names(alias, personal=personal, use=NameUse.ALIAS)
    identifiers, gender = _identifiers(values["ids"])
    for column, type_ in (("call_sign", IdentifierType.CALL_SIGN),):
        if record.get(column):
            identifiers.append(Identifier(type=type_, value=clean(str(record[column]))))
    countries = [
        CountryLink(role=role, code=country_code(text), text=text)
        for column, role in (
            ("nationalities", CountryRole.NATIONALITY),
            ("citizenships", CountryRole.CITIZENSHIP),
        )
        for text in values[column]
    ]
    flag = clean(str(record.get("vessel_flag") or ""))
    if flag:
        countries.append(CountryLink(role=CountryRole.FLAG, code=country_code(flag), text=flag))
    title = clean(str(record.get("title") or ""))
    return Entry(
        reference=reference,
        kind=kind,
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(born for t in values["dates_of_birth"] if (born := birth_date(t))),
        birth_places=tuple(
            Place(text=text, country=country_code(text.rpartition(",")[2]))
            for text in values["places_of_birth"]
        ),
        countries=tuple(dict.fromkeys(countries)),
        addresses=tuple(addresses),
        identifiers=tuple(dict.fromkeys(identifiers)),
        programmes=tuple(values["programs"]),
        gender=gender,
        titles=(title,) if title else (),
        listed_on=parse_day(str(record.get("start_date") or "")),
        remarks=clean(str(record.get("remarks") or "")),
        source=source_code(str(record.get("source") or "")),
        source_record=json.dumps(dict(record), ensure_ascii=False),
    )


def _identifiers(ids: Sequence[str]) -> tuple[list[Identifier], str | None]:
    """Read "country, number, type" entries; gender and remarks stand among them."""
    found: list[Identifier] = []
    gender = None
    for item in ids:
        parts = [part.strip() for part in item.split(",")]
        label = parts[-1]
        if label.lower() == "gender":
            gender = parts[0].lower() or None
        elif len(parts) >= 2 and not label.endswith("-"):
            country = country_code(parts[0]) if len(parts) > 2 else None
            value = parts[-2]
            if any(ch.isdigit() for ch in value) or "@" in value or "." in value:
                found.append(
                    Identifier(
                        type=identifier_type(label), value=value, country=country, label=label
                    )
                )
    return found, gender


class References:
    """Makes repeated references of one list unique: the first keeps the plain number."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def unique(self, reference: str, source: str) -> str:
        """The reference itself at first, then with its source, then counted."""
        wanted = reference
        if wanted in self._seen and source:
            wanted = f"{reference}/{source}"
        count = self._seen[wanted] = self._seen.get(wanted, 0) + 1
        return wanted if count == 1 else f"{wanted}/{count}"
