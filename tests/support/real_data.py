"""The real data beside the repository, where it is present."""

import os
from pathlib import Path

import pytest


def shared_file(path: str) -> Path:
    """A file of the shared data; skips the test, saying so, where it is absent."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    found = Path(os.environ.get("INSYN_SHARED", default)) / path
    if not found.is_file():
        pytest.skip(f"the real file {path} is not here (../shared/data or INSYN_SHARED)")
    return found
