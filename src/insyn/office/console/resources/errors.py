"""From the one tree of errors to problem+json (RFC 9457).

Always: what is sent in a wrong form is never repeated; a room's refusal may name an id, never a
person. What the machine lacks is told to the log, not to the client: such a message may name paths
and hosts.

    UsageError          422   the request cannot be
    UnreadableInput     422   what was sent is not what it claims to be
    Refusal             409   understood, and refused as things stand
    EnvironmentFailure  503   the machine or the database is not as needed
    NotThere            404   raised here, where a room finds nothing by a name
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from insyn.base.errors import (
    EnvironmentFailure,
    InsynError,
    Refusal,
    UnreadableInput,
    UsageError,
)
from insyn.office.console.problems import Problem, problem_response
from insyn.office.console.resources.described import Given

log = logging.getLogger("insyn.console")

_SHOWN_ERRORS = 5
"""Mistakes of a body that are named; the rest are counted."""


def problem_of(error: InsynError) -> Problem:
    """The answer to an error of a room."""
    if isinstance(error, EnvironmentFailure):
        log.error("a request could not be served: %s", error)
        return Problem(
            503,
            "the office cannot serve this now; its log says what is missing, try again later",
            headers={"Retry-After": "30"},
        )
    if isinstance(error, UnreadableInput | UsageError):
        return Problem(422, str(error))
    return Problem(409, str(error))


@contextlib.contextmanager
def missing_is_404(what: str) -> Iterator[None]:
    """Around a room's look-up by an id of the path: its refusal means that there is none.

    Raises:
        Problem: 404; `what` names the kind of thing, never its id.
    """
    try:
        yield
    except (UnreadableInput, EnvironmentFailure):
        raise
    except (Refusal, UsageError, KeyError):
        raise Problem(404, f"there is no such {what}, or none that you may see") from None


async def on_insyn_error(request: Request, error: Exception) -> Response:
    """The application's handler for `InsynError`."""
    assert isinstance(error, InsynError)
    return problem_of(error).response(request.url.path)


async def on_invalid(request: Request, error: Exception) -> Response:
    """The application's handler for what pydantic refuses: where, and why, never what."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    path = request.url.path
    if any(one["type"] == "json_invalid" for one in found):
        return problem_response(400, "the body is no JSON in UTF-8", path=path)
    said = [f"{_place(one['loc'])}: {_reason(one)}" for one in found[:_SHOWN_ERRORS]]
    if len(found) > _SHOWN_ERRORS:
        said.append(f"and {len(found) - _SHOWN_ERRORS} more")
    return problem_response(422, "; ".join(said), path=path)


def _place(where: Sequence[object]) -> str:
    """`body.conditions.0.id`; a key that no model of ours has is the client's and stays out."""
    if where[:1] != ("body",):
        return ".".join(str(part) for part in where[:2]) or "the request"
    ours = _field_names(Given)
    inner = [str(part) for part in where[1:] if isinstance(part, int) or part in ours]
    return ".".join(("body", *inner))


def _field_names(model: type[BaseModel]) -> set[str]:
    """Names of all fields of a model and of those made from it."""
    found = set(model.model_fields)
    return found.union(*(_field_names(each) for each in model.__subclasses__()))


# `Any`: an error as pydantic describes it.
def _reason(error: dict[str, Any]) -> str:
    """Pydantic's own words, but for those that quote what was sent."""
    kind = str(error["type"])
    if kind == "extra_forbidden":
        return "there is no such field"
    if kind in ("value_error", "assertion_error"):
        return "the value cannot be"
    if kind == "model_attributes_type":
        return "must be a JSON object, sent as application/json"
    message = str(error.get("msg", "the value cannot be"))
    return message if "input" in message.lower() or "should" in message else "the value cannot be"


async def on_busy(request: Request, _: Exception) -> Response:
    """The application's handler for `sqlalchemy.exc.TimeoutError`: all connections are in use."""
    return problem_response(
        503,
        "too many requests are at work; try again shortly",
        path=request.url.path,
        headers={"Retry-After": "1"},
    )
