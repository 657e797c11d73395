"""A release as a matter: asked by one, agreed to by custodians, open for a time, ended.

    asked ──(enough custodians agree)──► open ──(time, or anybody)──► ended
      │                                      └──(the console ended before)──► forgotten
      ├──(one custodian refuses)──► refused
      ├──(whoever asked thinks better of it)──► withdrawn
      └──(nobody answers in a day, of a live one in half an hour; or nothing is
          kept any more when they do)──► lapsed

A release opens what was recorded, or, by break-glass, what is recorded from its opening on
(`insyn.site.release.live`).

Always: whoever asked answers nothing; one refusal ends it; each step is a leaf. What is in the
database says what happened; the keys are in memory alone (`insyn.site.release.desk`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from insyn.base.errors import Refusal, UsageError
from insyn.site.release import recorded, schema
from insyn.site.release.recorded import Kind
from insyn.site.release.request import LONGEST_TEXT, SHORTEST_REASON, Request
from insyn.trust.people.duties import Actor, Done, require

WAITS = timedelta(days=1)
LIVE_WAITS = timedelta(minutes=30)
"""What is asked for live is wanted now; later, another look at the reason is due."""


class State(StrEnum):
    """How a release stands."""

    ASKED = "asked"
    OPEN = "open"
    ENDED = "ended"
    FORGOTTEN = "forgotten"
    """Ended before its time: the keys were in the memory of a console that is no more."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one custodian said."""

    custodian: str
    agrees: bool
    because: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. `until` is when it closes, while it is open."""

    id: str
    camera: str
    begins: datetime
    ends: datetime
    reason: str
    basis: str
    case_number: str
    minutes: int
    asked_by: str
    asked_at: datetime
    state: State
    opened_at: datetime | None
    closed_at: datetime | None
    kind: Kind = Kind.RECORDED
    answers: tuple[Answer, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it opens a camera live, by break-glass."""
        return self.kind is Kind.LIVE

    @property
    def until(self) -> datetime | None:
        """When it closes by itself."""
        return self.opened_at + timedelta(minutes=self.minutes) if self.opened_at else None


def ask(
    connection: sa.Connection,
    request: Request,
    *,
    longest_minutes: int,
    actor: Actor,
    now: datetime,
) -> Release:
    """Ask for a release.

    Raises:
        Refusal: the actor may not, or what is asked for lies ahead or is open for too long.
    """
    require(actor, "release.request")
    for what, field, at in (
        ("its beginning", "begins", request.begins),
        ("its end", "ends", request.ends),
    ):
        if at > now:
            raise Refusal(f"a release opens what was recorded; {what} lies ahead", field=field)
    if request.minutes > longest_minutes:
        raise Refusal(
            f"a release is open for at most {longest_minutes} minutes here", field="minutes"
        )
    release = f"rel-{secrets.token_hex(6)}"
    connection.execute(
        schema.releases.insert().values(
            id=release,
            camera=request.camera,
            begins=request.begins,
            ends=request.ends,
            reason=request.reason.strip(),
            basis=request.basis.strip(),
            case_number=request.case_number.strip(),
            minutes=request.minutes,
            asked_by=actor.id,
            asked_at=now,
            state=str(State.ASKED),
        )
    )
    recorded.record_asked(
        connection,
        release,
        request.camera,
        (request.begins, request.ends),
        minutes=request.minutes,
        texts={
            "reason": request.reason,
            "basis": request.basis,
            "case_number": request.case_number,
        },
        who=actor.id,
        now=now,
    )
    return find(connection, release)


def answer(
    connection: sa.Connection,
    release: str,
    *,
    agrees: bool,
    because: str,
    actor: Actor,
    now: datetime,
) -> Release:
    """A custodian agrees or refuses; one refusal ends the matter.

    Raises:
        Refusal: the actor may not, has answered, or the matter is over.
    """
    found = find(connection, release)
    if found.state is not State.ASKED:
        raise Refusal(f"release {release} is {found.state}; ask for a new one")
    done = [Done(action="release.request", by=found.asked_by)]
    done += [Done(action="release.approve", by=each.custodian) for each in found.answers]
    require(actor, "release.approve", done)
    if not agrees and len(because.strip()) < SHORTEST_REASON:
        raise UsageError("say in a sentence why you refuse", field="because")
    if len(because.strip()) > LONGEST_TEXT:
        raise UsageError(f"say it in at most {LONGEST_TEXT} characters", field="because")
    connection.execute(
        schema.answers.insert().values(
            release=release,
            custodian=actor.id,
            agrees=agrees,
            because=because.strip(),
            at=now,
        )
    )
    if not agrees:
        _close(connection, release, State.REFUSED, now)
    step = "agreed" if agrees else "refused"
    recorded.record_step(connection, release, step, kind=found.kind, who=actor.id, now=now)
    return find(connection, release)


def withdraw(connection: sa.Connection, release: str, *, actor: Actor, now: datetime) -> Release:
    """Whoever asked takes the request back, before it is opened; agreements fall with it.

    Raises:
        Refusal: another asked for it, or it does not wait any more.
    """
    found = find(connection, release)
    if actor.id != found.asked_by:
        raise Refusal(f"release {release} is withdrawn by the person who asked for it alone")
    if found.state is State.OPEN:
        raise Refusal(f"release {release} is open already; end it")
    if found.state is not State.ASKED:
        raise Refusal(f"release {release} is {found.state}; there is nothing to withdraw")
    _close(connection, release, State.WITHDRAWN, now)
    recorded.record_step(connection, release, "withdrawn", kind=found.kind, who=actor.id, now=now)
    return find(connection, release)


