"""Break-glass: one camera watched live and unmasked by whoever asked, where the permit allows it.

Always: the permit says whether and for how long; a site's own declaration never does. It is asked
for with a reason and agreed to as every release is; it looks at what the recorder seals from its
opening on, and no other way to a clear picture exists (`insyn.site.release.following`). A request
that is not allowed is a leaf too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.errors import Refusal, UsageError
from insyn.site.release import matter, recorded, schema
from insyn.site.release.recorded import Kind
from insyn.site.release.request import check_texts
from insyn.trust.people.duties import Actor, require

LONGEST_MINUTES = 15
"""The longest that any permit allows (its schema, version 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRequest:
    """What is asked for.

    Raises:
        UsageError: a text or the minutes are not as they must be.
    """

    camera: str
    reason: str
    basis: str
    case_number: str
    minutes: int

    def __post_init__(self) -> None:
        check_texts(self.reason, self.basis, self.case_number)
        if not 1 <= self.minutes <= LONGEST_MINUTES:
            raise UsageError(
                f"a break-glass is open for 1 to {LONGEST_MINUTES} minutes", field="minutes"
            )


def why_not(asked_minutes: int, *, longest_minutes: int) -> str:
    """Why the site does not allow it, in a sentence; "" where it does.

    Args:
        asked_minutes: how long it shall be open.
        longest_minutes: what the permit allows; 0: nothing.
    """
    if longest_minutes < 1:
        return (
            "no permit in force allows this site to open a camera live; the office issues one that "
            "says so, or ask for a release of what was recorded"
        )
    if asked_minutes > longest_minutes:
        return f"the permit allows a break-glass of at most {longest_minutes} minutes"
    return ""


def ask(
    connection: sa.Connection,
    request: LiveRequest,
    *,
    longest_minutes: int,
    actor: Actor,
    now: datetime,
) -> matter.Release | str:
    """Ask for a break-glass; gives why not where the permit does not allow it, as it is recorded.

    The refusal is not raised here: the transaction would take its leaf back.

    Raises:
        Refusal: the actor may not ask, or there is one for this camera already.
    """
    require(actor, "release.request")
    because = why_not(request.minutes, longest_minutes=longest_minutes)
    if because:
        word = "not-permitted" if longest_minutes < 1 else "too-long"
        recorded.record_denied(connection, request.camera, because=word, who=actor.id, now=now)
        return because
    for other in standing(connection):
        if other.camera == request.camera and other.asked_by == actor.id:
            raise Refusal(f"{other.id} of this camera is {other.state} already", field="camera")
    release = f"rel-{secrets.token_hex(6)}"
    texts = {
        "reason": request.reason.strip(),
        "basis": request.basis.strip(),
        "case_number": request.case_number.strip(),
    }
    connection.execute(
        schema.releases.insert().values(
            id=release,
            camera=request.camera,
            begins=now,
            ends=now,
            minutes=request.minutes,
            asked_by=actor.id,
            asked_at=now,
            state=str(matter.State.ASKED),
            kind=str(Kind.LIVE),
            **texts,
        )
    )
    recorded.record_live_asked(
        connection,
        release,
        request.camera,
        minutes=request.minutes,
        texts=texts,
        who=actor.id,
        now=now,
    )
    return matter.find(connection, release)


def standing(connection: sa.Connection) -> list[matter.Release]:
    """Those that are asked for or open, the oldest first."""
    table = schema.releases
    rows = connection.execute(
        sa.select(table.c.id)
        .where(table.c.kind == str(Kind.LIVE))
        .where(table.c.state.in_([str(matter.State.ASKED), str(matter.State.OPEN)]))
        .order_by(table.c.asked_at)
    )
    return [matter.find(connection, row.id) for row in rows.all()]
