"""What goes wrong, as a client gets it: RFC 9457, or yente's own shape on yente's paths.

Always: no stack trace, and nothing that was sent is repeated: a refusal must not carry a name
into somebody's log.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from starlette.responses import Response

PROBLEM_TYPE = "application/problem+json"
_YENTE_PATHS = ("/match/", "/entities/", "/catalog", "/algorithms")


class Problem(Exception):  # noqa: N818 - an answer to the client, not a fault of ours
    """An answer that is not the one asked for; raised anywhere below the routes.

    `detail` says what is wrong and what to do, without repeating what was sent.
    """

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    def response(self, path: str) -> Response:
        """The HTTP answer, in the shape that clients of this path know."""
        return problem_response(self.status, self.detail, path=path, headers=self.headers)


def problem_response(
    status: int, detail: str, *, path: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with `type`, `title`, `status`, `detail`; with `detail` alone on yente's paths."""
    if path.startswith(_YENTE_PATHS):
        return Response(
            orjson.dumps({"detail": detail}),
            status_code=status,
            headers=dict(headers or {}),
            media_type="application/json",
        )
    body = {"type": "about:blank", "title": _title(status), "status": status, "detail": detail}
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type=PROBLEM_TYPE,
    )


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
