"""`insyn demo`: the guided tour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the tour keeps its data; emptied first.")
    ] = Path(".demo"),
) -> None:
    """Screen customers, judge deals, decide one by two people, sign its permit, replay it.

    Real lists are used where they lie in ../shared/data; invented samples in the official formats
    elsewhere. Your own data is not touched.
    """
    from rich.console import Console

    from insyn.demo.tour import run

    run(folder, Console())
