"""Proofs made from the ledger in a database, in O(log n) reads."""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.errors import Refusal
from insyn.trust.ledger import checkpoints, log, privacy, tree
from insyn.trust.ledger.proofs import Disclosed, LeafProof


def inclusion_path(connection: sa.Connection, number: int, size: int) -> list[bytes]:
    """The audit path of a leaf in the tree of the first `size` leaves (RFC 6962, 2.1.1).

    Raises:
        Refusal: that tree has no such leaf.
    """
    if not 0 <= number < size:
        raise Refusal(f"a tree of {size} leaves has no leaf {number}")
    return tree.range_hashes(tree.inclusion_ranges(number, size), log.reader(connection))


def consistency_path(connection: sa.Connection, old: int, new: int) -> list[bytes]:
    """The proof that the first `old` leaves were kept in the first `new` (RFC 6962, 2.1.2).

    Raises:
        Refusal: the ledger was never of these sizes, in this order.
    """
    if not 0 <= old <= new <= log.size(connection):
        raise Refusal(f"the ledger did not grow from {old} to {new} leaves")
    return tree.range_hashes(tree.consistency_ranges(old, new), log.reader(connection))


def prove(connection: sa.Connection, number: int, *, personal: bool = False) -> LeafProof:
    """Prove a leaf under the newest checkpoint; `personal`: show what is kept of its data.

    Raises:
        Refusal: there is no such leaf, or no checkpoint covers it yet.
    """
    leaf = log.find(connection, number)
    last = checkpoints.latest(connection)
    if last is None or last[1].checkpoint.size <= number:
        raise Refusal(
            f"no checkpoint covers leaf {number} yet; make one with `insyn ledger checkpoint`"
        )
    note, signed = last
    shown = privacy.disclose(connection, number) if personal else {}
    return LeafProof(
        leaf=leaf,
        path=tuple(inclusion_path(connection, number, signed.checkpoint.size)),
        checkpoint=note,
        personal={
            name: Disclosed(subject=item.subject, data=item.data, salt=item.salt.hex())
            for name, item in shown.items()
            if item is not None
        },
    )
