"""People: users, their roles, sessions, API tokens, invitations, failed sign-ins."""

from __future__ import annotations

from insyn.trust.migrations.people_1 import upgrade

__all__ = ["upgrade"]

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
