"""Rows of facts, evidence, steps and parties held against what the ledger committed to.

Always: each row has its leaf and each leaf its row; where the personal data beside the leaf is
kept, the row says the same, to the last character: a row is not erased alone. What was erased is
held by what stays: who, what, when. So a byte that is changed in these tables is named, though they
are no part of the tree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from insyn.base.clock import isoformat
from insyn.office.diligence.cases import deals, evidence, recorded, schema
from insyn.office.diligence.cases.dated import Fact
from insyn.office.diligence.parties import recorded as parties
from insyn.office.diligence.parties import schema as party_schema
from insyn.office.screening.recorded import id_of
from insyn.trust.ledger import log
from insyn.trust.ledger import schema as ledger
from insyn.trust.ledger.audit import Finding
from insyn.trust.ledger.leaf import KeptLeaf


def compare(connection: sa.Connection) -> tuple[Finding, ...]:
    """What is wrong in the tables, by leaf or by row."""
    return (
        *_steps(connection),
        *_facts(connection),
        *_evidence(connection),
        *_parties(connection),
    )


def _steps(connection: sa.Connection) -> Iterator[Finding]:
    leaves = {
        (str(leaf.what["case"]), int(str(leaf.what["number"]))): leaf
        for leaf in log.of_kind(connection, recorded.STEP_TAKEN.name)
    }
    kept = _kept(connection, leaves.values(), "content")
    table = schema.events
    for row in connection.execute(sa.select(table).order_by(table.c.case, table.c.number)):
        what = f"step {row.number} of case {row.case}"
        leaf = leaves.pop((id_of(row.case), row.number), None)
        if leaf is None:
            yield _unrecorded("step", what)
            continue
        same = (row.step, row.by, isoformat(row.at)) == (leaf.what["step"], leaf.who, leaf.at)
        if not same or not _is_same(row.content, kept.get(leaf.number)):
            yield _altered("step", what, leaf)
    yield from (_missing("step", leaf) for leaf in leaves.values())


def _facts(connection: sa.Connection) -> Iterator[Finding]:
    leaves: dict[int, tuple[KeptLeaf, str]] = {}
    for leaf in log.of_kind(connection, recorded.FACTS_RECORDED.name):
        told = leaf.what["facts"]
        assert isinstance(told, list)
        for each in told:
            assert isinstance(each, dict)
            leaves[int(str(each["id"]))] = (leaf, str(each["field"]))
    kept = _kept(connection, [leaf for leaf, _ in leaves.values()], "values")
    said: dict[int, Any] = {fact["id"]: fact for values in kept.values() for fact in values}
    for fact in _every_fact(connection):
        what = f"fact {fact.id} of deal {fact.deal}"
        found = leaves.pop(fact.id, None)
        if found is None:
            yield _unrecorded("fact", what)
            continue
        leaf, field = found
        same = (fact.field, fact.by, id_of(fact.deal)) == (field, leaf.who, leaf.what["deal"])
        if not same or not _is_same(fact.to_json(), said.get(fact.id)):
            yield _altered("fact", what, leaf)
    yield from (_missing("fact", leaf) for leaf, _ in leaves.values())


def _every_fact(connection: sa.Connection) -> Iterator[Fact]:
    last: str | None = None
    while page := deals.every(connection, after=last):
        for deal in page:
            yield from deals.facts_of(connection, deal)
        last = page[-1]


def _evidence(connection: sa.Connection) -> Iterator[Finding]:
    leaves = {
        str(leaf.what["evidence"]): leaf
        for leaf in log.of_kind(connection, recorded.EVIDENCE_ADDED.name)
    }
    kept = _kept(connection, leaves.values(), "about")
    for deal in connection.scalars(sa.select(schema.evidence.c.deal).distinct()).all():
        for piece in evidence.of_deal(connection, deal):
            what = f"evidence {piece.id} of deal {deal}"
            leaf = leaves.pop(piece.id, None)
            if leaf is None:
                yield _unrecorded("evidence", what)
                continue
            same = (piece.by, piece.sha256) == (leaf.who, leaf.what.get("sha256"))
            if not same or not _is_same(piece.to_json(), kept.get(leaf.number)):
                yield _altered("evidence", what, leaf)
    yield from (_missing("evidence", leaf) for leaf in leaves.values())


def _parties(connection: sa.Connection) -> Iterator[Finding]:
    kinds = (parties.PARTY_ADDED.name, parties.PARTY_CHANGED.name)
    leaves: dict[str, list[KeptLeaf]] = {}
    for leaf in log.of_kind(connection, *kinds):
        leaves.setdefault(str(leaf.what["party"]), []).append(leaf)
    kept = _kept(connection, [leaf for each in leaves.values() for leaf in each], "content")
    table = party_schema.versions
    for row in connection.execute(sa.select(table).order_by(table.c.id)):
        waiting = leaves.get(id_of(row.party), [])
        what = f"a version of party {row.party}"
        if not waiting:
            yield _unrecorded("party", what)
            continue
        leaf = waiting.pop(0)
        same = (row.by, isoformat(row.known_since)) == (leaf.who, leaf.at)
        if not same or not _is_same(row.content, kept.get(leaf.number)):
            yield _altered("party", what, leaf)
    yield from (_missing("party", leaf) for each in leaves.values() for leaf in each)


# `Any`: JSON that a room wrote.
def _kept(connection: sa.Connection, leaves: Any, field: str) -> Mapping[int, Any]:
    """What is kept beside these leaves under a field, by the leaf's number."""
    numbers = {leaf.number for leaf in leaves}
    table = ledger.personal
    rows = connection.execute(sa.select(table).where(table.c.field == field))
    return {row.leaf: json.loads(log.stored_bytes(row.data)) for row in rows if row.leaf in numbers}


def _is_same(row: Any, kept: Any) -> bool:
    """Whether a row says what is kept of it; None: that was erased, and cannot tell."""
    return kept is None or row == kept


def _altered(kind: str, what: str, leaf: KeptLeaf) -> Finding:
    text = f"{what} is not what leaf {leaf.number} recorded"
    return Finding(code=f"{kind}-altered", message=text, leaf=leaf.number)


def _unrecorded(kind: str, what: str) -> Finding:
    return Finding(code=f"{kind}-unrecorded", message=f"{what} is there, and no leaf records it")


def _missing(kind: str, leaf: KeptLeaf) -> Finding:
    text = f"what leaf {leaf.number} recorded ({leaf.kind}) is missing from its table"
    return Finding(code=f"{kind}-missing", message=text, leaf=leaf.number)
