"""The tables of people. They know nothing of who uses them: a migration of each half makes them.

Always: no password, session secret, token or invitation is kept, only what can recognise one.
"""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.moments import Moment

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

users = sa.Table(
    "people_users",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("password", sa.Text),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("added_at", Moment, nullable=False),
    comment="`key` is the name as it is compared; no password: invited and not yet here",
)

roles = sa.Table(
    "people_roles",
    metadata,
    sa.Column("person", sa.ForeignKey("people_users.id"), primary_key=True),
    sa.Column("role", sa.String(32), primary_key=True),
    comment="Roles held now; the ledger has when each was given and withdrawn",
)

sessions = sa.Table(
    "people_sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("person", sa.ForeignKey("people_users.id"), nullable=False, index=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("used_at", Moment, nullable=False),
    comment="SHA-256 of the secret of each open session",
)

tokens = sa.Table(
    "people_tokens",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("person", sa.ForeignKey("people_users.id"), nullable=False, index=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("revoked_at", Moment),
    comment="API tokens; `scopes` are words with blanks between",
)

invitations = sa.Table(
    "people_invitations",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("person", sa.ForeignKey("people_users.id"), nullable=False, index=True),
    sa.Column("expires_at", Moment, nullable=False),
    comment="One-time tokens, with which a person sets a password; gone once used",
)

attempts = sa.Table(
    "people_attempts",
    metadata,
    sa.Column("of", sa.String(64), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("blocked_until", Moment),
    comment="Failed sign-ins by name and by address, each as a SHA-256",
)
