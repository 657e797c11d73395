"""List entries as FollowTheMoney entities: what yente's clients read.

Source of schemata and properties: followthemoney.tech, model 4.x. Always: only properties that
the entity's schema has, values as lists of text; what has no property there stands in `notes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from insyn.base.canonical import Json
from insyn.office.console.ftm_model import (
    COUNTRIES,
    GENDERS,
    IDENTIFIERS,
    NAMES,
    PARTS,
    PROPERTIES,
    SCHEMATA,
    schema_for,
    topic_of,
)
from insyn.office.lists.entry import BirthDate, CountryRole, Entry

MAX_YEARS = 10
"""Years that a span of birth dates is written out in; a longer one is in the notes."""


def entity_id(list_id: str, reference: str) -> str:
    """LIST-REFERENCE in [A-Za-z0-9._-]: `_XX` is any other byte of it, and a dash of the latter."""
    return f"{_escape(list_id, '.-')}-{_escape(reference, '.')}"


def split_id(text: str) -> tuple[str, str] | None:
    """List and reference of what `entity_id` made; None of anything else."""
    head, dash, tail = text.rpartition("-")
    if not dash:
        return None
    found = (_unescape(head), _unescape(tail))
    return found if entity_id(*found) == text else None


def _escape(text: str, plain: str) -> str:
    return "".join(
        chr(byte) if byte < 128 and (chr(byte).isalnum() or chr(byte) in plain) else f"_{byte:02X}"
        for byte in text.encode("utf-8", "replace")
    )


def _unescape(text: str) -> str:
    raw = re.sub("_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)
    return raw.encode("latin-1", "replace").decode("utf-8", "replace")


def entity(
    list_id: str, entry: Entry, *, asked: str | None = None, sanction: str | None = None
) -> dict[str, Json]:
    """An entry as a FollowTheMoney entity, as yente gives it (without score).

    Args:
        list_id: the list it is on, its dataset.
        entry: with or without its source record, which is not given.
        asked: the schema of the query; see `schema_for`.
        sanction: the list's title, to nest what the list says under `sanctions`; None: do not.
    """
    schema = schema_for(entry.kind, asked)
    properties = _Properties(schema)
    _add_names(properties, entry)
    _add_person(properties, entry)
    _add_places(properties, entry)
    _add_identifiers(properties, entry)
    properties.add("program", entry.programmes)
    properties.add("topics", [topic_of(list_id, entry.source)])
    properties.add("createdAt", [entry.listed_on.isoformat()] if entry.listed_on else [])
    properties.add("modifiedAt", [entry.updated_on.isoformat()] if entry.updated_on else [])
    if schema != SCHEMATA[entry.kind]:
        properties.add("notes", [f"the list has it as: {entry.kind}"])
    properties.add("notes", [entry.remarks])
    values: dict[str, Json] = dict(properties.values)
    identifier = entity_id(list_id, entry.reference)
    if sanction is not None:
        values["sanctions"] = [_sanction(identifier, sanction, list_id, entry)]
    return {
        "id": identifier,
        "caption": entry.names[0].text if entry.names else entry.reference,
        "schema": schema,
        "properties": values,
        "datasets": [list_id],
        "referents": [],
        "target": True,
        "first_seen": None,
        "last_seen": None,
        "last_change": entry.updated_on.isoformat() if entry.updated_on else None,
    }


class _Properties:
    """Values by property; what the schema has no property for becomes a note."""

    def __init__(self, schema: str) -> None:
        self._allowed = PROPERTIES[schema]
        self.values: dict[str, list[str]] = {}

    def has(self, name: str) -> bool:
        return name in self._allowed

    def add(self, name: str, texts: Iterable[str]) -> None:
        for text in texts:
            if text and self.has(name) and text not in self.values.get(name, ()):
                self.values.setdefault(name, []).append(text)

    def add_first(self, names: Iterable[str], text: str, label: str) -> None:
        """Under the first property there is, else in the notes."""
        name = next((name for name in names if self.has(name)), None)
        if name is None:
            self.add("notes", [f"{label}: {text}"])
        else:
            self.add(name, [text])


def _add_names(properties: _Properties, entry: Entry) -> None:
    for name in entry.names:
        properties.add(NAMES[name.use], [name.text])
        for part in name.parts:
            properties.add(PARTS.get(part.role, ""), [part.text])
    if not properties.values.get("name") and entry.names:
        properties.add("name", [entry.names[0].text])


def _add_person(properties: _Properties, entry: Entry) -> None:
    for born in entry.birth_dates:
        texts = _birth_texts(born)
        if texts and properties.has("birthDate"):
            properties.add("birthDate", texts)
        else:
            properties.add("notes", [f"born: {born.text or f'{born.earliest} to {born.latest}'}"])
    for place in entry.birth_places:
        properties.add("birthPlace", [place.text])
        properties.add("birthCountry", [(place.country or "").lower()])
    properties.add("gender", [GENDERS.get((entry.gender or "").lower(), "")])
    for title in entry.titles:
        properties.add_first(("title",), title, "title")


def _birth_texts(born: BirthDate) -> list[str]:
    """The span as dates of the model: a day, a month, or years; none where it is too long."""
    first, last = born.earliest, born.latest
    if first == last and not born.approximate:
        return [first.isoformat()]
    if (first.year, first.month) == (last.year, last.month) and not born.approximate:
        return [f"{first:%Y-%m}"]
    years = range(first.year, last.year + 1)
    return [f"{year:04}" for year in years] if len(years) <= MAX_YEARS else []


def _add_places(properties: _Properties, entry: Entry) -> None:
    for link in entry.countries:
        if link.role is not CountryRole.REGIME and link.code:
            name = COUNTRIES[link.role]
            properties.add(name if properties.has(name) else "country", [link.code.lower()])
    for address in entry.addresses:
        properties.add("address", [address.text])
        properties.add("country", [(address.country or "").lower()])


def _add_identifiers(properties: _Properties, entry: Entry) -> None:
    for identifier in entry.identifiers:
        label = identifier.label or identifier.type.replace("_", " ")
        properties.add_first(IDENTIFIERS[identifier.type], identifier.value, label)


def _sanction(identifier: str, title: str, list_id: str, entry: Entry) -> dict[str, Json]:
    listed = [entry.listed_on.isoformat()] if entry.listed_on else []
    properties: dict[str, Json] = {
        "authority": [title],
        "authorityId": [entry.reference],
        "program": [text for text in (*entry.programmes, entry.source) if text],
        "listingDate": listed,
    }
    return {
        "id": f"{identifier}-listing",
        "caption": title,
        "schema": "Sanction",
        "properties": {name: values for name, values in properties.items() if values},
        "datasets": [list_id],
        "referents": [],
        "target": False,
    }
