"""`insyn product notice`: what an authority has told the exporter, and when it was lifted."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.errors import EnvironmentFailure
from insyn.cli.days import day_of
from insyn.cli.options import DataOption, JsonOption, data_directory
from insyn.cli.tables import print_table, shown
from insyn.office.diligence.products.notice import About, Notice

if TYPE_CHECKING:
    from insyn.base.config import DataDirectory

app = typer.Typer(
    no_args_is_help=True,
    help="Notices of authorities: a hard hold, until the authority itself lifts it.",
)

NoticeArgument = Annotated[str, typer.Argument(metavar="ID", help="The notice's id.")]
FileOption = Annotated[Path, typer.Option("--file", help="The document; kept by its hash.")]
BASIS = "Regulation (EU) 2021/821, Article 5(1)"


@app.command("add")
def add(
    about: Annotated[About, typer.Argument(help="What kind of thing it is about.")],
    subject: Annotated[
        str,
        typer.Argument(help="Its id; a party's or programme's may be a name, a country's is one."),
    ],
    authority: Annotated[str, typer.Option("--authority", help="Who informed.")],
    reference: Annotated[str, typer.Option("--reference", help="The authority's own number.")],
    received_on: Annotated[
        str, typer.Option("--received-on", metavar="DAY", help="Since when it holds.")
    ],
    file: FileOption,
    basis: Annotated[str, typer.Option("--basis", help="The article it rests on.")] = BASIS,
    note: Annotated[str, typer.Option("--note", help="What it says, in a sentence.")] = "",
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep a notice, as export officer; what it is about is held at once."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.products import notices
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    found = Notice(
        id=f"n-{secrets.token_hex(6)}",
        about=about,
        subject=subject,
        authority=authority,
        reference=reference,
        received_on=day_of(received_on),
        sha256=keep_document(directory, file),
        basis=basis,
        note=note,
    )
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        kept = notices.add(connection, found, actor=actor, now=system_clock())
    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
    else:
        print(f"notice {found.id}: {about} {shown(subject)} is held")


@app.command("lift")
def lift(
    notice: NoticeArgument,
    reference: Annotated[
        str, typer.Option("--reference", help="Of the lifting: the authority's own number.")
    ],
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="When the authority lifted it.")],
    file: FileOption,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Record that the authority lifted its notice; it holds until a second person confirms."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.products import notices
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    sha256 = keep_document(directory, file)
    with open_store(directory) as store, store.writing() as connection:
        lifting = notices.lift(
            connection,
            notice,
            reference=reference,
            lifted_on=day_of(on),
            sha256=sha256,
            actor=acting(directory, connection).actor,
            now=system_clock(),
        )
    if as_json:
        print(json.dumps(lifting.to_json(), ensure_ascii=False))
    else:
        print(
            f"notice {notice} holds until a second person confirms (insyn product notice confirm "
            f"{notice})"
        )


@app.command("confirm")
def confirm(notice: NoticeArgument, as_json: JsonOption = False, data: DataOption = None) -> None:
    """Confirm the lifting of a notice, as a second person; the hold ends."""
    from insyn.cli.acting import acting
    from insyn.office.diligence.products import notices
    from insyn.office.screening.store import open_store

    directory = data_directory(data)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting(directory, connection).actor
        kept = notices.confirm(connection, notice, actor=actor, now=system_clock())
    if as_json:
        print(json.dumps(kept.to_json(), ensure_ascii=False))
    else:
        print(f"notice {notice} is lifted")


@app.command("list")
def list_notices(
    every: Annotated[bool, typer.Option("--all", help="Lifted ones too.")] = False,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """List the notices in force."""
    from insyn.office.diligence.products import notices
    from insyn.office.screening.store import open_store

    now = system_clock()
    with open_store(data_directory(data)) as store, store.reading() as connection:
        found = [kept for kept in notices.every(connection) if every or kept.holds(now)]
    if as_json:
        for kept in found:
            print(json.dumps({**kept.to_json(), "holds": kept.holds(now)}, ensure_ascii=False))
    elif found:
        rows = [
            (
                kept.notice.id,
                f"{kept.notice.about} {kept.notice.subject}",
                kept.notice.authority,
                kept.notice.reference,
                str(kept.notice.received_on),
                "yes" if kept.holds(now) else "lifted",
            )
            for kept in found
        ]
        print_table(("notice", "about", "authority", "reference", "received", "holds"), rows)
    else:
        print("no notice is in force")


def keep_document(directory: DataDirectory, file: Path) -> str:
    """Keep a document under its hash in DATA/evidence; gives the hash.

    Raises:
        EnvironmentFailure: it cannot be read.
    """
    from insyn.office.diligence.cases import evidence

    try:
        content = file.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {file}: {error.strerror}") from error
    return evidence.keep_file(directory.root / "evidence", content)
