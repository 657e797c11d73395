"""Break-glass: asked for with a reason, then watched live by whoever asked, and by nobody else.

Always: this socket is the only one that carries what is not masked; it hands on what
`insyn.site.release.following` opens, while the release is open and the session stands. Each look is
a leaf. Messages are those of live view (docs/reference/console.md, "Live").
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, Refusal
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed, about, number_of
from insyn.site.console.release_pages import listed
from insyn.site.release import matter
from insyn.site.release.following import Begins, Follower
from insyn.site.release.live import LONGEST_MINUTES, LiveRequest
from insyn.trust.people.duties import require
from insyn.web.pages import Pages
from insyn.web.signing import COOKIE, SECURE_COOKIE, Visitor, identified
from insyn.web.sockets import refuse, tell

log = logging.getLogger("insyn.site")

TURN_S = 0.2
SILENT_S = 1.0
"""Something is said at least so often, so that a viewer knows that the line stands."""

UNFED = "Nothing of this camera is being recorded now, so there is nothing to see."
ASK_AGAIN_S = 2.0
"""A session that ends ends the picture within this time."""


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    @made.post("/break-glass")
    def ask(
        request: Request,
        camera: Typed = "",
        reason: Typed = "",
        basis: Typed = "",
        case_number: Typed = "",
        minutes: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "release.request")
        form = {"camera": camera, "reason": reason, "basis": basis, "case_number": case_number,
                "minutes": minutes}  # fmt: skip
        try:
            with about("camera"):
                found = desk.camera(camera).id
            asked = desk.releases.ask_live(
                LiveRequest(
                    camera=found,
                    reason=reason,
                    basis=basis,
                    case_number=case_number,
                    minutes=number_of(minutes, 1, LONGEST_MINUTES, "minutes"),
                ),
                actor=visitor.actor,
            )
        except InsynError as error:
            return listed(desk, pages, request, error, asked_live=form)
        return RedirectResponse(f"/releases/{asked.id}", 303)

    @made.websocket("/release/{release}/live")
    async def watch(socket: WebSocket, release: str) -> None:
        secret = socket.cookies.get(SECURE_COOKIE) or socket.cookies.get(COOKIE, "")

        def who() -> Visitor:
            visitor = identified(secret, desk.store, desk.clock)
            if visitor is None:
                raise Refusal("nobody is signed in")
            require(visitor.actor, "release.request")
            return visitor

        def begin() -> Follower:
            visitor = who()
            original = desk.releases.live(release, actor=visitor.actor)
            with desk.store.writing() as connection:
                matter.looked(connection, release, actor=visitor.actor, now=desk.clock())
            return original.follow()

        try:
            follower = await asyncio.to_thread(begin)
        except InsynError:
            await refuse(socket)
            return
        try:
            await tell(socket, lambda: _send(socket, follower), lambda: _while_allowed(who))
        finally:
            follower.close()

    return made


async def _send(socket: WebSocket, follower: Follower) -> None:
    quiet_s = SILENT_S
    while True:
        try:
            parts = await asyncio.to_thread(follower.read)
        except InsynError as error:
            text = str(error)
            said = {"type": "error", "reason": "over", "text": text[:1].upper() + text[1:] + "."}
            await socket.send_json(said)
            return
        for part in parts:
            if isinstance(part, Begins):
                said = {"type": "init", "mime": part.mime, "state": "UNMASKED"}
                await socket.send_json(said)
                await socket.send_bytes(part.segment)
            else:
                await socket.send_bytes(part.body)
        quiet_s = 0.0 if parts else quiet_s + TURN_S
        if quiet_s >= SILENT_S:
            quiet_s = 0.0
            text = "" if follower.is_fed else UNFED
            await socket.send_json({"type": "state", "state": "UNMASKED", "text": text})
        await asyncio.sleep(TURN_S)


async def _while_allowed(who: object) -> None:
    assert callable(who)
    with contextlib.suppress(InsynError):
        while True:
            await asyncio.to_thread(who)
            await asyncio.sleep(ASK_AGAIN_S)
