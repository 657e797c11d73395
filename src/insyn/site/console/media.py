"""Recorded video over HTTP: playback's routes behind session, duty and token."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from insyn.site.console.desk import NotSignedIn, SiteDesk
from insyn.site.playback.routes import router
from insyn.web.media_tokens import LASTS_S
from insyn.web.pages import Pages


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes below `/playback/{camera}`, each but `token` with a token of the session."""
    made = APIRouter()

    @made.get("/playback/{camera}/token")
    def get_token(request: Request, camera: str) -> JSONResponse:
        """Another token, for a player that is open longer than one lasts."""
        desk.visitor(request, "playback.watch")
        desk.camera(camera)
        token = desk.sign(request, f"/playback/{camera}/")
        return JSONResponse({"token": token, "lasts_s": LASTS_S})

    def allow(request: Request, camera: str) -> None:
        visitor = desk.visitor(request, "playback.watch")
        desk.camera(camera)
        token = request.query_params.get("token", "")
        prefix = f"/playback/{camera}/"
        if not desk.tokens.allows(token, visitor.session, prefix, now_s=int(time.time())):
            raise NotSignedIn

    def sign(request: Request, path: str) -> str:
        # One token for all addresses of an answer: a day's playlist has some twenty thousand. A
        # playlist's is the one that it was asked with: asked again, it names the same addresses.
        if request.url.path.endswith(".m3u8"):
            return f"{path}?token={quote(request.query_params['token'])}"
        prefix = "/".join(path.split("/")[:3]) + "/"
        made = getattr(request.state, "media_token", ("", ""))
        if made[0] != prefix:
            made = request.state.media_token = (prefix, desk.sign(request, prefix))
        return f"{path}?token={made[1]}"

    def seen(request: Request, camera: str, from_ns: int, until_ns: int) -> None:
        visitor = desk.visitor(request, "playback.watch")
        span = (_moment(from_ns), _moment(until_ns))
        desk.looking.note(visitor.actor.id, camera, "recorded", span)

    made.include_router(router(desk.open_reader, allow, sign, seen))
    return made


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1e9, tz=UTC)
