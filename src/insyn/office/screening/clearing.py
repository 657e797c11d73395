"""Clearances in the database: added, withdrawn, read, and told when they lapse.

Always: a clearance is never deleted or edited, only withdrawn, and both leave a row in the
party's history where they change what stands against it, and a leaf in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from insyn.base.clock import Clock
from insyn.base.errors import Refusal, UsageError
from insyn.office.screening import recorded, register, schema
from insyn.office.screening.clearances import Clearance, ClearanceBook, Withdrawal
from insyn.office.screening.known import KnownParty, LatestScreening, change_between
from insyn.office.screening.model import Match, Screening
from insyn.office.screening.outcome import decide
from insyn.office.screening.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A clearance and the sides that changed since it was given; none: it applies.

    Sides are "party", "entry" and "matcher".
    """

    clearance: Clearance
    changed: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """`withdrawn`, `lapsed` or `applies`."""
        if self.clearance.withdrawn is not None:
            return "withdrawn"
        return "lapsed" if self.changed else "applies"


def add(
    store: Store,
    party: str,
    list_id: str,
    entry: str,
    *,
    because: str,
    by: str,
    clock: Clock,
    person: str | None = None,
) -> Clearance:
    """As `give`, in a transaction of its own."""
    because, by = _said(because, "--because"), _said(by, "--by")
    now = clock()
    with store.writing() as connection:
        return give(
            connection, party, list_id, entry, because=because, by=by, now=now, person=person
        )


def give(
    connection: sa.Connection,
    party: str,
    list_id: str,
    entry: str,
    *,
    because: str,
    by: str,
    now: datetime,
    person: str | None = None,
) -> Clearance:
    """Say that a known party is not the listed entry that it matches.

    `by` is who says so; `person` is the id of whoever is signed in, if somebody is.

    Raises:
        UsageError: `because` or `by` is empty.
        Refusal: no such party or match, already cleared, or the party is not screened as it is.
    """
    because, by = _said(because, "--because"), _said(by, "--by")
    known = register.find(connection, party, lock=True)
    latest, match = _current_match(known, list_id, entry)
    manifest = register.manifest(connection, latest.manifest)
    clearance = Clearance(
        id="",
        party=party,
        subject_digest=known.digest,
        list=list_id,
        entry=entry,
        entry_digest=match.entry_digest,
        matcher=manifest.matcher,
        because=because,
        by=by,
        at=now,
    )
    row = {name: getattr(clearance, name) for name in _BOUND}
    insert = sa.insert(schema.clearances).values(row).returning(schema.clearances.c.id)
    clearance = replace(clearance, id=str(connection.execute(insert).scalar_one()))
    recorded.record_clearance(connection, clearance, person=person)
    _settle_again(connection, known, f"cleared {list_id} {entry}: clearance {clearance.id}", now)
    return clearance


def withdraw(
    store: Store,
    clearance: str,
    *,
    because: str,
    by: str,
    clock: Clock,
    person: str | None = None,
) -> Clearance:
    """As `end`, in a transaction of its own."""
    because, by = _said(because, "--because"), _said(by, "--by")
    now = clock()
    with store.writing() as connection:
        return end(connection, clearance, because=because, by=by, now=now, person=person)


def end(
    connection: sa.Connection,
    clearance: str,
    *,
    because: str,
    by: str,
    now: datetime,
    person: str | None = None,
) -> Clearance:
    """End a clearance; what it silenced counts again at once. `by` and `person` as in `give`.

    Raises:
        UsageError: `because` or `by` is empty.
        Refusal: there is no such clearance, or it is withdrawn already.
    """
    because, by = _said(because, "--because"), _said(by, "--by")
    table = schema.clearances
    known = register.find(connection, _find(connection, clearance).party, lock=True)
    found = _find(connection, clearance)  # again, as another may have withdrawn it meanwhile
    if found.withdrawn is not None:
        raise Refusal(f"clearance {clearance} is withdrawn already; nothing was changed")
    connection.execute(
        sa.update(table)
        .where(table.c.id == int(clearance))
        .values(withdrawn_at=now, withdrawn_by=by, withdrawn_because=because)
    )
    ended = replace(found, withdrawn=Withdrawal(because=because, by=by, at=now))
    recorded.record_clearance(connection, ended, person=person)
    reason = f"clearance {clearance} of {found.list} {found.entry} withdrawn"
    _settle_again(connection, known, reason, now)
    return ended


def standing(connection: sa.Connection, parties: Sequence[str] | None = None) -> list[Clearance]:
    """The clearances not withdrawn, of these parties or of all; lapsed ones among them."""
    table = schema.clearances
    query = sa.select(table).where(table.c.withdrawn_at.is_(None)).order_by(table.c.id)
    if parties is not None:
        query = query.where(table.c.party.in_(parties))
    return [_clearance(row) for row in connection.execute(query)]


