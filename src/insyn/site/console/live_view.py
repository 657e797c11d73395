"""Live view over WebSocket: masked fragments, states and errors; the session is asked again.

Messages: docs/reference/console.md, "Live".
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import Response

from insyn.base.errors import InsynError
from insyn.site.console.desk import SiteDesk
from insyn.site.live.hub import Hub
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages
from insyn.web.signing import COOKIE, SECURE_COOKIE, identified
from insyn.web.sockets import refuse, tell

ASK_AGAIN_S = 20.0
"""A session that ends, or a role that is taken away, ends the picture within this time.

Looking at a wall keeps a session open, up to its longest: a guard's picture does not go dark
because they touched nothing for half an hour. Tiles that nobody can see ask for nothing.
"""


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The route of live view."""
    made = APIRouter()

    @made.get("/live/{camera}")
    def may_watch(request: Request, camera: str) -> Response:
        """Whether somebody may watch, for a page whose WebSocket was refused: 204 or a problem."""
        desk.visitor(request, "live.watch")
        desk.camera(camera)
        return Response(status_code=204)

    @made.websocket("/live/{camera}")
    async def live(socket: WebSocket, camera: str) -> None:
        await serve(socket, camera, desk.hub, "live")

    async def serve(socket: WebSocket, camera: str, hub: Hub, how: str) -> None:
        secret = socket.cookies.get(SECURE_COOKIE) or socket.cookies.get(COOKIE, "")

        def who() -> str:
            visitor = identified(secret, desk.store, desk.clock)
            if visitor is None or why_not(visitor.actor, "live.watch"):
                return ""
            desk.looking.note(visitor.actor.id, camera, how)
            return visitor.actor.id

        try:
            await asyncio.to_thread(desk.camera, camera)
            is_known = bool(await asyncio.to_thread(who))
        except InsynError:
            is_known = False
        if not is_known:
            await refuse(socket)
            return
        await tell(socket, lambda: _send(socket, hub, camera), lambda: _while_allowed(who))

    @made.websocket("/live/{camera}/full")
    async def full(socket: WebSocket, camera: str) -> None:
        """The same in full resolution, masked, where the machine has room for it."""
        await serve(socket, camera, desk.full, "live-full")

    return made


async def _send(socket: WebSocket, hub: Hub, camera: str) -> None:
    watched = hub.watch(camera)
    try:
        async for part in watched:
            if isinstance(part, str):
                await socket.send_text(part)
            else:
                await socket.send_bytes(part)
    finally:
        await watched.aclose()  # type: ignore[attr-defined] # an async generator


async def _while_allowed(who: object) -> None:
    assert callable(who)
    while True:
        await asyncio.sleep(ASK_AGAIN_S)
        if not await asyncio.to_thread(who):
            return
