"""A WebSocket that tells, for as long as it may and somebody is at its other end.

Always: whoever goes away ends it without a fault in the log, however abruptly: a tab that closes is
how most of them end. Any other fault of a task is logged, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine

from fastapi import WebSocket, WebSocketDisconnect

log = logging.getLogger("insyn.web")

Turn = Callable[[], Coroutine[object, object, None]]

GONE = (WebSocketDisconnect, RuntimeError, OSError)
"""What an end that has gone raises, by how it went and what was under way."""

NOT_ALLOWED = 1008
"""RFC 6455, section 7.4.1: policy violation."""


async def tell(socket: WebSocket, telling: Turn, while_allowed: Turn) -> None:
    """Accept a socket; tell until that is over, or is not allowed any more, or nobody is there.

    Args:
        socket: not accepted yet.
        telling: sends; cancelled where something else ends first.
        while_allowed: ends when whoever listens may no longer; the socket closes with 1008 then.
    """
    try:
        await socket.accept()
    except GONE:
        return
    turns = (telling, while_allowed, lambda: _until_gone(socket))
    tasks = [asyncio.create_task(turn()) for turn in turns]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    is_allowed = not tasks[1].done()
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception) and not isinstance(ended, GONE):
            log.error("what a WebSocket tells ended by a fault", exc_info=ended)
    with contextlib.suppress(*GONE):
        await socket.close(code=1000 if is_allowed else NOT_ALLOWED)


async def refuse(socket: WebSocket) -> None:
    """Answer a handshake with a refusal (403)."""
    with contextlib.suppress(*GONE):
        await socket.close(code=NOT_ALLOWED)


async def _until_gone(socket: WebSocket) -> None:
    # What they say, of whatever kind, is read and means nothing.
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
