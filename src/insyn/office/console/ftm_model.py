"""The part of the FollowTheMoney model that list entries are given in: schemata, properties.

Source: followthemoney.tech, model 4.x. Everything named here stands in the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from insyn.office.lists.entry import CountryRole, IdentifierType, Kind, NameUse, PartRole

SCHEMATA = {
    Kind.PERSON: "Person",
    Kind.ORGANISATION: "Organization",
    Kind.VESSEL: "Vessel",
    Kind.AIRCRAFT: "Airplane",
    Kind.UNKNOWN: "LegalEntity",
}

ANCESTORS: Mapping[str, frozenset[str]] = {
    "Thing": frozenset(),
    "LegalEntity": frozenset({"Thing"}),
    "Person": frozenset({"LegalEntity", "Thing"}),
    "Organization": frozenset({"LegalEntity", "Thing"}),
    "PublicBody": frozenset({"Organization", "LegalEntity", "Thing"}),
    "Company": frozenset({"Organization", "LegalEntity", "Asset", "Thing"}),
    "Asset": frozenset({"Thing"}),
    "Vehicle": frozenset({"Asset", "Thing"}),
    "Vessel": frozenset({"Vehicle", "Asset", "Thing"}),
    "Airplane": frozenset({"Vehicle", "Asset", "Thing"}),
}
"""What each schema is besides; two schemata go together where one is the other."""

_THING = frozenset(
    {
        "name",
        "alias",
        "previousName",
        "weakAlias",
        "country",
        "address",
        "program",
        "topics",
        "notes",
        "createdAt",
        "modifiedAt",
    }
)
_LEGAL = _THING | frozenset(
    {
        "jurisdiction",
        "email",
        "phone",
        "website",
        "idNumber",
        "taxNumber",
        "registrationNumber",
        "leiCode",
        "swiftBic",
        "dunsCode",
    }
)
_PERSON = _LEGAL | frozenset(
    {
        "firstName",
        "middleName",
        "lastName",
        "title",
        "gender",
        "birthDate",
        "birthPlace",
        "birthCountry",
        "nationality",
        "citizenship",
        "passportNumber",
    }
)
PROPERTIES: Mapping[str, frozenset[str]] = {
    "Thing": _THING,
    "LegalEntity": _LEGAL,
    "Person": _PERSON,
    "Organization": _LEGAL | {"imoNumber"},
    "PublicBody": _LEGAL | {"imoNumber"},
    "Company": _LEGAL | {"imoNumber"},
    "Asset": _THING,
    "Vehicle": _THING | {"registrationNumber"},
    "Vessel": _THING | {"registrationNumber", "imoNumber", "mmsi", "callSign", "flag"},
    "Airplane": _THING | {"registrationNumber", "serialNumber"},
}
"""What is ever given of each schema; all of it stands in the model."""

NAMES = {
    NameUse.PRIMARY: "name",
    NameUse.ALIAS: "alias",
    NameUse.FORMER: "previousName",
    NameUse.WEAK: "weakAlias",
}
PARTS = {
    PartRole.GIVEN: "firstName",
    PartRole.MIDDLE: "middleName",
    PartRole.FAMILY: "lastName",
}
COUNTRIES = {
    CountryRole.NATIONALITY: "nationality",
    CountryRole.CITIZENSHIP: "citizenship",
    CountryRole.BIRTH: "birthCountry",
    CountryRole.FLAG: "flag",
    CountryRole.JURISDICTION: "jurisdiction",
    CountryRole.RESIDENCE: "country",
    CountryRole.ADDRESS: "country",
}
"""Where a schema lacks the property, `country` takes it. A regime's country is not the party's."""

IDENTIFIERS = {
    IdentifierType.PASSPORT: ("passportNumber", "idNumber"),
    IdentifierType.NATIONAL_ID: ("idNumber",),
    IdentifierType.TAX: ("taxNumber",),
    IdentifierType.REGISTRATION: ("registrationNumber",),
    IdentifierType.IMO: ("imoNumber", "registrationNumber"),
    IdentifierType.MMSI: ("mmsi", "registrationNumber"),
    IdentifierType.CALL_SIGN: ("callSign",),
    IdentifierType.AIRCRAFT_SERIAL: ("serialNumber",),
    IdentifierType.LEI: ("leiCode",),
    IdentifierType.SWIFT: ("swiftBic",),
    IdentifierType.DUNS: ("dunsCode",),
    IdentifierType.WEBSITE: ("website",),
    IdentifierType.EMAIL: ("email",),
    IdentifierType.PHONE: ("phone",),
    IdentifierType.OTHER: ("idNumber", "registrationNumber"),
    IdentifierType.WALLET: (),
}
"""The property of an identifier; the next one where the schema lacks it."""

GENDERS = {"m": "male", "male": "male", "man": "male", "f": "female", "female": "female",
            "woman": "female"}  # fmt: skip
TOPICS = {
    "us-dpl": "export.control", "us-csl": "sanction", "un": "sanction", "ofac-sdn": "sanction",
    "ofac-non-sdn": "sanction", "eu-fsf": "sanction", "uk": "sanction", "ch-seco": "sanction",
    "ca-sema": "sanction",
}  # fmt: skip
EXPORT_SOURCES = frozenset({"DPL", "EL", "MEU", "UVL", "ISN", "DTC"})
"""Parts of the US joint list that restrict exports and freeze nothing (trade.gov, CSL)."""


def goes_with(first: str, second: str) -> bool:
    """Whether two schemata can be one party's: the same, or one a kind of the other."""
    return (
        first == second or second in ANCESTORS.get(first, ()) or first in ANCESTORS.get(second, ())
    )


def schema_for(kind: Kind, asked: str | None = None) -> str:
    """The schema to give an entry of a kind in, to somebody who asked with a schema.

    A client refuses a result that does not go with its query, and with it all others: so an
    entry of unknown kind takes the query's, and one of another kind (it shares an identifier) the
    next that both are, or the query's.
    """
    own = SCHEMATA[kind]
    if asked is None or asked not in ANCESTORS or goes_with(own, asked):
        return own
    both_legal = goes_with("LegalEntity", own) and goes_with("LegalEntity", asked)
    return "LegalEntity" if both_legal else asked


def topic_of(list_id: str, source: str = "") -> str:
    """The model's topic of being on a list: "sanction", "export.control", or "" for others."""
    if list_id == "us-csl" and source.upper() in EXPORT_SOURCES:
        return "export.control"
    return TOPICS.get(list_id, "")
