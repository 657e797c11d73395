"""The shelf of lists with the engine itself in the place of the exact screener."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.exact_screener import Shelf, snapshot_of

from insyn.office.lists.entry import Entry
from insyn.office.screening.builder import ListSource
from insyn.office.screening.engine import SHOWN, Screener, build_screener


@dataclass
class EngineShelf(Shelf):
    """Compiles its indexes under `root`. The matcher is the engine's and cannot be changed."""

    root: Path = field(default_factory=Path)
    shown: int | None = SHOWN

    def screener(self) -> Screener:
        """Screens against the lists in force."""
        return self.build(self.lists)

    def build(self, lists: Mapping[str, Sequence[Entry]]) -> Screener:
        """Screens against the given entries."""
        sources = [
            ListSource(list=name, snapshot=snapshot_of(entries), entries=entries)
            for name, entries in lists.items()
        ]
        return build_screener(sources, self.root)
