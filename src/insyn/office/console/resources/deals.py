"""`/api/v1/deals`: what is said of deals, as dated facts, and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Annotated, Any
from urllib.parse import quote

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field, TypeAdapter, model_validator
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CREATES,
    SHOWS,
    AnyJson,
    AnyObject,
    Day,
    Given,
    Id,
    Line,
    Moment,
    Number,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.evidence import EvidenceTold, require_deal
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.console.resources.told import made
from insyn.office.diligence.cases import deals, evidence
from insyn.office.diligence.cases.deals import Said
from insyn.office.diligence.cases.replay import replay
from insyn.office.diligence.cases.view import dossier
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/deals", tags=["Deals"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Records = Annotated[Identified, Depends(Wants(scope="deals", action="fact.record"))]

_ID = TypeAdapter(Id)


class DealLine(Told):
    """A deal in a list."""

    id: str


class DealPage(PageOf):
    """A page of deals, by id."""

    items: list[DealLine]


class FactTold(Told):
    """One value of one field: since when it holds, since when it is known, who said so."""

    id: int
    field: str
    value: Any
    valid_from: str | None
    known_since: str
    recorded_at: str
    source: str
    evidence: str | None
    by: str
    retracts: int | None
    erased: bool = Field(default=False, description="True: value and source are erased.")


class DealTold(Told):
    """A deal: the record that stands now, every fact ever recorded, and the evidence."""

    id: str
    record: dict[str, Any] = Field(description="docs/reference/deal-format.md has the fields.")
    facts: list[FactTold]
    evidence: list[EvidenceTold]


class RuleTold(Told):
    """A rule that fired, why, and whose rule it is."""

    id: str
    outcome: str
    because: str
    source: str


class AssessmentTold(Told):
    """What a deal comes to; `unknown` names facts that nobody has told."""

    id: str
    outcome: str
    rules: list[RuleTold]
    unknown: list[str]
    rulebook: str
    list_status: str


class LookTold(Told):
    """A deal at one moment."""

    as_of: str
    is_known: bool
    outcome: str | None
    rules: list[RuleTold]
    unknown: list[str]
    rulebook: str
    rulebook_was_in_force: bool
    list_status: str
    facts: list[FactTold]
    entered_later: list[int]


class ReplayTold(Told):
    """What was known then and what the rules of then said, beside now."""

    deal: str
    then: LookTold
    today: LookTold


class _Source(Given):
    source: Line = Field(description="Who says so.", examples=["declared by the seller"])
    known_since: Moment | None = Field(
        default=None, description="Since when the office knows it; now if not given."
    )
    valid_from: Day | None = Field(default=None, description="Since when it holds.")

    def said(self, evidence_id: str | None = None) -> Said:
        """As the room takes it."""
        return Said(
            source=self.source,
            known_since=self.known_since,
            valid_from=self.valid_from,
            evidence=evidence_id,
        )


class NewDeal(_Source):
    """A deal record, and who says so."""

    record: AnyObject = Field(
        examples=[{"id": "D-1", "country": "SE", "camera_count": 40, "area": "venue"}]
    )

    @model_validator(mode="after")
    def _has_id(self) -> NewDeal:
        _ID.validate_python(self.record.get("id"))
        return self

    @property
    def id(self) -> str:
        """The deal's own id."""
        return str(self.record["id"])


class NewFact(_Source):
    """One value of one field; it supersedes what was said before."""

    field: Line = Field(examples=["camera_count"])
    value: AnyJson = Field(examples=[48])
    evidence: Id | None = Field(default=None, description="The id of the evidence it rests on.")


class Retraction(Given):
    """That a fact does not hold, and who says so."""

    source: Line


