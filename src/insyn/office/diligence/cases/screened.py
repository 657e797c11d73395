"""The parties of a deal before the lists: put into screening, and what it says of them.

Always: every name that a deal gives is screened, under an id made of the name and country, so the
same reseller in ten deals is one party; a party that is not screened as it is now is unknown,
never clear.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import date, datetime

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.office.diligence.assess import party_names
from insyn.office.diligence.cases.dossier import Standing
from insyn.office.diligence.deal import Deal
from insyn.office.diligence.parties import register as register_of_parties
from insyn.office.diligence.parties import relations
from insyn.office.diligence.parties.standing import WORSE, said_of
from insyn.office.diligence.parties.standing import standing as parties_standing
from insyn.office.screening import register
from insyn.office.screening.model import Subject


def party_id(name: str, country: str | None) -> str:
    """The id under which a name from a deal is screened."""
    named = f"{_written(name)}|{country or ''}"
    return f"p-{hashlib.sha256(named.encode()).hexdigest()[:12]}"


def _written(name: str) -> str:
    # Id and name of a subject say the same, or two deals would take turns at changing it.
    return " ".join(unicodedata.normalize("NFKC", name).split())


def subjects_of(deal: Deal) -> list[Subject]:
    """Who of a deal is screened: end user, reseller, integrator and every named tier."""
    named = {party_id(name, deal.country): name for name in party_names(deal)}
    return [
        Subject(id=id_, name=_written(name), country=deal.country) for id_, name in named.items()
    ]


def register_parties(connection: sa.Connection, deal: Deal, *, now: datetime) -> list[Subject]:
    """Make the parties of a deal known to screening; it screens them from then on."""
    subjects = subjects_of(deal)
    register.put(connection, subjects, now=now)
    return subjects


def standing(
    connection: sa.Connection,
    deal: Deal,
    *,
    at: datetime | None = None,
    on: date | None = None,
) -> Standing:
    """What screening says of the parties and their owners now, or said at a moment (`at`).

    `on`: stakes and edges that hold on this day count; see `parties.register`.
    """
    status, matches = "none", list[Json]()
    manifests: set[str] = set()
    subjects = subjects_of(deal)
    for subject in subjects:
        said = said_of(connection, subject.id, at=at, as_is=subject)
        status = max(status, said.status, key=WORSE.index)
        matches.append([subject.id, said.status, [alert.to_json() for alert in said.seen]])
        manifests |= said.manifests
    parties = channel_parties(connection, deal, at=at, on=on)
    for party, is_sure in parties.items():
        found = parties_standing(connection, [party], at=at, on=on)
        told = found.list_status
        if not is_sure and told in ("owned", "confirmed"):
            told = "possible"
        status = max(status, told, key=WORSE.index)
        matches.append([party, told, list(found.matches)])
        manifests |= set(found.manifests)
    return Standing(
        list_status=status if subjects or parties else "unknown",
        matches=digest(sorted(matches, key=str)),
        manifests=tuple(sorted(manifests)),
        parties=(*(subject.id for subject in subjects), *parties),
        channel=digest(relations.channel_of(connection, deal.id, parties, as_of=at)),
    )


def channel_parties(
    connection: sa.Connection,
    deal: Deal,
    *,
    at: datetime | None = None,
    on: date | None = None,
) -> dict[str, bool]:
    """Parties of the channel that the deal names, or whose edges are recorded for it, by id.

    True: surely the one meant: named by its id, by name and country, or by an edge. False: a party
    of that name in another country than the deal's; a reseller sells abroad, so it may be.
    """
    found: dict[str, bool] = {}
    for name in party_names(deal):
        for party in register_of_parties.named(connection, name, as_of=at):
            known = party.id == name or deal.country in (None, party.country)
            sure = known or party.country is None
            found[party.id] = found.get(party.id, False) or sure
    for edge in relations.edges(connection, deal=deal.id, as_of=at, on=on):
        found |= {edge.supplier: True, edge.customer: True}
    return dict(sorted(found.items()))
