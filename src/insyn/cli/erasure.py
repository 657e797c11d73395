"""`insyn ledger erase`: what the ledger keeps of one subject beside its leaves is erased."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal
from insyn.cli.options import DataOption, JsonOption, data_directory


def erase(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="The id it is kept under, as a party's.")
    ],
    because: Annotated[
        str, typer.Option("--because", metavar="WORD", help="Such as request or retention.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Erase without being asked.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase the personal data that the ledger keeps of a subject; the leaves verify as before.

    It takes a privacy officer and cannot be undone. The erasure is a leaf of its own. What other
    tables and backups hold of the subject stays.
    """
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store
    from insyn.trust.ledger import privacy
    from insyn.trust.people import duties

    directory = data_directory(data)
    if not yes:
        typer.confirm("Erase it for good?", abort=True, err=True)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="ledger").actor
        duties.require(actor, "personal.erase")
        fields = privacy.erase(
            connection, subject, now=system_clock(), who=actor.id, because=because
        )
        if not fields:
            # A mistyped id must not pass for an erasure.
            raise Refusal(
                "the ledger keeps no personal data of that subject; "
                "insyn ledger prove LEAF --personal --json shows a leaf's"
            )
    if as_json:
        print(json.dumps({"fields": fields}))
    else:
        print(f"{fields} fields erased")
