"""What parties and the channel leave in the ledger: every party, stake, edge and end.

Always: a leaf goes in with the change that it records, in one transaction, and last in it. Names
and sources stand beside the tree, under the party's id, erasable.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.office.diligence.parties.model import Edge, Party, Stake
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger.kinds import Kind, Shape, register
from insyn.trust.ledger.leaf import Leaf, Personal

_PARTY = {"party": Shape.ID, "kind": Shape.WORD}
PARTY_ADDED = register(
    Kind(
        name="party.added",
        title="a party of the channel was added",
        what=_PARTY,
        personal=frozenset({"content"}),
    )
)
PARTY_CHANGED = register(
    Kind(
        name="party.changed",
        title="what is said of a party changed; the version before stays",
        what=_PARTY,
        personal=frozenset({"content"}),
    )
)
STAKE_RECORDED = register(
    Kind(
        name="stake.recorded",
        title="a party was said to own or control another",
        what={
            "stake": Shape.ID,
            "owner": Shape.ID,
            "owned": Shape.ID,
            "kind": Shape.WORD,
            "low_ppm": Shape.COUNT,
            "high_ppm": Shape.COUNT,
            "since": Shape.ID,
            "until": Shape.ID,
        },
        optional=frozenset({"low_ppm", "high_ppm", "since", "until"}),
        personal=frozenset({"source"}),
    )
)
EDGE_RECORDED = register(
    Kind(
        name="edge.recorded",
        title="a party was said to supply another",
        what={
            "edge": Shape.ID,
            "supplier": Shape.ID,
            "customer": Shape.ID,
            "role": Shape.WORD,
            "deal": Shape.ID,
            "since": Shape.ID,
            "until": Shape.ID,
        },
        optional=frozenset({"deal", "since", "until"}),
        personal=frozenset({"source"}),
    )
)
STAKE_ENDED = register(
    Kind(
        name="stake.ended",
        title="a stake ended, or another took its place",
        what={"stake": Shape.ID, "until": Shape.ID, "superseded_by": Shape.ID},
        optional=frozenset({"until", "superseded_by"}),
        personal=frozenset({"because"}),
    )
)
EDGE_ENDED = register(
    Kind(
        name="edge.ended",
        title="an edge of the channel ended, or another took its place",
        what={"edge": Shape.ID, "until": Shape.ID, "superseded_by": Shape.ID},
        optional=frozenset({"until", "superseded_by"}),
        personal=frozenset({"because"}),
    )
)
TIER_IDENTIFIED = register(
    Kind(
        name="tier.identified",
        title="an unknown tier turned out to be a known party",
        what={"unknown": Shape.ID, "party": Shape.ID},
        personal=frozenset({"source"}),
    )
)


def party_leaf(party: Party, *, is_new: bool, by: str) -> Leaf:
    """The leaf of a party that was added or changed.

    The digest of the content is no part of it: without a salt it would tell an erased name.
    """
    return Leaf(
        kind=PARTY_ADDED.name if is_new else PARTY_CHANGED.name,
        who=by,
        what={"party": id_of(party.id), "kind": str(party.kind)},
        personal={"content": Personal(subject=party.id, data=party.to_json())},
    )


def stake_leaf(stake: Stake, *, by: str) -> Leaf:
    """The leaf of a stake."""
    what: dict[str, Json] = {
        "stake": stake.id,
        "owner": id_of(stake.owner),
        "owned": id_of(stake.owned),
        "kind": str(stake.kind),
        **_days(stake.since, stake.until),
    }
    if stake.share_low_ppm is not None and stake.share_high_ppm is not None:
        what |= {"low_ppm": stake.share_low_ppm, "high_ppm": stake.share_high_ppm}
    source = Personal(subject=stake.owned, data=stake.source)
    return Leaf(kind=STAKE_RECORDED.name, who=by, what=what, personal={"source": source})


def edge_leaf(edge: Edge, *, by: str) -> Leaf:
    """The leaf of an edge."""
    what: dict[str, Json] = {
        "edge": edge.id,
        "supplier": id_of(edge.supplier),
        "customer": id_of(edge.customer),
        "role": str(edge.role),
        **_days(edge.since, edge.until),
    }
    if edge.deal is not None:
        what["deal"] = id_of(edge.deal)
    source = Personal(subject=edge.customer, data=edge.source)
    return Leaf(kind=EDGE_RECORDED.name, who=by, what=what, personal={"source": source})


def ended_leaf(
    relation: Stake | Edge,
    *,
    until: date | None,
    because: str,
    superseded_by: str | None,
    by: str,
) -> Leaf:
    """The leaf of a stake or edge that ended."""
    is_stake = isinstance(relation, Stake)
    subject = relation.owned if isinstance(relation, Stake) else relation.customer
    what: dict[str, Json] = {"stake" if is_stake else "edge": relation.id, **_days(None, until)}
    if superseded_by is not None:
        what["superseded_by"] = superseded_by
    return Leaf(
        kind=STAKE_ENDED.name if is_stake else EDGE_ENDED.name,
        who=by,
        what=what,
        personal={"because": Personal(subject=subject, data=because)},
    )


def record_identified(
    connection: sa.Connection, unknown: str, party: str, *, source: str, by: str, now: datetime
) -> None:
    """Add the leaf of a tier that was identified."""
    leaf = Leaf(
        kind=TIER_IDENTIFIED.name,
        who=by,
        what={"unknown": id_of(unknown), "party": id_of(party)},
        personal={"source": Personal(subject=party, data=source)},
    )
    log.append(connection, leaf, now=now)


def _days(since: date | None, until: date | None) -> dict[str, Json]:
    days = {"since": since, "until": until}
    return {name: day.isoformat() for name, day in days.items() if day is not None}
