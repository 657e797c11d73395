"""`/api/v1/session`, `/password` and `/claim`: signing in and out, and one's own password.

Always: a try counts before the password is looked at; few passwords are compared at once, whoever
sends them. What answers with a secret takes no Idempotency-Key (`person_told.NO_KEY`).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import Given, Line, Told, answers
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.person_told import NO_KEY, PersonTold
from insyn.office.console.resources.signed_in import (
    Wants,
    require_own_origin,
    session_of,
    set_cookie,
)
from insyn.trust.people import sessions, signing_in, users
from insyn.trust.people.identity import Identified
from insyn.trust.people.passwords import LONGEST, Passwords
from insyn.trust.people.users import Person
from insyn.web.addresses import source_of

router = APIRouter(prefix="/api/v1", tags=["People"])

Anyone = Annotated[Identified, Depends(Wants(scope="people", reads=True))]
Changes = Annotated[Identified, Depends(Wants(scope="people"))]

Erases = Annotated[Identified, Depends(Wants(scope="people", action="personal.erase"))]

Password = Annotated[str, Field(min_length=1, max_length=LONGEST, json_schema_extra={
    "format": "password"})]  # fmt: skip
Secret = Annotated[str, Field(min_length=1, max_length=200)]

PASSWORDS = Passwords()
HASHED_AT_ONCE = 4
"""Passwords at work at once: each takes 64 MiB, and sign-ins cost whoever sends them nothing."""
WAIT_S = 3.0
_HASHING = threading.BoundedSemaphore(HASHED_AT_ONCE)
MAX_AGE_S = int(sessions.LONGEST.total_seconds())


class SessionTold(Told):
    """Who asks; `scopes` of null: a session, limited by the roles alone."""

    person: PersonTold
    scopes: list[str] | None


class SignIn(Given):
    """A name and its password."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class Claim(Given):
    """A one-time token and the password to be."""

    one_time_token: Secret
    password: Password
    name: Line | None = Field(default=None, description="Another sign-in name than was given.")


class NewPassword(Given):
    """The password that is, and the one to be."""

    old: Password
    new: Password


@router.post(
    "/session",
    status_code=201,
    summary="Sign in",
    dependencies=[NO_KEY],
    responses=answers(SessionTold, 400, 413, status=201),
    openapi_extra={"security": []},
)
def sign_in(request: Request, desk: AtDesk, given: SignIn) -> Response:
    """Begin a session: the answer sets its cookie, which a page sends along from then on.

    A wrong name and a wrong password are answered alike; after some tries the name has to wait.
    """
    if "origin" in request.headers:
        require_own_origin(request.headers, scheme=request.url.scheme)
    if not desk.is_made():
        raise Problem(401, signing_in.WRONG)
    now = desk.now()
    with _hashing():
        secret, why = signing_in.sign_in(
            desk.writing,
            given.name,
            given.password,
            source=source_of(request),
            passwords=PASSWORDS,
            now=now,
        )
    if secret is None:
        has_to_wait = why != signing_in.WRONG
        raise Problem(429 if has_to_wait else 401, why, headers={"Retry-After": "60"})
    with desk.reading() as connection:
        asking = sessions.identify(connection, secret, now=now, touch=False)
        if asking is None:
            raise Problem(401, signing_in.WRONG)
        shown = _session(users.find(connection, asking.actor.id), None)
    answer = Response(orjson.dumps(shown), status_code=201, media_type="application/json")
    return set_cookie(answer, request, secret, max_age_s=MAX_AGE_S)


@router.get("/session", summary="Who asks", responses=answers(SessionTold))
def get_session(request: Request, desk: AtDesk, asking: Anyone) -> Response:
    """Show who is signed in, or whose token it is, with the roles held now."""
    with desk.reading() as connection:
        person = users.find(connection, asking.actor.id)
    return etags.answer(request, _session(person, asking.scopes))


@router.delete(
    "/session",
    status_code=204,
    summary="Sign out",
    responses=answers(None, status=204),
)
def sign_out(request: Request, desk: AtDesk, asking: Changes) -> Response:
    """End the session whose cookie was sent, and take the cookie away; a token is left as it is."""
    secret = session_of(request.headers, scheme=request.url.scheme)
    if secret is not None:
        with desk.writing() as connection:
            sessions.end(connection, secret)
    return set_cookie(Response(status_code=204), request, "", max_age_s=0)


@router.post(
    "/password",
    status_code=204,
    summary="Change one's password",
    responses=answers(None, 400, 409, 413, status=204),
)
def change_password(
    request: Request, desk: AtDesk, asking: Changes, given: NewPassword
) -> Response:
    """Change one's own password; every session ends, this one too."""
    with _hashing():
        signing_in.change_password(
            desk.writing,
            asking.actor.id,
            old=given.old,
            new=given.new,
            source=source_of(request),
            passwords=PASSWORDS,
            now=desk.now(),
        )
    return Response(status_code=204)


@router.post(
    "/claim",
    summary="Set a password with a one-time token",
    dependencies=[NO_KEY],
    responses=answers(PersonTold, 400, 409, 413),
    openapi_extra={"security": []},
)
def claim(request: Request, desk: AtDesk, given: Claim) -> Response:
    """Set the first password, or a new one where it was forgotten; the token works once."""
    if not desk.is_made():
        raise Problem(409, users.USED)
    with _hashing(), desk.writing() as connection:
        person = users.claim(
            connection,
            given.one_time_token,
            password=given.password,
            passwords=PASSWORDS,
            now=desk.now(),
            name=given.name,
        )
    return Response(orjson.dumps(person.to_json()), media_type="application/json")


@contextlib.contextmanager
def _hashing() -> Iterator[None]:
    """Hold one of the few places in which passwords are compared.

    Raises:
        Problem: 503, none has come free for a while.
    """
    if not _HASHING.acquire(timeout=WAIT_S):
        raise Problem(
            503, "too many people sign in at once; try again shortly", headers={"Retry-After": "2"}
        )
    try:
        yield
    finally:
        _HASHING.release()


def _session(person: Person, scopes: frozenset[str] | None) -> dict[str, Json]:
    return {"person": person.to_json(), "scopes": None if scopes is None else sorted(scopes)}
