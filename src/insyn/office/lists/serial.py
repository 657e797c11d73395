"""Entries to JSON and back, for snapshots; what is written is read back equal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from insyn.base.canonical import Json, digest
from insyn.office.lists.entry import (
    Address,
    BirthDate,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NamePart,
    NameUse,
    PartRole,
    Place,
)

_DEFAULTS: tuple[object, ...] = (None, "", (), False)


def _plain(value: object) -> Json:
    """Dataclasses to objects without their empty fields, dates to ISO, tuples to lists."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | int) or value is None:
        return value
    fields = value.__slots__  # type: ignore[attr-defined]  # every model class has slots
    items = ((name, getattr(value, name)) for name in fields)
    return {name: _plain(item) for name, item in items if item not in _DEFAULTS}


def entry_to_json(entry: Entry) -> dict[str, Json]:
    """A plain JSON object of an entry; empty fields are left out."""
    plain = _plain(entry)
    assert isinstance(plain, dict)
    return plain


def content_digest(entry: Entry) -> str:
    """SHA-256 over all that is published of an entry; equal digests mean nothing changed.

    Runs of white space in the source record count as one blank: between April 2025 and February
    2026 the UN re-indented its file, and 857 of 873 entries differed in nothing else.
    """
    content = entry_to_json(entry)
    if entry.source_record:
        content["source_record"] = " ".join(entry.source_record.split())
    return digest(content)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# The shape of a snapshot is our own writing, so `Any` is the JSON it was written from.
def entry_from_json(record: Mapping[str, Any]) -> Entry:
    """The entry that `entry_to_json` wrote.

    Raises:
        KeyError, ValueError: the record was not written by `entry_to_json`.
    """
    return Entry(
        reference=record["reference"],
        kind=Kind(record["kind"]),
        names=tuple(_name(item) for item in record.get("names", ())),
        birth_dates=tuple(
            BirthDate(
                earliest=date.fromisoformat(item["earliest"]),
                latest=date.fromisoformat(item["latest"]),
                approximate=item.get("approximate", False),
                text=item.get("text", ""),
            )
            for item in record.get("birth_dates", ())
        ),
        birth_places=tuple(
            Place(text=item.get("text", ""), country=item.get("country"))
            for item in record.get("birth_places", ())
        ),
        countries=tuple(
            CountryLink(
                role=CountryRole(item["role"]), code=item.get("code"), text=item.get("text", "")
            )
            for item in record.get("countries", ())
        ),
        addresses=tuple(
            Address(text=item.get("text", ""), country=item.get("country"))
            for item in record.get("addresses", ())
        ),
        identifiers=tuple(
            Identifier(
                type=IdentifierType(item["type"]),
                value=item.get("value", ""),
                country=item.get("country"),
                label=item.get("label", ""),
            )
            for item in record.get("identifiers", ())
        ),
        programmes=tuple(record.get("programmes", ())),
        gender=record.get("gender"),
        titles=tuple(record.get("titles", ())),
        listed_on=_day(record.get("listed_on")),
        updated_on=_day(record.get("updated_on")),
        remarks=record.get("remarks", ""),
        source=record.get("source", ""),
        source_record=record.get("source_record", ""),
    )


def _name(item: Mapping[str, Any]) -> ListedName:
    return ListedName(
        text=item["text"],
        use=NameUse(item["use"]),
        script=item.get("script"),
        language=item.get("language"),
        parts=tuple(
            NamePart(role=PartRole(part["role"]), text=part["text"])
            for part in item.get("parts", ())
        ),
    )
