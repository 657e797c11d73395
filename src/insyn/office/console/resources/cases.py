"""`/api/v1/cases`: the lifecycle of a case, a step at a time, each on the version that was seen."""

from __future__ import annotations

import os
from typing import Annotated, Any

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.office.console.resources import case_steps, etags
from insyn.office.console.resources.case_steps import AnyStep
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
    Digest,
    Given,
    Id,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.permits import EnvelopeTold, told_envelope
from insyn.office.console.resources.signed_in import Wants, require_role
from insyn.office.diligence.cases import casebook, permits, steps
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Event, content_to_json
from insyn.office.diligence.cases.states import State
from insyn.trust.people.identity import Identified
from insyn.trust.permit.issue import new_permit_id

router = APIRouter(prefix="/api/v1/cases", tags=["Cases"])

Reads = Annotated[Identified, Depends(Wants(scope="cases", reads=True, action="case.read"))]
Opens = Annotated[Identified, Depends(Wants(scope="cases", action="case.draft"))]
Steps = Annotated[Identified, Depends(Wants(scope="cases"))]
Drafts = Annotated[Identified, Depends(Wants(scope="permits", action="permit.issue"))]


class CaseLine(Told):
    """A case in a list."""

    id: str
    deal: str
    state: str
    version: int
    outcome: str | None
    review_on: str | None
    changed_at: str


class CasePage(PageOf):
    """A page of cases, by id."""

    items: list[CaseLine]


class VoteTold(Told):
    """One approver's word."""

    by: str
    at: str
    agrees: bool
    because: str


class CaseTold(Told):
    """Where a case stands, and what it stands on."""

    id: str
    deal: str
    state: str
    version: int
    round: int
    opened_at: str
    screened: dict[str, Any] | None
    triaged: dict[str, Any] | None
    proposal: dict[str, Any] | None
    votes: list[VoteTold]
    votes_needed: int
    decision_digest: str | None
    decided_at: str | None
    permit: str | None
    permits: list[str]
    open_engagements: list[str]
    conditions_met: list[str]
    review_on: str | None


class EventTold(Told):
    """One step that was taken."""

    number: int
    step: str
    at: str
    by: str
    content: dict[str, Any]


class EventPage(PageOf):
    """A page of a case's steps, oldest first."""

    items: list[EventTold]


class NewCase(Given):
    """Which deal is to be decided."""

    deal: Id = Field(examples=["D-1"])


class SiteKey(Given):
    """Whose permit it is to be."""

    site_key: Digest = Field(description="Fingerprint of the site's key (`insyn key site`).")


@router.get("", summary="All cases", responses=answers(CasePage, 400))
def list_cases(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Reads,
    state: Annotated[State | None, Query(description="Only cases in this state.")] = None,
) -> Response:
    """List the cases by id, all or those in one state."""
    states = frozenset(State) if state is None else frozenset({state})
    with desk.reading() as connection:
        found = casebook.lines(connection, states=states, after=page.after, limit=page.wanted)
    return answer_page(
        request, page, found, key=lambda line: line.id, show=lambda line: line.to_json()
    )


@router.post(
    "",
    status_code=201,
    summary="Open a case",
    dependencies=[CREATES],
    responses=answers(CaseTold, 400, 409, 413, status=201, etag=True),
)
def open_case(
    request: Request, desk: AtDesk, body: Sent, asking: Opens, given: NewCase
) -> Response:
    """Open a draft case for a deal that is known; a deal has one case."""

    def make(connection: sa.Connection) -> Response:
        case = steps.open_case(connection, given.deal, actor=asking.actor, now=desk.now())
        answer = _told(request, case, status=201)
        answer.headers["Location"] = f"{router.prefix}/{case.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/{case}",
    summary="One case",
    dependencies=[SHOWS],
    responses=answers(CaseTold, 404, etag=True),
)
def get_case(request: Request, desk: AtDesk, case: PathId, asking: Reads) -> Response:
    """Show where a case stands; the path takes the case's id, or its deal's."""
    with desk.reading() as connection, missing_is_404("case"):
        found = casebook.find(connection, case)
    return _told(request, found)


@router.get(
    "/{case}/events",
    summary="The steps of a case",
    responses=answers(EventPage, 400, 404),
)
def list_case_events(
    request: Request, desk: AtDesk, page: Paged, case: PathId, asking: Reads
) -> Response:
    """List every step that was taken in a case, by whom and on what."""
    last = page.after_number()
    start = 0 if last is None else last + 1
    with desk.reading() as connection:
        with missing_is_404("case"):
            id_ = casebook.id_of(connection, case)
        found = casebook.events(connection, id_)[start : start + page.wanted]
    return answer_page(request, page, found, key=lambda event: event.number, show=_event)


@router.post(
    "/{case}/steps",
    summary="Take a step in a case",
    dependencies=[CREATES, CHANGES],
    responses=answers(CaseTold, 400, 404, 409, 412, 413, 428, etag=True),
)
def take_step(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Steps,
    case: PathId,
    given: Annotated[AnyStep, Body(openapi_examples=case_steps.EXAMPLES)],
) -> Response:
    """Take a step on the version of the case that `If-Match` names.

    Who may take it depends on the roles and on what the person did in the matter before.
    """
    require_role(asking.actor, case_steps.duty_of(given))
    with desk.reading() as connection, missing_is_404("case"):
        casebook.id_of(connection, case)
    if isinstance(given, case_steps.Screen):
        # Whoever is not screened as he is now, in transactions of its own: it may take seconds.
        desk.rescreen()

    def make(connection: sa.Connection) -> Response:
        with missing_is_404("case"):
            found = casebook.find(connection, case)
        etags.require_match(request, _state(found))
        after = given.take(connection, found, actor=asking.actor, now=desk.now())
        return _told(request, after)

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/{case}/permit-draft",
    summary="Draft a case's permit",
    responses=answers(EnvelopeTold, 400, 404, 409, 413),
)
def draft_permit(
    request: Request, desk: AtDesk, asking: Drafts, case: PathId, given: SiteKey
) -> Response:
    """Draft the permit that the decision allows, for two approvers to sign with `insyn permit`.

    Nothing is kept: keys and passphrases never come here, so signing stays on the command line.
    """
    now = desk.now()
    with desk.reading() as connection:
        with missing_is_404("case"):
            found = casebook.find(connection, case)
        envelope = permits.draft(
            found, site_key=given.site_key, permit_id=new_permit_id(now, os.urandom(6)), now=now
        )
    return Response(orjson.dumps(told_envelope(envelope)), media_type="application/json")


def _state(case: Case) -> Json:
    """What the ETag is made of: a case is its events."""
    return [case.id, case.version]


def _told(request: Request, case: Case, *, status: int = 200) -> Response:
    return etags.answer(request, case.to_json(), of=_state(case), status=status)


def _event(event: Event) -> dict[str, Json]:
    return {
        "number": event.number,
        "step": str(event.step),
        "at": isoformat(event.at),
        "by": event.by,
        "content": content_to_json(event.content),
    }
