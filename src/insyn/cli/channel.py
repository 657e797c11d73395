"""`insyn channel`: who supplies whom, for which deal, and who an unknown tier turned out to be."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.cli.days import end_of, read_day
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.party_kept import SinceOption, SourceOption, UntilOption
from insyn.cli.tables import print_table, shown
from insyn.office.diligence.parties.model import ChannelRole

if TYPE_CHECKING:
    from insyn.office.diligence.parties.model import Edge

app = typer.Typer(
    no_args_is_help=True,
    help="The channel: who supplies whom, down to the end user; unknown tiers too.",
)
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", metavar="DAY", help="As known at this day's end.")
]


@app.command("add")
def add_edge(
    supplier: Annotated[str, typer.Argument(metavar="SUPPLIER", help="Id of who supplies.")],
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Id of who is supplied.")],
    role: Annotated[ChannelRole, typer.Option("--role", help="What the customer is.")],
    since: SinceOption = None,
    until: UntilOption = None,
    deal: Annotated[str | None, typer.Option("--deal", help="For this deal; else any.")] = None,
    source: SourceOption = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say that one party supplies another."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.parties import relations
    from insyn.office.diligence.parties.model import Edge
    from insyn.office.screening.store import open_store

    edge = Edge(
        id=f"e-{secrets.token_hex(6)}",
        supplier=supplier,
        customer=customer,
        role=role,
        since=read_day(since),
        until=read_day(until),
        deal=deal,
        source=source,
    )
    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        relations.record_edge(connection, edge, actor=actor, now=system_clock())
    print(json.dumps(edge.to_json(), ensure_ascii=False) if as_json else f"edge {edge.id}: added")


@app.command("list")
def list_edges(
    as_of: AsOfOption = None, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """List all edges that stand; with --json, one object a line."""
    _print(_edges(None, as_of, data), as_json=as_json, none="no edge of the channel is known")


@app.command("show")
def show_channel(
    deal: Annotated[str, typer.Argument(metavar="DEAL", help="The deal's id.")],
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Show the channel of one deal; with --json, one object a line."""
    none = f"no edge is recorded for deal {shown(deal)}"
    _print(_edges(deal, as_of, data), as_json=as_json, none=none)


@app.command("identify")
def identify_tier(
    unknown: Annotated[str, typer.Argument(metavar="UNKNOWN", help="Id of the unknown tier.")],
    party: Annotated[str, typer.Argument(metavar="PARTY", help="Id of who it is.")],
    source: SourceOption = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Say which known party an unknown tier is."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.parties import register
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        register.identify(
            connection, unknown, party, source=source, actor=actor, now=system_clock()
        )
    told = {"unknown": unknown, "party": party}
    print(json.dumps(told) if as_json else f"tier {shown(unknown)} is party {shown(party)}")


@app.command("end")
def end_relation(
    relation: Annotated[str, typer.Argument(metavar="ID", help="Id of the edge, or of a stake.")],
    because: Annotated[str, typer.Option("--because", help="Why it ends.")],
    until: UntilOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """End an edge, or a stake: on a day, or (without --until) at once."""
    from insyn.cli.acting import acting_or_office
    from insyn.office.diligence.parties import relations
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        found = relations.end(
            connection,
            relation,
            until=read_day(until),
            because=because,
            actor=actor,
            now=system_clock(),
        )
    print(json.dumps(found.to_json(), ensure_ascii=False) if as_json else f"{relation}: ended")


def _edges(deal: str | None, as_of: str | None, data: DataOption) -> list[Edge]:
    from insyn.office.diligence.parties import relations
    from insyn.office.screening.store import open_store

    at = end_of(as_of)
    on = (at or system_clock()).date()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        return relations.edges(connection, deal=deal, as_of=at, on=on)


def _print(edges: Sequence[Edge], *, as_json: bool, none: str) -> None:
    if as_json:
        for edge in edges:
            print(json.dumps(edge.to_json(), ensure_ascii=False))
    elif edges:
        rows = [tuple(str(value or "") for value in edge.to_json().values()) for edge in edges]
        print_table(tuple(edges[0].to_json()), rows)
    else:
        print(none)
