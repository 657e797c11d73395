"""What commitments and training leave in the ledger.

Always: a leaf goes in with the change that it records, in one transaction, and last in it; the name
of who signed and reasons are beside the tree, erasable.
"""

from __future__ import annotations

from insyn.trust.ledger.kinds import Kind, Shape, register

COMMITMENT_RECORDED = register(
    Kind(
        name="commitment.recorded",
        title="a partner's signed commitment was recorded",
        what={
            "commitment": Shape.ID,
            "party": Shape.ID,
            "text": Shape.ID,
            "text_digest": Shape.DIGEST,
            "sha256": Shape.DIGEST,
            "expires_on": Shape.ID,
        },
        personal=frozenset({"signatory"}),
    )
)
COMMITMENT_WITHDRAWN = register(
    Kind(
        name="commitment.withdrawn",
        title="a partner's commitment is no longer relied on",
        what={"commitment": Shape.ID, "party": Shape.ID},
        personal=frozenset({"because"}),
    )
)
MODULE_ADDED = register(
    Kind(
        name="training.module-added",
        title="a training module of the company's own came in, or another version of one",
        what={"module": Shape.ID, "version": Shape.ID, "digest": Shape.DIGEST},
    )
)
TRAINING_COMPLETED = register(
    Kind(
        name="training.completed",
        title="a person completed a training module; `how` is taken or recorded",
        what={
            "person": Shape.ID,
            "module": Shape.ID,
            "version": Shape.ID,
            "digest": Shape.DIGEST,
            "how": Shape.WORD,
            "score_percent": Shape.COUNT,
        },
        optional=frozenset({"score_percent"}),
    )
)
