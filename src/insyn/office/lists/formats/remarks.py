"""What OFAC and the CSL write as text: dates, places, papers and weak aliases in Remarks.

Source: OFAC, "SDN list data file formats"; traps in docs/reference/list-formats.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from insyn.base.countries import country_code
from insyn.office.lists.entry import (
    BirthDate,
    CountryLink,
    CountryRole,
    Identifier,
    IdentifierType,
    ListedName,
    NameUse,
    Place,
)
from insyn.office.lists.formats.dates import birth_date
from insyn.office.lists.formats.text import clean
from insyn.office.lists.formats.written_names import natural_order


@dataclass(slots=True)
class Remarks:
    """What was read out of remarks; the text itself stays on the entry."""

    births: list[BirthDate] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    countries: list[CountryLink] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    weak: list[ListedName] = field(default_factory=list)
    gender: str | None = None


_ALIAS = re.compile(r"^(?:alt\. )?(a\.k\.a\.|f\.k\.a\.|n\.k\.a\.) ['\"“](.+?)['\"”]\.?$")
_PAPER = re.compile(r"^(.+?)\s+([A-Z0-9][\w./-]*\d[\w./-]*)\s*(?:\(([^)]*)\))?", re.ASCII)

_TYPES = (
    ("passport", IdentifierType.PASSPORT),
    ("imo", IdentifierType.IMO),
    ("vessel registration identification", IdentifierType.IMO),
    ("mmsi", IdentifierType.MMSI),
    ("aircraft", IdentifierType.AIRCRAFT_SERIAL),
    ("tax", IdentifierType.TAX),
    ("r.f.c", IdentifierType.TAX),
    ("nit", IdentifierType.TAX),
    ("registration", IdentifierType.REGISTRATION),
    ("national id", IdentifierType.NATIONAL_ID),
    ("identification", IdentifierType.NATIONAL_ID),
    ("cedula", IdentifierType.NATIONAL_ID),
    ("ssn", IdentifierType.NATIONAL_ID),
    ("c.u.r.p", IdentifierType.NATIONAL_ID),
    ("d.n.i", IdentifierType.NATIONAL_ID),
    ("swift", IdentifierType.SWIFT),
    ("lei", IdentifierType.LEI),
    ("legal entity number", IdentifierType.LEI),
    ("d-u-n-s", IdentifierType.DUNS),
    ("digital currency", IdentifierType.WALLET),
    ("website", IdentifierType.WEBSITE),
    ("email", IdentifierType.EMAIL),
    ("phone", IdentifierType.PHONE),
)


def identifier_type(label: str) -> IdentifierType:
    """The type that a list's own label means; `OTHER` where none is known."""
    lowered = label.lower()
    return next((kind for word, kind in _TYPES if word in lowered), IdentifierType.OTHER)


def read_remarks(text: str, *, personal: bool) -> Remarks:
    """Read the clauses of an OFAC remark, `;` between them."""
    found = Remarks()
    for clause in text.split(";"):
        _read_clause(clean(clause).removesuffix("."), found, personal=personal)
    return found


def _read_clause(clause: str, found: Remarks, *, personal: bool) -> None:
    lowered = clause.lower().removeprefix("alt. ").removeprefix("nationality of ")
    if alias := _ALIAS.match(clause):
        use = NameUse.FORMER if alias[1] == "f.k.a." else NameUse.WEAK
        name = natural_order(alias[2]) if personal else clean(alias[2])
        if any(ch.isalnum() for ch in name):
            found.weak.append(ListedName(text=name, use=use))
    elif lowered.startswith("dob "):
        born = birth_date(lowered[4:])
        if born:
            found.births.append(born)
    elif lowered.startswith("pob "):
        place = clause[clause.lower().index("pob ") + 4 :]
        found.places.append(Place(text=place, country=country_code(place.rpartition(",")[2])))
    elif lowered.startswith(("nationality ", "citizen ")):
        word, _, country = clause.removeprefix("alt. ").partition(" ")
        role = CountryRole.CITIZENSHIP if word.lower() == "citizen" else CountryRole.NATIONALITY
        found.countries.append(CountryLink(role=role, code=country_code(country), text=country))
    elif lowered.startswith("gender "):
        found.gender = lowered[7:]
    elif not lowered.startswith(("linked to", "(linked", "additional sanctions", "secondary")):
        _read_paper(clause, found)


def _read_paper(clause: str, found: Remarks) -> None:
    kind = identifier_type(clause)
    paper = _PAPER.match(clause)
    if kind is IdentifierType.WALLET:
        words = clause.split()
        found.identifiers.append(Identifier(type=kind, value=words[-1], label=" ".join(words[:-1])))
    elif kind in (IdentifierType.WEBSITE, IdentifierType.EMAIL):
        found.identifiers.append(Identifier(type=kind, value=clause.split()[-1], label=""))
    elif paper and (kind is not IdentifierType.OTHER):
        found.identifiers.append(
            Identifier(
                type=kind,
                value=paper[2],
                country=country_code(paper[3] or ""),
                label=paper[1],
            )
        )
