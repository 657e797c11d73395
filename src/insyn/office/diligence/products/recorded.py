"""What the catalogue and the authorities leave in the ledger.

Always: a leaf goes in with the change that it records, in one transaction, and last in it. Classes,
ids and digests stand in the tree; names, reasons and what a notice is about are beside it.
"""

from __future__ import annotations

from insyn.trust.ledger.kinds import Kind, Shape, register

PRODUCT_RECORDED = register(
    Kind(
        name="product.recorded",
        title="a product came into the catalogue, or another version of it",
        what={"product": Shape.ID, "digest": Shape.DIGEST, "is_new": Shape.FLAG},
    )
)
CLASSIFIED = register(
    Kind(
        name="product.classified",
        title="a product was classified for export control",
        what={
            "product": Shape.ID,
            "number": Shape.COUNT,
            "class": Shape.WORD,
            "entry": Shape.ID,
            "needs_confirming": Shape.FLAG,
        },
        optional=frozenset({"entry"}),
        personal=frozenset({"said"}),
    )
)
CLASS_CONFIRMED = register(
    Kind(
        name="product.class-confirmed",
        title="a second person confirmed a classification that is milder than the one before",
        what={"product": Shape.ID, "number": Shape.COUNT, "class": Shape.WORD},
    )
)
NOTICE_ADDED = register(
    Kind(
        name="notice.added",
        title="an authority informed the exporter; what it is about is held from then on",
        what={"notice": Shape.ID, "about": Shape.WORD, "sha256": Shape.DIGEST},
        personal=frozenset({"said"}),
    )
)
LIFTING_ADDED = register(
    Kind(
        name="notice.lifting-added",
        title="the lifting of a notice was recorded; the hold stands until it is confirmed",
        what={"notice": Shape.ID, "lifting": Shape.COUNT, "sha256": Shape.DIGEST},
        personal=frozenset({"said"}),
    )
)
NOTICE_LIFTED = register(
    Kind(
        name="notice.lifted",
        title="a second person confirmed that the authority lifted its notice",
        what={"notice": Shape.ID, "lifting": Shape.COUNT},
    )
)
