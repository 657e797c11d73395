"""`insyn party export`, and the richer files that `insyn party import` takes."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.cli.options import DataOption, data_directory
from insyn.cli.tables import shown

_LOOKED_AT = 1 << 20
"""Bytes of a file's beginning that tell its format."""


class Format(StrEnum):
    """How parties leave the office."""

    CSV = "csv"
    FTM = "ftm"


def export_parties(
    form: Annotated[
        Format, typer.Option("--format", help="csv, or FollowTheMoney JSON lines.")
    ] = Format.CSV,
    data: DataOption = None,
) -> None:
    """Print all parties, stakes and edges of the channel that stand, for a file."""
    from insyn.office.diligence.parties import register, relations
    from insyn.office.diligence.parties.ftm import write_ftm
    from insyn.office.diligence.parties.sheet import write_sheet
    from insyn.office.screening.store import open_store

    with open_store(data_directory(data)) as store, store.reading() as connection:
        parties = [party for party in register.every(connection) if not party.erased]
        stakes = relations.stakes(connection, resolved=False)
        edges = relations.edges(connection, resolved=False)
    write = write_sheet if form is Format.CSV else write_ftm
    # Bytes, so that a CSV keeps its own line ends and every name is UTF-8.
    sys.stdout.buffer.write(write(parties, stakes, edges).encode())
    sys.stdout.buffer.flush()


def is_channel_file(file: Path) -> bool:
    """Whether a file is one that `insyn party export` writes, told from its beginning."""
    from insyn.office.diligence.parties.exchange import decoded
    from insyn.office.diligence.parties.ftm import is_ftm
    from insyn.office.diligence.parties.sheet import is_sheet

    try:
        with file.open("rb") as opened:
            head = decoded(opened.read(_LOOKED_AT), errors="replace")
    except OSError:
        return False  # the reader of flat files says what is wrong with it
    return is_ftm(head) or is_sheet(head)


def import_channel(file: Path, directory: DataDirectory, *, as_json: bool) -> None:
    """Keep the parties, stakes and edges of a file, and screen what is new.

    Raises:
        Exit: 1 where a row could not be kept, or a party needs a look.
    """
    from insyn.cli.acting import acting_or_office
    from insyn.cli.party_kept import screen_again
    from insyn.office.diligence.parties.exchange import keep, text_of
    from insyn.office.diligence.parties.ftm import is_ftm, read_ftm
    from insyn.office.diligence.parties.sheet import read_sheet
    from insyn.office.screening.store import open_store

    text = text_of(file)
    read = read_ftm(text) if is_ftm(text) else read_sheet(text)
    with open_store(directory) as store, store.writing() as connection:
        actor = acting_or_office(directory, connection)
        kept = keep(connection, read, actor=actor, now=system_clock())
    report = screen_again(directory)
    if as_json:
        screening = report.to_json() if report else None
        print(json.dumps({**kept.to_json(), "screening": screening}, ensure_ascii=False))
    else:
        print(
            f"{kept.new} new, {kept.changed} changed, {kept.same} as known; "
            f"{kept.stakes} stakes, {kept.edges} edges"
        )
        for bad in kept.bad:
            print(f"insyn: {shown(str(bad))}", file=sys.stderr)
        if report:
            print(f"{report.parties} names screened, {report.worse} need a look")
    raise typer.Exit(1 if kept.bad or (report and report.worse) else 0)
