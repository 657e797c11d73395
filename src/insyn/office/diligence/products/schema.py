"""The tables of products, classifications, and notices of authorities.

Always: rows are added and never changed or deleted; the database's own triggers refuse it
(`APPEND_ONLY`). What stands is the latest of them, so any day can be looked at again.
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

products = sa.Table(
    "products",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("added_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="Products by the id that the company gives; what they are stands in product_versions",
)

versions = sa.Table(
    "product_versions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("product", sa.ForeignKey("products.id"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("maker", sa.Text),
    sa.Column("capabilities", Document, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="What a product is; a later version supersedes it, nothing edits it",
)

classifications = sa.Table(
    "product_classifications",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("product", sa.ForeignKey("products.id"), nullable=False, index=True),
    sa.Column("export_class", sa.String(32), nullable=False),
    sa.Column("entry", sa.String(64)),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("decided_on", sa.Date, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="How a product is classified, why, and by whom; milder ones count once confirmed",
)

confirmations = sa.Table(
    "product_confirmations",
    metadata,
    sa.Column("classification", sa.ForeignKey("product_classifications.number"), primary_key=True),
    sa.Column("confirmed_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="The second person's word for a classification that is milder than the one before",
)

notices = sa.Table(
    "authority_notices",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("about", sa.String(16), nullable=False),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("received_on", sa.Date, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="'Is informed': a hard hold on what it is about, until the authority lifts it",
)

liftings = sa.Table(
    "notice_liftings",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("notice", sa.ForeignKey("authority_notices.id"), nullable=False, index=True),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("lifted_on", sa.Date, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="An authority's lifting of its notice, by its own reference; counts once confirmed",
)

lifting_confirmations = sa.Table(
    "notice_confirmations",
    metadata,
    sa.Column("lifting", sa.ForeignKey("notice_liftings.number"), primary_key=True),
    sa.Column("confirmed_at", Moment, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    comment="The second person's word for a lifting",
)

APPEND_ONLY = (
    "products",
    "product_versions",
    "product_classifications",
    "product_confirmations",
    "authority_notices",
    "notice_liftings",
    "notice_confirmations",
)
"""Tables whose rows the database itself refuses to change or delete."""
