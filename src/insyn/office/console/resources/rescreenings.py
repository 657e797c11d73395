"""`/api/v1/rescreenings`: known parties brought to the lists in force, now."""

from __future__ import annotations

import threading
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources.described import Told, answers
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.signed_in import Wants
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Screening"])

Screens = Annotated[Identified, Depends(Wants(scope="screen", action="case.screen"))]

_AT_WORK = threading.Lock()


class RescreeningTold(Told):
    """What a re-screening did, and every change of an outcome."""

    manifest: str
    parties: int
    unchanged: int
    in_full: int
    full_because: list[str]
    entries_compared: int
    entries_left: int
    degraded: list[str]
    worse: int
    changes: list[dict[str, Any]]


@router.post(
    "/rescreenings",
    summary="Screen the parties again",
    responses=answers(RescreeningTold, 409),
)
def rescreen_parties(
    request: Request,
    desk: AtDesk,
    asking: Screens,
    full: Annotated[bool, Query(description="Against whole lists, whatever changed.")] = False,
) -> Response:
    """Bring every known party to the lists in force; what changed since alone is compared.

    Sent again it finds nothing left to do. It may take seconds, and one works at a time.
    """
    if not _AT_WORK.acquire(blocking=False):
        raise Problem(
            503, "a re-screening is at work; try again shortly", headers={"Retry-After": "10"}
        )
    try:
        report = desk.rescreen(everything=full)
    finally:
        _AT_WORK.release()
    return Response(orjson.dumps(report.to_json()), media_type="application/json")
