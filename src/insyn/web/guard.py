"""What stands before every page: security headers, the Origin check, and the last catch.

Always: no script, style, picture or connection from elsewhere; no inline script; a request that
changes something, and every WebSocket, comes from our own pages or is refused; the log holds
method, route and status, and neither addresses nor names.

Source: OWASP cheat sheets "Cross-Site Request Forgery Prevention" (origin check) and "Content
Security Policy"; RFC 6455, section 10.2 (Origin of WebSockets).
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("insyn.web")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """The application behind these rules, as an ASGI application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_socket = scope["type"] == "websocket"
        if (is_socket or scope["method"] not in SAFE) and not is_ours(headers):
            await _refuse(scope, receive, send, is_socket)
            return
        if is_socket:
            await self._app(scope, receive, send)
            return
        has_begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                found = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    found.setdefault(name, value)
                found.setdefault("Cache-Control", "no-store")
                log.info("%s %s %d", scope["method"], _route(scope), message["status"])
            await send(message)

        try:
            await self._app(scope, receive, send_guarded)
        except Exception:
            log.exception("%s %s failed", scope["method"], _route(scope))
            if has_begun:
                raise
            await _plain(
                send_guarded, 500, b"Something failed here; it has been logged. Try again."
            )


def is_ours(headers: Headers) -> bool:
    """Whether a request comes from a page of ours: its origin's host is the one that is asked."""
    origin = headers.get("origin", "")
    if origin and origin != "null":
        try:
            asking = urlsplit(origin).netloc.lower()
        except ValueError:  # such as http://[
            return False
        return asking == headers.get("host", "").lower() != ""
    # Programs without a browser send neither; they have no cookie that could be misused.
    return not origin and "cookie" not in headers


async def _refuse(scope: Scope, receive: Receive, send: Send, is_socket: bool) -> None:
    if is_socket:
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await _plain(send, 403, b"This form was sent from another page. Open ours, and send it again.")


async def _plain(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "") or "(no such path)")
