"""`/api/v1/session`, `/people` and `/tokens`: signing in and out, who may what, programs' tokens.

Always: an answer holds a secret once, when it is made, and such a creation takes no
Idempotency-Key: an answer that is kept would keep the secret.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

import orjson
import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from pydantic import Field
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.limits import client_of
from insyn.office.console.problems import Problem
from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    SHOWS,
    Given,
    Line,
    PageOf,
    PathId,
    Told,
    answers,
)
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.idempotency import HEADER
from insyn.office.console.resources.paging import Paged, answer_page
from insyn.office.console.resources.signed_in import (
    Wants,
    require_own_origin,
    session_of,
    set_cookie,
)
from insyn.trust.people import sessions, signing_in, tokens, users
from insyn.trust.people.duties import Role
from insyn.trust.people.identity import SCOPES, Identified
from insyn.trust.people.passwords import LONGEST, Passwords
from insyn.trust.people.users import Person, State

router = APIRouter(prefix="/api/v1", tags=["People"])

Anyone = Annotated[Identified, Depends(Wants(scope="people", reads=True))]
Changes = Annotated[Identified, Depends(Wants(scope="people"))]
Lists = Annotated[Identified, Depends(Wants(scope="people", reads=True, action="user.manage"))]
Manages = Annotated[Identified, Depends(Wants(scope="people", action="user.manage"))]
Erases = Annotated[Identified, Depends(Wants(scope="people", action="personal.erase"))]

Password = Annotated[str, Field(min_length=1, max_length=LONGEST, json_schema_extra={
    "format": "password"})]  # fmt: skip
Secret = Annotated[str, Field(min_length=1, max_length=200)]
PathRole = Annotated[Role, InPath()]

PASSWORDS = Passwords()
HASHED_AT_ONCE = 4
"""Passwords at work at once: each takes 64 MiB, and sign-ins cost whoever sends them nothing."""
WAIT_S = 3.0
_HASHING = threading.BoundedSemaphore(HASHED_AT_ONCE)
MAX_AGE_S = int(sessions.LONGEST.total_seconds())


class PersonTold(Told):
    """One of the office's people."""

    id: str
    name: str
    state: str
    roles: list[str]
    added_at: str


class SessionTold(Told):
    """Who asks; `scopes` of null: a session, limited by the roles alone."""

    person: PersonTold
    scopes: list[str] | None


class PeoplePage(PageOf):
    """A page of people, in the order they came."""

    items: list[PersonTold]


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


class Invited(Told):
    """A person, and the one-time token with which they set a password; shown here alone."""

    person: PersonTold
    one_time_token: str


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


class NewPerson(Given):
    """Who is to be known, by a sign-in name, with which roles."""

    name: Line = Field(examples=["tarquin.vellmark"])
    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(max_length=10)]


class NewState(Given):
    """Whether a person may sign in."""

    state: Literal["active", "disabled"]


class NewToken(Given):
    """What a program is to be let do, and how long."""

    label: Annotated[Line, Field(max_length=100)] = Field(examples=["nightly import"])
    scopes: Annotated[list[str], Field(min_length=1, max_length=len(SCOPES))] = Field(
        examples=[["read"]], description=f"Of {', '.join(SCOPES)}."
    )
    days: Annotated[int, Field(ge=1, le=tokens.LONGEST.days)] = 90


async def _without_key(request: Request) -> None:
    """Refuse a key where it would be passed over: its sender counts on it.

    Raises:
        Problem: 400.
    """
    if HEADER in request.headers:
        raise Problem(400, f"this takes no {HEADER}: its answer holds a secret and is not kept")


