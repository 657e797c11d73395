"""The parties of a deal before the lists: put into screening, and what it says of them.

Always: every name that a deal gives is screened, under an id made of the name and country, so the
same reseller in ten deals is one party; a party that is not screened as it is now is unknown,
never clear.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.base.errors import Refusal
from insyn.office.diligence.assess import party_names
from insyn.office.diligence.cases.dossier import Standing
from insyn.office.diligence.deal import Deal
from insyn.office.screening import register
from insyn.office.screening.known import Alert, alerts
from insyn.office.screening.model import Outcome, Subject

_STATUS = {Outcome.CLEAR: "none", Outcome.REVIEW: "possible", Outcome.MATCH: "confirmed"}
_WORSE = ("none", "unknown", "possible", "confirmed")


def party_id(name: str, country: str | None) -> str:
    """The id under which a name from a deal is screened."""
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    named = f"{plain}|{country or ''}"
    return f"p-{hashlib.sha256(named.encode()).hexdigest()[:12]}"


def subjects_of(deal: Deal) -> list[Subject]:
    """Who of a deal is screened: end user, reseller, integrator and every named tier."""
    named = {party_id(name, deal.country): name for name in party_names(deal)}
    return [Subject(id=id_, name=name, country=deal.country) for id_, name in named.items()]


def register_parties(connection: sa.Connection, deal: Deal, *, now: datetime) -> list[Subject]:
    """Make the parties of a deal known to screening; it screens them from then on."""
    subjects = subjects_of(deal)
    register.put(connection, subjects, now=now)
    return subjects


def standing(connection: sa.Connection, deal: Deal, *, at: datetime | None = None) -> Standing:
    """What screening says of the parties now, or said at a moment (`at`)."""
    status, matches, manifests = "none", [], set()
    subjects = subjects_of(deal)
    for subject in subjects:
        found, seen, manifest = (
            _now(connection, subject) if at is None else _then(connection, subject, at)
        )
        status = max(status, found, key=_WORSE.index)
        matches.append([subject.id, found, seen])
        manifests |= {manifest} if manifest else set()
    return Standing(
        list_status=status if subjects else "unknown",
        matches=digest(sorted(matches, key=str)),
        manifests=tuple(sorted(manifests)),
        parties=tuple(subject.id for subject in subjects),
    )


def _now(connection: sa.Connection, subject: Subject) -> tuple[str, list[Json], str | None]:
    try:
        party = register.find(connection, subject.id)
    except Refusal:
        return "unknown", [], None
    if party.latest is None or not party.is_current:
        return "unknown", [], None
    found = sorted(alerts(party.latest.matches))
    seen: list[Json] = [alert.to_json() for alert in found]
    return _STATUS[party.outcome], seen, party.latest.manifest


def _then(
    connection: sa.Connection, subject: Subject, at: datetime
) -> tuple[str, list[Json], str | None]:
    try:
        changes = [change for change in register.history(connection, subject.id) if change.at <= at]
    except Refusal:
        return "unknown", [], None
    if not changes:
        return "unknown", [], None
    stood: set[Alert] = set()
    for change in changes:
        stood = (stood | set(change.appeared)) - set(change.vanished)
    seen: list[Json] = [alert.to_json() for alert in sorted(stood)]
    return _STATUS[changes[-1].after], seen, changes[-1].manifest
