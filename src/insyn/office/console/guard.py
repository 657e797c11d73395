"""What stands before every route: the log, the key, the rate, the size, and the last catch.

Always: the log has time, method, route, status and duration, and nothing else: no address, no
query, no path as sent, no body. A failure of ours is logged once, by type and place.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from insyn.office.console.limits import (
    MAX_BODY_BYTES,
    MAX_DRAINED_BYTES,
    PACE_S,
    TokenBuckets,
    limit_of,
    limited,
    too_large,
)
from insyn.office.console.problems import Problem
from insyn.web.addresses import source_of

LIVENESS = "/healthz"
UNMETERED = (LIVENESS, "/readyz")
"""Asked by supervisors every few seconds, and cheap: no rate limit."""

MAX_IN_FLIGHT = 256
"""Requests at work at once; each may hold a body, so this bounds memory (256 MiB of bodies)."""

RATE = 100.0
BURST = 200

access_log = logging.getLogger("insyn.access")
error_log = logging.getLogger("insyn.console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Who may ask, and how much.

    `api_key` None: nobody needs a key, and then only a loopback `Host` is answered, lest a web
    page in a browser on this machine reaches us under a name of its own (DNS rebinding).
    `rate` requests a second and client, 0 for no limit; `burst` at once.
    """

    api_key: str | None = None
    rate: float = RATE
    burst: int = BURST
    max_body_bytes: int = MAX_BODY_BYTES


class Gate(Protocol):
    """What the guard asks of people (`resources.gate`); `asked` is method and scheme."""

    def is_personal(self, path: str) -> bool:
        """Whether the route looks for a person itself."""

    async def admits(self, path: str, headers: Headers, asked: tuple[str, str]) -> bool:
        """Whether a request may come in where the office has no API key."""

    async def knows(self, path: str, headers: Headers, asked: tuple[str, str]) -> bool:
        """Whether a person asks, who may screen."""

    def nobody(self) -> Problem:
        """The answer to whoever is not admitted."""


class Guard:
    """The application behind its rules, as an ASGI application."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        *,
        gate: Gate | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._rules = rules
        self._gate = gate
        self._clock = clock
        self._buckets = TokenBuckets(rules.rate, rules.burst, clock)
        self._key = None if rules.api_key is None else _fingerprint(rules.api_key.encode())
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        status = 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        self._in_flight += 1
        try:
            await self._answer(scope, receive, send_noted)
        except Exception as error:
            error_log.error("%s in %s", type(error).__name__, _place(error))
            if not status:
                problem = Problem(500, "something failed here; it has been logged, try again")
                await problem.response(scope["path"])(scope, receive, send_noted)
        finally:
            self._in_flight -= 1
            taken_ms = (self._clock() - began) * 1000
            access_log.info("%s %s %d %.0f ms", _method(scope), _route(scope), status, taken_ms)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        headers = Headers(scope=scope)
        try:
            self._check_host(headers)
            if path not in UNMETERED:
                await self._check_rate(scope)
            limit, timeout_s = limit_of(path, self._rules.max_body_bytes)
            _refuse_length(headers, limit)
            if path != LIVENESS:
                await self._check_who(scope, headers)
                self._check_room()
            body = limited(receive, limit, timeout_s)
            await _check_length(headers, body, limit)
        except Problem as problem:
            await problem.response(path)(scope, receive, send)
            return
        await self._app(scope, body, send)

    def _check_host(self, headers: Headers) -> None:
        if self._key is None and not is_loopback(host_name(headers.get("host", ""))):
            raise Problem(
                421,
                "without an API key only requests to a loopback address are answered; ask for "
                "127.0.0.1 or localhost, or start the server with a key",
            )

    async def _check_rate(self, scope: Scope) -> None:
        wait = self._buckets.take(source_of(HTTPConnection(scope)))
        if wait > PACE_S:
            raise Problem(
                429,
                f"more than {self._rules.rate:g} requests a second; wait, or send many subjects in "
                "one request",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        if wait:
            await asyncio.sleep(wait)

    async def _check_who(self, scope: Scope, headers: Headers) -> None:
        """The API key, or a person; routes that ask for a person look for one themselves."""
        gate, asked = self._gate, (str(scope["method"]), str(scope.get("scheme", "http")))
        if gate is None or gate.is_personal(scope["path"]):
            if gate is None:
                self._check_key(headers)
            return
        if self._key is None:
            if not await gate.admits(scope["path"], headers, asked):
                raise gate.nobody()
            return
        try:
            self._check_key(headers)
        except Problem:
            if not await gate.knows(scope["path"], headers, asked):
                raise

    def _check_key(self, headers: Headers) -> None:
        if self._key is None:
            return
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        # Digests have one length: how long the comparison takes says nothing of the key.
        is_right = hmac.compare_digest(_fingerprint(sent.strip().encode("latin-1")), self._key)
        if not is_right or scheme.lower() not in ("apikey", "bearer"):
            raise Problem(
                401,
                "this server wants its API key: send the header `Authorization: Bearer KEY` "
                "(or `ApiKey KEY`)",
                headers={"WWW-Authenticate": 'Bearer realm="insyn"'},
            )

    def _check_room(self) -> None:
        if self._in_flight > MAX_IN_FLIGHT:
            raise busy()


def _refuse_length(headers: Headers, limit: int) -> None:
    """What is longer than we would even drop is refused unread, whoever sent it."""
    if _length(headers) > max(MAX_DRAINED_BYTES, limit):
        raise too_large(limit)


async def _check_length(headers: Headers, body: Receive, limit: int) -> None:
    if _length(headers) <= limit:
        return
    while (await body())["type"] == "http.request":
        pass  # ends in the same Problem, once the client has sent all of it
    raise too_large(limit)


def busy() -> Problem:
    """What a request is answered with that finds no room."""
    return Problem(
        503, "too many requests are at work; try again shortly", headers={"Retry-After": "1"}
    )


def is_loopback(host: str) -> bool:
    """Whether a host, given by name or address, can only be this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name or address in a `Host` header, without its port."""
    if header.startswith("["):
        return header.partition("]")[0].lstrip("[")
    return header.partition(":")[0]


def _length(headers: Headers) -> int:
    """The length that a body is said to have; 0 where none is said."""
    said = headers.get("content-length", "")
    if not said.isdecimal():
        return 0
    return int(said[:20])  # more digits than that say no more


def _fingerprint(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return (
        method
        if method in ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE")
        else "OTHER"
    )


def _route(scope: Scope) -> str:
    """The route as it is written in the code; what an unknown path holds is not ours to log."""
    if scope["path"] == "/openapi.json":  # the framework's own, without a route object
        return "/openapi.json"
    return str(getattr(scope.get("route"), "path", "") or "(no such path)")


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "an unknown place"
