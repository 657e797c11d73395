"""All resources of `/api/v1` beyond screening, put into an application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import TimeoutError as PoolTimeout

from insyn.base.errors import InsynError
from insyn.office.console.resources import (
    cases,
    clearances,
    commitments,
    deals,
    erasures,
    errors,
    evidence,
    ledger,
    list_imports,
    lists,
    notices,
    parties,
    party_files,
    people,
    permits,
    products,
    relations,
    rescreenings,
    rulebooks,
    signing,
    tokens,
    training,
)
from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.gate import OPEN
from insyn.office.console.resources.signed_in import People
from insyn.office.console.schemas import ProblemDetails

ROUTERS = (
    cases.router,
    clearances.router,
    commitments.router,
    deals.router,
    erasures.router,
    evidence.router,
    ledger.router,
    list_imports.router,
    lists.router,
    notices.router,
    parties.router,
    party_files.router,
    people.router,
    permits.router,
    products.router,
    relations.router,
    rescreenings.router,
    rulebooks.router,
    signing.router,
    tokens.router,
    training.router,
)


def put_in(app: FastAPI, desk: Desk, known: People) -> None:
    """Add every resource, and the handlers of what rooms raise."""
    app.state.desk, app.state.people = desk, known
    for router in ROUTERS:
        app.include_router(router, generate_unique_id_function=operation_id)
    app.add_exception_handler(InsynError, errors.on_insyn_error)
    app.add_exception_handler(RequestValidationError, errors.on_invalid)
    app.add_exception_handler(PoolTimeout, errors.on_busy)
    _describe(app)


def _describe(app: FastAPI) -> None:
    """Say in the description what a problem is, and that these routes ask for a person."""
    make = app.openapi

    # `Any`: as FastAPI types it.
    def described() -> dict[str, Any]:
        whole = make()
        parts = whole.setdefault("components", {})
        parts.setdefault("schemas", {})[ProblemDetails.__name__] = (
            ProblemDetails.model_json_schema()
        )
        parts.setdefault("securitySchemes", {})["person"] = {
            "type": "http",
            "scheme": "bearer",
            "description": "A person's token; a page of the office sends a session's cookie.",
        }
        for path, methods in whole["paths"].items():
            for route in methods.values():
                if path.startswith("/api/v1/") and path not in OPEN:
                    route.setdefault("security", [{"person": []}])
        return whole

    app.openapi = described  # type: ignore[method-assign] # the way FastAPI documents


def operation_id(route: APIRoute) -> str:
    """The function's name: clients are generated from it, so a function is not renamed lightly."""
    return route.name
