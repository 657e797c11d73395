"""What the tour says of itself: its sections, numbered as they come, what takes a while, commands.

Some sections are left out without the real lists.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console


class Sections:
    """Counts what has begun."""

    def __init__(self, console: Console) -> None:
        """Sections are told on this console."""
        self._console = console
        self._begun = 0

    def begin(self, title: str) -> None:
        """A rule with the next number and the title."""
        self._begun += 1
        self._console.rule(f"{self._begun}. {title}")


def typed(arguments: str) -> str:
    """A command as it works when it is typed where the tour was started."""
    return f"{'.venv/bin/insyn' if Path('.venv/bin/insyn').exists() else 'insyn'} {arguments}"


@contextlib.contextmanager
def working(console: Console, what: str) -> Iterator[None]:
    """Say what is being done, before it is done: nobody waits in silence.

    At a terminal it goes away again; elsewhere it is a line.
    """
    if not console.is_terminal:
        console.print(f"{what} ...", style="dim", highlight=False)
    with console.status(f"{what} ..."):
        yield
