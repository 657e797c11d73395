"""People: users, their roles, sessions, API tokens, invitations, failed sign-ins.

Written out, not taken from `insyn.trust.people.schema`: the tables move on, this version does not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def _moment() -> sa.DateTime:
    return sa.DateTime(timezone=True)


def _person(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "person",
        sa.String(32),
        sa.ForeignKey("people_users.id"),
        primary_key=primary_key,
        nullable=False,
    )


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "people_users",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("password", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("added_at", _moment(), nullable=False),
    )
    op.create_table(
        "people_roles",
        _person(primary_key=True),
        sa.Column("role", sa.String(32), primary_key=True),
    )
    op.create_table(
        "people_sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        _person(),
        sa.Column("made_at", _moment(), nullable=False),
        sa.Column("used_at", _moment(), nullable=False),
    )
    _make_tokens()
    op.create_table(
        "people_invitations",
        sa.Column("digest", sa.String(64), primary_key=True),
        _person(),
        sa.Column("expires_at", _moment(), nullable=False),
    )
    op.create_table(
        "people_attempts",
        sa.Column("of", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", _moment(), nullable=False),
        sa.Column("blocked_until", _moment()),
    )
    for table in ("people_sessions", "people_tokens", "people_invitations"):
        op.create_index(f"ix_{table}_person", table, ["person"])


def _make_tokens() -> None:
    op.create_table(
        "people_tokens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        _person(),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("made_at", _moment(), nullable=False),
        sa.Column("expires_at", _moment(), nullable=False),
        sa.Column("used_at", _moment()),
        sa.Column("revoked_at", _moment()),
    )
