"""`/api/v1/deals/{deal}/evidence`: documents by hash, and searches that found nothing.

Always: a document is kept before the row that names it; "not searched" is not "found nothing".
"""

from __future__ import annotations

import secrets
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import Field, model_validator
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources import documents
from insyn.office.console.resources.described import (
    CREATES,
    Day,
    Given,
    Line,
    PathId,
    Prose,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.signed_in import Wants
from insyn.office.console.resources.told import made
from insyn.office.diligence.cases import deals, evidence
from insyn.office.diligence.cases.evidence import Evidence
from insyn.office.diligence.cases.reliability import Reliability
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1/deals", tags=["Deals"])


Adds = Annotated[Identified, Depends(Wants(scope="deals", action="evidence.add"))]


class EvidenceTold(Told):
    """A document by its hash, or a search that found nothing."""

    id: str
    deal: str
    kind: str
    source: str
    reliability: str
    sha256: str | None
    size_bytes: int | None
    url: str | None
    language: str | None
    published_on: str | None
    searched: str | None
    found_nothing: bool
    note: str
    recorded_at: str
    by: str


class NewEvidence(Given):
    """A document in base64, or a search that found nothing."""

    kind: Annotated[Line, Field(max_length=64, examples=["tender"])]
    source: Line
    reliability: Annotated[Reliability, Field(strict=False)] = Reliability.UNKNOWN
    content_base64: str | None = Field(default=None, max_length=documents.MAX_FILE_BASE64)
    url: Line | None = None
    language: Annotated[Line, Field(max_length=16)] | None = None
    published_on: Day | None = None
    searched: Prose | None = Field(default=None, description="What was searched, which words.")
    found_nothing: bool = False
    note: Prose | None = None

    @model_validator(mode="after")
    def _is_something(self) -> NewEvidence:
        if (self.content_base64 is None) != self.found_nothing:
            raise ValueError("a document, or a search that found nothing")
        return self


@router.post(
    "/{deal}/evidence",
    status_code=201,
    summary="Add evidence",
    dependencies=[CREATES],
    responses=answers(EvidenceTold, 400, 404, 409, 413, status=201),
)
def add_evidence(
    request: Request, desk: AtDesk, body: Sent, asking: Adds, deal: PathId, given: NewEvidence
) -> Response:
    """Keep a document by its hash, or a search that found nothing."""
    content = None if given.content_base64 is None else documents.unbase64(given.content_base64)

    def make(connection: sa.Connection) -> Response:
        require_deal(connection, deal)
        now = desk.now()
        piece = Evidence(
            id=f"e-{secrets.token_hex(6)}",
            deal=deal,
            kind=given.kind,
            source=given.source,
            reliability=given.reliability,
            sha256=None if content is None else documents.keep(desk, content),
            size_bytes=None if content is None else len(content),
            url=given.url,
            language=given.language,
            published_on=given.published_on,
            searched=given.searched,
            found_nothing=given.found_nothing,
            note=given.note or "",
            recorded_at=now,
            by=asking.actor.id,
        )
        return made(evidence.add(connection, piece, actor=asking.actor, now=now).to_json())

    return desk.create(request, body, asking.actor.id, make)


def require_deal(connection: sa.Connection, deal: str) -> None:
    """Refuse a deal that the office does not keep.

    Raises:
        Problem: 404.
    """
    if not deals.exists(connection, deal):
        raise Problem(404, "there is no such deal")
