"""The site's database: cameras, people, ledger, settings. The archive keeps an index of its own."""

from __future__ import annotations

from insyn.base.clock import Clock, system_clock
from insyn.site.directory import SiteDirectory
from insyn.site.migrations import HEAD
from insyn.trust.store import Kind, Store, open_database

KIND = Kind(owner="the site's", scripts="insyn.site:migrations", head=HEAD)


def open_site(site: SiteDirectory, *, clock: Clock = system_clock) -> Store:
    """Open the site's database, made or brought up to date if need be.

    Raises:
        EnvironmentFailure: it cannot be reached, or a newer Insyn has written it.
    """
    url = f"sqlite:///{site.database}"
    return open_database(url, KIND, directory=site.root, keys=site.root, clock=clock)
