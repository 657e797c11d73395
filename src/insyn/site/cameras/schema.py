"""The table of cameras; a removed one keeps its row, so that its recordings keep their name."""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment

METADATA = sa.MetaData()

cameras = sa.Table(
    "cameras",
    METADATA,
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
    sa.Column("added_at", Moment, nullable=False),
    sa.Column("removed_at", Moment),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("records_sound", sa.Boolean, nullable=False),
)
