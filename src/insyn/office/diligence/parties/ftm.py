"""Parties and channel as FollowTheMoney entities, one JSON object a line. Pure.

Always: others find what they know (names, countries, numbers, shares) in the model's own
properties; what it cannot hold (order and language of names, schemes of numbers, spans) stands
beside them under `insyn`, and counts only while it agrees with the properties.

Source: https://followthemoney.tech/explorer/ (schemata Person, Organization, Company, LegalEntity,
Ownership, Directorship, UnknownLink).
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from insyn.base.canonical import Json
from insyn.base.countries import country_code
from insyn.base.errors import Refusal
from insyn.office.diligence.parties.exchange import BadLine, Read, broken_off, unique
from insyn.office.diligence.parties.model import (
    ChannelRole,
    Edge,
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
    Stake,
    StakeKind,
    party_from_json,
    read_share,
    share_text,
)
from insyn.office.lists.formats.dates import birth_date
from insyn.office.screening.model import BirthSpan

_SCHEMA = {
    PartyKind.ORGANISATION: "Organization",
    PartyKind.PERSON: "Person",
    PartyKind.UNKNOWN: "LegalEntity",
}
_KIND = {
    "Organization": PartyKind.ORGANISATION,
    "Company": PartyKind.ORGANISATION,
    "PublicBody": PartyKind.ORGANISATION,
    "Person": PartyKind.PERSON,
    "LegalEntity": PartyKind.UNKNOWN,
}
_NUMBERS = {
    "lei": "leiCode",
    "vat": "vatCode",
    "tax": "taxNumber",
    "inn": "innCode",
    "ogrn": "ogrnCode",
    "swift": "swiftBic",
    "duns": "dunsCode",
    "id": "idNumber",
}
"""Properties of every legal entity, by the scheme that we call them."""
_SCHEMES = {
    **{name: scheme for scheme, name in _NUMBERS.items()},
    "registrationNumber": "registration",
    "passportNumber": "passport",
}
_NAMES = ("name", "alias", "previousName", "weakAlias")
_COUNTRIES = ("country", "jurisdiction", "mainCountry", "nationality", "citizenship")


def is_ftm(text: str) -> bool:
    """Whether a text is FollowTheMoney lines: its first is an object with a schema."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        found = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "schema" in found


def write_ftm(parties: Iterable[Party], stakes: Iterable[Stake], edges: Iterable[Edge]) -> str:
    """The lines, each ended."""
    told = [
        *map(_party_entity, parties),
        *map(_stake_entity, stakes),
        *map(_edge_entity, edges),
    ]
    return "".join(json.dumps(entity, ensure_ascii=False) + "\n" for entity in told)


def _entity(id_: str, schema: str, **properties: Iterable[str | None]) -> dict[str, Json]:
    given: dict[str, Json] = {}
    for name, values in properties.items():
        if listed := list(dict.fromkeys(value for value in values if value)):
            given[name] = list(listed)
    return {"id": id_, "schema": schema, "properties": given}


def _party_entity(party: Party) -> dict[str, Json]:
    numbers: dict[str, list[str | None]] = {}
    for each in party.identifiers:
        told = _NUMBERS.get(each.scheme, "registrationNumber")
        if each.scheme == "passport" and party.kind is PartyKind.PERSON:
            told = "passportNumber"  # which no organisation has
        numbers.setdefault(told, []).append(each.value)
    texts = [name.text for name in party.names]
    born = party.birth
    is_day = born is not None and born.earliest == born.latest
    entity = _entity(
        party.id,
        _SCHEMA[party.kind],
        name=texts[:1],
        alias=texts[1:],
        country=[party.country.lower() if party.country else None],
        birthDate=[born.earliest.isoformat() if born and is_day else None],
        **numbers,
    )
    return {**entity, "insyn": party.to_json()}


def _stake_entity(stake: Stake) -> dict[str, Json]:
    days = {
        "startDate": [stake.since.isoformat() if stake.since else None],
        "endDate": [stake.until.isoformat() if stake.until else None],
    }
    share = share_text(stake.share_low_ppm, stake.share_high_ppm)
    if stake.kind is StakeKind.CONTROLLER and share is None:
        return _entity(
            stake.id,
            "Directorship",
            director=[stake.owner],
            organization=[stake.owned],
            role=[str(stake.kind)],
            publisher=[stake.source],
            **days,
        )
    return _entity(
        stake.id,
        "Ownership",
        owner=[stake.owner],
        asset=[stake.owned],
        percentage=[share],
        ownershipType=[str(stake.kind)],
        publisher=[stake.source],
        **days,
    )


def _edge_entity(edge: Edge) -> dict[str, Json]:
    return _entity(
        edge.id,
        "UnknownLink",
        subject=[edge.supplier],
        object=[edge.customer],
        role=[str(edge.role)],
        startDate=[edge.since.isoformat() if edge.since else None],
        endDate=[edge.until.isoformat() if edge.until else None],
        recordId=[edge.deal],
        publisher=[edge.source],
    )


def read_ftm(text: str) -> Read:
    """What the lines hold; those that cannot be used are in `bad`.

    Raises:
        UnreadableInput: it breaks off in the midst of its last line.
    """
    read = Read()
    parties: list[tuple[int, Party]] = []
    # Not `splitlines`: names may hold what Unicode calls a line's end, JSON does not.
    rows = text.split("\n")
    for line, row in enumerate(rows, 1):
        if not row.strip():
            continue
        if line == len(rows) and not _is_json(row):
            raise broken_off(line)
        try:
            _take(_parsed(row), line, parties, read)
        except Refusal as error:
            read.bad.append(BadLine(line=line, reason=str(error)))
    read.parties = unique(parties, read.bad)
    return read


