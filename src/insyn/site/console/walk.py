"""Walk tests: somebody walks in front of a camera and watches how much of it is covered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError
from insyn.site.console.desk import SiteDesk
from insyn.site.shielding import walking
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(request: Request, camera: str, text: str = "", status: int = 200) -> Response:
        visitor = desk.visitor(request, "live.watch")
        found = desk.camera(camera)
        with desk.store.reading() as connection:
            last = walking.last_of(connection).get(found.id)
        return pages.show(
            request,
            "walk.html",
            status=status,
            camera=found,
            last=last,
            may_tell=not why_not(visitor.actor, "background.confirm"),
            text=text,
        )

    @made.get("/privacy/walk/{camera}")
    def show_walk(request: Request, camera: str) -> Response:
        return shown(request, camera)

    @made.post("/privacy/walk/{camera}")
    def tell(
        request: Request,
        camera: str,
        held: Annotated[str, Form(max_length=10)],
        note: Annotated[str, Form(max_length=walking.LONGEST_NOTE)] = "",
    ) -> Response:
        visitor = desk.visitor(request, "background.confirm")
        if held not in ("yes", "no"):
            return shown(request, camera, "Say whether the mask held.", 400)
        if held == "yes" and _state(desk, camera) != "RUN":
            # Where all is covered, nobody can be seen, and nothing was tested.
            text = "Everything is covered now, so this tells nothing of the mask; test it later."
            return shown(request, camera, text, 400)
        try:
            with desk.store.writing() as connection:
                walking.record(
                    connection,
                    camera,
                    held=held == "yes",
                    note=note,
                    actor=visitor.actor,
                    now=desk.clock(),
                )
        except InsynError as error:
            text = str(error)
            return shown(request, camera, f"{text[:1].upper()}{text[1:]}.", 400)
        return RedirectResponse("/privacy", 303)

    return made


def _state(desk: SiteDesk, camera: str) -> str:
    """What the camera's shield does now; "" where none works on it."""
    for said in desk.states("shield"):
        if camera in said.get("cameras", {}):
            return str(said["cameras"][camera].get("state", ""))
    return ""
