"""The one model of a list entry, whatever the format it was published in.

Always: an entry keeps every name it was published with and its untouched source record; what a
list leaves unsaid is empty here, never guessed. Texts are as published but for white space.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What an entry is. `UNKNOWN` is a value: some lists do not say."""

    PERSON = "person"
    ORGANISATION = "organisation"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    UNKNOWN = "unknown"


class NameUse(StrEnum):
    """How the list itself ranks a name; `WEAK` is a low-quality alias, by the list's own word."""

    PRIMARY = "primary"
    ALIAS = "alias"
    FORMER = "former"
    WEAK = "weak"


class PartRole(StrEnum):
    """What a part of a structured name is."""

    GIVEN = "given"
    MIDDLE = "middle"
    FAMILY = "family"
    PATRONYMIC = "patronymic"
    MAIDEN = "maiden"
    TRIBAL = "tribal"
    TITLE = "title"
    SUFFIX = "suffix"
    WHOLE = "whole"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePart:
    """One part of a structured name, as published."""

    role: PartRole
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedName:
    """One written name of an entry, in natural order ("First Last") where parts allow it.

    `script` is an ISO 15924 code (`Latn`, `Cyrl`), `language` an ISO 639 code; None: not given.
    """

    text: str
    use: NameUse = NameUse.PRIMARY
    script: str | None = None
    language: str | None = None
    parts: tuple[NamePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """A birth date as the span of days it may be; several on one entry are alternatives.

    Exact: `earliest == latest`. A plain year: 1 January to 31 December. `approximate`: the list
    says "circa", so the span is a centre, not a bound. `text` is as published.
    """

    earliest: date
    latest: date
    approximate: bool = False
    text: str = ""


class CountryRole(StrEnum):
    """Why a country stands on an entry. `REGIME` is the sanctions regulation's, not the party's."""

    NATIONALITY = "nationality"
    CITIZENSHIP = "citizenship"
    RESIDENCE = "residence"
    BIRTH = "birth"
    ADDRESS = "address"
    FLAG = "flag"
    JURISDICTION = "jurisdiction"
    REGIME = "regime"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryLink:
    """A country in its role. `code` is ISO 3166-1 alpha-2; None where `text` names no known one."""

    role: CountryRole
    code: str | None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place (of birth) as published; `country` is ISO 3166-1 alpha-2 or None."""

    text: str
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One postal address in one line as published; `country` is ISO 3166-1 alpha-2 or None."""

    text: str
    country: str | None = None


class IdentifierType(StrEnum):
    """What an identifier identifies with; `OTHER` keeps the list's own word in `label`."""

    PASSPORT = "passport"
    NATIONAL_ID = "national_id"
    TAX = "tax"
    REGISTRATION = "registration"
    IMO = "imo"
    MMSI = "mmsi"
    CALL_SIGN = "call_sign"
    AIRCRAFT_SERIAL = "aircraft_serial"
    LEI = "lei"
    SWIFT = "swift"
    DUNS = "duns"
    WALLET = "wallet"
    WEBSITE = "website"
    EMAIL = "email"
    PHONE = "phone"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """An identifier as published; `country` issued it (ISO 3166-1 alpha-2) where the list says."""

    type: IdentifierType
    value: str
    country: str | None = None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One listed party, vessel or aircraft.

    `reference` is the list's own permanent reference, unique in the list. `source` names the
    part of a joint list (CSL: "SDN", "EL"), else "". `source_record` is the record as published,
    as text (the XML element, or the CSV row as JSON).
    """

    reference: str
    kind: Kind
    names: tuple[ListedName, ...]
    birth_dates: tuple[BirthDate, ...] = ()
    birth_places: tuple[Place, ...] = ()
    countries: tuple[CountryLink, ...] = ()
    addresses: tuple[Address, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    programmes: tuple[str, ...] = ()
    gender: str | None = None
    titles: tuple[str, ...] = ()
    listed_on: date | None = None
    updated_on: date | None = None
    remarks: str = ""
    source: str = ""
    source_record: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A record that could not become an entry; `position` counts records (or rows) from 1."""

    position: int
    reason: str
    excerpt: str = ""
