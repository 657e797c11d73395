"""Cameras whose sound is recorded, where the permit says so too; none of before is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Say of each camera that its sound is not recorded."""
    with op.batch_alter_table("cameras") as table:
        table.add_column(
            sa.Column("records_sound", sa.Boolean, nullable=False, server_default=sa.false())
        )
