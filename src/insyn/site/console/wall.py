"""The wall of live tiles, and the playback page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import UsageError
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import SiteDesk
from insyn.site.playback.timeline import day_of
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages
from insyn.web.signing import visitor_of

SIZES = (1, 4, 9, 16)
MOST_IN_STEP = 9


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    @made.get("/")
    def show_wall(
        request: Request,
        size: Annotated[int | None, Query()] = None,
        page: Annotated[int, Query(ge=1, le=512)] = 1,
    ) -> Response:
        visitor = visitor_of(request, desk.store, desk.clock)
        if visitor is not None and why_not(visitor.actor, "live.watch"):
            return RedirectResponse("/health", 303)
        desk.visitor(request, "live.watch")
        cameras = desk.cameras()
        chosen = (
            size
            if size in SIZES
            else next((one for one in SIZES if one >= len(cameras)), SIZES[-1])
        )
        first = (page - 1) * chosen
        shown = cameras[first : first + chosen]
        return pages.show(
            request,
            "wall.html",
            cameras=[_tile(desk, request, camera) for camera in shown],
            count=len(cameras),
            size=chosen,
            sizes=SIZES,
            page=page,
            pages=max(1, -(-len(cameras) // chosen)),
            may_add=_may(request, desk, "camera.manage"),
        )

    @made.get("/playback")
    def show_playback(
        request: Request,
        camera: Annotated[list[str] | None, Query()] = None,
        day: Annotated[str, Query(max_length=10)] = "",
        at: Annotated[str, Query(max_length=40)] = "",
    ) -> Response:
        desk.visitor(request, "playback.watch")
        cameras = desk.cameras()
        known = {each.id: each for each in cameras}
        chosen = [name for name in camera or [] if name in known][:MOST_IN_STEP]
        if not chosen and cameras:
            chosen = [cameras[0].id]
        zone = desk.settings().time_zone
        today = datetime.now(tz=ZoneInfo(zone)).date().isoformat()
        shown_day = day or today
        try:
            span = day_of(shown_day, zone)
        except UsageError:
            shown_day, span = today, day_of(today, zone)
        return pages.show(
            request,
            "playback.html",
            cameras=cameras,
            chosen=[_tile(desk, request, known[name]) for name in chosen],
            chosen_ids=chosen,
            day=shown_day,
            today=today,
            at=at,
            from_ms=span.from_ns // 10**6,
            until_ms=span.until_ns // 10**6,
            may_export=_may(request, desk, "export.masked"),
        )

    return made


def _tile(desk: SiteDesk, request: Request, camera: Camera) -> dict[str, Any]:
    prefix = f"/playback/{camera.id}/"
    return {
        "id": camera.id,
        "name": camera.name,
        "place": camera.place,
        "token": desk.sign(request, prefix),
    }


def _may(request: Request, desk: SiteDesk, duty: str) -> bool:
    visitor = visitor_of(request, desk.store, desk.clock)
    return visitor is not None and not why_not(visitor.actor, duty)
