"""The tables of releases: what was asked, and what each custodian answered. Rows are never lost."""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment

METADATA = sa.MetaData()

releases = sa.Table(
    "releases",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("camera", sa.String(64), nullable=False),
    sa.Column("begins", Moment, nullable=False),
    sa.Column("ends", Moment, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("case_number", sa.String(120), nullable=False),
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("asked_by", sa.String(32), nullable=False),
    sa.Column("asked_at", Moment, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("opened_at", Moment),
    sa.Column("closed_at", Moment),
    sa.Column("kind", sa.String(16), nullable=False, server_default="recorded"),
)

answers = sa.Table(
    "release_answers",
    METADATA,
    sa.Column("release", sa.String(32), sa.ForeignKey("releases.id"), primary_key=True),
    sa.Column("custodian", sa.String(32), primary_key=True),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)
