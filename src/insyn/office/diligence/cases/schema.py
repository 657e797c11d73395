"""The tables of deals, dated facts, evidence, cases and rulebooks in force.

Always: rows of `facts`, `evidence`, `case_events` and `rulebooks` are added and never changed or
deleted; the database's own triggers refuse it (`APPEND_ONLY`). `cases` repeats what the events
say, so that it can be listed.
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

deals = sa.Table(
    "deals",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Deals by the id their seller gave; all that is said of them is in facts",
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("deal", sa.ForeignKey("deals.id"), nullable=False, index=True),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("value", Document, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("known_since", Moment, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("retracts", sa.ForeignKey("facts.id")),
    comment="A value of a deal's field; a later one supersedes it, nothing edits it",
)

evidence = sa.Table(
    "evidence",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("deal", sa.ForeignKey("deals.id"), nullable=False, index=True),
    sa.Column("sha256", sa.String(64)),
    sa.Column("size_bytes", sa.BigInteger),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("url", sa.Text),
    sa.Column("language", sa.String(16)),
    sa.Column("reliability", sa.String(16), nullable=False),
    sa.Column("published_on", sa.Date),
    sa.Column("searched", sa.Text),
    sa.Column("found_nothing", sa.Boolean, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="What was found, by hash; and what was searched and found empty",
)

cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("deal", sa.ForeignKey("deals.id"), nullable=False, unique=True),
    sa.Column("state", sa.String(32), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("outcome", sa.String(32)),
    sa.Column("review_on", sa.Date),
    sa.Column("changed_at", Moment, nullable=False),
    comment="Where each case stands, as its events say",
)

events = sa.Table(
    "case_events",
    metadata,
    sa.Column("case", sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("content", Document, nullable=False),
    comment="The steps of cases; the ledger holds a salted hash of each",
)

rulebooks = sa.Table(
    "rulebooks",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("content", sa.Text),
    sa.Column("since", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Rulebooks that came into force; content is NULL for ours, which the package keeps",
)

APPEND_ONLY = ("facts", "evidence", "case_events", "rulebooks")
"""Tables whose rows the database itself refuses to change or delete."""
