"""The nouns of the `insyn` command, gathered; a new one is imported and added here."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

import insyn
from insyn.cli import (
    case,
    channel,
    clearance,
    commitment,
    compare,
    deal,
    deal_kept,
    demo,
    erasure,
    export,
    key,
    ledger,
    lists,
    office,
    party,
    party_files,
    party_kept,
    permit,
    product,
    rulebook,
    screen,
    shield,
    signing,
    site,
    training,
    user,
)
from insyn.cli.options import DataOption

app = typer.Typer(
    name="insyn",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Answerable video: know who you sell to, and be able to show why you decided so.",
    epilog="Exit codes: 0 fine, 1 a finding or a refusal, 2 wrong usage, 3 the environment.",
)
app.command()(screen.screen)
app.command()(compare.compare)
app.command()(shield.shield)
app.command()(demo.demo)
app.add_typer(lists.app, name="lists")
app.add_typer(party.app, name="party")
app.add_typer(channel.app, name="channel")
app.add_typer(clearance.app, name="clearance")
app.add_typer(ledger.app, name="ledger")
app.add_typer(deal.app, name="deal")
app.add_typer(case.app, name="case")
app.add_typer(rulebook.app, name="rulebook")
app.add_typer(office.app, name="office")
app.add_typer(key.app, name="key")
app.add_typer(permit.app, name="permit")
app.add_typer(product.app, name="product")
app.add_typer(commitment.app, name="commitment")
app.add_typer(training.app, name="training")
app.add_typer(user.app, name="user")
app.add_typer(site.app, name="site")
app.add_typer(export.app, name="export")
app.command("sign-in")(signing.sign_in)
app.command("sign-out")(signing.sign_out)
app.command("whoami")(signing.whoami)
party.app.command("export")(party_files.export_parties)
party.app.command("add")(party_kept.add_party)
party.app.command("own")(party_kept.own)
party.app.command("owners")(party_kept.show_owners)
party.app.command("erase")(erasure.erase_party)
deal.app.command("import")(deal_kept.import_deals)
deal.app.command("list")(deal_kept.list_deals)
deal.app.command("show")(deal_kept.show_deal)
deal.app.command("fact")(deal_kept.add_fact)
deal.app.command("retract")(deal_kept.retract_fact)
deal.app.command("evidence")(deal_kept.add_evidence)
deal.app.command("erase")(erasure.erase_fact)


@cache
def command() -> Callable[[], object]:
    """The whole command, made once in a process: making it takes a tenth of a second."""
    return typer.main.get_command(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"insyn {insyn.__version__}")
        raise typer.Exit


@app.callback()
def root(
    data: DataOption = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options before the command hold for the command."""
    if data is not None:
        os.environ["INSYN_DATA"] = str(Path(data).expanduser())
