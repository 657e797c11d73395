"""How people are told by the routes that are about them, and what such routes share."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Depends, Request
from starlette.responses import Response

from insyn.office.console.problems import Problem
from insyn.office.console.resources.described import Told
from insyn.office.console.resources.idempotency import HEADER
from insyn.trust.people.users import Person


class PersonTold(Told):
    """One of the office's people."""

    id: str
    name: str
    state: str
    roles: list[str]
    added_at: str


class Invited(Told):
    """A person, and the one-time token with which they set a password; shown here alone."""

    person: PersonTold
    one_time_token: str


async def _without_key(request: Request) -> None:
    """Refuse a key where it would be passed over: its sender counts on it.

    Raises:
        Problem: 400.
    """
    if HEADER in request.headers:
        raise Problem(400, f"this takes no {HEADER}: its answer holds a secret and is not kept")


NO_KEY = Depends(_without_key)


def invited(person: Person, secret: str, *, status: int) -> Response:
    """A person, and the one-time token to hand over."""
    shown: dict[str, Any] = {"person": person.to_json(), "one_time_token": secret}
    return Response(orjson.dumps(shown), status_code=status, media_type="application/json")
