"""From the lists of an earlier screening to today's: what changed, and how to merge it. Pure.

Always: whether and how a party matches an entry depends on these two alone, never on what else is
listed. All of re-screening rests on this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from insyn.base.errors import InsynError
from insyn.office.lists.entry import Entry
from insyn.office.lists.serial import content_digest
from insyn.office.screening.model import Manifest, Match, Screening, Subject
from insyn.office.screening.order import best_first, cut


class Screens(Protocol):
    """What screens subjects against a set of entries: the engine, or a plain one in tests."""

    @property
    def manifest(self) -> Manifest:
        """Against what it screens."""
        ...

    def screen(self, subjects: Sequence[Subject]) -> list[Screening]:
        """One screening a subject, in order, no clearances; matches in `best_first` order."""
        ...


class Snapshots(Protocol):
    """What hands out the entries of a list as they were."""

    def entries(self, list_id: str, snapshot: str | None = None, /) -> Iterable[Entry]:
        """The entries of one snapshot; an InsynError where it is gone."""
        ...


Build = Callable[[Mapping[str, Sequence[Entry]]], Screens]
"""Makes a screener over the given entries of each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How to come from one manifest to today's.

    `touched` says of each entry that is no longer as it was: added, changed or removed. Matches
    with those are dropped, and with those of lists in `gone`. `screens` holds what was added and
    changed, None where nothing was. With `full_because`, only a full run will do.
    """

    touched: Mapping[tuple[str, str], str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    screens: Screens | None = None
    compared: int = 0
    full_because: str = ""

    @property
    def changes_nothing(self) -> bool:
        """Not one entry differs."""
        return not self.touched and not self.gone and not self.full_because


def make_plan(old: Manifest, today: Manifest, snapshots: Snapshots, build: Build) -> Plan:
    """What differs between two manifests, ready to be screened against.

    Raises:
        InsynError: a snapshot of today's manifest cannot be read.
    """
    if old.matcher != today.matcher:
        return Plan(full_because=f"matcher changed from {old.matcher} to {today.matcher}")
    before = {state.list: state.snapshot for state in old.lists}
    touched: dict[tuple[str, str], str] = {}
    fresh: dict[str, list[Entry]] = {}
    for state in today.lists:
        snapshot = before.get(state.list)
        if snapshot == state.snapshot:
            continue
        known: dict[str, str] = {}
        if snapshot is not None:
            try:
                known = _digests(snapshots.entries(state.list, snapshot))
            except InsynError:
                return Plan(
                    full_because=f"the earlier snapshot of list {state.list} cannot be read"
                )
        entries = list(snapshots.entries(state.list, state.snapshot))
        difference = _difference(known, entries)
        touched.update({(state.list, entry): what for entry, what in difference.items()})
        new = [entry for entry in entries if entry.reference in difference]
        if new:
            fresh[state.list] = new
    return Plan(
        touched=touched,
        gone=frozenset(before) - {state.list for state in today.lists},
        screens=build(fresh) if fresh else None,
        compared=sum(len(entries) for entries in fresh.values()),
    )


def _digests(entries: Iterable[Entry]) -> dict[str, str]:
    return {entry.reference: content_digest(entry) for entry in entries}


def _difference(known: Mapping[str, str], entries: Sequence[Entry]) -> dict[str, str]:
    """Reference to "added", "changed" or "removed"; what is as it was is left out."""
    now = _digests(entries)
    difference = {reference: "removed" for reference in known if reference not in now}
    for reference, digest in now.items():
        if reference not in known:
            difference[reference] = "added"
        elif known[reference] != digest:
            difference[reference] = "changed"
    return difference


def merge(
    stored: Sequence[Match], fresh: Iterable[Match], plan: Plan, *, shown: int | None
) -> tuple[Match, ...] | None:
    """The matches a full run would give: stored ones that still hold and fresh ones, in order.

    Args:
        stored: of the earlier screening, ordered.
        fresh: with the plan's added and changed entries.
        plan: what to drop.
        shown: the screener keeps no more than this many unless they reach the bar (None: all).

    Returns:
        None where it cannot be told: the stored matches may have been cut at `shown`, and one
        that is dropped now would let another in that was never stored.
    """
    kept = [
        match
        for match in stored
        if match.list not in plan.gone and (match.list, match.entry) not in plan.touched
    ]
    if shown is not None and len(stored) >= shown and len(kept) < len(stored):
        return None
    return cut(best_first([*kept, *fresh]), shown)
