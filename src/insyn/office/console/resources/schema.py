"""The API's own table: answers to creations, kept a day (`idempotency`)."""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("request", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("location", sa.Text),
    sa.Column("etag", sa.String(80)),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
    comment="`request` is a digest of method, path and body; rows go after a day",
)
