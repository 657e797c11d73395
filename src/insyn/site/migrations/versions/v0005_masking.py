"""How each camera is masked: zones, and what its shield is asked about its empty scene."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "masking",
        sa.Column("camera", sa.String(64), primary_key=True),
        sa.Column("always", sa.Text, nullable=False),
        sa.Column("never", sa.Text, nullable=False),
        sa.Column("proposed", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("asked_by", sa.String(64), nullable=False),
    )
