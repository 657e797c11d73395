"""What an export leaves in the ledger: which clip of which camera was taken out, by whom."""

from __future__ import annotations

from insyn.trust.ledger.kinds import Kind, Shape, register

MADE = register(
    Kind(
        name="export.made",
        title="a clip was taken out of the site; its digest names it",
        what={
            "export": Shape.ID,
            "clip": Shape.DIGEST,
            "camera": Shape.ID,
            "begins": Shape.TIME,
            "ends": Shape.TIME,
            "masking": Shape.WORD,
            "release": Shape.ID,
        },
        optional=frozenset({"release"}),
    )
)
