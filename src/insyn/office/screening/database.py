"""Where the office's database is, told without opening it (and without importing SQLAlchemy)."""

from __future__ import annotations

import os
from collections.abc import Mapping

from insyn.base.config import DataDirectory

URL_VARIABLE = "INSYN_DATABASE_URL"
"""Names another database than the file in the data directory, as a SQLAlchemy URL."""


def named_url(environ: Mapping[str, str] | None = None) -> str:
    """The URL in INSYN_DATABASE_URL, or "" where none is set."""
    variables = os.environ if environ is None else environ
    return variables.get(URL_VARIABLE, "").strip()


def database_exists(data: DataDirectory, *, environ: Mapping[str, str] | None = None) -> bool:
    """True if a database is named by URL, or lies in the data directory."""
    return bool(named_url(environ)) or data.database.exists()
