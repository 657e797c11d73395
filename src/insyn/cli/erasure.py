"""`insyn ledger | party | deal erase`: personal data erased, by a privacy officer, for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import Refusal
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import counted

if TYPE_CHECKING:
    from datetime import datetime

    import sqlalchemy as sa

    from insyn.trust.people.duties import Actor

BecauseOption = Annotated[
    str, typer.Option("--because", metavar="WORD", help="Such as request or retention.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Erase without being asked.")]


def erase(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="The id it is kept under, as a party's.")
    ],
    because: BecauseOption,
    yes: YesOption = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase the personal data that the ledger keeps of a subject; the leaves verify as before.

    It takes a privacy officer and cannot be undone. The erasure is a leaf of its own. What other
    tables and backups hold of the subject stays: see insyn party erase, insyn deal erase.
    """

    def carry_out(connection: sa.Connection, actor: Actor, now: datetime) -> int:
        from insyn.trust.ledger import privacy
        from insyn.trust.people.duties import require

        require(actor, "personal.erase")
        fields = privacy.erase(connection, subject, now=now, who=actor.id, because=because)
        if not fields:
            # A mistyped id must not pass for an erasure.
            raise Refusal(
                "the ledger keeps no personal data of that subject; "
                "insyn ledger prove LEAF --personal --json shows a leaf's"
            )
        return fields

    _erase(data, yes, as_json, carry_out)


def erase_party(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="A natural person of the channel.")],
    because: BecauseOption,
    yes: YesOption = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase who a natural person is: names, screenings, what the ledger keeps; the id stays.

    It takes a privacy officer and cannot be undone. Refused while the person stands in the channel,
    or in a case that is not closed.
    """

    def carry_out(connection: sa.Connection, actor: Actor, now: datetime) -> int:
        from insyn.office.diligence.cases import erasing

        return erasing.erase_party(connection, party, because=because, actor=actor, now=now)

    _erase(data, yes, as_json, carry_out)


def erase_fact(
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="The deal's id.")],
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The fact's number.")],
    because: BecauseOption,
    yes: YesOption = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Erase the value and source of a fact; that there was one, and when, stays.

    It takes a privacy officer and cannot be undone. Refused while the fact stands in a case that is
    not closed: retract it first, or close the case.
    """

    def carry_out(connection: sa.Connection, actor: Actor, now: datetime) -> int:
        from insyn.office.diligence.cases import erasing

        return erasing.erase_fact(connection, deal, number, because=because, actor=actor, now=now)

    _erase(data, yes, as_json, carry_out)


def _erase(
    data: Path | None,
    yes: bool,
    as_json: bool,
    carry_out: Callable[[sa.Connection, Actor, datetime], int],
) -> None:
    from insyn.cli.acting import acting
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    if not yes:
        typer.confirm("Erase it for good?", abort=True, err=True)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="ledger").actor
        fields = carry_out(connection, actor, system_clock())
    if as_json:
        print(json.dumps({"fields": fields}))
    else:
        print(f"erased; {counted(fields, 'field')} beside the ledger's leaves went too")
