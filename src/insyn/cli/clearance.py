"""`insyn clearance`: a human's "not the same", added, listed and withdrawn."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.base.errors import UsageError
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.base.canonical import Json
    from insyn.base.config import DataDirectory
    from insyn.office.screening.clearing import Standing
    from insyn.office.screening.store import Store

app = typer.Typer(
    no_args_is_help=True,
    help="Clearances: that a party is not the listed one it resembles, and why.",
)

BecauseOption = Annotated[str, typer.Option("--because", help="Why, in a sentence.")]
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who says so, where nobody is signed in.")
]


@app.command("add")
def add_clearance(
    party: Annotated[str, typer.Argument(help="The id of a known party.")],
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="The list, such as un.")],
    entry: Annotated[str, typer.Argument(help="The entry's reference in the list.")],
    because: BecauseOption,
    by: ByOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say that a party is not the entry it matches. It lapses when either of them changes."""
    from insyn.office.screening import clearing, register
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store:
        who, person = _who(store, directory, by, "clearance.add")
        given = clearing.add(
            store,
            party,
            list_id,
            entry,
            because=because,
            by=who,
            clock=system_clock,
            person=person,
        )
        with store.reading() as connection:
            outcome = register.find(connection, party).outcome
    if as_json:
        print(json.dumps({**given.to_json(), "outcome": str(outcome)}, ensure_ascii=False))
    else:
        print(f"clearance {given.id}: party {shown(party)} is now {outcome}")


@app.command("list")
def list_clearances(
    lapsed: Annotated[
        bool, typer.Option("--lapsed", help="Only those that no longer apply, as a side changed.")
    ] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List all clearances ever given: whether they apply, lapsed, or were withdrawn."""
    from insyn.office.screening import clearing
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = clearing.every(connection)
    if lapsed:
        found = [standing for standing in found if standing.state == "lapsed"]
    if as_json:
        print(json.dumps([_record(standing) for standing in found], ensure_ascii=False))
    elif found:
        columns = ("id", "party", "list", "entry", "state", "because", "by", "at")
        print_table(columns, [_row(standing) for standing in found])
    else:
        print("no clearance has lapsed" if lapsed else "no clearances")


@app.command("withdraw")
def withdraw_clearance(
    clearance: Annotated[str, typer.Argument(metavar="ID", help="The clearance's id.")],
    because: BecauseOption,
    by: ByOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """End a clearance; it stays listed, with why and by whom it was withdrawn."""
    from insyn.office.screening import clearing, register
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store:
        who, person = _who(store, directory, by, "clearance.withdraw")
        ended = clearing.withdraw(
            store, clearance, because=because, by=who, clock=system_clock, person=person
        )
        with store.reading() as connection:
            outcome = register.find(connection, ended.party).outcome
    if as_json:
        print(json.dumps({**ended.to_json(), "outcome": str(outcome)}, ensure_ascii=False))
    else:
        print(f"clearance {ended.id} withdrawn: party {shown(ended.party)} is now {outcome}")


def _who(
    store: Store, directory: DataDirectory, by: str | None, action: str
) -> tuple[str, str | None]:
    """Who says so, and their id: whoever is signed in and has the duty; else `--by`, without one.

    Raises:
        Refusal: whoever is signed in may not.
        UsageError: nobody is, and `--by` says nobody, or takes an id that nobody proved.
    """
    from insyn.cli.acting import signed_in
    from insyn.trust.people.duties import require
    from insyn.trust.people.names import is_id

    with store.writing() as connection:
        found = signed_in(directory, connection, scope="screen")
    if found is not None:
        require(found.actor, action)
        return found.actor.id, found.actor.id
    if by is None:
        raise UsageError("say who says so: sign in (insyn sign-in), or give --by")
    if is_id(by):
        raise UsageError("--by is a person's id, and nobody is signed in; sign in as that person")
    return by, None


def _record(standing: Standing) -> dict[str, Json]:
    return {
        **standing.clearance.to_json(),
        "state": standing.state,
        "changed": list(standing.changed),
    }


def _row(standing: Standing) -> tuple[str, ...]:
    clearance = standing.clearance
    state = standing.state
    if state == "lapsed":
        state += f": {', '.join(standing.changed)} changed"
    if clearance.withdrawn is not None:
        ended = clearance.withdrawn
        state += f" by {ended.by}: {ended.because}"
    return (
        clearance.id,
        clearance.party,
        clearance.list,
        clearance.entry,
        state,
        clearance.because,
        clearance.by,
        isoformat(clearance.at),
    )
