"""What every page of everybody shows at once: cameras that are open live, over a WebSocket.

A message is a JSON list of `{"release", "href", "kind", "text"}`; an empty one: there is nothing.
"""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket

from insyn.base.errors import InsynError
from insyn.site.console.desk import SiteDesk
from insyn.trust.people.duties import Actor
from insyn.web.pages import Pages
from insyn.web.signing import COOKIE, SECURE_COOKIE, identified
from insyn.web.sockets import refuse, tell

TURN_S = 0.5
ASK_AGAIN_S = 10.0
"""A session that ends is let go within this time; what ends by time is told within it too."""


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The route of the alarms."""
    made = APIRouter()

    @made.websocket("/alarms")
    async def alarms(socket: WebSocket) -> None:
        secret = socket.cookies.get(SECURE_COOKIE) or socket.cookies.get(COOKIE, "")

        def who() -> Actor | None:
            visitor = identified(secret, desk.store, desk.clock)
            return visitor.actor if visitor else None

        actor = await asyncio.to_thread(who)
        if actor is None:
            await refuse(socket)
            return
        await tell(socket, lambda: _tell(socket, desk, actor), lambda: _while_signed_in(who))

    return made


async def _tell(socket: WebSocket, desk: SiteDesk, actor: Actor) -> None:
    version, said, quiet_s = -1, None, 0.0
    while True:
        if version != desk.releases.version or quiet_s >= ASK_AGAIN_S or said:
            version, quiet_s = desk.releases.version, 0.0
            try:
                now = await asyncio.to_thread(desk.alarms, actor)
            except InsynError:
                now = said or []  # told again at the next turn
            if now != said:
                said = now
                await socket.send_json(said)
        await asyncio.sleep(TURN_S)
        quiet_s += TURN_S


async def _while_signed_in(who: object) -> None:
    assert callable(who)
    while await asyncio.to_thread(who):
        await asyncio.sleep(ASK_AGAIN_S)
