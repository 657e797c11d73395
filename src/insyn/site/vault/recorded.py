"""What the vault leaves in the ledger: that it was made, and who holds its shares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf

CHANGED = register(
    Kind(
        name="vault.changed",
        title="the vault was made, shared anew, or a custodian changed a passphrase",
        what={
            "change": Shape.WORD,
            "vault": Shape.DIGEST,
            "custodians": Shape.IDS,
            "needed": Shape.COUNT,
        },
    )
)


def record(
    connection: sa.Connection,
    change: str,
    *,
    vault: str,
    custodians: Sequence[str],
    needed: int,
    who: str,
    now: datetime,
) -> None:
    """Add the leaf of a change."""
    what: dict[str, Json] = {
        "change": change,
        "vault": vault,
        "custodians": list(custodians),
        "needed": needed,
    }
    log.append(connection, Leaf(kind=CHANGED.name, who=who, what=what), now=now)
