"""What releases leave in the ledger: asked, answered, opened, looked at, ended. Not why."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

ASKED = register(
    Kind(
        name="release.asked",
        title="somebody asked for sealed video of a camera and a span; why is kept beside it",
        what={
            "release": Shape.ID,
            "camera": Shape.ID,
            "begins": Shape.TIME,
            "ends": Shape.TIME,
            "minutes": Shape.COUNT,
        },
        personal=frozenset({"reason", "basis", "case_number"}),
    )
)
STEP = register(
    Kind(
        name="release.step",
        title="a release was agreed to, refused, opened, looked at, ended, or lapsed",
        what={"release": Shape.ID, "step": Shape.WORD, "recordings": Shape.COUNT},
        optional=frozenset({"recordings"}),
    )
)


def record_asked(
    connection: sa.Connection,
    release: str,
    camera: str,
    span: tuple[datetime, datetime],
    *,
    minutes: int,
    texts: dict[str, str],
    who: str,
    now: datetime,
) -> None:
    """Add the leaf of a request."""
    what: dict[str, Json] = {
        "release": release,
        "camera": camera,
        "begins": isoformat(span[0]),
        "ends": isoformat(span[1]),
        "minutes": minutes,
    }
    personal = {name: Personal(subject=release, data=text) for name, text in texts.items()}
    log.append(connection, Leaf(kind=ASKED.name, who=who, what=what, personal=personal), now=now)


def record_step(
    connection: sa.Connection,
    release: str,
    step: str,
    *,
    who: str,
    now: datetime,
    recordings: int | None = None,
) -> None:
    """Add the leaf of a step."""
    what: dict[str, Json] = {"release": release, "step": step}
    if recordings is not None:
        what["recordings"] = recordings
    log.append(connection, Leaf(kind=STEP.name, who=who, what=what), now=now)
