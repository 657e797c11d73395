"""The ledger in a database verified: leaves, the stored tree, checkpoints, personal data.

Always: it believes nothing but the signed checkpoints, reads each row once, in batches, and names
what is wrong by leaf, checkpoint or node.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from insyn.base.errors import InsynError, UnreadableInput
from insyn.trust.ledger import log, schema, tree
from insyn.trust.ledger.audit import Anchor, Audit, Finding, Report, check_notes, read_seen
from insyn.trust.ledger.kinds import PERSONAL_ERASED
from insyn.trust.ledger.leaf import KeptLeaf, commit, parse_canonical, read_leaf
from insyn.trust.ledger.note import PublicKey


def check(
    connection: sa.Connection, keys: Sequence[PublicKey], *, seen: Sequence[str] = ()
) -> Report:
    """Verify the whole ledger; a leaf that no checkpoint covers yet is held against its tree.

    Args:
        connection: a transaction that sees one state.
        keys: whose checkpoints are believed; without any, checkpoints are findings.
        seen: checkpoints, as signed notes, that were handed over earlier.

    Raises:
        UsageError: one of `seen` is not signed by a key.
    """
    return _Check(connection, keys).run(read_seen(seen, keys))


class _Check:
    """One verification under way."""

    def __init__(self, connection: sa.Connection, keys: Sequence[PublicKey]) -> None:
        self._connection = connection
        self._keys = keys
        self._findings: list[Finding] = []
        self._gone: set[tuple[int, str]] = set()  # personal fields that are not kept
        self._erased: set[tuple[int, str]] = set()  # those that an erasure names

    def run(self, seen: Sequence[Anchor]) -> Report:
        """Read it all; the report."""
        size = self._size()
        notes = self._notes()
        anchors = check_notes(notes, self._keys, self._findings)
        audit = Audit([*anchors, *seen], self._findings)
        for start in range(0, size, log.BATCH):
            self._check_batch(range(start, min(start + log.BATCH, size)), audit)
        audit.finish()
        self._check_rest(size)
        self._check_erasures()
        return Report(
            origin=anchors[-1].checkpoint.origin if anchors else "",
            size=size,
            covered=audit.covered,
            checkpoints=len(notes),
            root=None if audit.root is None else audit.root.hex(),
            erased=len(self._gone),
            findings=tuple(self._findings),
        )

    def _add(self, code: str, message: str, *, leaf: int | None = None) -> None:
        self._findings.append(Finding(code=code, message=message, leaf=leaf))

    def _size(self) -> int:
        """The size said by the head; no more than there are leaves, for it may be invented."""
        said = log.size(self._connection)
        query = sa.select(sa.func.max(schema.leaves.c.number))
        there = self._connection.execute(query).scalar_one()
        size = min(said, 0 if there is None else int(there) + 1)
        if size < said:
            self._add("leaves-missing", f"leaves {size} to {said - 1} are missing", leaf=size)
        return size

    def _notes(self) -> list[str | None]:
        table = schema.checkpoints
        rows = self._connection.execute(sa.select(table).order_by(table.c.number)).all()
        for expected, row in enumerate(rows):
            if row.number != expected:
                text = f"checkpoint {expected} is missing; {row.number} stands in its place"
                finding = Finding(code="checkpoints-missing", message=text, checkpoint=expected)
                self._findings.append(finding)
                break
        return [str(row.note) for row in rows]

    def _check_batch(self, numbers: range, audit: Audit) -> None:
        found = dict(log.contents(self._connection, start=numbers.start, end=numbers.stop))
        first, end = tree.node_count(numbers.start), tree.node_count(numbers.stop)
        nodes = self._nodes(first, end)
        kept: dict[int, KeptLeaf] = {}
        for number in numbers:
            place = tree.node_id(0, number)
            content = found.get(number)
            if content is None:
                self._add("leaves-missing", f"leaf {number} is missing", leaf=number)
            leaf = None if content is None else self._read(number, content)
            if leaf is not None:
                kept[number] = leaf
            computed = None if content is None else tree.hash_leaf(content)
            by_content, by_statement = audit.add(computed, nodes.get(place))
            above = range(place + 1, tree.node_count(number + 1))
            self._check_nodes(number, above, nodes, by_content[1:], by_statement[1:])
        self._check_personal(numbers, kept)

    def _nodes(self, first: int, end: int) -> dict[int, bytes]:
        table = schema.nodes
        query = sa.select(table).where(table.c.id >= first, table.c.id < end)
        return {row.id: log.stored_bytes(row.hash) for row in self._connection.execute(query)}

    def _read(self, number: int, content: bytes) -> KeptLeaf | None:
        try:
            leaf = read_leaf(content)
        except UnreadableInput:
            return None  # its hash tells
        if leaf.number != number:
            text = f"leaf {leaf.number} stands in the place of leaf {number}"
            self._add("leaf-moved", text, leaf=number)
        if leaf.kind == PERSONAL_ERASED.name:
            self._erased.update(_named_by(leaf))
        return leaf

    def _check_nodes(
        self,
        number: int,
        places: range,
        nodes: dict[int, bytes],
        by_content: Sequence[bytes],
        by_statement: Sequence[bytes],
    ) -> None:
        """Hold the stored subtrees that leaf `number` completes against those made of leaves."""
        if not by_content and not by_statement:
            return  # a hash below is missing, and named
        for level, place in enumerate(places, 1):
            right = {made[level - 1] for made in (by_content, by_statement) if made}
            if nodes.get(place) not in right:
                start = number + 1 - (1 << level)
                text = f"the stored hash over leaves {start} to {number} was altered, or is missing"
                self._add("node-altered", text, leaf=start)

    def _check_personal(self, numbers: range, kept: dict[int, KeptLeaf]) -> None:
        table = schema.personal
        query = sa.select(table).where(table.c.leaf >= numbers.start, table.c.leaf < numbers.stop)
        here: set[tuple[int, str]] = set()
        for row in self._connection.execute(query):
            here.add((row.leaf, row.field))
            leaf = kept.get(row.leaf)
            if leaf is None:
                continue  # the leaf itself is named
            said = _commitment(row.salt, row.subject, row.data)
            if said is None or leaf.personal.get(row.field) != said:
                text = f"the personal data of leaf {row.leaf} is not what the leaf committed to"
                self._add("personal-altered", text, leaf=row.leaf)
        for leaf in kept.values():
            self._gone |= {(leaf.number, name) for name in leaf.personal} - here

    def _check_rest(self, size: int) -> None:
        """Rows that belong to no leaf: added past the end, by another hand."""
        for table, end, what in (
            (schema.leaves, size, "leaves past the end, or before the beginning"),
            (schema.nodes, tree.node_count(size), "hashes past the end of the tree"),
            (schema.personal, size, "personal data of leaves that are not there"),
        ):
            key = next(iter(table.primary_key.columns))
            query = sa.select(sa.func.count()).where(sa.or_(key < 0, key >= end))
            count = self._connection.execute(query).scalar_one()
            if count:
                self._add("rows-added", f"{table.name} has {count} rows too many: {what}")

    def _check_erasures(self) -> None:
        for number, _ in sorted(self._gone - self._erased):
            text = f"personal data of leaf {number} is gone, and no erasure is recorded"
            self._add("personal-missing", text, leaf=number)
        for number, _ in sorted(self._erased - self._gone):
            text = f"personal data of leaf {number} is kept, though its erasure is recorded"
            self._add("personal-kept", text, leaf=number)


def _named_by(leaf: KeptLeaf) -> Iterator[tuple[int, str]]:
    records = leaf.what.get("leaves")
    for record in records if isinstance(records, list) else ():
        match record:
            case {"leaf": int(number), "field": str(field)}:
                yield number, field
            case _:
                continue


def _commitment(salt: object, subject: object, data: object) -> str | None:
    try:
        content = parse_canonical(log.stored_bytes(data))
        return commit(log.stored_bytes(salt), str(subject), content)
    except (InsynError, ValueError):
        return None
