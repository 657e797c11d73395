"""What an export leaves in the ledger: which clip of which camera was taken out, by whom, how."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import KeptLeaf, Leaf

MADE = register(
    Kind(
        name="export.made",
        title="a clip was taken out of the site; its digest names it",
        what={
            "export": Shape.ID,
            "clip": Shape.DIGEST,
            "camera": Shape.ID,
            "begins": Shape.TIME,
            "ends": Shape.TIME,
            "masking": Shape.WORD,
            "release": Shape.ID,
        },
        optional=frozenset({"release"}),
    )
)
STEP = register(
    Kind(
        name="export.step",
        title="an export was begun, pointed in, shown, confirmed, taken, or its file deleted",
        what={
            "export": Shape.ID,
            "step": Shape.WORD,
            "camera": Shape.ID,
            "release": Shape.ID,
            "points": Shape.COUNT,
            "track": Shape.DIGEST,
        },
        optional=frozenset({"release", "points", "track"}),
    )
)

SITE = "site"
"""Who is named for what nobody did: a time, the end of a release or of the console, a failure."""

LOOK_BACK = 20_000
"""How many of the newest leaves are looked through for exports."""


class Step(StrEnum):
    """What happens to an export beside being made."""

    BEGUN = "begun"
    LOOKED = "looked"
    """A clear picture of an opened original was shown, to point into."""
    POINTED = "pointed"
    SHOWN = "shown"
    """The track was shown, everybody else masked."""
    CONFIRMED = "confirmed"
    TAKEN = "taken"
    REMOVED = "removed"
    """The finished file was deleted: by whoever had it made, at its time, or with the console."""
    ENDED = "ended"
    """It was given up, failed, or its release closed before it was made."""


def record_step(
    connection: sa.Connection,
    step: Step,
    *,
    export: str,
    camera: str,
    who: str,
    now: datetime,
    release: str = "",
    points: int | None = None,
    track: str = "",
) -> None:
    """Add the leaf of a step; `track` is the digest of what was shown."""
    what: dict[str, Json] = {"export": export, "step": str(step), "camera": camera}
    what |= {"release": release} if release else {}
    what |= {"points": points} if points is not None else {}
    what |= {"track": track} if track else {}
    log.append(connection, Leaf(kind=STEP.name, who=who, what=what), now=now)


def made_exports(connection: sa.Connection, *, most: int = 100) -> list[KeptLeaf]:
    """The newest exports that were made, the newest first."""
    found: list[KeptLeaf] = []
    size = log.size(connection)
    for number in range(size - 1, max(-1, size - 1 - LOOK_BACK), -1):
        leaf = log.find(connection, number)
        if leaf.kind == MADE.name:
            found.append(leaf)
            if len(found) >= most:
                break
    return found
