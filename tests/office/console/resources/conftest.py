"""An office for each test, on the database that it asks for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office


@pytest.fixture
def office(tmp_path: Path, database: str) -> Iterator[ApiOffice]:
    """An office with no deals yet."""
    with api_office(tmp_path) as found:
        yield found
