"""The site's console as an ASGI application: pages, media, live view, metrics."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

import insyn
from insyn.base.errors import EnvironmentFailure, InsynError, Refusal, UsageError
from insyn.site.console import (
    alarms,
    api,
    audit,
    break_glass,
    camera_pages,
    export_pages,
    health,
    live_view,
    media,
    papers,
    people_pages,
    permit_pages,
    privacy,
    release_pages,
    walk,
    wall,
)
from insyn.site.console.desk import NotSignedIn, SiteDesk
from insyn.site.console.forms import AGAIN
from insyn.web.guard import Guard
from insyn.web.pages import Pages
from insyn.web.signing import signing_routes

log = logging.getLogger("insyn.web")

TIDY_S = 5.0

MEDIA = ("/playback/", "/live/", "/metrics", "/release/", "/api/")
"""Answered to programs and players: problems in JSON, and no way to the sign-in page."""


def create_app(desk: SiteDesk) -> Guard:
    """The application; its lifespan ends releases and writes down who looked."""
    pages = Pages("insyn.site.console", frame=desk.frame)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(desk.releases.begin)
        task = asyncio.create_task(_tidy(desk))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await desk.hub.close()
        await desk.full.close()
        await asyncio.to_thread(desk.close)

    app = FastAPI(
        title="Insyn site",
        version=insyn.__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.include_router(pages.static_routes())
    app.include_router(signing_routes(desk.store, pages, desk.clock, another=AGAIN))
    for room in (
        wall,
        live_view,
        alarms,
        break_glass,
        media,
        camera_pages,
        health,
        permit_pages,
        people_pages,
        audit,
        privacy,
        release_pages,
        export_pages,
        papers,
        walk,
        api,
    ):
        app.include_router(room.routes(desk, pages))
    _answer_errors(app, pages)
    return Guard(app)


def _answer_errors(app: FastAPI, pages: Pages) -> None:
    def told(request: Request, status: int, sentence: str) -> Response:
        if request.url.path.startswith(MEDIA):
            return JSONResponse({"status": status, "detail": sentence}, status)
        return pages.problem(request, status, sentence)

    @app.exception_handler(NotSignedIn)
    def not_signed_in(request: Request, _: Exception) -> Response:
        if request.url.path.startswith(MEDIA) or request.method != "GET":
            return told(request, 401, "Sign in first.")
        return RedirectResponse(f"/sign-in?to={quote(request.url.path)}", 303)

    @app.exception_handler(InsynError)
    def refused(request: Request, error: InsynError) -> Response:
        status = 503 if isinstance(error, EnvironmentFailure) else 400
        if isinstance(error, Refusal) and not isinstance(error, UsageError):
            status = 403 if "may not" in str(error) or "role" in str(error) else 404
        sentence = str(error)
        return told(request, status, sentence[:1].upper() + sentence[1:] + ".")

    @app.exception_handler(HTTPException)
    def not_there(request: Request, error: HTTPException) -> Response:
        return told(request, error.status_code, "There is no such page.")

    @app.exception_handler(RequestValidationError)
    def not_understood(request: Request, _: RequestValidationError) -> Response:
        return told(request, 400, "A field is missing or is not as it must be.")


async def _tidy(desk: SiteDesk) -> None:
    while True:
        await asyncio.sleep(TIDY_S)
        try:
            await asyncio.to_thread(desk.looking.tidy)
            await asyncio.to_thread(desk.releases.tidy)
            await asyncio.to_thread(desk.exports.tidy)
        except InsynError as error:
            log.warning("what is due could not be done: %s", error)
