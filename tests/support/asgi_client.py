"""Asks an ASGI application as a browser would, without a socket."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.types import ASGIApp


class AsgiClient:
    """Requests in turn; keeps cookies."""

    def __init__(self, app: ASGIApp, base_url: str = "http://127.0.0.1") -> None:
        self._app = app
        self._base_url = base_url
        self.cookies = httpx.Cookies()

    # `Any`: what httpx takes.
    def request(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """The answer, read whole."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self._base_url, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **sent)
                self.cookies = httpx.Cookies(client.cookies)
                return answer

        return asyncio.run(ask())

    def get(self, path: str, **sent: Any) -> httpx.Response:
        """A GET."""
        return self.request("GET", path, **sent)

    def head(self, path: str, **sent: Any) -> httpx.Response:
        """A HEAD."""
        return self.request("HEAD", path, **sent)

    def post(self, path: str, **sent: Any) -> httpx.Response:
        """A POST."""
        return self.request("POST", path, **sent)
