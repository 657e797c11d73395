"""The tables of partners' commitments, and of training.

Always: rows are added and never changed or deleted; the database's own triggers refuse it
(`APPEND_ONLY`). Only the name of who signed stands apart, for it is personal and may be erased.
"""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

commitments = sa.Table(
    "commitments",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("text", sa.String(32), nullable=False),
    sa.Column("text_digest", sa.String(64), nullable=False),
    sa.Column("signed_on", sa.Date, nullable=False),
    sa.Column("expires_on", sa.Date, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="What a partner has signed: which version of the text, until when, which document",
)

signatories = sa.Table(
    "commitment_signatories",
    metadata,
    sa.Column("commitment", sa.ForeignKey("commitments.id"), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    comment="Who signed: personal, and erased on request without the commitment",
)

withdrawals = sa.Table(
    "commitment_withdrawals",
    metadata,
    sa.Column("commitment", sa.ForeignKey("commitments.id"), primary_key=True),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("withdrawn_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="A commitment that is no longer relied on, and why",
)

modules = sa.Table(
    "training_modules",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(64), nullable=False, index=True),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="The company's own modules; Insyn's are in the package",
)

records = sa.Table(
    "training_records",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("module", sa.String(64), nullable=False),
    sa.Column("version", sa.String(16), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("score_percent", sa.Integer),
    sa.Column("how", sa.String(16), nullable=False),
    sa.Column("completed_on", sa.Date, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Who has completed which version of a module, when, and on whose word",
)

APPEND_ONLY = (
    "commitments",
    "commitment_withdrawals",
    "training_modules",
    "training_records",
)
"""Tables whose rows the database itself refuses to change or delete."""
