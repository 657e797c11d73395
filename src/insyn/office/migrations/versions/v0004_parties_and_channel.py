"""Parties, their names, stakes, the channel's edges, what ended them; and their guards.

Written out, not taken from `insyn.office.diligence.parties.schema`: the tables move on, this
version does not.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_APPEND_ONLY = (
    "party_versions",
    "party_names",
    "stakes",
    "channel_edges",
    "relations_ended",
    "tiers_identified",
)


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _document() -> sa.JSON[Any]:
    return sa.JSON().with_variant(JSONB(), "postgresql")


def _known() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return (
        sa.Column("known_since", _moment(), nullable=False),
        sa.Column("by", sa.Text, nullable=False),
    )


def upgrade() -> None:
    """Make the tables, and triggers that refuse any change of what was added."""
    _make_parties()
    _make_relations()
    if op.get_bind().dialect.name == "postgresql":
        for table in _APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE "
                f"ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
            )
        return
    for table in _APPEND_ONLY:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def _make_parties() -> None:
    op.create_table(
        "party_versions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("content", _document(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        *_known(),
    )
    op.create_index("ix_party_versions_party", "party_versions", ["party"])
    op.create_table(
        "party_names",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("party", sa.Text, primary_key=True),
    )
    op.create_table(
        "tiers_identified",
        sa.Column("unknown", sa.Text, primary_key=True),
        sa.Column("party", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        *_known(),
    )
    op.create_index("ix_tiers_identified_party", "tiers_identified", ["party"])


def _make_relations() -> None:
    op.create_table(
        "stakes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("owned", sa.Text, nullable=False),
        sa.Column("share_low_ppm", sa.Integer),
        sa.Column("share_high_ppm", sa.Integer),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("until", sa.Date),
        sa.Column("source", sa.Text, nullable=False),
        *_known(),
    )
    op.create_index("ix_stakes_owner", "stakes", ["owner"])
    op.create_index("ix_stakes_owned", "stakes", ["owned"])
    op.create_table(
        "channel_edges",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("supplier", sa.Text, nullable=False),
        sa.Column("customer", sa.Text, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("until", sa.Date),
        sa.Column("deal", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        *_known(),
    )
    for column in ("supplier", "customer", "deal"):
        op.create_index(f"ix_channel_edges_{column}", "channel_edges", [column])
    op.create_table(
        "relations_ended",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("because", sa.Text, nullable=False),
        *_known(),
    )
    op.create_index("ix_relations_ended_relation", "relations_ended", ["relation"])
