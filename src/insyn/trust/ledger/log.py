"""The ledger in a database: leaves added in the transaction of what they record, and read back.

Always: a transaction that is rolled back leaves no leaf, and two that add at once do so one after
the other: the first to add holds the row of `ledger_head` until its transaction ends. Numbers have
no gaps. So add leaves last in a transaction, after every other lock it takes.

SQLite: the transaction must have begun with BEGIN IMMEDIATE, as the office's `Store.writing` does.
PostgreSQL: READ COMMITTED, its default.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import canonical_bytes
from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.trust.ledger import schema, tree
from insyn.trust.ledger.leaf import SALT_SIZE, KeptLeaf, Leaf, kept, read_leaf

Salts = Callable[[int], bytes]
"""Gives that many unpredictable bytes."""

BATCH = 1000
"""Rows a query reads or writes at a time."""


def append(
    connection: sa.Connection, leaf: Leaf, *, now: datetime, salts: Salts = secrets.token_bytes
) -> int:
    """Add a leaf in the transaction of the change that it records; gives its number.

    Raises:
        UsageError: a value has no canonical form.
        EnvironmentFailure: the database has no ledger, or its tree is damaged.
    """
    return append_all(connection, [leaf], now=now, salts=salts)[0]


def append_all(
    connection: sa.Connection,
    leaves: Sequence[Leaf],
    *,
    now: datetime,
    salts: Salts = secrets.token_bytes,
) -> range:
    """Add leaves in this order, with few statements however many they are; gives their numbers.

    Raises:
        UsageError: a value has no canonical form.
        EnvironmentFailure: the database has no ledger, or its tree is damaged.
    """
    if not leaves:
        return range(0)
    first = _take(connection, len(leaves))
    frontier = tree.Frontier(first, _edge(connection, first))
    rows: list[dict[str, object]] = []
    nodes: list[dict[str, object]] = []
    apart: list[dict[str, object]] = []
    next_node = tree.node_count(first)
    for number, leaf in enumerate(leaves, first):
        salted = {name: salts(SALT_SIZE) for name in leaf.personal}
        content = kept(leaf, number, now, salted).to_bytes()
        rows.append({"number": number, "content": content})
        apart.extend(_personal_rows(leaf, number, salted))
        for completed in frontier.add(tree.hash_leaf(content)):
            nodes.append({"id": next_node, "hash": completed})
            next_node += 1
    connection.execute(sa.insert(schema.leaves), rows)
    connection.execute(sa.insert(schema.nodes), nodes)
    if apart:
        connection.execute(sa.insert(schema.personal), apart)
    return range(first, first + len(leaves))


def _take(connection: sa.Connection, count: int) -> int:
    """Hold the ledger until the transaction ends; gives the first of `count` free numbers."""
    table = schema.head
    taken = (
        sa.update(table)
        .where(table.c.id == 1)
        .values(size=table.c.size + count)
        .returning(table.c.size)
    )
    size = connection.execute(taken).scalar_one_or_none()
    if size is None:
        raise EnvironmentFailure(
            "the database has no ledger (table ledger_head is empty); restore it from a backup"
        )
    return int(size) - count


def _edge(connection: sa.Connection, size: int) -> list[bytes]:
    edge = tree.subtrees(0, size)
    known = reader(connection)(edge)
    return [known[node] for node in edge]


def _personal_rows(
    leaf: Leaf, number: int, salts: Mapping[str, bytes]
) -> Iterator[dict[str, object]]:
    for name, item in leaf.personal.items():
        yield {
            "leaf": number,
            "field": name,
            "subject": item.subject,
            "salt": salts[name],
            "data": canonical_bytes(item.data),
        }


def reader(connection: sa.Connection) -> tree.Read:
    """What `tree` reads complete subtrees with, from this database.

    Raises:
        EnvironmentFailure: (the reader does) one that must be there is missing.
    """
    table = schema.nodes

    def read(nodes: Iterable[tree.Node]) -> Mapping[tree.Node, bytes]:
        ids = {tree.node_id(*node): node for node in nodes}
        query = sa.select(table.c.id, table.c.hash).where(table.c.id.in_(list(ids)))
        found = {ids[row.id]: stored_bytes(row.hash) for row in connection.execute(query)}
        if len(found) != len(ids):
            raise EnvironmentFailure(
                "the ledger's tree lacks hashes that it must have; `insyn ledger verify` names "
                "what is wrong, then restore a backup"
            )
        return found

    return read


def stored_bytes(value: object) -> bytes:
    """A binary column's value; text, which SQLite keeps there too if someone puts it, as UTF-8."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")


def size(connection: sa.Connection, *, hold: bool = False) -> int:
    """How many leaves there are; `hold` the ledger so that none is added meanwhile."""
    query = sa.select(schema.head.c.size).where(schema.head.c.id == 1)
    found = connection.execute(query.with_for_update() if hold else query).scalar_one_or_none()
    if found is None:
        raise EnvironmentFailure(
            "the database has no ledger (table ledger_head is empty); restore it from a backup"
        )
    return int(found)


def root(connection: sa.Connection, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return tree.root_of(size, reader(connection))


def content(connection: sa.Connection, number: int) -> bytes:
    """The bytes of a leaf, as hashed.

    Raises:
        Refusal: there is no leaf with this number.
    """
    table = schema.leaves
    query = sa.select(table.c.content).where(table.c.number == number)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise Refusal(f"the ledger has no leaf {number}; `insyn ledger show` lists the last it has")
    return stored_bytes(found)


def find(connection: sa.Connection, number: int) -> KeptLeaf:
    """The leaf with this number.

    Raises:
        Refusal: there is none.
        UnreadableInput: its bytes were changed and are no leaf any more.
    """
    return read_leaf(content(connection, number))


def contents(
    connection: sa.Connection, *, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, bytes]]:
    """Numbers and bytes of the leaves from `start` to before `end`, in order of number."""
    table = schema.leaves
    after = start - 1
    while True:
        query = sa.select(table).where(table.c.number > after).order_by(table.c.number)
        if end is not None:
            query = query.where(table.c.number < end)
        rows = connection.execute(query.limit(BATCH)).all()
        for row in rows:
            yield row.number, stored_bytes(row.content)
        if len(rows) < BATCH:
            return
        after = rows[-1].number


def of_kind(connection: sa.Connection, *kinds: str) -> Iterator[KeptLeaf]:
    """The leaves of these kinds, in order of number; the database looks through all of them."""
    table = schema.leaves
    has = "instr" if connection.dialect.name == "sqlite" else "strpos"
    for row in connection.execute(_of_kind(table, kinds, has)):
        leaf = read_leaf(stored_bytes(row.content))
        if leaf.kind in kinds:  # and not only somewhere in it
            yield leaf


def _of_kind(table: sa.Table, kinds: Sequence[str], has: str) -> sa.Select[tuple[object, ...]]:
    text: sa.ColumnElement[str] = table.c.content
    if has == "strpos":
        # Bytes as PostgreSQL writes them out: canonical JSON is UTF-8, and stays as it is.
        text = sa.func.encode(table.c.content, "escape")
    found = [getattr(sa.func, has)(text, _needle(kind, has)) > 0 for kind in kinds]
    return sa.select(table).where(sa.or_(*found)).order_by(table.c.number)


def _needle(kind: str, has: str) -> str | bytes:
    written = f'"kind":"{kind}"'
    return written if has == "strpos" else written.encode()
