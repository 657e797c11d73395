"""One small office for the tests that change nothing in it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.office.console.serving import client_of, import_samples, in_force_of


@pytest.fixture(scope="session")
def sample_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the bundled samples in force."""
    return import_samples(tmp_path_factory.mktemp("office"))


@pytest.fixture(scope="session")
def client(sample_data: Path) -> Iterator[httpx.Client]:
    """The application over the samples, without a key or a rate."""
    with client_of(in_force_of(sample_data)) as found:
        yield found
