"""Signed checkpoints of the ledger in a database, and when one is due.

Always: no checkpoint is signed that does not continue those signed before: their roots are
computed again first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.trust.ledger import log, schema
from insyn.trust.ledger.note import Checkpoint, SignedCheckpoint, Signer, read_note, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A checkpoint is due after so many leaves, or when the oldest uncovered one is so old."""

    leaves: int = 1000
    age: timedelta = timedelta(days=1)


def notes(connection: sa.Connection) -> list[str]:
    """All checkpoints as signed, oldest first."""
    table = schema.checkpoints
    return list(connection.execute(sa.select(table.c.note).order_by(table.c.number)).scalars())


def latest(connection: sa.Connection) -> tuple[str, SignedCheckpoint] | None:
    """The newest checkpoint as signed, and read; None before the first."""
    table = schema.checkpoints
    query = sa.select(table.c.note).order_by(table.c.number.desc()).limit(1)
    note = connection.execute(query).scalar_one_or_none()
    return None if note is None else (note, read_note(note))


def make(connection: sa.Connection, signer: Signer) -> str:
    """Sign the ledger as it is now, and keep it; the newest one where nothing came since.

    Args:
        connection: in a writing transaction, which then holds the ledger until it ends.
        signer: its name is the ledger's origin.

    Raises:
        Refusal: the tree does not continue the last checkpoint, or that has another origin.
    """
    size = log.size(connection, hold=True)
    last = latest(connection)
    if last is not None:
        note, signed = last
        _check_continues(connection, signed.checkpoint, size, signer)
        if signed.checkpoint.size == size and _is_by(signed, signer):
            return note
    root = log.root(connection, size)
    note = sign(Checkpoint(origin=signer.name, size=size, root=root), signer)
    table = schema.checkpoints
    count = sa.select(sa.func.count()).select_from(table).scalar_subquery()
    connection.execute(sa.insert(table).values(number=count, note=note))
    return note


def make_if_due(
    connection: sa.Connection, signer: Signer, *, now: datetime, policy: Policy | None = None
) -> str | None:
    """Sign a checkpoint where the policy asks for one; None where it does not."""
    if not is_due(connection, now=now, policy=policy):
        return None
    return make(connection, signer)


def is_due(connection: sa.Connection, *, now: datetime, policy: Policy | None = None) -> bool:
    """True if the leaves since the last checkpoint are many enough, or the first old enough."""
    asked = policy or Policy()
    size = log.size(connection)
    last = latest(connection)
    covered = 0 if last is None else last[1].checkpoint.size
    if size <= covered:
        return False
    if size - covered >= asked.leaves:
        return True
    oldest = datetime.fromisoformat(log.find(connection, covered).at)
    return now - oldest >= asked.age


def _check_continues(
    connection: sa.Connection, last: Checkpoint, size: int, signer: Signer
) -> None:
    if last.origin != signer.name:
        raise Refusal(
            f"the ledger's checkpoints are of {last.origin}, the key given is of {signer.name}; "
            "a ledger keeps its origin, so use its own key"
        )
    try:
        continues = last.size <= size and log.root(connection, last.size) == last.root
    except EnvironmentFailure:
        continues = False
    if not continues:
        raise Refusal(
            f"the ledger does not continue its checkpoint of {last.size} leaves, so none is "
            "signed; `insyn ledger verify` names what was changed"
        )


def _is_by(signed: SignedCheckpoint, signer: Signer) -> bool:
    mine = (signer.name, signer.key_id)
    return any((line.name, line.key_id) == mine for line in signed.signatures)
