"""What `insyn case` and `insyn deal` read from options and small files: terms, conditions, days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from insyn.base.errors import EnvironmentFailure, UnreadableInput, UsageError
from insyn.office.diligence.cases.events import Condition

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_moment(text: str) -> datetime:
    """A moment, or the last second of a day in UTC.

    Raises:
        UsageError: it is neither.
    """
    try:
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date; write it as 2026-11-23") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_known(text: str) -> datetime:
    """A moment, or the first second of a day in UTC: what is known on a day is known all day.

    Raises:
        UsageError: it is neither.
    """
    return read_moment(f"{text}T00:00:00" if _DAY.fullmatch(text) else text)


# `Any`: the permit's own schema judges the terms.
def read_terms(path: Path | None) -> dict[str, Any]:
    """The terms of a permit, from a JSON file; none from no file.

    Raises:
        UnreadableInput: it is no JSON object.
    """
    if path is None:
        return {}
    found = _json(path)
    if not isinstance(found, dict):
        raise UnreadableInput(f"{path} is no JSON object of a permit's terms")
    return found


def read_conditions(path: Path | None) -> tuple[Condition, ...]:
    """Conditions, from a JSON list of objects; none from no file.

    Raises:
        UnreadableInput: it is no such list; the message names the first that is wrong.
    """
    from pydantic import TypeAdapter, ValidationError

    if path is None:
        return ()
    try:
        return TypeAdapter(tuple[Condition, ...]).validate_python(_json(path))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableInput(
            f"{path}: conditions are a list of objects with id, text, verifier (product, document "
            f"or visit), due and consequence: {where} {first['msg'].casefold()}"
        ) from error


def _json(path: Path) -> Any:
    import json

    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(f"{path} is not JSON in UTF-8: {error}") from error
