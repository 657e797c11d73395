"""`/api/v1/commitments`: what partners have signed, whether it counts, and its end.

Always: who signed is personal; a privacy officer erases it without the commitment.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.resources import documents, etags
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
    Day,
    Given,
    Id,
    Line,
    PageOf,
    PathId,
    Prose,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.commitments import partners
from insyn.office.diligence.commitments.partners import Commitment, KeptCommitment
from insyn.office.diligence.commitments.texts import text_of, texts
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Commitments"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]
Records = Annotated[Identified, Depends(Wants(scope="deals", action="commitment.record"))]
Withdraws = Annotated[Identified, Depends(Wants(scope="deals", action="commitment.withdraw"))]
Erases = Annotated[Identified, Depends(Wants(scope="people", action="personal.erase"))]


class CommitmentTold(Told):
    """What a partner signed; `why_not` is empty where it counts now, `signatory` null if erased."""

    id: str
    party: str
    text: str
    signatory: str | None
    signed_on: str
    expires_on: str
    sha256: str
    recorded_at: str
    by: str
    withdrawn_at: str | None
    withdrawn_by: str | None
    withdrawn_because: str | None
    why_not: str


class CommitmentPage(PageOf):
    """A page of commitments, in the order they were recorded."""

    items: list[CommitmentTold]


class TextTold(Told):
    """A version of the text that partners sign; `accepted_until` null: it is accepted still."""

    version: str
    sha256: str
    since: str
    accepted_until: str | None
    text: str


class TextPage(PageOf):
    """A page of texts, the oldest first."""

    items: list[TextTold]


class NewCommitment(Given):
    """A signed commitment with its document; the newest text if none is named."""

    party: Id = Field(examples=["q-optics"])
    signatory: Annotated[Line, Field(max_length=300)] = Field(description="Who signed; personal.")
    signed_on: Day
    expires_on: Day = Field(description="Its last day; two years at most.")
    content_base64: str = Field(
        max_length=documents.MAX_FILE_BASE64, description="The signed document."
    )
    text: Annotated[Line, Field(max_length=32)] | None = None


class Withdrawing(Given):
    """Why it is no longer relied on."""

    because: Prose


@router.get("/commitments", summary="All commitments", responses=answers(CommitmentPage, 400))
def list_commitments(
    request: Request,
    desk: AtDesk,
    page: Paged,
    asking: Reads,
    party: Annotated[Id | None, Query(description="Only this partner's.")] = None,
) -> Response:
    """List what partners signed, withdrawn and expired ones too, and why one does not count."""
    last, now = page.after_number(), desk.now()
    with desk.reading() as connection:
        every = partners.every(connection, party=party)
    found = [kept for kept in every if last is None or kept.number > last]
    return answer_page(
        request,
        page,
        found[: page.wanted],
        key=lambda kept: kept.number,
        show=lambda kept: _told(kept, now),
    )


@router.post(
    "/commitments",
    status_code=201,
    summary="Record a signed commitment",
    dependencies=[CREATES],
    responses=answers(CommitmentTold, 400, 409, 413, status=201, etag=True),
)
def record_commitment(
    request: Request, desk: AtDesk, body: Sent, asking: Records, given: NewCommitment
) -> Response:
    """Keep what a known party has signed; it counts from now on through its last day."""
    content = documents.unbase64(given.content_base64)

    def make(connection: sa.Connection) -> Response:
        said = Commitment(
            id=f"k-{secrets.token_hex(6)}",
            party=given.party,
            text=text_of(given.text).version,
            signatory=given.signatory,
            signed_on=given.signed_on,
            expires_on=given.expires_on,
            sha256=documents.keep(desk, content),
        )
        kept = partners.record(connection, said, actor=asking.actor, now=desk.now())
        answer = _answer(request, kept, desk.now(), status=201)
        answer.headers["Location"] = f"{router.prefix}/commitments/{said.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/commitments/{commitment}",
    summary="One commitment",
    dependencies=[SHOWS],
    responses=answers(CommitmentTold, 404, etag=True),
)
def get_commitment(request: Request, desk: AtDesk, commitment: PathId, asking: Reads) -> Response:
    """Show who signed which text, until when, by which document, and whether it counts now."""
    with desk.reading() as connection:
        return _answer(request, _kept(connection, commitment), desk.now())


@router.post(
    "/commitments/{commitment}/withdrawal",
    status_code=201,
    summary="Withdraw a commitment",
    dependencies=[CREATES, CHANGES],
    responses=answers(CommitmentTold, 400, 404, 409, 412, 413, 428, status=201, etag=True),
)
def withdraw_commitment(
    request: Request,
    desk: AtDesk,
    body: Sent,
    asking: Withdraws,
    commitment: PathId,
    given: Withdrawing,
) -> Response:
    """Rely on a commitment no longer; it stays on record, and permitted cases are opened again."""

    def make(connection: sa.Connection) -> Response:
        etags.require_match(request, _state(_kept(connection, commitment)))
        kept = partners.withdraw(
            connection, commitment, because=given.because, actor=asking.actor, now=desk.now()
        )
        return _answer(request, kept, desk.now(), status=201)

    return desk.create(request, body, asking.actor.id, make)


@router.delete(
    "/commitments/{commitment}/signatory",
    status_code=204,
    summary="Erase who signed",
    dependencies=[CHANGES],
    responses=answers(None, 404, 409, 412, 428, status=204),
)
def forget_signatory(
    request: Request, desk: AtDesk, commitment: PathId, asking: Erases
) -> Response:
    """Erase the name of who signed, here and beside the ledger; the commitment stays."""
    with desk.writing() as connection:
        etags.require_match(request, _state(_kept(connection, commitment)))
        partners.forget_signatory(connection, commitment, actor=asking.actor, now=desk.now())
    return Response(status_code=204)


@router.get("/commitment-texts", summary="The texts", responses=answers(TextPage, 400))
def list_commitment_texts(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List every version of the text that partners sign, with its digest, the oldest first."""
    last = page.after_number()
    start = 0 if last is None else last + 1
    found = list(enumerate(texts().values()))[start : start + page.wanted]
    return answer_page(
        request, page, found, key=lambda item: item[0], show=lambda item: item[1].to_json()
    )


@router.get(
    "/commitment-texts/{version}",
    summary="One text",
    dependencies=[SHOWS],
    responses=answers(TextTold, 404, etag=True),
)
def get_commitment_text(request: Request, version: PathId, asking: Reads) -> Response:
    """Show a version of the text that partners sign; `latest` is the newest."""
    with missing_is_404("commitment text"):
        found = text_of(None if version == "latest" else version)
    return etags.answer(request, found.to_json())


def _kept(connection: sa.Connection, commitment: str) -> KeptCommitment:
    with missing_is_404("commitment"):
        return partners.find(connection, commitment)


def _state(kept: KeptCommitment) -> Json:
    """What the ETag is made of: not whether it counts, which a day alone may change."""
    return kept.to_json()


def _told(kept: KeptCommitment, now: datetime) -> dict[str, Json]:
    return {**kept.to_json(), "why_not": kept.why_not(now, texts())}


def _answer(
    request: Request, kept: KeptCommitment, now: datetime, *, status: int = 200
) -> Response:
    return etags.answer(request, _told(kept, now), of=_state(kept), status=status)
