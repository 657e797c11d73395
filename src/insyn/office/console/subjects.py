"""From a request's body to subjects.

Always: a subject reads as a row of a customer file does (`customers.read_subject`), so that both
ways give one result; no message repeats what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import orjson
from starlette.requests import Request

from insyn.office.console.problems import Problem
from insyn.office.screening.customers import BadRow, read_subject
from insyn.office.screening.model import Subject

MAX_SUBJECTS = 500
MAX_TEXT = 1000
"""Characters of any field; a longer one is no name, date or number of anything."""

COLUMNS = (
    "id", "name", "kind", "schema", "type", "country", "nationality", "birth_date",
    "date_of_birth", "dob", "identifier", "identifiers",
)  # fmt: skip
"""What is read of a subject; the same words as columns of a customer file."""

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSubject:
    """One of many that cannot be screened; `index` counts from 0."""

    index: int
    id: str
    reason: str


async def read_object(request: Request) -> JsonObject:
    """The body as a JSON object.

    Raises:
        Problem: 415 another content type; 400 no JSON (NaN, bad UTF-8 and hopeless nesting are
            none); 422 JSON, but no object.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type != "application/json" and not media_type.endswith("+json"):
        raise Problem(415, "send JSON, with the header `Content-Type: application/json`")
    try:
        value = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise Problem(
            400, f"the body is no JSON in UTF-8 (at line {error.lineno}, column {error.colno})"
        ) from None
    if not isinstance(value, dict):
        raise Problem(422, "the body is JSON, but no object")
    return value


def one_subject(body: Mapping[str, object]) -> Subject:
    """The subject that a body is.

    Raises:
        Problem: 422, it cannot be screened.
    """
    found = _subject(0, body)
    if isinstance(found, BadSubject):
        raise Problem(422, found.reason)
    return found if body.get("id") else replace(found, id="")


def many_subjects(value: object) -> list[Subject | BadSubject]:
    """What stands under `subjects`, one by one and in order.

    Raises:
        Problem: 422, it is no list of 1 to `MAX_SUBJECTS`.
    """
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_SUBJECTS:
        raise Problem(422, f"subjects must be a list of 1 to {MAX_SUBJECTS} objects")
    return [_subject(index, item) for index, item in enumerate(value)]


def _subject(index: int, item: object) -> Subject | BadSubject:
    if not isinstance(item, Mapping):
        return BadSubject(index=index, id=f"row-{index}", reason="a subject must be an object")
    record: dict[str, str] = {}
    reason = ""
    for column in COLUMNS:
        value = item.get(column)
        if isinstance(value, str):
            record[column] = value
            if len(value) > MAX_TEXT:
                reason = reason or f"{_called(column)} has {len(value)} characters"
        elif value is not None:
            reason = reason or f"{_called(column)} must be text"
    found = read_subject(index, {**record, "id": record.get("id", "")[:MAX_TEXT]})
    if reason or isinstance(found, BadRow):
        said = found.reason if isinstance(found, BadRow) else ""
        return BadSubject(index=index, id=found.id, reason=reason or said)
    return found


def _called(column: str) -> str:
    return f"the {column.replace('_', ' ')}"
