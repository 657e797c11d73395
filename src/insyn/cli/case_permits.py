"""Permits that outlive what was decided: a case that is opened again ends none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import typer


def not_ended(permits: Iterable[str], data: Path | None) -> list[str]:
    """Those of the permits that the newest status list neither suspends nor revokes.

    Where there is no list that can be believed, all: on doubt a permit is still about.
    """
    from insyn.base.errors import InsynError
    from insyn.cli.key import shelf_of
    from insyn.trust.permit.status import State

    named = list(permits)
    shelf = shelf_of(data)
    try:
        root = shelf.root_or_none()
        listed = None if root is None else shelf.status(root)
    except InsynError:
        listed = None
    if listed is None:
        return named
    entries = listed.entries
    return [p for p in named if p not in entries or entries[p].state is State.ACTIVE]


def warn_of(permits: Sequence[str]) -> None:
    """Say on stderr that these still stand, and how to end them."""
    for permit in permits:
        typer.echo(
            f"insyn: permit {permit} was issued for what was decided before and still stands; "
            "until it is settled anew: "
            f"insyn permit suspend {permit} --because ... --key KEY (or revoke, for good)",
            err=True,
        )
