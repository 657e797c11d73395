"""Privacy: masking of each camera, releases this month, papers drafted from the settings."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import qrcode
import qrcode.image.svg
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError
from insyn.site.cameras.register import Camera
from insyn.site.console.desk import SiteDesk
from insyn.site.release import matter
from insyn.site.settings import change_settings
from insyn.site.shielding.masking import Asked, ask
from insyn.site.vault import folder
from insyn.web.pages import Pages

Text = Annotated[str, Form(max_length=500)]


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes; the notice is open to everybody: it is for the people on camera."""
    made = APIRouter()

    def shown(request: Request, text: str = "", status: int = 200) -> Response:
        states = {
            name: state
            for said in desk.states("shield")
            for name, state in said.get("cameras", {}).items()
        }
        with desk.store.reading() as connection:
            releases = matter.every(connection)
        since = desk.clock() - timedelta(days=30)
        return pages.show(
            request,
            "privacy.html",
            status=status,
            rows=[_row(camera, states.get(camera.id, {})) for camera in desk.cameras()],
            releases=[one for one in releases if one.asked_at >= since],
            allowed=desk.permission.now(),
            custodians=folder.custodians(desk.site),
            needed=folder.needed(desk.site),
            settings=desk.settings(),
            text=text,
        )

    @made.get("/privacy")
    def show_privacy(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return shown(request)

    @made.post("/privacy")
    def change(
        request: Request,
        name: Text,
        address: Text = "",
        controller: Text = "",
        contact: Text = "",
        time_zone: Text = "UTC",
        retention_days: Annotated[int, Form(ge=1, le=1826)] = 14,
    ) -> Response:
        desk.visitor(request, "site.settings")
        try:
            change_settings(
                desk.site,
                name=name,
                address=address,
                controller=controller,
                contact=contact,
                time_zone=time_zone,
                retention_days=retention_days,
            )
        except InsynError as error:
            return shown(request, str(error), 400)
        return RedirectResponse("/privacy", 303)

    @made.post("/privacy/scene")
    def ask_scene(
        request: Request, camera: Text, asked: Text, nobody: Annotated[str, Form()] = ""
    ) -> Response:
        visitor = desk.visitor(request, "background.confirm")
        try:
            wanted = Asked(asked)
        except ValueError:
            return shown(request, "Choose what the shield shall do.", 400)
        if wanted is Asked.EMPTY_NOW and not nobody:
            return shown(request, "Look at the place first, and tick that nobody is in view.", 400)
        try:
            with desk.store.writing() as connection:
                ask(connection, camera, wanted, actor=visitor.actor, now=desk.clock())
        except InsynError as error:
            return shown(request, str(error), 400)
        return RedirectResponse("/privacy", 303)

    @made.get("/privacy/notice")
    def show_notice(request: Request) -> Response:
        url = str(request.url_for("show_notice"))
        return pages.show(
            request,
            "notice.html",
            settings=desk.settings(),
            allowed=desk.permission.now(),
            needed=folder.needed(desk.site),
            url=url,
        )

    @made.get("/privacy/notice.svg")
    def notice_code(request: Request) -> Response:
        url = str(request.url_for("show_notice"))
        picture = io.BytesIO()
        image = qrcode.make(url, image_factory=qrcode.image.svg.SvgPathImage, border=2)
        image.save(picture)
        return Response(picture.getvalue(), media_type="image/svg+xml")

    @made.get("/privacy/assessment")
    def show_assessment(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return pages.show(
            request,
            "assessment.html",
            settings=desk.settings(),
            allowed=desk.permission.now(),
            cameras=desk.cameras(),
            needed=folder.needed(desk.site),
            custodians=folder.custodians(desk.site),
        )

    return made


# `Any`: a worker's state file.
def _row(camera: Camera, state: dict[str, Any]) -> tuple[Camera, dict[str, Any], datetime | None]:
    at_ns = state.get("scene", {}).get("at_ns")
    return camera, state, datetime.fromtimestamp(at_ns / 1e9, tz=UTC) if at_ns else None
