"""What lists leave in the ledger where a person brings them in: which snapshot, by whom.

Always: a list's content is its snapshot's digest; nothing of an entry stands in the tree.
"""

from __future__ import annotations

from insyn.base.canonical import Json
from insyn.office.lists.intake import Intake
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf

LIST_IMPORTED = register(
    Kind(
        name="list.imported",
        title="a person brought in a list; `outcome` says whether it came into force",
        what={
            "list": Shape.ID,
            "format": Shape.ID,
            "outcome": Shape.ID,
            "entries": Shape.COUNT,
            "snapshot": Shape.DIGEST,
            "accept_shrunken": Shape.FLAG,
            "force_older": Shape.FLAG,
        },
        optional=frozenset({"snapshot"}),
    )
)


def imported(found: Intake, *, who: str, accept_shrunken: bool, force_older: bool) -> Leaf:
    """The leaf of what became of one publication, and which guards were put aside for it."""
    what: dict[str, Json] = {
        "list": found.list,
        "format": found.format,
        "outcome": found.outcome,
        "entries": found.entries,
        "accept_shrunken": accept_shrunken,
        "force_older": force_older,
    }
    if found.snapshot is not None:
        what["snapshot"] = found.snapshot
    return Leaf(kind=LIST_IMPORTED.name, who=who, what=what)