NO_KEY = Depends(_without_key)


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
    source = client_of(request.client.host if request.client else "")
    now = desk.now()
    with _hashing():
        secret, why = signing_in.sign_in(
            desk.writing, given.name, given.password, source=source, passwords=PASSWORDS, now=now
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
            source=client_of(request.client.host if request.client else ""),
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
        raise Problem(409, "this one-time token was used, or is over; ask for another")
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


@router.get("/people", summary="All people", responses=answers(PeoplePage, 400))
def list_people(request: Request, desk: AtDesk, page: Paged, asking: Lists) -> Response:
    """List the people of the office by id, whatever their state."""
    with desk.reading() as connection:
        every = sorted(users.every(connection), key=lambda person: person.id)
    found = [person for person in every if page.after is None or person.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
        key=lambda person: person.id,
        show=lambda person: person.to_json(),
    )


@router.post(
    "/people",
    status_code=201,
    summary="Make a person known",
    dependencies=[NO_KEY],
    responses=answers(Invited, 400, 409, 413, status=201),
)
def add_person(request: Request, desk: AtDesk, asking: Manages, given: NewPerson) -> Response:
    """Invite a person with roles; the answer has the one-time token to hand over, once.

    Takes no Idempotency-Key, for its answer holds a secret; a second try is refused by the name.
    """
    with desk.writing() as connection:
        person, secret = users.add(
            connection, given.name, roles=given.roles, actor=asking.actor, now=desk.now()
        )
    return _invited(person, secret, status=201)


@router.get(
    "/people/{person}",
    summary="One person",
    dependencies=[SHOWS],
    responses=answers(PersonTold, 404, etag=True),
)
def get_person(request: Request, desk: AtDesk, person: PathId, asking: Lists) -> Response:
    """Show one person: the sign-in name, the state, and the roles held now."""
    with desk.reading() as connection:
        return etags.answer(request, _found(connection, person).to_json())


@router.post(
    "/people/{person}/invitation",
    status_code=201,
    summary="Invite a person again",
    dependencies=[NO_KEY],
    responses=answers(Invited, 400, 404, 409, status=201),
)
def invite_again(request: Request, desk: AtDesk, person: PathId, asking: Manages) -> Response:
    """Give somebody who forgot the password a new one-time token; all their sessions end."""
    with desk.writing() as connection:
        found = _found(connection, person)
        secret = users.invite_again(connection, found.id, actor=asking.actor, now=desk.now())
        return _invited(users.find(connection, found.id), secret, status=201)


@router.put(
    "/people/{person}/roles/{role}",
    summary="Give a role",
    dependencies=[CHANGES],
    responses=answers(PersonTold, 404, 409, 412, 428, etag=True),
)
def grant_role(
    request: Request, desk: AtDesk, person: PathId, role: PathRole, asking: Manages
) -> Response:
    """Give a person a role; nobody gives one to themselves. All their sessions end."""
    with desk.writing() as connection:
        found = _matching(request, connection, person)
        after = users.grant(connection, found.id, role, actor=asking.actor, now=desk.now())
    return etags.answer(request, after.to_json())


@router.delete(
    "/people/{person}/roles/{role}",
    summary="Withdraw a role",
    dependencies=[CHANGES],
    responses=answers(PersonTold, 404, 409, 412, 428, etag=True),
)
def withdraw_role(
    request: Request, desk: AtDesk, person: PathId, role: PathRole, asking: Manages
) -> Response:
    """Take a role away from a person; an active administrator must be left."""
    with desk.writing() as connection:
        found = _matching(request, connection, person)
        after = users.withdraw(connection, found.id, role, actor=asking.actor, now=desk.now())
    return etags.answer(request, after.to_json())


@router.put(
    "/people/{person}/state",
    summary="Disable or enable a person",
    dependencies=[CHANGES],
    responses=answers(PersonTold, 400, 404, 409, 412, 413, 428, etag=True),
)
def set_person_state(
    request: Request, desk: AtDesk, person: PathId, asking: Manages, given: NewState
) -> Response:
    """Disable or enable a person; a disabled one has no session, and no token of theirs works."""
    with desk.writing() as connection:
        found = _matching(request, connection, person)
        after = users.set_state(
            connection, found.id, State(given.state), actor=asking.actor, now=desk.now()
        )
    return etags.answer(request, after.to_json())


@router.delete(
    "/people/{person}",
    status_code=204,
    summary="Erase who a person is",
    dependencies=[CHANGES],
    responses=answers(None, 404, 409, 412, 428, status=204),
)
def erase_person(request: Request, desk: AtDesk, person: PathId, asking: Erases) -> Response:
    """Erase a person's name and sign-in; what they did stays, under their id."""
    with desk.writing() as connection:
        found = _matching(request, connection, person)
        users.erase(connection, found.id, actor=asking.actor, now=desk.now())
    return Response(status_code=204)


@router.get("/tokens", summary="One's own tokens", responses=answers(TokenPage, 400))
def list_tokens(request: Request, desk: AtDesk, page: Paged, asking: Anyone) -> Response:
    """List one's own tokens by id, those that are over too; never their secrets."""
    with desk.reading() as connection:
        every = sorted(tokens.of_person(connection, asking.actor.id), key=lambda token: token.id)
    found = [token for token in every if page.after is None or token.id > page.after]
    return answer_page(
        request,
        page,
        found[: page.wanted],
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


def _found(connection: sa.Connection, person: str) -> Person:
    with missing_is_404("person"):
        return users.find(connection, person)


def _matching(request: Request, connection: sa.Connection, person: str) -> Person:
    """The person, if `If-Match` names what they are now."""
    found = _found(connection, person)
    etags.require_match(request, found.to_json())
    return found


def _session(person: Person, scopes: frozenset[str] | None) -> dict[str, Json]:
    return {"person": person.to_json(), "scopes": None if scopes is None else sorted(scopes)}


def _invited(person: Person, secret: str, *, status: int) -> Response:
    shown: dict[str, Any] = {"person": person.to_json(), "one_time_token": secret}
    return Response(orjson.dumps(shown), status_code=status, media_type="application/json")
