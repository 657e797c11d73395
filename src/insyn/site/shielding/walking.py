"""Walk tests: somebody walks in front of a camera and says whether its mask held.

Always: one that did not hold covers the camera at once: its scenes are forgotten, and everything is
covered until the empty place is known anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.errors import UsageError
from insyn.base.moments import Moment
from insyn.site.cameras.register import find
from insyn.site.shielding.masking import Asked, ask
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf
from insyn.trust.people.duties import Actor, require

METADATA = sa.MetaData()

walk_tests = sa.Table(
    "walk_tests",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("camera", sa.String(64), nullable=False),
    sa.Column("held", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Moment, nullable=False),
)

TESTED = register(
    Kind(
        name="masking.tested",
        title="somebody walked in front of a camera and said whether the mask held",
        what={"camera": Shape.ID, "held": Shape.FLAG},
    )
)
LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One test."""

    camera: str
    held: bool
    note: str
    by: str
    at: datetime


def record(
    connection: sa.Connection, camera: str, *, held: bool, note: str, actor: Actor, now: datetime
) -> Walk:
    """Keep the result; one that did not hold has the camera's scenes forgotten.

    Raises:
        Refusal: the actor may not, or there is no such camera.
        UsageError: it did not hold, and nothing says what was seen; or that is too long.
    """
    require(actor, "background.confirm")
    found = find(connection, camera)
    if not held and not note.strip():
        raise UsageError(
            "say what was seen: where you stood, and what of you the mask left", field="note"
        )
    if len(note.strip()) > LONGEST_NOTE:
        raise UsageError(f"say it in at most {LONGEST_NOTE} characters", field="note")
    walk = Walk(camera=found.id, held=held, note=note.strip(), by=actor.id, at=now)
    connection.execute(
        walk_tests.insert().values(
            camera=walk.camera, held=held, note=walk.note, by=walk.by, at=now
        )
    )
    what: dict[str, Json] = {"camera": found.id, "held": held}
    log.append(connection, Leaf(kind=TESTED.name, who=actor.id, what=what), now=now)
    if not held:
        ask(connection, found.id, Asked.FORGET, actor=actor, now=now)
    return walk


def last_of(connection: sa.Connection) -> dict[str, Walk]:
    """The last test of each camera, by id."""
    rows = connection.execute(sa.select(walk_tests).order_by(walk_tests.c.id))
    return {
        row.camera: Walk(camera=row.camera, held=row.held, note=row.note, by=row.by, at=row.at)
        for row in rows
    }
