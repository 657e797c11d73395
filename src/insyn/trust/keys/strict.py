"""Signed JSON, read strictly: one value has one spelling, and unknown fields are refused.

Always: no duplicate field, no floating-point number, no text beyond the size limit; a schema's
complaint names the place and the rule and never the value, which may be about a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import UnreadableInput

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.IGNORECASE)

MAX_BYTES = 16 << 20
"""A permit is about 2 KiB. The longest status list, 10,000 permits each with the longest reason
in four-byte characters, is 13 MB in its envelope."""


def read_canonical(content: bytes, what: str) -> Mapping[str, Json]:
    """The one JSON object in `content`, which must be spelt as `canonical_bytes` spells it.

    Raises:
        UnreadableInput: too long, no UTF-8, no JSON object, or the same value spelt otherwise.
    """
    value = read_object(content, what)
    try:
        spelt = canonical_bytes(value)
    except (ValueError, RecursionError):  # a number over 2**53-1 has no canonical spelling
        spelt = b""
    if spelt != content:
        raise UnreadableInput(f"{what} is not in canonical JSON; take the file as it was issued")
    return value


def read_object(content: bytes, what: str) -> Mapping[str, Json]:
    """The one JSON object in `content`, without duplicate fields and fractions.

    Raises:
        UnreadableInput: it is anything else.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableInput(f"{what} is over {MAX_BYTES} bytes; this is no file of Insyn's")
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(
            f"{what} is not JSON that can be signed ({type(error).__name__}); "
            "take the file as it was issued"
        ) from error
    if not isinstance(value, dict):
        raise UnreadableInput(f"{what} is not a JSON object; take the file as it was issued")
    return cast("Mapping[str, Json]", value)


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands twice")
    return found


def _refuse_number(_: str) -> NoReturn:
    raise ValueError("a number with a fraction has more than one spelling")


class Schema:
    """A JSON schema (draft 2020-12), ready to judge."""

    def __init__(self, content: bytes) -> None:
        """Take the schema's text; it is part of Insyn and must be valid itself."""
        self.content: dict[str, Json] = json.loads(content)
        Draft202012Validator.check_schema(self.content)
        self._validator = Draft202012Validator(self.content)

    def problem(self, value: Json) -> str:
        """What is wrong first, by place and rule; "" where nothing is."""
        error = best_match(self._validator.iter_errors(value))
        return "" if error is None else _described(error)


def _described(error: ValidationError) -> str:
    place = "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
    ).lstrip(".")
    rule = str(error.validator)
    if rule == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        told = f"lacks {', '.join(map(repr, missing))}"
    elif rule in ("additionalProperties", "unevaluatedProperties"):
        told = f"has {_unknown(error)}, which the format does not know"
    else:
        told = f"breaks {rule} {json.dumps(error.validator_value)[:120]}"
    return f"{place or 'the whole'} {told}"


def _unknown(error: ValidationError) -> str:
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    names = sorted(name for name in error.instance if name not in known)
    # What does not look like a field's name may be anything, about a person too: it is not told.
    told = [name for name in names if _NAME.fullmatch(name)]
    return f"a field {told[0]!r}" if told else "a field"


def moment(text: str) -> datetime:
    """An RFC 3339 time in UTC to the second, `2026-11-23T09:47:00Z`.

    Raises:
        UnreadableInput: it is no such time, or no day of the calendar.
    """
    try:
        read = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        read = None
    if read is None or read.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") != text:
        raise UnreadableInput("a time is written in UTC, as in 2026-11-23T09:47:00Z")
    return read