def _is_json(row: str) -> bool:
    try:
        json.loads(row)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(row: str) -> dict[str, Any]:
    try:
        found = json.loads(row)
    except (ValueError, RecursionError):
        raise Refusal("it is no JSON") from None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise Refusal("it is no entity with an id")
    properties = found.get("properties")
    if not isinstance(properties, dict) or not all(
        isinstance(values, list) and all(isinstance(value, str) for value in values)
        for values in properties.values()
    ):
        raise Refusal("its properties are not lists of texts")
    return found


# `Any`: what somebody's JSON holds, checked by `_parsed` as far as it is used.
def _take(
    entity: Mapping[str, Any], line: int, parties: list[tuple[int, Party]], read: Read
) -> None:
    schema = entity.get("schema")
    if schema in _KIND:
        parties.append((line, _party(entity, _KIND[schema])))
    elif schema in ("Ownership", "Directorship"):
        read.stakes.append((line, _stake(entity, is_ownership=schema == "Ownership")))
    elif schema == "UnknownLink":
        read.edges.append((line, _edge(entity)))
    else:
        raise Refusal("its schema is none that a channel has")


def _party(entity: Mapping[str, Any], kind: PartyKind) -> Party:
    given = entity["properties"]
    texts = [text for name in _NAMES for text in given.get(name, ())]
    countries = [_country(text) for name in _COUNTRIES for text in given.get(name, ())]
    if kind is PartyKind.UNKNOWN and texts and "insyn" not in entity:
        kind = PartyKind.ORGANISATION  # elsewhere a LegalEntity is one whose form is not told
    plain = Party(
        id=entity["id"],
        kind=kind,
        names=tuple(PartyName(text=" ".join(text.split())) for text in dict.fromkeys(texts)),
        country=next((code for code in countries if code), None),
        identifiers=tuple(
            PartyIdentifier(scheme=scheme, value=value)
            for name, scheme in _SCHEMES.items()
            for value in given.get(name, ())
        ),
        birth=_birth(given.get("birthDate", ())),
    )
    return _as_ours(entity.get("insyn"), plain)


def _country(text: str) -> str | None:
    """A code, a name, or a code with its region (`us-ca`); None: the country is not known."""
    code = text.strip().upper()
    if len(code) == 2 and code.isascii() and code.isalpha():
        return code
    return country_code(text) or country_code(code.partition("-")[0])


def _birth(texts: Iterable[str]) -> BirthSpan | None:
    """The days that all dates given leave open; None where none can be read."""
    spans = [span for text in texts if (span := birth_date(text))]
    if not spans:
        return None
    return BirthSpan(
        earliest=min(span.earliest for span in spans), latest=max(span.latest for span in spans)
    )


def _day(text: str | None, *, ends: bool = False) -> date | None:
    """A day; of a month or a year its first, or (`ends`) the first after it: the longer reading."""
    if not text:
        return None
    with contextlib.suppress(ValueError):
        return date.fromisoformat(text[:10])
    if (span := birth_date(text)) is None:
        raise Refusal("a date is not written as 2026-01-31, 2026-01 or 2026")
    return span.latest + timedelta(days=1) if ends else span.earliest


def _as_ours(said: object, plain: Party) -> Party:
    """The party as we wrote it, where that still says what the properties say."""
    if not isinstance(said, dict):
        return plain
    try:
        ours = party_from_json(said)
    except (KeyError, TypeError, ValueError, AttributeError):
        return plain
    agrees = (
        (ours.id, ours.kind, ours.country) == (plain.id, plain.kind, plain.country)
        and {" ".join(n.text.split()) for n in ours.names} == {n.text for n in plain.names}
        and {i.value for i in ours.identifiers} == {i.value for i in plain.identifiers}
        and plain.birth in (None, ours.birth)
    )
    return ours if agrees else plain


def _stake(entity: Mapping[str, Any], *, is_ownership: bool) -> Stake:
    given = entity["properties"]
    share = _one(given, "percentage")
    low, high = read_share(share) if share and is_ownership else (None, None)
    kind = StakeKind.CONTROLLER
    if is_ownership:
        told = _one(given, "ownershipType") or ""
        kind = StakeKind(told) if told in list(StakeKind) else StakeKind.OWNER
    return Stake(
        id=entity["id"],
        owner=_one(given, "owner" if is_ownership else "director") or "",
        owned=_one(given, "asset" if is_ownership else "organization") or "",
        share_low_ppm=low,
        share_high_ppm=high,
        kind=kind,
        since=_day(_one(given, "startDate")),
        until=_day(_one(given, "endDate"), ends=True),
        source=_one(given, "publisher") or "",
    )


def _edge(entity: Mapping[str, Any]) -> Edge:
    given = entity["properties"]
    role = _one(given, "role")
    if role not in list(ChannelRole):
        raise Refusal(f"its role is none of {', '.join(ChannelRole)}")
    return Edge(
        id=entity["id"],
        supplier=_one(given, "subject") or "",
        customer=_one(given, "object") or "",
        role=ChannelRole(role),
        since=_day(_one(given, "startDate")),
        until=_day(_one(given, "endDate"), ends=True),
        deal=_one(given, "recordId"),
        source=_one(given, "publisher") or "",
    )


def _one(given: Mapping[str, list[str]], name: str) -> str | None:
    return next(iter(given.get(name, ())), None)
