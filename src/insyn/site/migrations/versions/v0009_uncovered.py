"""Zones that are never covered have a reason and an end; those without are covered again."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; whoever wants a zone of before uncovered says why, and is agreed with."""
    op.create_table(
        "uncovered_zones",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("camera", sa.String(64), nullable=False, index=True),
        sa.Column("zones", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(64), nullable=False),
        sa.Column("confirmed_by", sa.String(64), nullable=False),
        sa.Column("begins", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
    )
    # Since when they were uncovered nobody knows: what was recorded until now may show somebody.
    now = datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    op.get_bind().execute(
        sa.text(
            "INSERT INTO uncovered_zones"
            " (camera, zones, because, proposed_by, confirmed_by, begins, ends)"
            " SELECT camera, never, 'agreed to before a reason was asked for', '', '',"
            " '1970-01-01 00:00:00.000000', :now FROM masking WHERE never <> '[]'"
        ),
        {"now": now},
    )
    with op.batch_alter_table("masking") as table:
        table.drop_column("never")
        table.add_column(sa.Column("because", sa.Text, nullable=False, server_default=""))
        table.add_column(sa.Column("days", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE masking SET proposed = '[]', proposed_by = '', version = version + 1")
