"""An empty ledger for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.ledger_desk import LedgerDesk, ledger_in


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Iterator[LedgerDesk]:
    """In the database that the test is to run on."""
    with ledger_in(tmp_path) as found:
        yield found
