"""What the guard asks of people: whether a path asks for a person itself, and who may screen.

Always: an office without people answers as it did before it could have any: screening by its API
key, or by nobody's on a loopback address. From the first person on, screening wants the key or a
person.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.datastructures import Headers

from insyn.base.errors import InsynError
from insyn.office.console.problems import Problem
from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.errors import problem_of
from insyn.office.console.resources.signed_in import People, Wants, who

SCREEN = Wants(scope="screen")
LISTS = Wants(scope="lists", reads=True)
OPEN = ("/api/v1/screen", "/api/v1/lists", "/readyz", "/openapi.json")
"""Under the API key as ever; of these, screening and lists want somebody once there are people."""
UNPROTECTED = ("/healthz", "/readyz", "/openapi.json")
LOOK_AGAIN_S = 5.0
"""How long "there is nobody yet" is believed; that there is somebody stays true."""


class Gate:
    """People, for the guard."""

    def __init__(
        self, desk: Desk, people: People, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._desk = desk
        self._people = people
        self._clock = clock
        self._has_people = False
        self._looked_at: float | None = None

    def is_personal(self, path: str) -> bool:
        """Whether the route asks for a person itself, so that the guard need not."""
        return path.startswith("/api/v1/") and path not in OPEN

    async def admits(self, path: str, headers: Headers, asked: tuple[str, str]) -> bool:
        """Whether a request without the API key may come in, where the office has none.

        Raises:
            Problem: 403, the person may not screen.
        """
        if path in UNPROTECTED or not await self._are_any():
            return True
        return await self.knows(path, headers, asked)

    async def knows(self, path: str, headers: Headers, asked: tuple[str, str]) -> bool:
        """Whether a person asks, who may screen, or see the lists where those are asked for.

        Raises:
            Problem: 403, the person may not.
        """
        return await asyncio.to_thread(self._knows, path, headers, *asked)

    def nobody(self) -> Problem:
        """The answer to whoever is not admitted."""
        return Problem(
            401,
            "this office has people, so it wants to know who asks: send a token as "
            "`Authorization: Bearer TOKEN`, or sign in",
            headers={"WWW-Authenticate": 'Bearer realm="insyn"'},
        )

    def _knows(self, path: str, headers: Headers, method: str, scheme: str) -> bool:
        try:
            asking = who(self._desk, self._people, headers, method=method, scheme=scheme)
        except InsynError as error:
            raise problem_of(error) from None
        if asking is None:
            return False
        (LISTS if path == "/api/v1/lists" else SCREEN).require(asking)
        return True

    async def _are_any(self) -> bool:
        now = self._clock()
        is_fresh = self._looked_at is not None and now - self._looked_at < LOOK_AGAIN_S
        if not self._has_people and not is_fresh:
            # Several may look at once; none goes on before it has seen that there is nobody.
            self._has_people = await asyncio.to_thread(self._look)
            self._looked_at = now
        return self._has_people

    def _look(self) -> bool:
        try:
            return self._desk.is_made() and self._people.are_any(self._desk)
        except InsynError as error:
            raise problem_of(error) from None
