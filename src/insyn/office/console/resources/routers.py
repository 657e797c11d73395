"""All resources of `/api/v1` beyond screening, put into an application."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import TimeoutError as PoolTimeout

from insyn.base.errors import InsynError
from insyn.office.console.resources import deals, errors
from insyn.office.console.resources.desk import Desk
from insyn.office.console.resources.signed_in import People

ROUTERS = (deals.router,)


def put_in(app: FastAPI, desk: Desk, people: People) -> None:
    """Add every resource, and the handlers of what rooms raise."""
    app.state.desk, app.state.people = desk, people
    for router in ROUTERS:
        app.include_router(router, generate_unique_id_function=operation_id)
    app.add_exception_handler(InsynError, errors.on_insyn_error)
    app.add_exception_handler(RequestValidationError, errors.on_invalid)
    app.add_exception_handler(PoolTimeout, errors.on_busy)


def operation_id(route: APIRoute) -> str:
    """The function's name: clients are generated from it, so a function is not renamed lightly."""
    return route.name
