"""`/api/v1`: screening and the lists, with the values that the command line prints.

Always: the same subject, lists and clearances give the same object as `insyn screen`, to the byte
in the fields they share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from insyn.base.errors import InsynError
from insyn.office.console.problems import PROBLEM_TYPE, Problem
from insyn.office.console.schemas import (
    SCREEN_EXAMPLES,
    SCREEN_SCHEMA,
    Lists,
    ProblemDetails,
    ScreenedMany,
    ScreenedOne,
    Status,
)
from insyn.office.console.subjects import (
    BadSubject,
    many_subjects,
    one_subject,
    read_object,
)
from insyn.office.lists.snapshots import ListStore
from insyn.office.screening.model import Screening, Subject

if TYPE_CHECKING:
    from insyn.office.console.app import Office
    from insyn.office.console.standing import Standing

STATUS_FIELDS = (
    "list", "title", "snapshot", "entries", "format", "published", "imported_at",
    "last_checked", "degraded", "unread",
)  # fmt: skip
"""What `insyn lists status --json` prints of a list, in this order."""


def make_router(office: Office) -> APIRouter:
    """The routes, over an office."""
    router = APIRouter()

    @router.post(
        "/api/v1/screen",
        tags=["Screening"],
        summary="Screen one subject or many",
        responses={
            200: {"model": ScreenedOne | ScreenedMany, "description": "The outcome."},
            **refusals(400, 401, 413, 415, 422, 429, 503),
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": SCREEN_SCHEMA, "examples": SCREEN_EXAMPLES}
                },
            }
        },
    )
    async def screen(request: Request) -> Response:
        """Hold a subject, or up to 500, against all lists in force.

        A subject is answered as `insyn screen --json-lines` answers a row of a customer file.
        Of many, one that cannot be screened has an `error` in its place and the rest goes on.
        """
        standing = office.standing()
        body = await read_object(request)
        if "subjects" in body:
            return _json(await _screen_many(office, standing, many_subjects(body["subjects"])))
        subject = one_subject(body)
        [screening] = await _screened(office, standing, [subject])
        return _json({**screening.to_json(), "lists": standing.manifest.to_json()["lists"]})

    @router.get(
        "/api/v1/lists",
        tags=["Lists"],
        summary="The lists, in force and not",
        responses={200: {"model": Lists}, **refusals(401, 429, 503)},
    )
    def lists() -> Response:
        """Give every list with its snapshot, its age, and whether it is degraded and why."""
        try:
            return _json({"lists": status_of(office.in_force.store)})
        except InsynError as error:
            raise Problem(503, str(error)) from None

    @router.get("/healthz", tags=["State"], summary="Alive", responses={200: {"model": Status}})
    async def healthz() -> Response:
        """Say that the server answers; needs no key and says nothing else."""
        return _json({"status": "ok"})

    @router.get(
        "/readyz",
        tags=["State"],
        summary="Ready to screen",
        responses={200: {"model": Status}, **refusals(401, 503)},
    )
    async def readyz() -> Response:
        """Say whether there are lists to screen against."""
        office.standing()
        return _json({"status": "ok"})

    return router


async def _screen_many(
    office: Office, standing: Standing, rows: Sequence[Subject | BadSubject]
) -> dict[str, object]:
    subjects = [row for row in rows if isinstance(row, Subject)]
    screened = iter(await _screened(office, standing, subjects))
    results: list[object] = []
    for row in rows:
        if isinstance(row, BadSubject):
            results.append({"id": row.id, "index": row.index, "error": row.reason})
        else:
            results.append(next(screened).to_json())
    head = standing.manifest.to_json()
    return {"manifest": head["manifest"], "lists": head["lists"], "results": results}


async def _screened(
    office: Office, standing: Standing, subjects: Sequence[Subject]
) -> list[Screening]:
    """Screenings with the clearances of this standing applied."""
    found = await office.bench.screen(standing, subjects)
    return [
        standing.clearances.apply(screening, subject)
        for screening, subject in zip(found, subjects, strict=True)
    ]


def status_of(store: ListStore) -> list[dict[str, object]]:
    """The lists as `insyn lists status --json` prints them."""
    shown: list[dict[str, object]] = [
        {field: getattr(state, field) for field in STATUS_FIELDS} for state in store.states()
    ]
    return shown + [
        {"list": name, "snapshot": None, "entries": 0, "degraded": reason}
        for name, reason in store.failures().items()
    ]


def _json(value: Mapping[str, object]) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


_REFUSALS = {
    400: "The body is no JSON in UTF-8.",
    401: "The API key is missing or wrong.",
    413: "The body has more than 1 MiB.",
    415: "The body is said to be something other than JSON.",
    422: "JSON, but no subject: a field of the wrong type, no name, or too long a one.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "No list is in force, or too many requests are at work; `detail` says what to do.",
}


# `Any`: as FastAPI types its `responses`.
def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI descriptions of the problems that a route may answer with."""
    schema = ProblemDetails.model_json_schema()
    return {
        status: {
            "description": _REFUSALS[status],
            "content": {PROBLEM_TYPE: {"schema": schema}},
        }
        for status in statuses
    }
