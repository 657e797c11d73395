"""`insyn demo`: the guided tour."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    folder: Annotated[
        Path, typer.Option("--folder", help="Where the tour keeps its data; emptied first.")
    ] = Path(".demo"),
    without_site: Annotated[
        bool, typer.Option("--without-site", help="Leave the site's cameras out (a minute).")
    ] = False,
) -> None:
    """Screen customers, decide a deal by two people, run a site that masks everybody.

    At a terminal the site's console stays open in the end, until Enter is pressed.

    Real lists are used where they lie in ../shared/data; invented samples in the official formats
    elsewhere. Your own data is not touched.
    """
    from rich.console import Console

    from insyn.demo.tour import run

    run(folder, Console(), with_site=not without_site)
