"""Optimistic concurrency: a strong ETag from what is shown, and If-Match on every change.

Always: nobody overwrites what they have not seen. Source: RFC 9110, sections 8.8 and 13.1; RFC
6585 for 428.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

from insyn.base.canonical import Json, digest
from insyn.office.console.problems import Problem

_LENGTH = 32
"""Hexadecimal characters of the digest: 128 bits, beyond chance and beyond search."""


def etag_of(shown: Json) -> str:
    """The strong ETag of a representation."""
    return f'"{digest(shown)[:_LENGTH]}"'


def answer(
    request: Request, shown: Mapping[str, Json], *, of: Json = None, status: int = 200
) -> Response:
    """One thing as JSON with its ETag; 304 without a body where If-None-Match knows it.

    `of`: what the ETag is made of, where not all that is shown (an age that passes) is content.
    """
    etag = etag_of(shown if of is None else of)
    if request.method in ("GET", "HEAD") and _any(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers={"ETag": etag})
    return Response(
        orjson.dumps(shown),
        status_code=status,
        media_type="application/json",
        headers={"ETag": etag},
    )


def require_match(request: Request, current: Json) -> None:
    """Let a change through only on what its sender has seen; call it in the writing transaction.

    Args:
        request: its If-Match is read; `*` stands for whatever there is.
        current: what the ETag is made of, as it stands in this transaction.

    Raises:
        Problem: 428 without If-Match; 412, it has changed since.
    """
    given = request.headers.get("if-match", "")
    if not given.strip():
        raise Problem(
            428, "say which state you change: send the ETag of your last GET as `If-Match`"
        )
    if not _any(given, etag_of(current), is_strong=True):
        raise Problem(412, "it has changed since you read it; GET it again and look at it first")


def _any(header: str, etag: str, *, is_strong: bool = False) -> bool:
    """Whether a list of ETags has this one; a weak one never counts in a strong comparison."""
    given = [item.strip() for item in header.split(",")]
    if "*" in given:
        return True
    if not is_strong:
        given = [item.removeprefix("W/") for item in given]
    return etag in given
