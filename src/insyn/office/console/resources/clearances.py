"""`/api/v1/clearances`: a human's "not the same", given, shown with whether it applies, and ended.

Always: whoever is signed in is who says so; a clearance is never edited, only withdrawn.
"""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
    Given,
    Id,
    Line,
    Number,
    PageOf,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.screening import clearing
from insyn.office.screening.clearing import Standing
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/clearances", tags=["Clearances"])

Reads = Annotated[Identified, Depends(Wants(scope="screen", reads=True, action="case.read"))]
Gives = Annotated[Identified, Depends(Wants(scope="screen", action="clearance.add"))]
Ends = Annotated[Identified, Depends(Wants(scope="screen", action="clearance.withdraw"))]

LARGEST_ID = 2**31 - 1


class WithdrawnTold(Told):
    """Why a clearance holds no longer."""

    because: str
    by: str
    at: str


class ClearanceTold(Told):
    """A clearance: `applies`, `lapsed` (`changed` says which side changed) or `withdrawn`."""

    id: str
    party: str
    list_: str = Field(alias="list")
    entry: str
    because: str
    by: str
    at: str
    subject_digest: str
    entry_digest: str
    matcher: str
    withdrawn: WithdrawnTold | None
    state: str
    changed: list[str]


class ClearancePage(PageOf):
    """A page of clearances, oldest first."""

    items: list[ClearanceTold]


class NewClearance(Given):
    """That a known party is not the listed entry that it matches, and why."""

    party: Id = Field(examples=["q-optics"])
    list_: Id = Field(alias="list", examples=["un"])
    entry: Line = Field(examples=["SAe.001"])
    because: Line


class EndedClearance(Given):
    """Why a clearance is to hold no longer."""

    because: Line


@router.get("", summary="All clearances", responses=answers(ClearancePage, 400))
def list_clearances(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Reads,
    party: Annotated[Id | None, Query(description="Only this party's.")] = None,
) -> Response:
    """List every clearance ever given: whether it applies, lapsed, or was withdrawn."""
    with desk.reading() as connection:
        found = clearing.every(
            connection, party=party, after=_after(page.after_number()), limit=page.wanted
        )
    return answer_page(request, page, found, key=lambda standing: standing.clearance.id, show=_told)


@router.post(
    "",
    status_code=201,
    summary="Clear a match",
    dependencies=[CREATES],
    responses=answers(ClearanceTold, 400, 409, 413, status=201, etag=True),
)
def give_clearance(
    request: Request, desk: AtDesk, body: Sent, asking: Gives, given: NewClearance
) -> Response:
    """Say that a party is not the entry it matches; it lapses when either of them changes."""

    def make(connection: sa.Connection) -> Response:
        clearance = clearing.give(
            connection,
            given.party,
            given.list_,
            given.entry,
            because=given.because,
            by=asking.actor.id,
            now=desk.now(),
            person=asking.actor.id,
        )
        answer = etags.answer(request, _told(_found(connection, int(clearance.id))), status=201)
        answer.headers["Location"] = f"{router.prefix}/{clearance.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/{clearance}",
    summary="One clearance",
    dependencies=[SHOWS],
    responses=answers(ClearanceTold, 404, etag=True),
)
def get_clearance(request: Request, desk: AtDesk, clearance: Number, asking: Reads) -> Response:
    """Show one clearance, what it is bound to, and whether it still applies."""
    with desk.reading() as connection:
        return etags.answer(request, _told(_found(connection, clearance)))


@router.post(
    "/{clearance}/withdrawal",
    status_code=201,
    summary="Withdraw a clearance",
    dependencies=[CREATES, CHANGES],
    responses=answers(ClearanceTold, 400, 404, 409, 412, 413, 428, status=201, etag=True),
)
def withdraw_clearance(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Ends,
    clearance: Number,
    given: EndedClearance,
) -> Response:
    """End a clearance: what it silenced counts again at once; it stays listed."""

    def make(connection: sa.Connection) -> Response:
        etags.require_match(request, _told(_found(connection, clearance)))
        clearing.end(
            connection,
            str(clearance),
            because=given.because,
            by=asking.actor.id,
            now=desk.now(),
            person=asking.actor.id,
        )
        return etags.answer(request, _told(_found(connection, clearance)), status=201)

    return desk.create(request, body, asking.actor.id, make)


def _found(connection: sa.Connection, clearance: int) -> Standing:
    if 0 < clearance <= LARGEST_ID:
        for standing in clearing.every(connection, after=clearance - 1, limit=1):
            if standing.clearance.id == str(clearance):
                return standing
    raise Problem(404, "there is no such clearance")


def _after(number: int | None) -> int | None:
    # PostgreSQL compares no larger number with an id.
    return None if number is None else min(number, LARGEST_ID)


def _told(standing: Standing) -> dict[str, Json]:
    told = standing.clearance.to_json()
    changed: list[Json] = list(standing.changed)
    return {
        **told,
        "withdrawn": told.get("withdrawn"),
        "state": standing.state,
        "changed": changed,
    }
