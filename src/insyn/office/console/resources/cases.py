"""`/api/v1/cases`: the lifecycle of a case, a step at a time, each on the version that was seen."""

from __future__ import annotations

import os
from typing import Annotated

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.base.clock import isoformat
from insyn.office.console.resources import case_steps, etags
from insyn.office.console.resources.case_steps import AnyStep
from insyn.office.console.resources.case_told import (
    CasePage,
    CaseTold,
    DossierTold,
    EventPage,
    NotificationTold,
    SweepTold,
)
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
    Digest,
    Given,
    Id,
    Line,
    PathId,
    Prose,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.permits import EnvelopeTold, told_envelope
from insyn.office.console.resources.signed_in import Wants, require_role
from insyn.office.diligence.cases import casebook, notifying, permits, steps, sweep
from insyn.office.diligence.cases.case import Case
from insyn.office.diligence.cases.events import Event, content_to_json
from insyn.office.diligence.cases.states import State
from insyn.office.diligence.cases.view import dossier
from insyn.trust.people.identity import Identified
from insyn.trust.permit.issue import new_permit_id

router = APIRouter(prefix="/api/v1/cases", tags=["Cases"])

Reads = Annotated[Identified, Depends(Wants(scope="cases", reads=True, action="case.read"))]
Opens = Annotated[Identified, Depends(Wants(scope="cases", action="case.draft"))]
Steps = Annotated[Identified, Depends(Wants(scope="cases"))]
Notifies = Annotated[Identified, Depends(Wants(scope="cases", action="case.notify"))]
Sweeps = Annotated[Identified, Depends(Wants(scope="cases", action="case.reopen"))]
Drafts = Annotated[Identified, Depends(Wants(scope="permits", action="permit.issue"))]


class NewCase(Given):
    """Which deal is to be decided."""

    deal: Id = Field(examples=["D-1"])


class SiteKey(Given):
    """Whose permit it is to be."""

    site_key: Digest = Field(description="Fingerprint of the site's key (`insyn key site`).")


class Exporter(Given):
    """What the exporter says of itself; what is not given becomes a blank."""

    name: Line | None = None
    address: Line | None = None
    member_state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="Of the European Union; names the competent authority."
    )
    awareness: Prose | None = None
    asks: Annotated[list[Prose], Field(max_length=20)] = Field(default_factory=list)

    def said(self) -> notifying.Exporter:
        """As the room takes it."""
        return notifying.Exporter(
            name=self.name,
            address=self.address,
            member_state=self.member_state,
            awareness=self.awareness,
            asks=tuple(self.asks),
        )


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


@router.post(
    "/{case}/notification",
    status_code=201,
    summary="Draft a notification to the authority",
    dependencies=[CREATES, CHANGES],
    responses=answers(NotificationTold, 400, 404, 409, 412, 413, 428, status=201),
)
def notify_authority(
    request: Request, desk: AtDesk, body: Sent, asking: Notifies, case: PathId, given: Exporter
) -> Response:
    """Draft the notification of Article 5(2), Regulation (EU) 2021/821, from what a case found.

    A draft: what nobody knows is a blank with a name, and nothing is sent. It is kept by its hash,
    noted in the case, and recorded in the ledger.
    """

    def make(connection: sa.Connection) -> Response:
        with missing_is_404("case"):
            found = casebook.find(connection, case)
        etags.require_match(request, _state(found))
        _, drafted = notifying.notify(
            connection,
            found,
            given.said(),
            folder=desk.data.root / "evidence",
            actor=asking.actor,
            now=desk.now(),
        )
        told = {"document": drafted.to_json(), "markdown": drafted.to_markdown()}
        return Response(orjson.dumps(told), status_code=201, media_type="application/json")

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/{case}/dossier",
    summary="What a decision would see",
    responses=answers(DossierTold, 404),
)
def get_dossier(request: Request, desk: AtDesk, case: PathId, asking: Reads) -> Response:
    """Show what a decision would see and be bound to now, and why one that was made has lapsed."""
    now = desk.now()
    with desk.reading() as connection:
        with missing_is_404("case"):
            found = casebook.find(connection, case)
        seen = dossier(connection, found.deal, known=now)
        lapsed = steps.lapsed(connection, found, now=now)
    told: dict[str, Json] = {
        **seen.to_json(),
        "lapsed": None if lapsed is None else {"trigger": str(lapsed[0]), "because": lapsed[1]},
    }
    return etags.answer(request, told)


@router.post("/sweep", summary="Open again what has a reason", responses=answers(SweepTold, 409))
def sweep_cases(request: Request, desk: AtDesk, asking: Sweeps) -> Response:
    """Open again every decided case whose ground has shifted; sent again it finds none of these.

    A permit that was issued for such a case still stands until a status list says otherwise.
    """
    with desk.writing() as connection:
        found = sweep.sweep(connection, now=desk.now())
    return etags.answer(request, {"opened": [due.to_json() for due in found]})


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
