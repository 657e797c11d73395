"""`/api/v1/tokens`: one's own tokens for programs.

Always: the secret is in the answer that makes it and never again, so that making one takes no
Idempotency-Key.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources.described import Given, Line, PageOf, PathId, Told, answers
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.person_told import NO_KEY
from insyn.office.console.resources.signed_in import Wants
from insyn.trust.people import tokens
from insyn.trust.people.identity import SCOPES, Identified

router = APIRouter(prefix="/api/v1", tags=["People"])

Anyone = Annotated[Identified, Depends(Wants(scope="people", reads=True))]
Changes = Annotated[Identified, Depends(Wants(scope="people"))]


class TokenTold(Told):
    """What is kept of a token."""

    id: str
    person: str
    label: str
    scopes: list[str]
    made_at: str
    expires_at: str
    used_at: str | None
    revoked_at: str | None


class TokenPage(PageOf):
    """A page of one's own tokens, oldest first."""

    items: list[TokenTold]


class TokenMade(Told):
    """A new token; `secret` is shown here and never again."""

    token: TokenTold
    secret: str


class NewToken(Given):
    """What a program is to be let do, and how long."""

    label: Annotated[Line, Field(max_length=100)] = Field(examples=["nightly import"])
    scopes: Annotated[list[str], Field(min_length=1, max_length=len(SCOPES))] = Field(
        examples=[["read"]], description=f"Of {', '.join(SCOPES)}."
    )
    days: Annotated[int, Field(ge=1, le=tokens.LONGEST.days)] = 90


@router.get("/tokens", summary="One's own tokens", responses=answers(TokenPage, 400))
def list_tokens(request: Request, desk: AtDesk, page: Paged, asking: Anyone) -> Response:
    """List one's own tokens by id, those that are over too; never their secrets."""
    with desk.reading() as connection:
        every = tokens.of_person(connection, asking.actor.id)
    return answer_whole(
        request,
        page,
        every,
        key=lambda token: token.id,
        show=lambda token: token.to_json(),
    )


@router.post(
    "/tokens",
    status_code=201,
    summary="Make a token",
    dependencies=[NO_KEY],
    responses=answers(TokenMade, 400, 409, 413, status=201),
)
def add_token(request: Request, desk: AtDesk, asking: Changes, given: NewToken) -> Response:
    """Make a token of one's own for a program; the answer has its secret, once.

    A token makes none that may do more than itself, or that outlives it. Takes no
    Idempotency-Key, for its answer holds a secret.
    """
    beyond = set(given.scopes) - (asking.scopes or frozenset(given.scopes))
    if beyond:
        raise Problem(403, "a token makes no token with scopes that it lacks itself")
    with desk.writing() as connection:
        token, secret = tokens.add(
            connection,
            label=given.label,
            scopes=given.scopes,
            lasts=timedelta(days=given.days),
            actor=asking.actor,
            now=desk.now(),
            within=asking,
        )
    shown = {"token": token.to_json(), "secret": secret}
    return Response(orjson.dumps(shown), status_code=201, media_type="application/json")


@router.delete(
    "/tokens/{token}",
    summary="Revoke a token",
    responses=answers(TokenTold, 404, 409),
)
def revoke_token(request: Request, desk: AtDesk, token: PathId, asking: Changes) -> Response:
    """End a token of one's own; an administrator ends anybody's. Ended twice is ended."""
    with desk.writing() as connection, missing_is_404("token"):
        found = tokens.revoke(connection, token, actor=asking.actor, now=desk.now())
    return Response(orjson.dumps(found.to_json()), media_type="application/json")
