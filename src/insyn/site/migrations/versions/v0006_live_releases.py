"""Releases of a camera as it is now: what was recorded, or live by break-glass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say of each release which it is; those of before open what was recorded."""
    with op.batch_alter_table("releases") as table:
        table.add_column(
            sa.Column("kind", sa.String(16), nullable=False, server_default="recorded")
        )
