"""What all routes say of themselves in the OpenAPI description: bodies, answers, errors, examples.

Always: an answer's model allows no field that it does not name, so that the contract test finds
what is not described; examples hold invented names alone.
"""

from __future__ import annotations

from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any

from fastapi import Depends, Header
from fastapi import Path as InPath
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from insyn.base.canonical import canonical_bytes
from insyn.office.console.problems import PROBLEM_TYPE
from insyn.office.console.resources.idempotency import HEADER, MAX_KEY
from insyn.office.console.schemas import ProblemDetails

MAX_ID = 200
MAX_LINE = 1_000
MAX_PROSE = 20_000

# No control characters: PostgreSQL holds no NUL, and a line is a line.
_LINE = r"^[^\u0000-\u001f\u007f]+$"
_PROSE = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]+$"
_ID = r"^[^\u0000-\u0020\u007f-\u00a0/?#]([^\u0000-\u001f\u007f/?#]*[^\u0000-\u0020/?#])?$"

Id = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID, pattern=_ID)]
"""An id as its owner gave it: printable, without `/ ? #`, so that it fits into a path."""
Line = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LINE, pattern=_LINE)]
"""A line of text."""
Prose = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PROSE, pattern=_PROSE)]
"""Text of several lines."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""


def _day(value: object) -> object:
    if isinstance(value, str) and len(value) == len("2026-11-23"):
        return date.fromisoformat(value)
    raise ValueError("a day is written 2026-11-23")


def _moment(value: object) -> object:
    if not isinstance(value, str) or not 20 <= len(value) <= 40 or value[10] not in "Tt":
        raise ValueError("a moment is written 2026-11-23T09:47:00Z")
    found = datetime.fromisoformat(value)
    if found.tzinfo is None or not 1900 <= found.year <= 9000:
        raise ValueError("a moment has a zone")
    return found


def _plain(value: JsonValue) -> JsonValue:
    """Refuse what neither the database nor canonical JSON can hold: NUL, NaN, half a character."""
    if "\\u0000" in canonical_bytes(value).decode("utf-8"):
        raise ValueError("no NUL")
    return value


Day = Annotated[date, BeforeValidator(_day)]
"""`2026-11-23`."""
Moment = Annotated[datetime, BeforeValidator(_moment)]
"""`2026-11-23T09:47:00Z`: RFC 3339, with its zone."""

AnyJson = Annotated[JsonValue, AfterValidator(_plain)]
"""Any JSON value that can be kept."""
AnyObject = Annotated[dict[str, JsonValue], AfterValidator(_plain)]
"""Any JSON object that can be kept."""

PathId = Annotated[str, InPath(min_length=1, max_length=MAX_ID, pattern=_ID)]
Number = Annotated[int, InPath(ge=0, le=2**53 - 1)]
"""A number in a path."""


async def _creates(
    key: Annotated[
        str | None,
        Header(
            alias=HEADER,
            max_length=MAX_KEY + 2,
            description="Your own key for this request: sent again within a day, it is answered "
            "as the first time and nothing is made twice.",
        ),
    ] = None,
) -> None:
    """Describes the header; `Desk.create` reads it."""


async def _changes(
    if_match: Annotated[
        str | None,
        Header(description="The ETag of your last GET. Needed: 428 without, 412 when stale."),
    ] = None,
) -> None:
    """Describes the header; `etags.require_match` reads it."""


async def _shows(
    if_none_match: Annotated[
        str | None, Header(description="An ETag: 304 where it is still so.")
    ] = None,
) -> None:
    """Describes the header; `etags.answer` reads it."""


CREATES = Depends(_creates)
CHANGES = Depends(_changes)
SHOWS = Depends(_shows)


class Given(BaseModel):
    """The base of what is sent: no field that we do not know, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Told(BaseModel):
    """The base of what is answered."""

    model_config = ConfigDict(extra="forbid")


class PageOf(Told):
    """The part of a page that is the same for all lists."""

    next_: str | None = Field(
        alias="next", description="Give it as `after` for the next page; null on the last."
    )


_OF_CHANGES = {409, 412, 428}
_WHY = {
    400: "No JSON in UTF-8, or a parameter that is none of ours.",
    401: "Nobody we know: sign in, or send a token.",
    403: "The role, the scope or the right Origin is missing; `detail` says which.",
    404: "There is none.",
    409: "Understood, and refused as things stand; or a request with this key is at work.",
    412: "It has changed since `If-Match`.",
    413: "The body has more than 1 MiB.",
    415: "The body is said to be something other than what this takes.",
    422: "JSON, but not what this takes; `detail` says where.",
    428: "`If-Match` is missing.",
    429: "Too many requests; `Retry-After` says how many seconds to wait.",
    503: "The office cannot serve this now.",
}
_EXAMPLES = {
    403: ("Forbidden", "deciding a case needs the role approver"),
    409: ("Conflict", "the case is draft; a permit needs an approval"),
    422: ("Unprocessable Content", "body.value: Field required"),
}


# `Any`: as FastAPI types its `responses`.
def answers(
    model: type[BaseModel] | UnionType | None,
    *errors: int,
    status: int = 200,
    example: object = None,
    etag: bool = False,
) -> dict[int | str, dict[str, Any]]:
    """The answers of a route: the good one, and every refusal it may give."""
    good: dict[str, Any] = {"description": "As asked."}
    if model is not None:
        good["model"] = model
    if example is not None:
        good["content"] = {"application/json": {"example": example}}
    if etag:
        good["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "Its state."}}
    found: dict[int | str, dict[str, Any]] = {status: good}
    if etag and not _OF_CHANGES & set(errors) and status == 200:
        found[304] = {"description": "As `If-None-Match` knows it."}
    for error in sorted({401, 403, 422, 429, 503, *errors}):
        found[error] = problem(error)
    return found


def problem(status: int) -> dict[str, Any]:
    """How a refusal is described."""
    schema = {"$ref": f"#/components/schemas/{ProblemDetails.__name__}"}
    content: dict[str, Any] = {"schema": schema}
    if status in _EXAMPLES:
        title, detail = _EXAMPLES[status]
        content["example"] = {
            "type": "about:blank", "title": title, "status": status, "detail": detail,
        }  # fmt: skip
    return {"description": _WHY[status], "content": {PROBLEM_TYPE: content}}
