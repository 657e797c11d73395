"""The ledger: leaves, hashes of the tree, personal data apart, checkpoints; and its guards."""

from __future__ import annotations

from insyn.trust.migrations.ledger_1 import upgrade

__all__ = ["upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
