"""A WebSocket of an ASGI application, without a network: what it is sent, until enough came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class SocketClosed(Exception):  # noqa: N818 - an answer, not a fault
    """The application closed it; `code` says why."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


async def heard(
    app: Any,
    path: str,
    *,
    cookie: str = "",
    enough: Callable[[list[Message]], bool],
    meanwhile: Callable[[], None] | None = None,
    timeout_s: float = 20.0,
) -> list[Message]:
    """What is sent until `enough`; `meanwhile` is done in a thread once it was accepted.

    Raises:
        SocketClosed: it was closed before that.
    """
    headers = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
    if cookie:
        headers.append((b"cookie", cookie.encode()))
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "subprotocols": [], "state": {},
    }  # fmt: skip
    inbox: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[Message] = asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})
    task = asyncio.create_task(app(scope, inbox.get, sent.put))
    found: list[Message] = []
    try:
        async with asyncio.timeout(timeout_s):
            while not enough(found):
                message = await sent.get()
                if message["type"] == "websocket.close":
                    raise SocketClosed(message.get("code", 1000))
                if message["type"] == "websocket.accept" and meanwhile is not None:
                    await asyncio.to_thread(meanwhile)
                found.append(message)
    finally:
        inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(task, 10)
    return found
