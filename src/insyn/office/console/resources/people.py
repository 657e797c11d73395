"""`/api/v1/people`: who the office's people are and what each may do.

Always: an invitation's answer holds its one-time token, and only there.
"""

from __future__ import annotations

from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from pydantic import Field
from starlette.responses import Response

from insyn.office.console.resources import etags
from insyn.office.console.resources.described import (
    CHANGES,
    SHOWS,
    Given,
    Line,
    PageOf,
    PathId,
    answers,
)
from insyn.office.console.resources.desk import AtDesk
from insyn.office.console.resources.errors import missing_is_404
from insyn.office.console.resources.paging import Paged, answer_whole
from insyn.office.console.resources.person_told import NO_KEY, Invited, PersonTold, invited
from insyn.office.console.resources.signed_in import Wants
from insyn.trust.people import signing_in, users
from insyn.trust.people.duties import Role
from insyn.trust.people.identity import Identified
from insyn.trust.people.users import Person, State

router = APIRouter(prefix="/api/v1", tags=["People"])

Lists = Annotated[Identified, Depends(Wants(scope="people", reads=True, action="user.manage"))]
Manages = Annotated[Identified, Depends(Wants(scope="people", action="user.manage"))]
Erases = Annotated[Identified, Depends(Wants(scope="people", action="personal.erase"))]

PathRole = Annotated[Role, InPath()]


class PeoplePage(PageOf):
    """A page of people, in the order they came."""

    items: list[PersonTold]


class NewPerson(Given):
    """Who is to be known, by a sign-in name, with which roles."""

    name: Line = Field(examples=["tarquin.vellmark"])
    roles: Annotated[list[Annotated[Role, Field(strict=False)]], Field(max_length=10)]


class NewState(Given):
    """Whether a person may sign in."""

    state: Literal["active", "disabled"]


@router.get("/people", summary="All people", responses=answers(PeoplePage, 400))
def list_people(request: Request, desk: AtDesk, page: Paged, asking: Lists) -> Response:
    """List the people of the office by id, whatever their state."""
    with desk.reading() as connection:
        every = users.every(connection)
    return answer_whole(
        request,
        page,
        every,
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
    return invited(person, secret, status=201)


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
        return invited(users.find(connection, found.id), secret, status=201)


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


@router.post(
    "/people/{person}/unlocking",
    status_code=204,
    summary="End a person's wait",
    responses=answers(None, 404, 409, status=204),
)
def unlock_person(request: Request, desk: AtDesk, person: PathId, asking: Manages) -> Response:
    """Let somebody whose sign-ins failed too often try again at once; sent twice is sent once."""
    with desk.writing() as connection:
        found = _found(connection, person)
        signing_in.unlock(connection, found.id, actor=asking.actor, now=desk.now())
    return Response(status_code=204)


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


def _found(connection: sa.Connection, person: str) -> Person:
    with missing_is_404("person"):
        return users.find(connection, person)


def _matching(request: Request, connection: sa.Connection, person: str) -> Person:
    """The person, if `If-Match` names what they are now."""
    found = _found(connection, person)
    etags.require_match(request, found.to_json())
    return found
