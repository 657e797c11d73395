"""Walk tests: somebody walks in front of a camera and watches how much of it is covered."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, Refusal, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed
from insyn.site.shielding import walking
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages, refused_by


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(
        request: Request,
        camera: str,
        error: InsynError | None = None,
        held: str = "",
        note: str = "",
    ) -> Response:
        visitor = desk.visitor(request, "live.watch")
        found = desk.camera(camera)
        with desk.store.reading() as connection:
            last = walking.last_of(connection).get(found.id)
        return pages.show(
            request,
            "walk.html",
            status=400 if error else 200,
            refused=refused_by(error, ("held", "note")) if error else None,
            held=held,
            note=note,
            camera=found,
            last=last,
            may_tell=not why_not(visitor.actor, "background.confirm"),
        )

    @made.get("/privacy/walk/{camera}")
    def show_walk(request: Request, camera: str) -> Response:
        return shown(request, camera)

    @made.post("/privacy/walk/{camera}")
    def tell(
        request: Request,
        camera: str,
        held: Typed = "",
        note: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "background.confirm")
        try:
            if held not in ("yes", "no"):
                raise UsageError("say whether the mask held", field="held")
            if held == "yes" and _state(desk, camera) != "RUN":
                # Where all is covered, nobody can be seen, and nothing was tested.
                raise Refusal(
                    "everything is covered now, so this tells nothing of the mask; test it later",
                    field="held",
                )
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
            return shown(request, camera, error, held, note)
        return RedirectResponse("/privacy", 303)

    return made


def _state(desk: SiteDesk, camera: str) -> str:
    """What the camera's shield does now; "" where none works on it."""
    for said in desk.states("shield"):
        if camera in said.get("cameras", {}):
            return str(said["cameras"][camera].get("state", ""))
    return ""
