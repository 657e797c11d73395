"""Recorded video over HTTP: playback's routes behind session, duty and token; metrics."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from fastapi import APIRouter, Request

from insyn.base.errors import Refusal, UsageError
from insyn.site.console.desk import NotSignedIn, SiteDesk
from insyn.site.playback.routes import moment_ns, router
from insyn.web.pages import Pages


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes below `/playback/{camera}`, each with a token of the session."""

    def allow(request: Request, camera: str) -> None:
        visitor = desk.visitor(request, "playback.watch")
        desk.camera(camera)
        token = request.query_params.get("token", "")
        prefix = f"/playback/{camera}/"
        if not desk.tokens.allows(token, visitor.session, prefix, now_s=int(time.time())):
            raise NotSignedIn
        desk.looking.note(visitor.actor.id, camera, "recorded", _span(request))

    def sign(request: Request, path: str) -> str:
        camera = path.split("/")[2]
        return f"{path}?token={desk.sign(request, f'/playback/{camera}/')}"

    return router(desk.open_reader, allow, sign)


def _span(request: Request) -> tuple[datetime, datetime] | None:
    asked = request.query_params
    try:
        if "from" in asked and "until" in asked:
            return _moment(asked["from"]), _moment(asked["until"])
        if "at" in asked:
            return _moment(asked["at"]), _moment(asked["at"])
    except (UsageError, Refusal, OverflowError, OSError, ValueError):
        return None
    return None


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(moment_ns(text) / 1e9, tz=UTC)
