"""The ledger's tables. They know nothing of who uses them: a migration of each half makes them.

Always: rows of `ledger_leaves`, `ledger_nodes` and `ledger_checkpoints` are added and never
changed or deleted; the database's own triggers refuse it (`APPEND_ONLY`).
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite keys its rows by INTEGER alone; PostgreSQL's INTEGER would end at two thousand million.
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")

head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    comment="One row, id 1: how many leaves there are. A writer holds it until its change is kept",
)

leaves = sa.Table(
    "ledger_leaves",
    metadata,
    sa.Column("number", Number, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    comment="Leaves from 0; `content` is the canonical JSON that is hashed",
)

nodes = sa.Table(
    "ledger_nodes",
    metadata,
    sa.Column("id", Number, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False),
    comment="Hashes of complete subtrees in the order they are completed; `id` is tree.node_id()",
)

personal = sa.Table(
    "ledger_personal",
    metadata,
    sa.Column("leaf", Number, primary_key=True, autoincrement=False),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("salt", sa.LargeBinary(32), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    comment="What a leaf only holds a salted hash of; erased on request, the leaf stays",
)

checkpoints = sa.Table(
    "ledger_checkpoints",
    metadata,
    sa.Column("number", Number, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text, nullable=False),
    comment="Signed checkpoints from 0, as signed",
)

APPEND_ONLY = ("ledger_leaves", "ledger_nodes", "ledger_checkpoints")
"""Tables whose rows the database itself refuses to change or delete."""
