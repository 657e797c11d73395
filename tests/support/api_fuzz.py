"""Requests made from the API's own description, and what must hold of every answer."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.checks import CHECKS

from insyn.base.config import DataDirectory
from insyn.office.console.app import create_app
from insyn.office.console.guard import Rules
from insyn.office.console.standing import InForce
from insyn.office.diligence.rulebook import rulebook

HELD = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
        "response_headers_conformance", "response_schema_conformance")  # fmt: skip


# `Any`: an OpenAPI document.
def described() -> dict[str, Any]:
    """The description of the whole API, made without an office."""
    app = create_app(InForce(DataDirectory(root=Path("/nonexistent"))), Rules(rate=0))

    async def ask() -> dict[str, Any]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            found: dict[str, Any] = (await client.get("/openapi.json")).json()
            return found

    return asyncio.run(ask())


def operations(document: Mapping[str, Any]) -> list[str]:
    """Every operation as `POST /path`."""
    return [
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    ]


def hold(
    client: httpx.Client,
    schema: schemathesis.BaseSchema,
    operation: str,
    known: Mapping[str, Sequence[str]],
    *,
    tokens: Sequence[str],
    examples: int,
) -> None:
    """Send so many requests to one operation, right ones and wrong ones; every answer must hold.

    Half of the ids in paths are known ones, and half of the changes bring a fitting `If-Match`:
    random ones would never get past the door. `tokens`: who asks, one of them each time.
    """
    rulebook()  # the CEL library raises the recursion limit when it is first used
    method, path = operation.split(" ", 1)
    asked = schema[path][method]
    modes = schemathesis.GenerationMode
    right = asked.as_strategy(generation_mode=modes.POSITIVE)
    wrong = asked.as_strategy(generation_mode=modes.NEGATIVE)

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(case=st.one_of(right, right, wrong))
    def send(case: schemathesis.Case[Any]) -> None:
        chance = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
        for name, ids in known.items():
            if name in case.path_parameters and chance & 1:
                case.path_parameters[name] = ids[(chance >> 8) % len(ids)]
        if chance & 2:
            case.headers["If-Match"] = "*"
        case.headers["Authorization"] = f"Bearer {tokens[(chance >> 4) % len(tokens)]}"
        answer = _sent(client, case)
        case.validate_response(answer, checks=_checks())

    send()


# `Any`: schemathesis' own functions, and classes of them that it registers beside.
def _checks() -> list[Any]:
    return [CHECKS.get_one(name) for name in HELD]


def _sent(client: httpx.Client, case: schemathesis.Case[Any]) -> httpx.Response:
    """Send it as `requests` would, for which schemathesis makes it."""
    given = case.as_transport_kwargs(base_url=str(client.base_url))
    ready = requests.Request(**given).prepare()
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body
    # Cookies of an answer must not go with the next request: each stands alone.
    client.cookies.clear()
    assert body is None or isinstance(body, bytes)
    assert ready.method is not None
    assert ready.url is not None
    answer = client.request(
        ready.method,
        ready.url,
        headers=[(str(k), str(v)) for k, v in ready.headers.items()],
        content=body,
    )
    answer.elapsed = timedelta()  # not measured in one process, and schemathesis asks for it
    return answer
