"""The people of the site."""

from __future__ import annotations

from insyn.trust.migrations.people_1 import upgrade

__all__ = ["upgrade"]

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
