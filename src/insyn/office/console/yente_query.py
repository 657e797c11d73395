"""From a FollowTheMoney query to subjects, and from their screenings to one list of matches.

A query may say several names, birth dates, countries and identifiers of one party; a subject has
one of each. So a query is screened as several subjects, and every entry counts as its best.
Always: what we do not know (a schema, a property) is passed over, never refused.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from insyn.base.countries import country_code
from insyn.office.console.ftm_model import SCHEMATA
from insyn.office.console.problems import Problem
from insyn.office.console.subjects import MAX_TEXT
from insyn.office.lists.entry import Kind
from insyn.office.screening.customers import birth_span
from insyn.office.screening.model import BirthSpan, Match, Screening, Subject

MAX_QUERIES = 100
"""yente's own limit of queries a request (settings.py of 5.5.0)."""
MAX_NAMES = 50
MAX_VALUES = 4
"""Birth dates, and countries, of one query that are tried with every name."""
MAX_SUBJECTS = 2_000
"""Subjects that one request may come to; some seconds of work."""

_KINDS = {schema: kind for kind, schema in SCHEMATA.items()} | {
    "Company": Kind.ORGANISATION,
    "PublicBody": Kind.ORGANISATION,
}
_NAMES = ("name", "alias", "previousName", "weakAlias")
_COUNTRIES = ("nationality", "citizenship", "country", "jurisdiction", "mainCountry", "flag")
_IDENTIFIERS = (
    "passportNumber", "idNumber", "taxNumber", "registrationNumber", "imoNumber", "mmsi",
    "callSign", "serialNumber", "leiCode", "swiftBic", "dunsCode", "innCode", "ogrnCode",
    "vatCode", "socialSecurityNumber", "uniqueEntityId", "publicKey", "icaoCode", "licenseNumber",
    "uscCode", "okpoCode", "permId", "npiCode",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One query: its schema and properties as sent, echoed in the answer, and its subjects."""

    schema: str
    properties: Mapping[str, Sequence[str]]
    subjects: tuple[Subject, ...]


def read_queries(body: Mapping[str, object]) -> dict[str, Query]:
    """The queries of a request by their key, in order.

    Raises:
        Problem: 400, none or too many; 422, one is no query at all or has too long a text.
    """
    queries = body.get("queries")
    if not isinstance(queries, Mapping):
        raise Problem(422, "queries must be an object of queries by a key of your own")
    if not queries:
        raise Problem(400, "No queries provided.")
    if len(queries) > MAX_QUERIES:
        raise Problem(400, f"Too many queries in one batch (limit: {MAX_QUERIES})")
    found = {key: read_query(value) for key, value in queries.items()}
    if sum(len(query.subjects) for query in found.values()) > MAX_SUBJECTS:
        raise Problem(400, "Too many names in one batch; send fewer queries at once.")
    return found


def read_query(value: object) -> Query:
    """One query.

    Raises:
        Problem: 422, it is no object with properties, or a text of it is too long.
    """
    properties = value.get("properties") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(properties, Mapping):
        raise Problem(422, "a query must be an object with schema and properties")
    schema = value.get("schema")
    texts = {name: _texts(values) for name, values in properties.items()}
    schema = schema if isinstance(schema, str) else "Thing"
    return Query(schema=schema, properties=texts, subjects=tuple(_subjects(schema, texts)))


def _texts(values: object) -> list[str]:
    """The texts of a property: one, or a list; a number is its digits, all else is passed over."""
    found: list[str] = []
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value.strip():
            if len(value) > MAX_TEXT:
                raise Problem(422, f"a property has a text of {len(value)} characters")
            found.append(value.strip())
    return found


def _subjects(schema: str, texts: Mapping[str, list[str]]) -> Iterable[Subject]:
    kind = _KINDS.get(schema, Kind.UNKNOWN)
    names = list(dict.fromkeys(_of(texts, _NAMES)))[:MAX_NAMES]
    if not names:
        parts = [t for p in ("firstName", "secondName", "middleName", "lastName")
                 for t in texts.get(p, [])[:1]]  # fmt: skip
        names = [" ".join(parts)] if parts else []
    codes = dict.fromkeys(code for text in _of(texts, _COUNTRIES) if (code := country_code(text)))
    spans = dict.fromkeys(span for text in texts.get("birthDate", []) if (span := birth_span(text)))
    countries: list[str | None] = [*list(codes)[:MAX_VALUES]] or [None]
    births: list[BirthSpan | None] = [*list(spans)[:MAX_VALUES]] or [None]
    identifiers = list(dict.fromkeys(_of(texts, _IDENTIFIERS)))[:MAX_NAMES]
    if not names and not identifiers:
        return
    for number, (name, country, born) in enumerate(
        itertools.product(names or [""], countries, births)
    ):
        # The first identifier goes with the first name, the others follow by themselves: an
        # identifier meets its entry whatever the name.
        yield Subject(
            id="",
            name=name,
            kind=kind,
            country=country,
            birth_date=born,
            identifier=identifiers[0] if identifiers and not number else None,
        )
    for identifier in identifiers[1:]:
        yield Subject(id="", name="", kind=kind, identifier=identifier)


def _of(texts: Mapping[str, list[str]], properties: Iterable[str]) -> Iterable[str]:
    return itertools.chain.from_iterable(texts.get(name, ()) for name in properties)


def best_matches(screenings: Iterable[Screening]) -> list[tuple[Screening, Match]]:
    """Each entry once, with the screening that gave it its best score; best first."""
    best: dict[tuple[str, str], tuple[Screening, Match]] = {}
    for screening in screenings:
        for match in screening.matches:
            key = (match.list, match.entry)
            if key not in best or match.score > best[key][1].score:
                best[key] = (screening, match)
    return sorted(best.values(), key=lambda found: (-found[1].score, found[1].list, found[1].entry))
