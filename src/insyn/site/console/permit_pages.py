"""The permit: what the site may do and why; root, permit and status list taken up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from insyn.base.errors import InsynError, UsageError
from insyn.site.console.desk import SiteDesk
from insyn.site.permission.judging import (
    site_public_key,
    take_up_permit,
    take_up_root,
    take_up_status,
)
from insyn.web.pages import Pages

LONGEST = 1 << 20


def routes(desk: SiteDesk, pages: Pages) -> APIRouter:
    """The routes."""
    made = APIRouter()

    def shown(request: Request, text: str = "", status: int = 200) -> Response:
        return pages.show(
            request,
            "permit.html",
            status=status,
            allowed=desk.permission.now(),
            fingerprint=site_public_key(desk.site).fingerprint,
            text=text,
        )

    @made.get("/permit")
    def show_permit(request: Request) -> Response:
        desk.visitor(request, "site.read")
        return shown(request)

    @made.post("/permit")
    def take_up(
        request: Request,
        kind: Annotated[str, Form(max_length=10)],
        file: Annotated[UploadFile, File()],
        fingerprint: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        desk.visitor(request, "site.settings")
        try:
            content = file.file.read(LONGEST + 1)
            if len(content) > LONGEST:
                raise UsageError("this file is far too large for one of the office")
            if kind == "root":
                take_up_root(
                    desk.site, content, fingerprint=fingerprint.replace(" ", "").lower() or None
                )
            elif kind == "permit":
                take_up_permit(desk.site, content, now=desk.clock())
            elif kind == "status":
                take_up_status(desk.site, content, now=desk.clock())
            else:
                raise UsageError("say what the file is: root, permit or status list")
        except InsynError as error:
            text = str(error)
            return shown(request, text[:1].upper() + text[1:], 400)
        return RedirectResponse("/permit", 303)

    return made
