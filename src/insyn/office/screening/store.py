"""The office's database: where it is, and which revision it stands at."""

from __future__ import annotations

from collections.abc import Mapping

from insyn.base.clock import Clock, system_clock
from insyn.base.config import DataDirectory
from insyn.office.migrations import HEAD
from insyn.office.screening.database import URL_VARIABLE, named_url
from insyn.trust.store import Kind, Store, open_database

__all__ = ["Store", "open_store"]

KIND = Kind(
    owner="the office's",
    scripts="insyn.office:migrations",
    head=HEAD,
    url_variable=URL_VARIABLE,
)


def open_store(
    data: DataDirectory,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock = system_clock,
) -> Store:
    """Open the office's database, made or brought up to date if need be.

    Args:
        data: where the database lies, and the ledger's key if there is one.
        environ: else the process's own variables.
        clock: tells when a checkpoint of the ledger is due.

    Raises:
        EnvironmentFailure: it cannot be reached, or a newer Insyn has written it.
    """
    url = named_url(environ) or f"sqlite:///{data.database}"  # which makes the directory
    return open_database(url, KIND, directory=data.root, keys=data.root, clock=clock)
