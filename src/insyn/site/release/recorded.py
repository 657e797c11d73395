"""What releases leave in the ledger: asked, answered, opened, looked at, ended. Not why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind as LeafKind
from insyn.trust.ledger.kinds import Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal


class Kind(StrEnum):
    """What a release opens."""

    RECORDED = "recorded"
    LIVE = "live"
    """A camera as it is now, by break-glass."""


ASKED = register(
    LeafKind(
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
    LeafKind(
        name="release.step",
        title="a release was agreed to, refused, withdrawn, opened, looked at, or is over",
        what={"release": Shape.ID, "step": Shape.WORD, "recordings": Shape.COUNT},
        optional=frozenset({"recordings"}),
    )
)
LIVE_ASKED = register(
    LeafKind(
        name="break-glass.asked",
        title="somebody asked to watch a camera live, unmasked; why is kept beside it",
        what={"release": Shape.ID, "camera": Shape.ID, "minutes": Shape.COUNT},
        personal=frozenset({"reason", "basis", "case_number"}),
    )
)
LIVE_STEP = register(
    LeafKind(
        name="break-glass.step",
        title="a break-glass was agreed to, refused, withdrawn, opened, looked at, or is over",
        what={"release": Shape.ID, "step": Shape.WORD},
    )
)
LIVE_DENIED = register(
    LeafKind(
        name="break-glass.denied",
        title="somebody asked to watch a camera live, unmasked, and this site does not allow it",
        what={"camera": Shape.ID, "because": Shape.WORD},
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


def record_live_asked(
    connection: sa.Connection,
    release: str,
    camera: str,
    *,
    minutes: int,
    texts: dict[str, str],
    who: str,
    now: datetime,
) -> None:
    """Add the leaf of a request for a break-glass."""
    what: dict[str, Json] = {"release": release, "camera": camera, "minutes": minutes}
    personal = {name: Personal(subject=release, data=text) for name, text in texts.items()}
    leaf = Leaf(kind=LIVE_ASKED.name, who=who, what=what, personal=personal)
    log.append(connection, leaf, now=now)


def record_denied(
    connection: sa.Connection, camera: str, *, because: str, who: str, now: datetime
) -> None:
    """Add the leaf of a request that the permit does not allow."""
    what: dict[str, Json] = {"camera": camera, "because": because}
    log.append(connection, Leaf(kind=LIVE_DENIED.name, who=who, what=what), now=now)


def record_step(
    connection: sa.Connection,
    release: str,
    step: str,
    *,
    who: str,
    now: datetime,
    kind: Kind = Kind.RECORDED,
    recordings: int | None = None,
) -> None:
    """Add the leaf of a step."""
    what: dict[str, Json] = {"release": release, "step": step}
    if recordings is not None:
        what["recordings"] = recordings
    name = LIVE_STEP.name if kind is Kind.LIVE else STEP.name
    log.append(connection, Leaf(kind=name, who=who, what=what), now=now)
