"""The ledger written to a file that `verify` reads: header, checkpoints, leaves, a line each.

Always: the newest checkpoint in the file covers every leaf in it, and no personal data goes in.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import Refusal
from insyn.trust.ledger import checkpoints, log
from insyn.trust.ledger.leaf import read_leaf
from insyn.trust.ledger.note import read_note
from insyn.trust.ledger.tree import hash_leaf
from insyn.trust.ledger.verify import FORMAT


def lines(connection: sa.Connection) -> Iterator[bytes]:
    """The export, line by line, of the leaves that the newest checkpoint covers.

    Args:
        connection: a transaction that sees one state, after `checkpoints.make`.

    Raises:
        Refusal: there is no checkpoint yet.
        UnreadableInput: a leaf or a checkpoint was changed and cannot be read; `check` names it.
    """
    notes = checkpoints.notes(connection)
    if not notes:
        raise Refusal("the ledger has no checkpoint yet; make one with `insyn ledger checkpoint`")
    newest = read_note(notes[-1]).checkpoint
    yield _line(
        canonical_bytes(
            {
                "format": FORMAT,
                "origin": newest.origin,
                "size": newest.size,
                "checkpoints": len(notes),
            }
        )
    )
    for number, note in enumerate(notes):
        yield _line(canonical_bytes({"checkpoint": number, "note": note}))
    for _, content in log.contents(connection, end=newest.size):
        read_leaf(content)  # bytes that are no leaf would make a file that cannot be read
        yield _line(
            b'{"hash":"' + hash_leaf(content).hex().encode() + b'","leaf":' + content + b"}"
        )


def _line(content: bytes) -> bytes:
    return content + b"\n"
