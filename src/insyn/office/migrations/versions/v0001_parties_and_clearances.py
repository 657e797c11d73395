"""Known parties, their screenings and outcome changes, and clearances.

Written out, not taken from `schema.py`: the tables move on, this version does not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _document() -> sa.JSON:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables of the first version."""
    _make_parties()
    _make_screenings()
    _make_clearances()


def _make_parties() -> None:
    op.create_table(
        "manifests",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("content", _document(), nullable=False),
    )
    op.create_table(
        "parties",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16)),
        sa.Column("country", sa.Text),
        sa.Column("born_earliest", sa.Date),
        sa.Column("born_latest", sa.Date),
        sa.Column("identifier", sa.Text),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("added_at", _moment(), nullable=False),
        sa.Column("changed_at", _moment(), nullable=False),
    )


def _make_screenings() -> None:
    op.create_table(
        "screenings",
        sa.Column("party", sa.Text, sa.ForeignKey("parties.id"), primary_key=True),
        sa.Column("subject_digest", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("matches", _document(), nullable=False),
        sa.Column("manifest", sa.String(64), sa.ForeignKey("manifests.digest"), nullable=False),
        sa.Column("screened_at", _moment(), nullable=False),
    )
    op.create_index("ix_screenings_outcome", "screenings", ["outcome"])
    op.create_index("ix_screenings_manifest", "screenings", ["manifest"])
    op.create_table(
        "outcome_changes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("party", sa.Text, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("before", sa.String(16)),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("appeared", _document(), nullable=False),
        sa.Column("vanished", _document(), nullable=False),
        sa.Column("manifest", sa.String(64), sa.ForeignKey("manifests.digest"), nullable=False),
    )
    op.create_index("ix_outcome_changes_party", "outcome_changes", ["party"])


def _make_clearances() -> None:
    op.create_table(
        "clearances",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("party", sa.Text, sa.ForeignKey("parties.id"), nullable=False),
        sa.Column("subject_digest", sa.String(64), nullable=False),
        sa.Column("list", sa.Text, nullable=False),
        sa.Column("entry", sa.Text, nullable=False),
        sa.Column("entry_digest", sa.String(64), nullable=False),
        sa.Column("matcher", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("withdrawn_at", _moment()),
        sa.Column("withdrawn_by", sa.Text),
        sa.Column("withdrawn_because", sa.Text),
    )
    op.create_index("ix_clearances_party", "clearances", ["party"])
    op.create_index(
        "uq_clearances_standing",
        "clearances",
        ["party", "subject_digest", "list", "entry", "entry_digest", "matcher"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
