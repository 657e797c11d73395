"""Which processes a site needs: a recorder for sixty cameras, a shield worker for eight.

Full resolution on demand has a process of its own: what it costs makes no wall late.
"""

from __future__ import annotations

import os
from math import ceil

from insyn.site.directory import SiteDirectory
from insyn.site.serving.supervisor import Job

CAMERAS_A_RECORDER = 60
"""Python's lock lets one process use one core (reference/video.md, 4.1)."""

CAMERAS_A_WORKER = 8
"""Some 4 % of a core each; a crash of one worker hides the picture of eight cameras at most."""


def jobs_of(
    site: SiteDirectory, *, host: str, port: int, proxies: tuple[str, ...] = ()
) -> list[Job]:
    """The processes that the site's cameras need now; `proxies`: whose word the console takes."""
    count = camera_count(site)
    recorders = max(1, ceil(count / CAMERAS_A_RECORDER))
    workers = max(1, min(ceil(count / CAMERAS_A_WORKER), max(1, os.cpu_count() or 1) * 2))
    data = ("--data", str(site.root.parent))
    jobs = [
        Job(
            name=f"recorder-{part}",
            arguments=(*data, "site", "record", "--part", f"{part}/{recorders}"),
        )
        for part in range(1, recorders + 1)
    ]
    jobs += [
        Job(
            name=f"shield-{part}",
            arguments=(*data, "site", "shield-worker", "--part", f"{part}/{workers}"),
        )
        for part in range(1, workers + 1)
    ]
    full = ("site", "shield-worker", "--on-demand")
    jobs.append(Job(name="shield-full", arguments=(*data, *full)))
    web = ("site", "web", "--host", host, "--port", str(port))
    trusted = tuple(part for each in proxies for part in ("--proxy", each))
    jobs.append(Job(name="web", arguments=(*data, *web, *trusted)))
    return jobs


def camera_count(site: SiteDirectory) -> int:
    """How many cameras are in use."""
    from insyn.site.cameras.register import every
    from insyn.site.store import open_site

    with open_site(site) as store, store.reading() as connection:
        return len(every(connection))
