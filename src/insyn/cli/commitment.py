"""`insyn commitment`: what partners have signed."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import isoformat, system_clock
from insyn.cli.days import day_of
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table, shown

if TYPE_CHECKING:
    from insyn.office.diligence.commitments.partners import KeptCommitment

app = typer.Typer(
    no_args_is_help=True,
    help="Commitments: signed by partners; without a valid one nobody is in a permitted channel.",
)

CommitmentArgument = Annotated[str, typer.Argument(metavar="ID", help="The commitment's id.")]


@app.command("add")
def add(
    party: Annotated[str, typer.Argument(metavar="PARTY", help="The partner's id.")],
    signatory: Annotated[str, typer.Option("--signatory", help="Who signed; personal.")],
    signed_on: Annotated[str, typer.Option("--signed-on", metavar="DAY", help="When.")],
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="Its last day; two years at most.")
    ],
    file: Annotated[Path, typer.Option("--file", help="The signed document; kept by its hash.")],
    text: Annotated[
        str | None, typer.Option("--text", help="Version of the text; else the newest.")
    ] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep a partner's signed commitment."""
    from insyn.cli.acting import acting
    from insyn.cli.notice import keep_document
    from insyn.office.diligence.commitments import partners
    from insyn.office.diligence.commitments.texts import text_of
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    said = partners.Commitment(
        id=f"k-{secrets.token_hex(6)}",
        party=party,
        text=text_of(text).version,
        signatory=signatory,
        signed_on=day_of(signed_on),
        expires_on=day_of(until),
        sha256=keep_document(directory, file),
    )
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        kept = partners.record(connection, said, actor=actor, now=system_clock())
    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
    else:
        print(f"commitment {said.id} of {shown(party)} holds until {said.expires_on}")


@app.command("list")
def list_commitments(
    party: Annotated[str | None, typer.Option("--party", help="Only this partner's.")] = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List commitments, and why one does not count."""
    from insyn.office.diligence.commitments import partners
    from insyn.office.diligence.commitments.texts import texts
    from insyn.office.screening.store import open_store

    now = system_clock()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = partners.every(connection, party=party)
    if as_json:
        for kept in found:
            told = {**kept.to_json(), "why_not": kept.why_not(now, texts())}
            print(json.dumps(told, ensure_ascii=False))
    elif found:
        rows = [
            (
                kept.commitment.id,
                kept.commitment.party,
                kept.commitment.text,
                str(kept.commitment.expires_on),
                kept.why_not(now, texts()) or "counts",
            )
            for kept in found
        ]
        print_table(("commitment", "party", "text", "until", ""), rows)
    else:
        print("no commitments; `insyn commitment text` prints what partners sign")


@app.command("show")
def show(
    commitment: CommitmentArgument, as_json: JsonOption = False, data: DataOption = None
) -> None:
    """Show a commitment: who signed which text, when, until when, which document."""
    from insyn.office.diligence.commitments import partners
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        kept = partners.find(connection, commitment)
    _tell(kept, as_json)


@app.command("withdraw")
def withdraw(
    commitment: CommitmentArgument,
    because: Annotated[str, typer.Option("--because", help="Why, in a sentence.")],
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Rely on a commitment no longer; it stays on record."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.commitments import partners
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        kept = partners.withdraw(
            connection, commitment, because=because, actor=actor, now=system_clock()
        )
    _tell(kept, as_json)


@app.command("forget")
def forget(commitment: CommitmentArgument, data: DataOption = None) -> None:
    """Erase who signed, as privacy officer; the commitment stays."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.commitments import partners
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection, scope="people").actor
        partners.forget_signatory(connection, commitment, actor=actor, now=system_clock())
    print(f"who signed commitment {commitment} is erased")


@app.command("text")
def print_text(
    version: Annotated[
        str | None, typer.Argument(metavar="VERSION", help="Else the newest.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the text that partners sign."""
    from insyn.office.diligence.commitments.texts import text_of

    found = text_of(version)
    if as_json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        print(found.text)
        typer.echo(f"version {found.version}, SHA-256 {found.sha256}", err=True)


def _tell(kept: KeptCommitment, as_json: bool) -> None:
    from insyn.office.diligence.commitments.texts import texts

    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
        return
    said = kept.commitment
    print(f"{said.id} of {shown(said.party)}, text {said.text}")
    print(f"signed by {shown(said.signatory or '(erased)')} on {said.signed_on}")
    print(f"until {said.expires_on}: {kept.why_not(system_clock(), texts()) or 'counts'}")
    print(f"document {said.sha256}")
    print(f"recorded {isoformat(kept.recorded_at)} by {kept.by}")
    if kept.withdrawal:
        print(f"withdrawn {isoformat(kept.withdrawal.at)}: {shown(kept.withdrawal.because)}")
