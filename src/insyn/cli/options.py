"""Options that several commands share, and how a command prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from insyn.base.config import DataDirectory, find_data_directory

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Where Insyn keeps its data (else INSYN_DATA, else the usual place of the platform).",
        show_default=False,
    ),
]
ProxyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--proxy",
        metavar="ADDRESS",
        envvar="INSYN_PROXY",
        help="Address or network of the proxy before the console (else this machine alone): what "
        "it says of who asks counts.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def data_directory(data: Path | None) -> DataDirectory:
    """The data directory that a command works in."""
    return find_data_directory(data)
