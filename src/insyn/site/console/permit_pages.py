"""The permit: what the site may do and why; root, permit and status list taken up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.console.forms import Typed
from insyn.site.permission.judging import (
    site_public_key,
    take_up_permit,
    take_up_root,
    take_up_status,
)
from insyn.trust.people.duties import why_not
from insyn.web.pages import Pages, refused_by
from insyn.web.signing import Visitor

LONGEST = 1 << 20


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(
        request: Request, visitor: Visitor, error: InsynError | None = None, **form: str
    ) -> Response:
        return pages.show(
            request,
            "permit.html",
            status=400 if error else 200,
            refused=refused_by(error, ("kind", "file", "fingerprint")) if error else None,
            allowed=desk.permission.now(),
            fingerprint=site_public_key(desk.site).fingerprint,
            may_take=not why_not(visitor.actor, "site.settings"),
            form={"kind": "permit", "fingerprint": "", **form},
        )

    @made.get("/permit")
    def show_permit(request: Request) -> Response:
        return shown(request, desk.visitor(request, "site.read"))

    @made.post("/permit")
    def take_up(
        request: Request,
        kind: Typed = "",
        file: Annotated[UploadFile | None, File()] = None,
        fingerprint: Typed = "",
    ) -> Response:
        visitor = desk.visitor(request, "site.settings")
        try:
            content = file.file.read(LONGEST + 1) if file is not None else b""
            if not content:
                raise UsageError("choose the file that the office sent", field="file")
            if len(content) > LONGEST:
                raise UsageError("this file is far too large for one of the office", field="file")
            if kind == "root":
                take_up_root(
                    desk.site, content, fingerprint=fingerprint.replace(" ", "").lower() or None
                )
            elif kind == "permit":
                take_up_permit(desk.site, content, now=desk.clock())
            elif kind == "status":
                take_up_status(desk.site, content, now=desk.clock())
            else:
                raise UsageError("say what the file is: root, permit or status list", field="kind")
        except InsynError as error:
            return shown(request, visitor, error, kind=kind, fingerprint=fingerprint)
        return RedirectResponse("/permit", 303)

    return made
