"""The office's HTTP application: routes, errors and description, behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

import insyn
from insyn.office.console import api, yente
from insyn.office.console.bench import Bench
from insyn.office.console.guard import LIVENESS, Guard, Rules
from insyn.office.console.problems import Problem, problem_response
from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.gate import Gate
from insyn.office.console.resources.office_people import OfficePeople
from insyn.office.console.resources.routers import put_in
from insyn.office.console.resources.signed_in import People
from insyn.office.console.standing import CHECK_INTERVAL_S, InForce, Standing

ABOUT = """Screening of parties against official lists, as the command `insyn screen` does it.

Every answer names the lists and the matcher it rests on (`manifest`). A score of 0.7 is the bar
from which a human has to look. Errors are `application/problem+json` (RFC 9457); on the paths
that yente's clients use they are `{"detail": ...}`, as there.
"""

log = logging.getLogger("insyn.console")

DUE_CHECKS = 5
"""Looks at the lists between two looks for parties to be screened; each reads the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What the routes work with."""

    in_force: InForce
    bench: Bench = field(default_factory=Bench)

    def standing(self) -> Standing:
        """What to screen against, to be kept for the whole of a request.

        Raises:
            Problem: 503, there is nothing; says what to do.
        """
        found = self.in_force.current()
        if found is None:
            raise Problem(503, self.in_force.trouble, headers={"Retry-After": "30"})
        return found


def create_app(
    in_force: InForce,
    rules: Rules | None = None,
    *,
    check_interval_s: float = CHECK_INTERVAL_S,
    desk: Desk | None = None,
    people: People | None = None,
) -> Guard:
    """The application; its lifespan watches the lists and ends the screening threads.

    Args:
        in_force: what to screen against; `refresh` it before, to be ready at once.
        rules: who may ask, and how much.
        check_interval_s: seconds between two looks at the lists and clearances.
        desk: the office's database; that of the lists' data directory if not given.
        people: who may sign in; the office's own if not given.
    """
    rules = rules or Rules()
    desk = desk or Desk(in_force.data)
    people = people or OfficePeople()
    office = Office(in_force=in_force)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        standing = in_force.current()
        if standing is not None:
            await asyncio.to_thread(office.bench.warm_up, standing)
        watchers = [
            asyncio.create_task(_watch(in_force, check_interval_s)),
            asyncio.create_task(_screen_due(in_force, desk, DUE_CHECKS * check_interval_s)),
        ]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher
            office.bench.close()
            desk.close()

    app = FastAPI(
        title="Insyn office",
        version=insyn.__version__,
        description=ABOUT,
        lifespan=lifespan,
        # The usual pages for reading the description load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.include_router(api.make_router(office))
    app.include_router(yente.make_router(office))
    put_in(app, desk, people)
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_failure)
    if rules.api_key is not None:
        _describe_keys(app)
    return Guard(app, rules, gate=Gate(desk, people))


async def _watch(in_force: InForce, interval_s: float) -> None:
    while True:
        await asyncio.sleep(interval_s)
        try:
            await asyncio.to_thread(in_force.refresh)
        except Exception as error:  # the watch must outlive whatever one look meets
            log.error("looking at the lists failed: %s", type(error).__name__)


async def _screen_due(in_force: InForce, desk: Desk, interval_s: float) -> None:
    """Screen parties that are new, changed or behind the lists, as long as we serve."""
    settled: tuple[Standing, str] | None = None
    while True:
        await asyncio.sleep(interval_s)
        standing = in_force.current()
        if standing is None:
            continue
        # Lists that changed a moment ago may be ahead of what is served: once is enough then.
        known = settled[1] if settled and settled[0] is standing else standing.manifest.digest()
        try:
            if await asyncio.to_thread(desk.are_due, known):
                report = await asyncio.to_thread(desk.rescreen)
                settled = (standing, report.manifest)
        except Exception as error:  # as above: the next look may find things in order
            log.error("screening the parties failed: %s", type(error).__name__)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response(request.url.path)


_TEXTS = {
    404: "there is nothing at this path; /openapi.json describes what there is",
    405: "this path does not know that method",
}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = _TEXTS.get(error.status_code, "the request cannot be answered")
    headers = dict(error.headers or {})
    return problem_response(error.status_code, detail, path=request.url.path, headers=headers)


async def _on_failure(request: Request, _: Exception) -> Response:
    # The guard logs it: Starlette raises the exception again after this answer.
    detail = "something failed here; it has been logged, try again"
    return problem_response(500, detail, path=request.url.path)


def _describe_keys(app: FastAPI) -> None:
    """Say in the description that every route but the liveness check wants a key."""
    make = app.openapi

    # `Any`: as FastAPI types it.
    def described() -> dict[str, Any]:
        schema = make()
        schema.setdefault("components", {})["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "apiKey": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`ApiKey KEY`, as yente's clients send it.",
            },
        }
        schema["security"] = [{"bearer": []}, {"apiKey": []}]
        schema["paths"][LIVENESS]["get"]["security"] = []
        return schema

    app.openapi = described  # type: ignore[method-assign] # the way FastAPI documents
