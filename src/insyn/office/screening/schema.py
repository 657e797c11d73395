"""The tables of the office's database: known parties, what screening said of them, clearances.

Always: rows of `outcome_changes` and `clearances` are added and never deleted, and a database is
only ever changed by a new version under `insyn/office/migrations`.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from insyn.base.moments import Moment

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


Document = sa.JSON().with_variant(JSONB(), "postgresql")
"""JSON; floating-point numbers come back exactly as they went in."""

manifests = sa.Table(
    "manifests",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("content", Document, nullable=False),
    comment="Against what parties were screened; `content` is Manifest.to_json()",
)

parties = sa.Table(
    "parties",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16)),
    sa.Column("country", sa.Text),
    sa.Column("born_earliest", sa.Date),
    sa.Column("born_latest", sa.Date),
    sa.Column("identifier", sa.Text),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("added_at", Moment, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    comment="Known parties; `digest` is Subject.content_digest()",
)

screenings = sa.Table(
    "screenings",
    metadata,
    sa.Column("party", sa.ForeignKey("parties.id"), primary_key=True),
    sa.Column("subject_digest", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False, index=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("matches", Document, nullable=False),
    sa.Column("manifest", sa.ForeignKey("manifests.digest"), nullable=False, index=True),
    sa.Column("screened_at", Moment, nullable=False),
    comment="The latest screening of each party; stale where subject_digest is not the party's",
)

outcome_changes = sa.Table(
    "outcome_changes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("party", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("before", sa.String(16)),
    sa.Column("after", sa.String(16), nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("appeared", Document, nullable=False),
    sa.Column("vanished", Document, nullable=False),
    sa.Column("manifest", sa.ForeignKey("manifests.digest"), nullable=False),
    comment="Every change of an outcome or of the matches at or over the bar; append-only",
)

clearances = sa.Table(
    "clearances",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("party", sa.ForeignKey("parties.id"), nullable=False, index=True),
    sa.Column("subject_digest", sa.String(64), nullable=False),
    sa.Column("list", sa.Text, nullable=False),
    sa.Column("entry", sa.Text, nullable=False),
    sa.Column("entry_digest", sa.String(64), nullable=False),
    sa.Column("matcher", sa.Text, nullable=False),
    sa.Column("because", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("withdrawn_at", Moment),
    sa.Column("withdrawn_by", sa.Text),
    sa.Column("withdrawn_because", sa.Text),
    comment="'Not the same, because ...'; withdrawn, never deleted",
)

# One standing clearance for the same two contents; the database holds it, not only the code.
sa.Index(
    "uq_clearances_standing",
    clearances.c.party,
    clearances.c.subject_digest,
    clearances.c.list,
    clearances.c.entry,
    clearances.c.entry_digest,
    clearances.c.matcher,
    unique=True,
    sqlite_where=clearances.c.withdrawn_at.is_(None),
    postgresql_where=clearances.c.withdrawn_at.is_(None),
)
