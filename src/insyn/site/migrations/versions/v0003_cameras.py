"""The cameras of the site."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and a count that rises with each change, for processes that look on."""
    op.create_table(
        "cameras",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("main_url", sa.Text, nullable=False),
        sa.Column("sub_url", sa.Text, nullable=False),
        sa.Column("credentials", sa.LargeBinary),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("style", sa.String(16), nullable=False),
        sa.Column("is_recorded", sa.Boolean, nullable=False),
        sa.Column("retention_days", sa.Integer),
        sa.Column("floor_bytes", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
    )
