"""The ledger of the site."""

from __future__ import annotations

from insyn.trust.migrations.ledger_1 import upgrade

__all__ = ["upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
