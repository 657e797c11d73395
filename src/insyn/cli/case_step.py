"""A step in a case, taken by whoever is signed in, and how the case stands after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.cli.case_permits import not_ended
from insyn.cli.case_texts import tell_case
from insyn.cli.options import data_directory

if TYPE_CHECKING:
    from insyn.office.diligence.cases.case import Case

CaseArgument = Annotated[str, typer.Argument(metavar="ID", help="A case's id, or its deal's.")]
BecauseOption = Annotated[str, typer.Option("--because", help="Why, in a sentence.")]


def take(
    data: Path | None,
    as_json: bool,
    step: Callable[..., Case],
    case: str | None = None,
    *,
    tell: bool = True,
    **said: object,
) -> None:
    """Take a step as whoever is signed in, in one transaction, and tell how the case stands."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import casebook
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    now = system_clock()
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        if case is None:
            after = step(connection, actor, now)
        else:
            found = casebook.find(connection, case)
            after = step(connection, found, **said, actor=actor, now=now)
    if tell:
        tell_case(after, as_json=as_json, permits=not_ended(after.permits, data))


def screened(data: Path | None, case: str, as_json: bool) -> None:
    """Screen whoever is not screened as it is now, outside of the case's own transaction."""
    from insyn.office.diligence.cases import steps
    from insyn.office.screening.rescreen import rescreen_office

    rescreen_office(data_directory(data), clock=system_clock)
    take(data, as_json, steps.screen, case)
