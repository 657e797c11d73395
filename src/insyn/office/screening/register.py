"""Known parties in the database: put in, screened, read back, with the history of outcomes.

Always: an outcome that changes, or a match that comes or goes at or over the bar, leaves a row in
`outcome_changes`; no "checked already" suppresses it. A guard that did so hid a changed verdict
for up to a year elsewhere (reference/matching.md, section 5, TulevaEE #1805).

Every function works inside the transaction of the connection it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import Refusal
from insyn.office.lists.entry import Kind
from insyn.office.screening import recorded, schema
from insyn.office.screening.known import (
    Alert,
    KnownParty,
    LatestScreening,
    OutcomeChange,
    manifest_from_json,
    match_from_record,
    match_to_record,
)
from insyn.office.screening.model import BirthSpan, Manifest, Outcome, Screening, Subject

PAGE = 500
"""Parties a transaction handles: enough to be quick, few enough that others need not wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """How many parties were new, had changed, or were as known."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: Put) -> Put:
        return Put(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            same=self.same + other.same,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A fresh screening of a party (clearances applied), and the change it makes, if any."""

    party: KnownParty
    screening: Screening
    change: OutcomeChange | None


def put(connection: sa.Connection, subjects: Iterable[Subject], *, now: datetime) -> Put:
    """Add the subjects as known parties, or bring those known by their id up to date.

    A party whose content changes keeps its history and is stale until it is screened again.
    """
    total = Put()
    remaining = iter(subjects)
    while batch := {subject.id: subject for subject in islice(remaining, PAGE)}:
        total += _put_batch(connection, batch.values(), now)
    return total


def _put_batch(connection: sa.Connection, batch: Iterable[Subject], now: datetime) -> Put:
    table = schema.parties
    rows = {subject.id: _party_row(subject) for subject in batch}
    query = sa.select(table.c.id, table.c.digest).where(table.c.id.in_(rows))
    known = {row.id: row.digest for row in connection.execute(query)}
    new = [row for id_, row in rows.items() if id_ not in known]
    changed = [row for id_, row in rows.items() if id_ in known and known[id_] != row["digest"]]
    if new:
        stamped = [{**row, "added_at": now, "changed_at": now} for row in new]
        connection.execute(sa.insert(table), stamped)
    if changed:
        names = [column for column in changed[0] if column != "id"]
        update = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("key"))
            .values(changed_at=now, **{name: sa.bindparam(f"new_{name}") for name in names})
        )
        connection.execute(
            update,
            [{"key": row["id"], **{f"new_{n}": row[n] for n in names}} for row in changed],
        )
    return Put(new=len(new), changed=len(changed), same=len(rows) - len(new) - len(changed))


def _party_row(subject: Subject) -> dict[str, object]:
    born = subject.birth_date
    return {
        "id": subject.id,
        "name": subject.name,
        "kind": None if subject.kind is None else str(subject.kind),
        "country": subject.country,
        "born_earliest": born.earliest if born else None,
        "born_latest": born.latest if born else None,
        "identifier": subject.identifier,
        "digest": subject.content_digest(),
    }


def count(connection: sa.Connection) -> int:
    """How many parties are known."""
    return connection.execute(sa.select(sa.func.count()).select_from(schema.parties)).scalar_one()


def page(
    connection: sa.Connection, *, after: str | None, limit: int = PAGE, lock: bool = False
) -> list[KnownParty]:
    """The next parties by id after `after` (None: from the first); `lock` them to change them."""
    query = _known().order_by(schema.parties.c.id).limit(limit)
    if after is not None:
        query = query.where(schema.parties.c.id > after)
    if lock:
        ids = sa.select(schema.parties.c.id).order_by(schema.parties.c.id).limit(limit)
        _lock(connection, ids if after is None else ids.where(schema.parties.c.id > after))
    return [_known_party(row) for row in connection.execute(query)]


def every(connection: sa.Connection) -> Iterator[KnownParty]:
    """All parties by id, a page in memory at a time."""
    last: str | None = None
    while parties := page(connection, after=last):
        yield from parties
        last = parties[-1].subject.id


def _lock(connection: sa.Connection, ids: sa.Select[tuple[str]]) -> None:
    """Hold these parties until the transaction ends, whatever the database.

    SQLite's writing transaction has the whole file already. PostgreSQL locks rows, and reads what
    another transaction left only in a statement of its own: hence not in one with the reading.
    """
    connection.execute(ids.with_for_update()).all()


def find(connection: sa.Connection, party: str, *, lock: bool = False) -> KnownParty:
    """The party with this id; `lock` it to change what stands against it.

    Raises:
        Refusal: no party is known by it.
    """
    if lock:
        _lock(connection, sa.select(schema.parties.c.id).where(schema.parties.c.id == party))
    row = connection.execute(_known().where(schema.parties.c.id == party)).one_or_none()
    if row is None:
        raise Refusal(
            f"no known party has the id {party!r}; `insyn party list` shows those that are known"
        )
    return _known_party(row)


def history(connection: sa.Connection, party: str) -> list[OutcomeChange]:
    """Every change of the party's outcome, oldest first.

    Raises:
        Refusal: no party is known by this id.
    """
    find(connection, party)
    table = schema.outcome_changes
    rows = connection.execute(sa.select(table).where(table.c.party == party).order_by(table.c.id))
    return [
        OutcomeChange(
            party=row.party,
            at=row.at,
            before=None if row.before is None else Outcome(row.before),
            after=Outcome(row.after),
            because=row.because,
            appeared=tuple(Alert(**alert) for alert in row.appeared),
            vanished=tuple(Alert(**alert) for alert in row.vanished),
            manifest=row.manifest,
        )
        for row in rows
    ]


