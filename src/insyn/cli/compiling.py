"""The compiled index for a command, with a bar on a terminal while it is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from insyn.base.config import DataDirectory
    from insyn.office.screening.model import Manifest


def compiled_index(directory: DataDirectory) -> tuple[Path, Manifest]:
    """The index over the lists in force and their manifest; made when the lists have changed."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from insyn.office.screening.engine import compile_in_force

    console = Console(stderr=True)
    with Progress(
        TextColumn("compiling the lists in force"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task("compiling", total=None, visible=False)
        return compile_in_force(
            directory,
            progress=lambda done, total: bar.update(
                task, completed=done, total=total, visible=True
            ),
        )
