"""The sections of the tour, numbered as they come: some are left out without the real lists."""

from __future__ import annotations

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
