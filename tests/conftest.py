"""Tests marked `databases` run twice: on SQLite, and on a PostgreSQL server of their own.

The server is started once, where Debian's `postgresql` is installed. INSYN_TEST_DATABASE_URL names
another one instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest
from tests.support import postgres

VARIABLE = "INSYN_TEST_DATABASE_URL"

# How long an example takes says nothing on a machine that does other things too.
hypothesis.settings.register_profile("insyn", deadline=None)
hypothesis.settings.load_profile("insyn")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Once for each kind of database."""
    if metafunc.definition.get_closest_marker("databases") is not None:
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser: it may hang as no other program here, and is run apart."""
    for item in items:
        asks = "browser" in getattr(item, "fixturenames", ())
        if asks or item.path.parent.name == "browser":
            item.add_marker("browser")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL database that may be emptied; skips where there is no server to start."""
    named = os.environ.get(VARIABLE, "")
    if named:
        yield named
    elif postgres.find_programs() is None:
        pytest.skip("no PostgreSQL is installed (on Debian: apt install postgresql)")
    else:
        with postgres.server() as url:
            yield url


@pytest.fixture(autouse=True)
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the database to use, also in the environment; empty: SQLite in a folder."""
    kind = getattr(request, "param", None)
    if kind == "postgresql":
        monkeypatch.setenv(VARIABLE, request.getfixturevalue("postgres_url"))
    elif kind == "sqlite":
        monkeypatch.delenv(VARIABLE, raising=False)
    return os.environ.get(VARIABLE, "")
