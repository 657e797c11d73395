"""What cameras leave in the ledger: that one was added, changed or removed. Never an address."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf

CHANGED = register(
    Kind(
        name="camera.changed",
        title="a camera was added, changed, removed, or its sound turned on or off; `change` says",
        what={"camera": Shape.ID, "change": Shape.WORD, "cameras": Shape.COUNT},
    )
)


def record(
    connection: sa.Connection, camera: str, change: str, *, count: int, who: str, now: datetime
) -> None:
    """Add the leaf of a change; `count` is how many cameras there are after it."""
    what: dict[str, Json] = {"camera": camera, "change": change, "cameras": count}
    log.append(connection, Leaf(kind=CHANGED.name, who=who, what=what), now=now)
