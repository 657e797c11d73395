"""Lists a page at a time: `limit`, an opaque `after`, and `{"items", "next"}` with a Link header.

Always: pages follow a key that does not move (an id, a leaf's number), so that what is added or
removed meanwhile makes no other item come twice or not at all. Sources: RFC 8288 (Link).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import orjson
from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from insyn.base.canonical import Json
from insyn.office.console.problems import Problem

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CURSOR = 400
"""Characters of a cursor; an id has at most 200."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a client asked for: `limit` items after the one whose key is `after`."""

    limit: int
    after: str | None

    @property
    def wanted(self) -> int:
        """One more than the limit: whether there is a next page shows by itself."""
        return self.limit + 1

    def after_number(self) -> int | None:
        """The cursor where the key is a number.

        Raises:
            Problem: 400, it is none of ours.
        """
        if self.after is None:
            return None
        if not self.after.isdecimal() or not self.after.isascii() or len(self.after) > 15:
            raise _foreign()
        return int(self.after)


def page(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items a page.")] = DEFAULT_LIMIT,
    after: Annotated[
        str | None,
        Query(max_length=MAX_CURSOR, description="`next` of the page before, as it was given."),
    ] = None,
) -> Page:
    """The dependency that reads a page's parameters.

    Raises:
        Problem: 400, `after` is no cursor of ours.
    """
    return Page(limit=limit, after=None if after is None else _read(after))


Paged = Annotated[Page, Depends(page)]


def answer_page(
    request: Request,
    asked: Page,
    found: Sequence[T],
    *,
    key: Callable[[T], str | int],
    show: Callable[[T], Json],
) -> Response:
    """One page: what was found, at most `limit`, and the cursor of the next or null.

    `found` holds at least `asked.wanted` items, or all, in the order of their key.
    """
    items = found[: asked.limit]
    cursor = _write(str(key(items[-1]))) if len(found) > asked.limit else None
    body: Mapping[str, Json] = {"items": [show(item) for item in items], "next": cursor}
    headers = {}
    if cursor is not None:
        target = request.url.include_query_params(after=cursor)
        # Without scheme and host: behind a proxy we do not know them.
        headers["Link"] = f'<{target.path}?{target.query}>; rel="next"'
    return Response(orjson.dumps(body), media_type="application/json", headers=headers)


def answer_whole(
    request: Request,
    asked: Page,
    every: Iterable[T],
    *,
    key: Callable[[T], str],
    show: Callable[[T], Json],
) -> Response:
    """A page of a list that is read whole: by key, after the cursor."""
    found = sorted((one for one in every if asked.after is None or key(one) > asked.after), key=key)
    return answer_page(request, asked, found, key=key, show=show)


def _write(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        raise _foreign() from None
    if not key or not key.isprintable():
        raise _foreign()
    return key


def _foreign() -> Problem:
    return Problem(400, "`after` is no cursor of this list; give `next` of the page before")