def every(
    connection: sa.Connection,
    *,
    party: str | None = None,
    after: int | None = None,
    limit: int | None = None,
) -> list[Standing]:
    """Clearances ever given, oldest first, each with what has changed since; all, or a page."""
    table = schema.clearances
    query = sa.select(table).order_by(table.c.id).limit(limit)
    if party is not None:
        query = query.where(table.c.party == party)
    if after is not None:
        query = query.where(table.c.id > after)
    rows = connection.execute(query)
    parties: dict[str, KnownParty] = {}
    matchers: dict[str, str] = {}
    listed = []
    for clearance in map(_clearance, rows):
        known = parties.get(clearance.party) or register.find(connection, clearance.party)
        parties[clearance.party] = known
        name = known.latest.manifest if known.latest else ""
        if name and name not in matchers:
            matchers[name] = register.manifest(connection, name).matcher
        changed = changed_sides(clearance, known, matcher=matchers.get(name, ""))
        listed.append(Standing(clearance=clearance, changed=changed))
    return listed


def changed_sides(clearance: Clearance, party: KnownParty, *, matcher: str) -> tuple[str, ...]:
    """Which of what a clearance is bound to is no longer as it was: party, entry, matcher.

    The entry is judged by the party's latest screening, made with `matcher`. A match that is gone
    though party and matcher are the same means that the entry changed or was removed, as a score
    depends on nothing else.
    """
    changed = []
    if party.digest != clearance.subject_digest:
        changed.append("party")
    matches = party.latest.matches if party.latest else ()
    here = [m for m in matches if (m.list, m.entry) == (clearance.list, clearance.entry)]
    same_matcher = matcher == clearance.matcher
    if any(m.entry_digest != clearance.entry_digest for m in here) or (
        not here and same_matcher and party.is_current and not changed
    ):
        changed.append("entry")
    if not same_matcher:
        changed.append("matcher")
    return tuple(changed)


_BOUND = (
    "party",
    "subject_digest",
    "list",
    "entry",
    "entry_digest",
    "matcher",
    "because",
    "by",
    "at",
)


def _said(text: str, option: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise UsageError(f"{option} is empty; a clearance needs a reason and who gives it")
    return said


def _current_match(known: KnownParty, list_id: str, entry: str) -> tuple[LatestScreening, Match]:
    """The match to clear, as the latest screening of the party as it is now has it."""
    id_ = known.subject.id
    if known.latest is None or not known.is_current:
        raise Refusal(f"party {id_!r} is not screened as it is now; run `insyn party rescreen`")
    for match in known.latest.matches:
        if (match.list, match.entry) != (list_id, entry):
            continue
        if match.cleared is not None:
            raise Refusal(
                f"party {id_!r} and {list_id} {entry} are cleared already, by clearance "
                f"{match.cleared}; nothing was changed"
            )
        if not match.entry_digest:
            raise Refusal(f"the content of {list_id} {entry} is not known; re-screen first")
        return known.latest, match
    raise Refusal(
        f"party {id_!r} has no current match with {list_id} {entry}; "
        f"`insyn party show {id_}` shows those it has"
    )


def _settle_again(
    connection: sa.Connection, known: KnownParty, because: str, now: datetime
) -> None:
    """Recompute the party's outcome from the matches it has, with the clearances as they are."""
    latest = known.latest
    if latest is None or not known.is_current:
        return  # the next screening applies them
    screening = uncleared(known, latest)
    matcher = register.manifest(connection, latest.manifest).matcher
    book = ClearanceBook(standing(connection, [known.subject.id]), matcher=matcher)
    settled = book.apply(screening, known.subject)
    change = change_between(known, settled, because=because, at=now)
    result = register.Result(party=known, screening=settled, change=change)
    register.record(connection, [result], screened_at=latest.screened_at)


def uncleared(known: KnownParty, latest: LatestScreening) -> Screening:
    """The party's latest screening as the matcher gave it, without clearances."""
    matches = strip(latest.matches)
    return Screening(
        id=known.subject.id,
        name=known.subject.name,
        outcome=decide(matches, latest.note),
        matches=matches,
        manifest=latest.manifest,
        note=latest.note,
    )


def strip(matches: Iterable[Match]) -> tuple[Match, ...]:
    """The matches without the mark of a clearance."""
    return tuple(replace(m, cleared=None) if m.cleared is not None else m for m in matches)


def _find(connection: sa.Connection, clearance: str) -> Clearance:
    row = None
    if clearance.isascii() and clearance.isdigit():
        query = sa.select(schema.clearances).where(schema.clearances.c.id == int(clearance))
        row = connection.execute(query).one_or_none()
    if row is None:
        raise Refusal(
            f"there is no clearance {clearance!r}; `insyn clearance list` shows those there are"
        )
    return _clearance(row)


def _clearance(row: sa.Row[tuple[object, ...]]) -> Clearance:
    fields = row._mapping
    withdrawn = None
    if fields["withdrawn_at"] is not None:
        withdrawn = Withdrawal(
            because=fields["withdrawn_because"],
            by=fields["withdrawn_by"],
            at=fields["withdrawn_at"],
        )
    bound = {name: fields[name] for name in _BOUND}
    return Clearance(id=str(fields["id"]), withdrawn=withdrawn, **bound)
