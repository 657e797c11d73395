"""Products, classifications, notices of authorities, commitments, training; and their guards.

Written out, not taken from the rooms' `schema`: the tables move on, this version does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_APPEND_ONLY = (
    "products",
    "product_versions",
    "product_classifications",
    "product_confirmations",
    "authority_notices",
    "notice_liftings",
    "notice_confirmations",
    "commitments",
    "commitment_withdrawals",
    "training_modules",
    "training_records",
)


def _moment() -> sa.types.TypeEngine[datetime]:
    return sa.DateTime(timezone=True)


# `Any`: what a document holds, the rooms say.
def _document() -> sa.types.TypeEngine[Any]:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables, and triggers that refuse any change of what was added."""
    _make_products()
    _make_notices()
    _make_commitments()
    _make_training()
    for table, column in (
        ("product_versions", "product"),
        ("product_classifications", "product"),
        ("authority_notices", "subject"),
        ("notice_liftings", "notice"),
        ("commitments", "party"),
        ("training_modules", "id"),
        ("training_records", "person"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    _guard()


def _guard() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
            )
        return
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, primary_key=True, autoincrement=True)


def _make_products() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("added_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "product_versions",
        _number(),
        sa.Column("product", sa.Text, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("maker", sa.Text),
        sa.Column("capabilities", _document(), nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "product_classifications",
        _number(),
        sa.Column("product", sa.Text, sa.ForeignKey("products.id"), nullable=False),
        sa.Column("export_class", sa.String(32), nullable=False),
        sa.Column("entry", sa.String(64)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "product_confirmations",
        sa.Column(
            "classification",
            sa.Integer,
            sa.ForeignKey("product_classifications.number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("confirmed_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def _make_notices() -> None:
    op.create_table(
        "authority_notices",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("about", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "notice_liftings",
        _number(),
        sa.Column("notice", sa.String(32), sa.ForeignKey("authority_notices.id"), nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("lifted_on", sa.Date, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "notice_confirmations",
        sa.Column(
            "lifting",
            sa.Integer,
            sa.ForeignKey("notice_liftings.number"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("confirmed_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def _make_commitments() -> None:
    op.create_table(
        "commitments",
        _number(),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("text", sa.String(32), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("expires_on", sa.Date, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "commitment_signatories",
        sa.Column("commitment", sa.String(32), sa.ForeignKey("commitments.id"), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
    )
    op.create_table(
        "commitment_withdrawals",
        sa.Column("commitment", sa.String(32), sa.ForeignKey("commitments.id"), primary_key=True),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("withdrawn_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def _make_training() -> None:
    op.create_table(
        "training_modules",
        _number(),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "training_records",
        _number(),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("module", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("score_percent", sa.Integer),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("completed_on", sa.Date, nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