def opened(
    connection: sa.Connection, release: str, *, recordings: int, actor: Actor, now: datetime
) -> Release:
    """Enough have agreed, and the keys of the recordings are in memory."""
    found = find(connection, release)
    span = {"begins": now, "ends": now + timedelta(minutes=found.minutes)} if found.is_live else {}
    connection.execute(
        _update(release, State.ASKED).values(state=str(State.OPEN), opened_at=now, **span)
    )
    recorded.record_step(
        connection,
        release,
        "opened",
        kind=found.kind,
        who=actor.id,
        now=now,
        recordings=None if found.is_live else recordings,
    )
    return find(connection, release)


def end(connection: sa.Connection, release: str, *, who: str, now: datetime) -> Release:
    """Close an open release; of one that is over nothing changes."""
    found = find(connection, release)
    if found.state is State.OPEN:
        _close(connection, release, State.ENDED, now)
        recorded.record_step(connection, release, "ended", kind=found.kind, who=who, now=now)
    return find(connection, release)


def forget(connection: sa.Connection, release: str, *, now: datetime) -> None:
    """Close an open release whose keys are gone; of one that is over nothing changes."""
    found = find(connection, release)
    if found.state is State.OPEN:
        _close(connection, release, State.FORGOTTEN, now)
        recorded.record_step(connection, release, "forgotten", kind=found.kind, who="site", now=now)


def lapse(connection: sa.Connection, release: str, *, now: datetime) -> Release:
    """Close a request that cannot be granted any more; of one that is over nothing changes."""
    found = find(connection, release)
    if found.state is State.ASKED:
        _close(connection, release, State.LAPSED, now)
        recorded.record_step(connection, release, "lapsed", kind=found.kind, who="site", now=now)
    return find(connection, release)


def opened_ids(connection: sa.Connection) -> list[str]:
    """Those that are open."""
    asked = sa.select(schema.releases.c.id).where(schema.releases.c.state == str(State.OPEN))
    return [row.id for row in connection.execute(asked)]


def looked(connection: sa.Connection, release: str, *, actor: Actor, now: datetime) -> None:
    """Note that somebody looks at opened video.

    Raises:
        Refusal: it is not theirs to look at, or not open.
    """
    found = find(connection, release)
    require_viewer(found, actor, now)
    recorded.record_step(connection, release, "looked", kind=found.kind, who=actor.id, now=now)


def require_viewer(release: Release, actor: Actor, now: datetime) -> None:
    """Refuse whoever did not ask for it, and everybody once it is over.

    Raises:
        Refusal: says which.
    """
    if actor.id != release.asked_by:
        raise Refusal(f"release {release.id} is open to the person who asked for it alone")
    if release.state is not State.OPEN or release.until is None or now >= release.until:
        raise Refusal(f"release {release.id} is not open; ask for a new one")


def overdue(connection: sa.Connection, *, now: datetime) -> list[Release]:
    """What has been open long enough, and what nobody answered in time."""
    rows = connection.execute(
        sa.select(schema.releases).where(
            schema.releases.c.state.in_([str(State.OPEN), str(State.ASKED)])
        )
    ).all()
    found = [_release(connection, row) for row in rows]
    return [each for each in found if now >= _closes_at(each)]


def close_overdue(connection: sa.Connection, *, now: datetime) -> list[Release]:
    """End what has been open long enough, and let lapse what nobody answered; returns these."""
    over = []
    for release in overdue(connection, now=now):
        if release.state is State.OPEN:
            over.append(end(connection, release.id, who="site", now=now))
        else:
            over.append(lapse(connection, release.id, now=now))
    return over


def find(connection: sa.Connection, release: str) -> Release:
    """One release with its answers.

    Raises:
        Refusal: there is none with this id.
    """
    row = connection.execute(
        sa.select(schema.releases).where(schema.releases.c.id == release)
    ).first()
    if row is None:
        raise Refusal(f"there is no release {release!r}; insyn site release list names them")
    return _release(connection, row)


def every(connection: sa.Connection, *, most: int = 500) -> list[Release]:
    """The newest releases, the newest first."""
    rows = connection.execute(
        sa.select(schema.releases).order_by(schema.releases.c.asked_at.desc()).limit(most)
    )
    return [_release(connection, row) for row in rows]


# `Any`: a row's columns, whose types the table tells.
def _release(connection: sa.Connection, row: sa.Row[Any]) -> Release:
    said = connection.execute(
        sa.select(schema.answers)
        .where(schema.answers.c.release == row.id)
        .order_by(schema.answers.c.at)
    )
    return Release(
        **{n: value for n, value in row._mapping.items() if n not in ("state", "kind")},
        state=State(row.state),
        kind=Kind(row.kind),
        answers=tuple(
            Answer(custodian=a.custodian, agrees=a.agrees, because=a.because, at=a.at) for a in said
        ),
    )


def _closes_at(release: Release) -> datetime:
    """When an open release ends, or one that waits lapses."""
    return release.until or release.asked_at + (LIVE_WAITS if release.is_live else WAITS)


def _close(connection: sa.Connection, release: str, state: State, now: datetime) -> None:
    connection.execute(
        schema.releases.update()
        .where(schema.releases.c.id == release)
        .values(state=str(state), closed_at=now)
    )


def _update(release: str, state: State) -> sa.Update:
    return schema.releases.update().where(
        schema.releases.c.id == release, schema.releases.c.state == str(state)
    )
