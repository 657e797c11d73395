"""`insyn case notify`: the notification of Article 5(2), drafted from a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import UsageError
from insyn.cli.case_step import CaseArgument
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import counted, shown

app = typer.Typer()


@app.command("notify")
def notify(
    case: CaseArgument,
    exporter: Annotated[str | None, typer.Option("--exporter", help="Your company.")] = None,
    address: Annotated[
        str | None, typer.Option("--exporter-address", help="Where it is established.")
    ] = None,
    member_state: Annotated[
        str | None,
        typer.Option("--member-state", metavar="CC", help="Of the EU, such as SE; names whom to."),
    ] = None,
    awareness: Annotated[
        str | None,
        typer.Option("--awareness", help="What your company declares of its own awareness."),
    ] = None,
    asks: Annotated[
        list[str] | None,
        typer.Option("--ask", help="What it asks the authority; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write it here: Markdown, or JSON with --json."),
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Draft the notification of Article 5(2), Regulation (EU) 2021/821, from what a case found.

    A draft: what nobody knows is a blank with a name, and nothing is sent. It is kept by its hash
    in DATA/evidence, noted in the case, and recorded in the ledger.
    """
    from insyn.base.countries import country_code
    from insyn.base.files import write_atomically
    from insyn.cli.acting import acting
    from insyn.office.diligence.cases import casebook, notifying
    from insyn.office.screening.store import open_store

    if member_state is not None and country_code(member_state) is None:
        raise UsageError(f"--member-state {shown(member_state)} names no country; write SE or such")
    own = notifying.Exporter(
        name=exporter,
        address=address,
        member_state=None if member_state is None else country_code(member_state),
        awareness=awareness,
        asks=tuple(asks or ()),
    )
    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        _, found = notifying.notify(
            connection,
            casebook.find(connection, case),
            own,
            folder=directory.root / "evidence",
            actor=acting(directory, connection).actor,
            now=system_clock(),
        )
    text = found.to_markdown()
    if as_json:
        text = json.dumps(found.to_json(), ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_atomically(out, text.encode())
        print(f"{out}: a draft, not sent; {counted(len(found.blanks), 'blank')} to fill in")
