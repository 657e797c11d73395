"""The tables of parties, their names, stakes, edges of the channel, and what ended them.

Always: rows are added and never changed or deleted; the database's own triggers refuse it
(`APPEND_ONLY`). What stands at a moment is what was known by then and had not ended.
"""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment
from insyn.office.screening.schema import Document

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

versions = sa.Table(
    "party_versions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("content", Document, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="What was said of each party; the latest version holds",
)

names = sa.Table(
    "party_names",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, primary_key=True),
    comment="By which names, as compared for sameness, a party was ever known",
)

stakes = sa.Table(
    "stakes",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False, index=True),
    sa.Column("owned", sa.Text, nullable=False, index=True),
    sa.Column("share_low_ppm", sa.Integer),
    sa.Column("share_high_ppm", sa.Integer),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Who owns or controls whom; a NULL share is not known",
)

edges = sa.Table(
    "channel_edges",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("supplier", sa.Text, nullable=False, index=True),
    sa.Column("customer", sa.Text, nullable=False, index=True),
    sa.Column("role", sa.String(16), nullable=False),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date),
    sa.Column("deal", sa.Text, index=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Who supplies whom, for a deal or for any",
)

ended = sa.Table(
    "relations_ended",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("relation", sa.Text, nullable=False, index=True),
    sa.Column("until", sa.Date),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Stakes and edges that ended or were superseded; NULL until: at once",
)

identified = sa.Table(
    "tiers_identified",
    metadata,
    sa.Column("unknown", sa.Text, primary_key=True),
    sa.Column("party", sa.Text, nullable=False, index=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Unknown tiers that turned out to be a known party",
)

APPEND_ONLY = (
    "party_versions",
    "party_names",
    "stakes",
    "channel_edges",
    "relations_ended",
    "tiers_identified",
)
"""Tables whose rows the database itself refuses to change or delete."""
