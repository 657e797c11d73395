"""The wall of live tiles, and the playback page."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, UsageError
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
        camera: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        visitor = visitor_of(request, desk.store, desk.clock)
        if visitor is not None and why_not(visitor.actor, "live.watch"):
            return RedirectResponse("/health", 303)
        desk.visitor(request, "live.watch")
        everything = desk.cameras()
        wanted = set(camera or ())
        cameras = [each for each in everything if each.id in wanted] or everything
        chosen = [each.id for each in cameras] if len(cameras) < len(everything) else []
        tiles = (
            size
            if size in SIZES
            else next((one for one in SIZES if one >= len(cameras)), SIZES[-1])
        )
        pages_count = max(1, -(-len(cameras) // tiles))
        page = min(page, pages_count)

        def address(size: int, page: int) -> str:
            asked = [("size", str(size)), ("page", str(page)), *(("camera", c) for c in chosen)]
            return f"/?{urlencode(asked)}"

        return pages.show(
            request,
            "wall.html",
            cameras=cameras[(page - 1) * tiles : page * tiles],
            all=everything,
            chosen_ids=chosen,
            count=len(everything),
            size=tiles,
            sizes=SIZES,
            page=page,
            pages=pages_count,
            address=address,
            may_add=_may(request, desk, "camera.manage"),
            may_play=_may(request, desk, "playback.watch"),
        )

    @made.get("/playback")
    def show_playback(
        request: Request,
        camera: Annotated[list[str] | None, Query()] = None,
        day: Annotated[str, Query(max_length=10)] = "",
        at: Annotated[str, Query(max_length=40)] = "",
        go: Annotated[str, Query(max_length=6)] = "",
    ) -> Response:
        desk.visitor(request, "playback.watch")
        cameras = desk.cameras()
        known = {each.id: each for each in cameras}
        chosen = [name for name in camera or [] if name in known][:MOST_IN_STEP]
        if not chosen and cameras:
            chosen = [cameras[0].id]
        zone = desk.settings().time_zone
        today = datetime.now(tz=ZoneInfo(zone)).date().isoformat()
        if not day and not at:
            day = _newest_day(desk, chosen, zone)
        shown_day = _moved(day or today, go)
        try:
            span = day_of(shown_day, zone)
        except UsageError:
            shown_day, span = today, day_of(today, zone)
        return pages.show(
            request,
            "playback.html",
            cameras=cameras,
            known=known,
            most=MOST_IN_STEP,
            may_add=_may(request, desk, "camera.manage"),
            chosen=[_tile(desk, request, known[name]) for name in chosen],
            chosen_ids=chosen,
            day=shown_day,
            today=today,
            at="" if go else at,
            from_ms=span.from_ns // 10**6,
            until_ms=span.until_ns // 10**6,
            may_export=_may(request, desk, "export.masked"),
        )

    return made


def _newest_day(desk: SiteDesk, cameras: list[str], zone: str) -> str:
    """The day of the newest recording of these cameras, in a zone; "" where there is none."""
    try:
        reader = desk.open_reader()
    except InsynError:
        return ""
    try:
        moments = [reader.newest_shown(camera) for camera in cameras]
    finally:
        reader.close()
    newest = max((one for one in moments if one is not None), default=None)
    if newest is None:
        return ""
    # A picture that ends at midnight is of the day before; floats would round it up.
    return datetime.fromtimestamp((newest - 1) // 10**9, tz=ZoneInfo(zone)).date().isoformat()


def _moved(day: str, go: str) -> str:
    """The day before or after; the same where it is no day."""
    try:
        by = {"before": -1, "after": 1}.get(go, 0)
        return (date.fromisoformat(day) + timedelta(days=by)).isoformat()
    except (ValueError, OverflowError):
        return day


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
