"""What every handler works with: the office's database, the clock, and the keys at work.

Always: handlers run in threads, never on the event loop; the database is opened once, at the first
request that needs it, so that an office that only screens has none made for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import sqlalchemy as sa
from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from insyn.base.clock import Clock, system_clock
from insyn.base.config import DataDirectory
from insyn.office.console.resources.idempotency import InFlight, carry_out, once_of
from insyn.office.screening import register
from insyn.office.screening.database import database_exists
from insyn.office.screening.store import Store, open_store

if TYPE_CHECKING:
    from insyn.office.screening.rescreen import Report


class Desk:
    """An office's database for the routes; close it at the end."""

    def __init__(
        self,
        data: DataDirectory,
        *,
        clock: Clock = system_clock,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.in_flight = InFlight()
        self._clock = clock
        self._environ = environ
        self._store: Store | None = None
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present, aware, to the microsecond."""
        return self._clock()

    def is_made(self) -> bool:
        """Whether there is a database at all: without one there is nobody to ask for."""
        return self._store is not None or database_exists(self.data, environ=self._environ)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state."""
        with self._opened().reading() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock; on an exception nothing stays."""
        with self._opened().writing() as connection:
            yield connection

    def are_due(self, manifest: str) -> bool:
        """Whether the office knows a party that is not screened against these lists as it is."""
        if not self.is_made():
            return False
        with self.reading() as connection:
            return register.are_due(connection, manifest)

    def rescreen(self, *, everything: bool = False) -> Report:
        """Screen whoever is not screened as he is now, in transactions of its own.

        Raises:
            EnvironmentFailure: no list is in force.
        """
        from insyn.office.screening.rescreen import rescreen_office

        return rescreen_office(
            self.data, clock=self.now, everything=everything, environ=self._environ
        )

    def create(
        self,
        request: Request,
        body: bytes,
        person: str,
        make: Callable[[sa.Connection], Response],
    ) -> Response:
        """Carry out a creation, once for each Idempotency-Key of a person.

        Raises:
            Problem: the key is none, was used for something else, or is at work.
        """
        once = once_of(request, person=person, body=body)
        with self.in_flight.holding(once), self.writing() as connection:
            return carry_out(connection, once, lambda: make(connection), now=self.now())

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _opened(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = open_store(self.data, environ=self._environ)
            return self._store


async def desk_of(request: Request) -> Desk:
    """The dependency that gives the desk."""
    desk: Desk = request.app.state.desk
    return desk


async def raw_body(request: Request) -> bytes:
    """The dependency that gives the body as it was sent, for its digest."""
    return await request.body()


AtDesk = Annotated[Desk, Depends(desk_of)]
Sent = Annotated[bytes, Depends(raw_body)]
