"""What one client may ask of us: requests a second, and bytes a body.

Always: memory stays bounded, however many clients there are and whatever they send.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from starlette.types import Message, Receive

from insyn.office.console.problems import Problem

MAX_BODY_BYTES = 1 << 20
MAX_LIST_BYTES = 1 << 28
"""The largest official list, OFAC's advanced XML, has some 120 MiB; it goes to the disk at once."""
BODIES: Mapping[str, int] = {"/api/v1/list-imports": MAX_LIST_BYTES}
"""Paths that take more than others; each asks who it is before it reads a byte."""
MAX_DRAINED_BYTES = 1 << 23
"""Bytes of an oversize body that are read and dropped: a client that is cut off while it still
sends often never reads the answer that says why."""
BODY_TIMEOUT_S = 20.0
"""A body must be here by then: a client that drips holds a place that others need."""
LIST_TIMEOUT_S = 600.0
"""The same for a list: some 450 kB a second for the largest."""
PACE_S = 0.25
"""A request over the rate is held back this long at most, rather than refused."""
MAX_CLIENTS = 10_000
"""Buckets kept; the client that was silent longest loses its own, and starts with a full one."""


class TokenBuckets:
    """One bucket a client: `rate` tokens flow in a second, up to `burst`; a request takes one.

    A client that asks one thing after another is slowed down to the rate, not refused: yente's
    gives an entity up when it is. One that asks many things at once soon would have to wait
    longer than `PACE_S`, and is refused.
    """

    def __init__(self, rate: float, burst: int, clock: Callable[[], float]) -> None:
        """Make them; `rate` 0 lets everything through. `clock`: seconds that only go forward."""
        self._rate = rate
        self._burst = max(1, burst)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take a token: the seconds until it is there, 0 where it is.

        Where they are more than `PACE_S` nothing was taken, and the request is to be refused.
        """
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        tokens, since = self._buckets.pop(client, (float(self._burst), now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        wait = max(0.0, (1 - tokens) / self._rate)
        self._buckets[client] = (tokens if wait > PACE_S else tokens - 1, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return wait


def limit_of(path: str, usual: int) -> tuple[int, float]:
    """How many bytes a path's body may have, and how many seconds it may take."""
    if path in BODIES:
        return BODIES[path], LIST_TIMEOUT_S
    return usual, BODY_TIMEOUT_S


def limited(
    receive: Receive, limit: int = MAX_BODY_BYTES, timeout_s: float = BODY_TIMEOUT_S
) -> Receive:
    """The same stream of a request's body, which ends in a Problem where it is too long or slow.

    Counts what arrives, so a body without a Content-Length is held to the limit as well.
    """
    seen = 0
    is_complete = False
    deadline = asyncio.get_running_loop().time() + timeout_s

    async def receive_limited() -> Message:
        nonlocal seen, is_complete
        if is_complete:
            return await receive()  # the next message is the client's leaving
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise Problem(
                    408, f"the body took longer than {timeout_s:.0f} seconds; send it again"
                ) from None
            if message["type"] != "http.request":
                return message
            seen += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            if seen <= limit:
                return message
            if is_complete or seen > max(MAX_DRAINED_BYTES, limit):
                raise too_large(limit)

    return receive_limited


def too_large(limit: int) -> Problem:
    """What a body over the limit is answered with."""
    return Problem(
        413,
        f"the body has more than {limit:,} bytes; send less at once",
        headers={"Connection": "close"},
    )
