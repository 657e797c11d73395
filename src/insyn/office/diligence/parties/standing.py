"""What screening says of parties, the owners behind them included: now, or at a moment.

Always: every name of a party counts, the worst of them stands; a name that is not screened as it
is now is unknown, never clear. A party nobody has named cannot be screened, and so may be anybody:
it is possible, and so is what it may own one half of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.base.errors import Refusal
from insyn.office.diligence.parties import register, relations
from insyn.office.diligence.parties.model import Party, Stake
from insyn.office.diligence.parties.ownership import Holdings, holdings
from insyn.office.screening import register as screening
from insyn.office.screening.known import Alert, alerts
from insyn.office.screening.model import Outcome, Subject

WORSE = ("none", "unknown", "possible", "owned", "confirmed")
"""List statuses from best to worst."""
_STATUS = {Outcome.CLEAR: "none", Outcome.REVIEW: "possible", Outcome.MATCH: "confirmed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What screening says of one subject: its status, matches at or over the bar, the lists."""

    status: str
    seen: tuple[Alert, ...] = ()
    manifests: frozenset[str] = frozenset()
    content: str = ""
    """SHA-256 of what is said of the party; "" for a mere subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyStanding:
    """What screening and ownership say of parties together.

    Attributes:
        list_status: the worst of them: none, unknown, possible, owned or confirmed.
        matches: what it rests on: party or owner id, status, matches, SHA-256 of what is said of
            it, in the order of ids; then the stakes between them.
        manifests: digests of the lists that all were screened against.
        because: by party that is owned, possibly owned or of unknown owners: the path, in words.
    """

    list_status: str
    matches: tuple[Json, ...]
    manifests: tuple[str, ...]
    because: tuple[tuple[str, str], ...] = ()

    def digest(self) -> str:
        """SHA-256 of all that it rests on."""
        return digest(list(self.matches))


def said_of(
    connection: sa.Connection,
    subject: str,
    *,
    at: datetime | None = None,
    as_is: Subject | None = None,
) -> Said:
    """What screening says of a subject now, or said at a moment.

    `as_is`: what must have been screened; another under the same id, now, makes it unknown.
    """
    return _now(connection, subject, as_is) if at is None else _then(connection, subject, at)


def standing(
    connection: sa.Connection,
    party_ids: Iterable[str],
    *,
    at: datetime | None = None,
    on: date | None = None,
) -> PartyStanding:
    """What screening says of these parties of the channel, all their owners included.

    Args:
        connection: to the office's database.
        party_ids: parties of the channel; an id that none has is unknown.
        at: as known and screened at this moment; None is now.
        on: relations that hold on this day count; see `register`.
    """
    who = register.identified(connection, as_of=at)
    wanted = sorted({who[id_].party if id_ in who else id_ for id_ in party_ids})
    stakes = relations.stakes(connection, as_of=at, on=on)
    above = {id_: relations.owners_above(stakes, id_) for id_ in wanted}
    every = sorted(set(wanted).union(*above.values()))
    found = {id_: _of_party(connection, id_, at) for id_ in every}
    held = _held(stakes, found)
    status, because = "none", []
    for id_ in wanted:
        own, path = _worst(id_, found[id_].status, held)
        status = max(status, own, key=WORSE.index)
        because += [(id_, path)] if path else []
    bearing = [stake for stake in stakes if stake.owned in every and stake.owner in every]
    return PartyStanding(
        list_status=status,
        matches=(
            *(_seen(id_, found[id_]) for id_ in every),
            *(_said(stake) for stake in bearing),
        ),
        manifests=tuple(sorted(frozenset[str]().union(*(s.manifests for s in found.values())))),
        because=tuple(because),
    )


def _seen(party: str, said: Said) -> Json:
    # With its content: a party renamed after an approval is not the one that was approved.
    return [party, said.status, [alert.to_json() for alert in said.seen], said.content]


def _said(stake: Stake) -> Json:
    # Neither its id nor its source: the same holding said again does not open a case again.
    told = stake.to_json()
    return [told["owner"], told["owned"], told["kind"], told["share"]]


def _held(stakes: Sequence[Stake], found: dict[str, Said]) -> tuple[Holdings, Holdings]:
    """Holdings of listed and suspected parties; and as if all that are unknown were suspected."""
    of = {status: {id_ for id_, s in found.items() if s.status == status} for status in WORSE}
    return (
        holdings(stakes, of["confirmed"], of["possible"]),
        holdings(stakes, of["confirmed"], of["possible"] | of["unknown"]),
    )


def _worst(party: str, own: str, held: tuple[Holdings, Holdings]) -> tuple[str, str]:
    sure, unsure = held
    if party in sure.owned:
        by_owners, path = "owned", sure.owned[party]
    elif party in sure.possible:
        by_owners, path = "possible", sure.possible[party]
    elif party in unsure.possible:
        by_owners, path = "unknown", unsure.possible[party]
    else:
        by_owners, path = "none", ""
    return max(own, by_owners, key=WORSE.index), path


def _of_party(connection: sa.Connection, party: str, at: datetime | None) -> Said:
    try:
        found = register.find(connection, party, as_of=at)
    except Refusal:
        return Said(status="unknown")
    return of_names(connection, found, at=at)


def of_names(connection: sa.Connection, party: Party, *, at: datetime | None = None) -> Said:
    """The worst that screening says of any name of a party; one without a name is possible."""
    said = [said_of(connection, each.id, at=at, as_is=each) for each in party.subjects()]
    if not said:
        return Said(status="possible", content=party.digest())
    seen = {alert for each in said for alert in each.seen}
    return Said(
        status=max((each.status for each in said), key=WORSE.index),
        seen=tuple(sorted(seen)),
        manifests=frozenset[str]().union(*(each.manifests for each in said)),
        content=party.digest(),
    )


def _now(connection: sa.Connection, subject: str, as_is: Subject | None) -> Said:
    try:
        party = screening.find(connection, subject)
    except Refusal:
        return Said(status="unknown")
    if party.latest is None or not party.is_current:
        return Said(status="unknown")
    if as_is is not None and party.digest != as_is.content_digest():
        return Said(status="unknown")
    return Said(
        status=_STATUS[party.outcome],
        seen=tuple(sorted(alerts(party.latest.matches))),
        manifests=frozenset({party.latest.manifest}),
    )


def _then(connection: sa.Connection, subject: str, at: datetime) -> Said:
    try:
        every = screening.history(connection, subject)
    except Refusal:
        return Said(status="unknown")
    changes = [change for change in every if change.at <= at]
    if not changes:
        return Said(status="unknown")
    stood: set[Alert] = set()
    for change in changes:
        stood = (stood | set(change.appeared)) - set(change.vanished)
    return Said(
        status=_STATUS[changes[-1].after],
        seen=tuple(sorted(stood)),
        manifests=frozenset({changes[-1].manifest}),
    )
