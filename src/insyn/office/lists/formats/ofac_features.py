"""What OFAC's two structured formats say of a party in the same words: features and name parts.

Source: OFAC, reference values of ENHANCED_XML (January 2025); docs/reference/list-formats.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
    Address,
    BirthDate,
    CountryLink,
    CountryRole,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NamePart,
    NameUse,
    PartRole,
    Place,
)
from insyn.office.lists.formats.dates import birth_date
from insyn.office.lists.formats.remarks import identifier_type
from insyn.office.lists.formats.text import clean, detect_script
from insyn.office.lists.formats.written_names import name_of_parts

CONSOLIDATED = "Consolidated List"
"""A tag on every non-SDN entry, and no list of its own."""

KINDS = {
    "individual": Kind.PERSON,
    "entity": Kind.ORGANISATION,
    "vessel": Kind.VESSEL,
    "aircraft": Kind.AIRCRAFT,
}
_ROLES = {
    "last name": PartRole.FAMILY,
    "first name": PartRole.GIVEN,
    "middle name": PartRole.MIDDLE,
    "maiden name": PartRole.MAIDEN,
    "patronymic": PartRole.PATRONYMIC,
    "entity name": PartRole.WHOLE,
    "vessel name": PartRole.WHOLE,
    "aircraft name": PartRole.WHOLE,
}
_COUNTRIES = (
    ("nationality", CountryRole.NATIONALITY),
    ("citizenship", CountryRole.CITIZENSHIP),
    ("vessel flag", CountryRole.FLAG),
    ("flag", CountryRole.FLAG),
)
_NO_PAPERS = ("date", "type", "model", "operator", "owner", "tonnage", "information", "sanctions")
"""Words of features that share a word with an identifier and are none."""


@dataclass(slots=True)
class Facts:
    """What the features of one party say, gathered one by one."""

    births: list[BirthDate] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    countries: list[CountryLink] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    gender: str | None = None

    def add(
        self, label: str, text: str, *, born: BirthDate | None = None, country: str | None = None
    ) -> None:
        """Take one feature by OFAC's own label; one that is no fact of ours is passed over."""
        lowered = label.lower()
        code = country or country_code(text)
        role = next((role for word, role in _COUNTRIES if word in lowered), None)
        if lowered == "birthdate":
            found = born or birth_date(text)
            self.births += [found] if found else []
        elif not text:
            return
        elif lowered == "place of birth":
            last = country or country_code(text) or country_code(text.rpartition(",")[2])
            self.places.append(Place(text=text, country=last))
        elif role is not None:
            self.countries.append(CountryLink(role=role, code=code, text=text))
        elif lowered == "gender":
            self.gender = text.lower()
        elif lowered == "title":
            self.titles.append(text)
        elif lowered == "location":
            self.addresses.append(Address(text=text, country=country))
        else:
            self.add_paper(label, text)

    def add_paper(
        self, label: str, number: str, country: str | None = None, *, is_paper: bool = False
    ) -> None:
        """Take an identifier by OFAC's own label.

        A feature that is none is passed over; an identity document (`is_paper`) always is one.
        """
        lowered = label.lower()
        kind = IdentifierType.CALL_SIGN if "call sign" in lowered else identifier_type(label)
        if not is_paper:
            traded = any(word in lowered for word in ("isin", "ticker", "bik"))
            if kind is IdentifierType.OTHER and not traded:
                return
            if any(word in lowered for word in _NO_PAPERS):
                return
        if "gender" not in lowered:
            self.identifiers.append(
                Identifier(type=kind, value=number, country=country, label=label)
            )


def use_of(alias_type: str, *, weak: bool, primary: bool) -> NameUse:
    """The use of a name: low quality outranks former, and former outranks alias."""
    if weak:
        return NameUse.WEAK
    if alias_type.upper() == "F.K.A.":
        return NameUse.FORMER
    return NameUse.PRIMARY if primary else NameUse.ALIAS


def listed_name(
    parts: list[tuple[str, str]], use: NameUse, *, script: str | None, whole: str = ""
) -> ListedName | None:
    """A name of (OFAC's part type, text); `whole` stands in where there are no parts."""
    roles = [
        NamePart(role=_ROLES.get(kind.lower(), PartRole.OTHER), text=clean(text))
        for kind, text in parts
        if clean(text)
    ]
    single = [replace(part, role=PartRole.WHOLE) for part in roles] if len(roles) == 1 else roles
    known = script if script and len(script) == 4 else None  # OFAC's code for Latin is "Latin"
    found = known or detect_script(" ".join(part.text for part in roles) or whole)
    text = name_of_parts(single, found) or clean(whole)
    if not any(ch.isalnum() for ch in text):
        return None
    return ListedName(text=text, use=use, script=found, parts=tuple(roles))


def span_of(first: date | None, last: date | None, *, circa: bool, text: str) -> BirthDate | None:
    """A birth date between two days, either of which may be unknown."""
    known = [day for day in (first, last) if day is not None]
    if not known:
        return None
    return BirthDate(earliest=min(known), latest=max(known), approximate=circa, text=text)
