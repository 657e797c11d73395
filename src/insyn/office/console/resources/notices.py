"""`/api/v1/notices`: what authorities told, as holds, and their liftings.

Always: a notice holds from its receipt on; it ends only by the authority's own lifting, once a
second person has confirmed it.
"""

from __future__ import annotations

import secrets
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    CREATES,
    SHOWS,
    Day,
    Digest,
    Given,
    Line,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk, Sent
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.signed_in import Wants
from insyn.office.diligence.products import notices
from insyn.office.diligence.products.notice import About, KeptNotice, Notice
from insyn.trust.people.identity import Identified

router = APIRouter(prefix="/api/v1", tags=["Products"])

Reads = Annotated[Identified, Depends(Wants(scope="deals", reads=True, action="case.read"))]


Notes = Annotated[Identified, Depends(Wants(scope="deals", action="notice.add"))]


Lifts = Annotated[Identified, Depends(Wants(scope="deals", action="notice.lift"))]


Ends = Annotated[Identified, Depends(Wants(scope="deals", action="notice.confirm"))]


class LiftingTold(Told):
    """An authority's word that its notice no longer holds; not confirmed, it does not count."""

    number: int
    notice: str
    reference: str
    lifted_on: str
    sha256: str
    recorded_at: str
    by: str
    confirmed_at: str | None
    confirmed_by: str | None


class NoticeTold(Told):
    """What an authority has told, and its liftings."""

    id: str
    about: str
    subject: str
    authority: str
    reference: str
    received_on: str
    sha256: str
    basis: str
    note: str
    recorded_at: str
    by: str
    liftings: list[LiftingTold]


class NoticePage(PageOf):
    """A page of notices, by id."""

    items: list[NoticeTold]


class NewNotice(Given):
    """What an authority told, by the SHA-256 of its document."""

    about: Annotated[About, Field(strict=False)]
    subject: Annotated[Line, Field(max_length=300)]
    authority: Annotated[Line, Field(max_length=300)]
    reference: Annotated[Line, Field(max_length=300)]
    received_on: Day
    sha256: Digest
    basis: Annotated[Line, Field(max_length=300)] = "Regulation (EU) 2021/821, Article 5(1)"
    note: Line | None = None


class NewLifting(Given):
    """The authority's own word that its notice no longer holds."""

    reference: Annotated[Line, Field(max_length=300)]
    lifted_on: Day
    sha256: Digest


@router.get("/notices", summary="All notices", responses=answers(NoticePage, 400))
def list_notices(request: Request, desk: AtDesk, page: Paged, asking: Reads) -> Response:
    """List what authorities have told, by id, lifted notices too."""
    with desk.reading() as connection:
        every = list(notices.every(connection))
    return answer_whole(
        request,
        page,
        every,
        key=lambda kept: kept.notice.id,
        show=lambda kept: kept.to_json(),
    )


@router.post(
    "/notices",
    status_code=201,
    summary="Record an authority's notice",
    dependencies=[CREATES],
    responses=answers(NoticeTold, 400, 409, 413, status=201, etag=True),
)
def add_notice(
    request: Request, desk: AtDesk, body: Sent, asking: Notes, given: NewNotice
) -> Response:
    """Keep what an authority told; it holds every deal that it touches, from its receipt on."""
    notice = Notice(
        id=f"n-{secrets.token_hex(6)}",
        about=given.about,
        subject=given.subject,
        authority=given.authority,
        reference=given.reference,
        received_on=given.received_on,
        sha256=given.sha256,
        basis=given.basis,
        note=given.note or "",
    )

    def make(connection: sa.Connection) -> Response:
        kept = notices.add(connection, notice, actor=asking.actor, now=desk.now())
        answer = etags.answer(request, kept.to_json(), status=201)
        answer.headers["Location"] = f"{router.prefix}/notices/{notice.id}"
        return answer

    return desk.create(request, body, asking.actor.id, make)


@router.get(
    "/notices/{notice}",
    summary="One notice",
    dependencies=[SHOWS],
    responses=answers(NoticeTold, 404, etag=True),
)
def get_notice(request: Request, desk: AtDesk, notice: PathId, asking: Reads) -> Response:
    """Show what an authority told, and whether and how it was lifted."""
    with desk.reading() as connection:
        return etags.answer(request, _notice(connection, notice).to_json())


@router.post(
    "/notices/{notice}/liftings",
    status_code=201,
    summary="Record that a notice was lifted",
    dependencies=[CREATES, CHANGES],
    responses=answers(NoticeTold, 400, 404, 409, 412, 413, 428, status=201, etag=True),
)
def lift_notice(
    request: Request, desk: AtDesk, body: Sent, asking: Lifts, notice: PathId, given: NewLifting
) -> Response:
    """Record the authority's own lifting; the hold stands until a second person confirms it."""

    def make(connection: sa.Connection) -> Response:
        etags.require_match(request, _notice(connection, notice).to_json())
        notices.lift(
            connection,
            notice,
            reference=given.reference,
            lifted_on=given.lifted_on,
            sha256=given.sha256,
            actor=asking.actor,
            now=desk.now(),
        )
        return etags.answer(request, _notice(connection, notice).to_json(), status=201)

    return desk.create(request, body, asking.actor.id, make)


@router.post(
    "/notices/{notice}/confirmation",
    status_code=201,
    summary="Confirm that a notice was lifted",
    dependencies=[CREATES],
    responses=answers(NoticeTold, 400, 404, 409, status=201, etag=True),
)
def confirm_lifting(
    request: Request, desk: AtDesk, body: Sent, asking: Ends, notice: PathId
) -> Response:
    """Confirm the latest lifting as a second person; the hold ends with it."""

    def make(connection: sa.Connection) -> Response:
        _notice(connection, notice)
        kept = notices.confirm(connection, notice, actor=asking.actor, now=desk.now())
        return etags.answer(request, kept.to_json(), status=201)

    return desk.create(request, body, asking.actor.id, make)


def _notice(connection: sa.Connection, notice: str) -> KeptNotice:
    with missing_is_404("notice"):
        return notices.find(connection, notice)