def manifest(connection: sa.Connection, digest: str) -> Manifest:
    """The manifest with this digest, which some stored screening names."""
    table = schema.manifests
    query = sa.select(table.c.content).where(table.c.digest == digest)
    return manifest_from_json(connection.execute(query).scalar_one())


def keep_manifest(connection: sa.Connection, manifest: Manifest) -> None:
    """Store a manifest before screenings name it; once is enough."""
    table = schema.manifests
    digest = manifest.digest()
    known = connection.execute(sa.select(table.c.digest).where(table.c.digest == digest))
    if known.first() is None:
        connection.execute(sa.insert(table).values(digest=digest, content=manifest.to_json()))


def record(connection: sa.Connection, results: Sequence[Result], *, screened_at: datetime) -> None:
    """Make these the latest screenings of their parties, and keep every change.

    Changes go into the ledger, which the transaction holds from then on: so do this last in it.
    """
    table = schema.screenings
    fresh = [
        _screening_row(result, screened_at) for result in results if result.party.latest is None
    ]
    again = [
        _screening_row(result, screened_at) for result in results if result.party.latest is not None
    ]
    changes = [result.change for result in results if result.change is not None]
    if fresh:
        connection.execute(sa.insert(table), fresh)
    if again:
        names = [name for name in again[0] if name != "party"]
        update = (
            sa.update(table)
            .where(table.c.party == sa.bindparam("key"))
            .values({name: sa.bindparam(f"new_{name}") for name in names})
        )
        connection.execute(
            update,
            [{"key": row["party"], **{f"new_{n}": row[n] for n in names}} for row in again],
        )
    if changes:
        connection.execute(sa.insert(schema.outcome_changes), list(map(_change_row, changes)))
        recorded.record_changes(connection, changes)


def _screening_row(result: Result, screened_at: datetime) -> dict[str, object]:
    screening = result.screening
    return {
        "party": result.party.subject.id,
        "subject_digest": result.party.digest,
        "outcome": str(screening.outcome),
        "note": screening.note,
        "matches": [match_to_record(match) for match in screening.matches],
        "manifest": screening.manifest,
        "screened_at": screened_at,
    }


def _change_row(change: OutcomeChange) -> dict[str, object]:
    alerts: dict[str, list[Json]] = {
        "appeared": [alert.to_json() for alert in change.appeared],
        "vanished": [alert.to_json() for alert in change.vanished],
    }
    return {
        "party": change.party,
        "at": change.at,
        "before": None if change.before is None else str(change.before),
        "after": str(change.after),
        "because": change.because,
        "manifest": change.manifest,
        **alerts,
    }


_LATEST = [column.label(f"latest_{column.name}") for column in schema.screenings.c]


def _known() -> sa.Select[tuple[object, ...]]:
    joined = schema.parties.outerjoin(schema.screenings)
    return sa.select(*schema.parties.c, *_LATEST).select_from(joined)


def _known_party(row: sa.Row[tuple[object, ...]]) -> KnownParty:
    fields = row._mapping
    born = None
    if fields["born_earliest"] is not None:
        born = BirthSpan(earliest=fields["born_earliest"], latest=fields["born_latest"])
    latest = None
    if fields["latest_party"] is not None:
        latest = LatestScreening(
            subject_digest=fields["latest_subject_digest"],
            outcome=Outcome(fields["latest_outcome"]),
            note=fields["latest_note"],
            matches=tuple(match_from_record(record) for record in fields["latest_matches"]),
            manifest=fields["latest_manifest"],
            screened_at=fields["latest_screened_at"],
        )
    return KnownParty(
        subject=Subject(
            id=fields["id"],
            name=fields["name"],
            kind=None if fields["kind"] is None else Kind(fields["kind"]),
            country=fields["country"],
            birth_date=born,
            identifier=fields["identifier"],
        ),
        digest=fields["digest"],
        added_at=fields["added_at"],
        changed_at=fields["changed_at"],
        latest=latest,
    )


def are_due(connection: sa.Connection, manifest: str) -> bool:
    """Whether a known party is not screened as it is now, against the lists of this manifest."""
    parties, latest = schema.parties, schema.screenings
    query = (
        sa.select(parties.c.id)
        .outerjoin(latest, latest.c.party == parties.c.id)
        .where(
            sa.or_(
                latest.c.party.is_(None),
                latest.c.subject_digest != parties.c.digest,
                latest.c.manifest != manifest,
            )
        )
        .limit(1)
    )
    return connection.execute(query).first() is not None


def forget(connection: sa.Connection, ids: Iterable[str]) -> int:
    """Take out parties with all that screening said of them; gives how many there were.

    For an erasure alone: the ledger keeps, by id, that outcomes changed and clearances were given.
    """
    wanted = sorted(set(ids))
    for table in (schema.clearances, schema.outcome_changes, schema.screenings):
        connection.execute(sa.delete(table).where(table.c.party.in_(wanted)))
    gone = connection.execute(sa.delete(schema.parties).where(schema.parties.c.id.in_(wanted)))
    return int(gone.rowcount)
