"""From the register to what each process does with each camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from insyn.base.clock import system_clock
from insyn.site.cameras.keeping import CredentialKeeper
from insyn.site.cameras.opening import live_source_for
from insyn.site.cameras.register import Camera, credentials_of, every
from insyn.site.cameras.source import Source
from insyn.site.directory import SiteDirectory
from insyn.site.shield.engine import Zone
from insyn.site.shielding.masking import Masking, masking_of
from insyn.site.store import open_site
from insyn.site.streams import StreamName
from insyn.trust.keys.site import open_site_key

T = TypeVar("T")


class SitePlans(Generic[T]):
    """Reads the register again and again; makes a plan anew where a camera or its mask changed."""

    def __init__(
        self,
        site: SiteDirectory,
        stream: StreamName,
        make: Callable[[Camera, Source, Masking], T],
    ) -> None:
        """Plan with `make` for this stream of each camera."""
        self._site = site
        self._stream = stream
        self._make = make
        self._store = open_site(site)
        self._keeper = CredentialKeeper(open_site_key(site.key))
        self._made: dict[str, tuple[tuple[int, int, tuple[Zone, ...]], T]] = {}

    def now(self) -> dict[str, T]:
        """The plan of each camera in use, by id."""
        plans: dict[str, T] = {}
        with self._store.reading() as connection:
            for camera in every(connection):
                masking = masking_of(connection, camera.id, now=system_clock())
                version = (camera.version, masking.version, masking.never)
                made = self._made.get(camera.id)
                if made is None or made[0] != version:
                    address = camera.main if self._stream is StreamName.MAIN else camera.sub
                    credentials = credentials_of(connection, camera.id, self._keeper)
                    source = live_source_for(address, credentials, self._stream)
                    made = (version, self._make(camera, source, masking))
                    self._made[camera.id] = made
                plans[camera.id] = made[1]
        return plans

    def forget(self) -> None:
        """Make every plan anew next time: something else that they are made of has changed."""
        self._made.clear()

    def close(self) -> None:
        """Close the database."""
        self._store.close()