@router.get(
    "",
    summary="All deals",
    responses=answers(DealPage, 400, example={"items": [{"id": "D-1"}], "next": None}),
)
def list_deals(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List the ids of all deals that the office keeps, in order."""
    with desk.reading() as connection:
        found = deals.every(connection, after=page.after, limit=page.wanted)
    return answer_page(request, page, found, key=str, show=lambda id_: {"id": id_})


@router.post(
    "",
    status_code=201,
    summary="Make a deal known",
    dependencies=[CREATES],
    responses=answers(DealTold, 400, 409, 413, status=201, etag=True),
)
def create_deal(
    request: Request, desk: AtDesk, body: Sent, asking: Records, given: NewDeal
) -> Response:
    """Keep all that a record says of a deal, as facts; refused where the deal is known."""

    def make(connection: sa.Connection) -> Response:
        id_ = given.id
        if deals.exists(connection, id_):
            raise Problem(409, "the deal is known already; POST what is new to its facts")
        deals.put(connection, given.record, said=given.said(), actor=asking.actor, now=desk.now())
        answer = etags.answer(request, _told(connection, id_, desk.now()), status=201)
        answer.headers["Location"] = f"{router.prefix}/{quote(id_, safe='')}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/{deal}",
    summary="One deal",
    dependencies=[SHOWS],
    responses=answers(DealTold, 404, etag=True),
)
def get_deal(request: Request, desk: AtDesk, deal: PathId, asking: Reads) -> Response:
    """Show the record that stands now, all facts and the evidence."""
    with desk.reading() as connection, missing_is_404("deal"):
        shown = _told(connection, deal, desk.now())
    return etags.answer(request, shown)


@router.get(
    "/{deal}/assessment",
    summary="What a deal comes to",
    responses=answers(AssessmentTold, 404),
)
def assess_deal(request: Request, desk: AtDesk, deal: PathId, asking: Reads) -> Response:
    """Judge the deal as it is known now, under the rulebook in force, with what screening says."""
    with desk.reading() as connection, missing_is_404("deal"):
        found = dossier(connection, deal, known=desk.now())
    shown: dict[str, Any] = {
        **found.assessment.to_json(),
        "rulebook": found.assessment.rulebook,
        "list_status": found.standing.list_status,
    }
    return etags.answer(request, shown)


@router.get(
    "/{deal}/replay",
    summary="A deal as known on a day",
    responses=answers(ReplayTold, 404),
)
def replay_deal(
    request: Request,
    desk: AtDesk,
    deal: PathId,
    asking: Reads,
    as_of: Annotated[Day, Query(description="A day; its end in UTC counts.")],
) -> Response:
    """Show what was known of a deal on a day and what the rules of that day said, beside today."""
    moment = datetime.combine(as_of, time(23, 59, 59), UTC)
    with desk.reading() as connection, missing_is_404("deal"):
        found = replay(connection, deal, as_of=moment, now=desk.now())
    return etags.answer(request, found.to_json())


@router.post(
    "/{deal}/facts",
    status_code=201,
    summary="Record a fact",
    dependencies=[CREATES],
    responses=answers(FactTold, 400, 404, 409, 413, status=201),
)
def record_fact(
    request: Request, desk: AtDesk, body: Sent, asking: Records, deal: PathId, given: NewFact
) -> Response:
    """Keep one value; it supersedes what was said of the field, and edits nothing."""

    def make(connection: sa.Connection) -> Response:
        require_deal(connection, deal)
        fact = deals.record_fact(
            connection,
            deal,
            given.field,
            given.value,
            said=given.said(given.evidence),
            actor=asking.actor,
            now=desk.now(),
        )
        return made(fact.to_json())

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/{deal}/facts/{fact}/retraction",
    status_code=201,
    summary="Retract a fact",
    dependencies=[CREATES],
    responses=answers(FactTold, 400, 404, 409, 413, status=201),
)
def retract_fact(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Records,
    deal: PathId,
    fact: Number,
    given: Retraction,
) -> Response:
    """Say that a fact does not hold: it stays on record and no longer counts from now on."""

    def make(connection: sa.Connection) -> Response:
        require_deal(connection, deal)
        if all(known.id != fact for known in deals.facts_of(connection, deal)):
            raise Problem(404, "the deal has no such fact")
        gone = deals.retract(
            connection,
            deal,
            fact,
            said=Said(source=given.source),
            actor=asking.actor,
            now=desk.now(),
        )
        return made(gone.to_json())

    return desk.create(request, body, asking.actor.id, make)


def _told(connection: sa.Connection, deal: str, now: datetime) -> dict[str, Json]:
    return {
        "id": deal,
        "record": deals.record_at(connection, deal, known=now),
        "facts": [fact.to_json() for fact in deals.facts_of(connection, deal)],
        "evidence": [piece.to_json() for piece in evidence.of_deal(connection, deal)],
    }
