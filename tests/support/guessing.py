"""Failed sign-ins from an address, as counted, without the half second that each password takes."""

from __future__ import annotations

import sqlalchemy as sa

from insyn.base.clock import system_clock
from insyn.trust.people import attempts

FREE = 20
"""Failures from an address with which its wait begins."""


def guess(connection: sa.Connection, address: str, times: int) -> None:
    """So many more failures of an address, now."""
    for _ in range(times):
        attempts.count(connection, attempts.of_address(address), now=system_clock())
