"""Deals, dated facts, evidence, cases and their events, rulebooks in force; and their guards.

Written out, not taken from `insyn.office.diligence.cases.schema`: the tables move on, this version
does not.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("facts", "evidence", "case_events", "rulebooks")


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _document() -> sa.types.TypeEngine[Any]:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables, and triggers that refuse any change of what was added."""
    _make_deals()
    _make_cases()
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


def _make_deals() -> None:
    op.create_table(
        "deals",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_table(
        "facts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("deal", sa.Text, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("value", _document(), nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("known_since", _moment(), nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("retracts", sa.Integer, sa.ForeignKey("facts.id")),
    )
    op.create_index("ix_facts_deal", "facts", ["deal"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("deal", sa.Text, sa.ForeignKey("deals.id"), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("size_bytes", sa.BigInteger),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("language", sa.String(16)),
        sa.Column("reliability", sa.String(16), nullable=False),
        sa.Column("published_on", sa.Date),
        sa.Column("searched", sa.Text),
        sa.Column("found_nothing", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
    op.create_index("ix_evidence_deal", "evidence", ["deal"])


def _make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("deal", sa.Text, sa.ForeignKey("deals.id"), nullable=False, unique=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(32)),
        sa.Column("review_on", sa.Date),
        sa.Column("changed_at", _moment(), nullable=False),
    )
    op.create_index("ix_cases_state", "cases", ["state"])
    op.create_table(
        "case_events",
        sa.Column("case", sa.Text, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("content", _document(), nullable=False),
    )
    op.create_table(
        "rulebooks",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("since", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )
