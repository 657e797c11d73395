"""Known parties screened again: exactly what changed since, and nothing else.

Always: the outcome, the matches and their order are those of a full run (a property test holds
it). Of a party's stored matches those with entries that changed or left are dropped, and the party
is matched against the added and changed entries only (`plan.py`).

A page of parties is read, screened and written in one transaction: an interrupted run is taken up
where it stopped, and two runs at once do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from insyn.base.canonical import Json
from insyn.base.clock import Clock
from insyn.office.screening import clearing, register
from insyn.office.screening.clearances import ClearanceBook
from insyn.office.screening.known import KnownParty, OutcomeChange, change_between
from insyn.office.screening.model import ALERT_BAR, Match, Screening
from insyn.office.screening.outcome import decide
from insyn.office.screening.plan import Build, Plan, Screens, Snapshots, make_plan, merge
from insyn.office.screening.store import Store

Progress = Callable[[int, int], None]
"""Told after each page: parties done, parties in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a re-screening did.

    `entries_compared` are added and changed entries, `entries_left` those that left the lists;
    `in_full` counts parties screened against whole lists, and `full_because` says why where it
    was not for the party's own sake.
    """

    manifest: str
    parties: int = 0
    unchanged: int = 0
    in_full: int = 0
    entries_compared: int = 0
    entries_left: int = 0
    full_because: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    changes: tuple[OutcomeChange, ...] = ()

    @property
    def worse(self) -> int:
        """How many changes give a human something new to look at."""
        return sum(change.is_worse for change in self.changes)

    def to_json(self) -> dict[str, Json]:
        """The report as the commands print it."""
        return {
            "manifest": self.manifest,
            "parties": self.parties,
            "unchanged": self.unchanged,
            "in_full": self.in_full,
            "full_because": list(self.full_because),
            "entries_compared": self.entries_compared,
            "entries_left": self.entries_left,
            "degraded": list(self.degraded),
            "worse": self.worse,
            "changes": [change.to_json() for change in self.changes],
        }


class _Run:
    """One re-screening under way: plans by manifest, and the counts of the report."""

    def __init__(self, full: Screens, snapshots: Snapshots, build: Build, everything: bool) -> None:
        self._full = full
        self._today = full.manifest
        self._digest = full.manifest.digest()
        self._snapshots = snapshots
        self._build = build
        self._everything = everything
        self._plans: dict[str, Plan] = {}
        self.report = Report(
            manifest=self._digest,
            degraded=tuple(
                f"{state.list}: {state.degraded}" for state in self._today.lists if state.degraded
            ),
        )

    def page(self, connection: sa.Connection, parties: Sequence[KnownParty], now: datetime) -> None:
        """Screen these parties as they need it, and record what came of it."""
        register.keep_manifest(connection, self._today)
        ids = [party.subject.id for party in parties]
        book = ClearanceBook(clearing.standing(connection, ids))
        in_full: list[tuple[KnownParty, str]] = []
        by_manifest: dict[str, list[KnownParty]] = {}
        for party in parties:
            cause = self._cause_of_full(connection, party)
            if cause:
                in_full.append((party, cause))
            elif party.latest is not None and party.latest.manifest != self._digest:
                by_manifest.setdefault(party.latest.manifest, []).append(party)
        screenings = self._full.screen([party.subject for party, _ in in_full]) if in_full else []
        results = [
            self._settle(book, party, screening, cause, Plan(), now)
            for (party, cause), screening in zip(in_full, screenings, strict=True)
        ]
        for manifest, group in by_manifest.items():
            results.extend(self._by_plan(self._plans[manifest], book, group, now))
        register.record(connection, results, screened_at=now)
        self._count(len(parties), len(in_full), results)

    def _cause_of_full(self, connection: sa.Connection, party: KnownParty) -> str:
        """Why this party is screened against whole lists; empty where that is not needed."""
        if party.latest is None:
            return "first screening"
        if not party.is_current:
            return "party changed"
        if self._everything:
            return "full run"
        name = party.latest.manifest
        if name == self._digest:
            return ""
        if name not in self._plans:
            old = register.manifest(connection, name)
            self._plans[name] = make_plan(old, self._today, self._snapshots, self._build)
        return self._plans[name].full_because

    def _by_plan(
        self, plan: Plan, book: ClearanceBook, group: Sequence[KnownParty], now: datetime
    ) -> list[register.Result]:
        fresh: list[Screening] | None = None
        if plan.screens is not None:
            fresh = plan.screens.screen([party.subject for party in group])
        results = []
        for position, party in enumerate(group):
            assert party.latest is not None
            stored = clearing.uncleared(party, party.latest)
            new = fresh[position].matches if fresh is not None else ()
            matches = merge(stored.matches, new, plan)
            merged = replace(
                stored,
                matches=matches,
                outcome=decide(matches, stored.note),
                manifest=self._digest,
            )
            results.append(self._settle(book, party, merged, "list changed", plan, now))
        return results

    def _settle(
        self,
        book: ClearanceBook,
        party: KnownParty,
        screening: Screening,
        cause: str,
        plan: Plan,
        now: datetime,
    ) -> register.Result:
        settled = book.apply(screening, party.subject, matcher=self._today.matcher)
        settled = replace(settled, manifest=self._digest)
        change = change_between(party, settled, because=cause, at=now)
        if change is not None:
            because = _because(cause, party, settled, plan)
            change = replace(change, because=because)
        return register.Result(party=party, screening=settled, change=change)

    def _count(self, parties: int, in_full: int, results: Sequence[register.Result]) -> None:
        changes = tuple(result.change for result in results if result.change is not None)
        plans = self._plans.values()
        self.report = replace(
            self.report,
            parties=self.report.parties + parties,
            unchanged=self.report.unchanged + parties - len(changes),
            in_full=self.report.in_full + in_full,
            entries_compared=sum(plan.compared for plan in plans),
            entries_left=sum(list(p.touched.values()).count("removed") for p in plans),
            full_because=tuple(sorted({p.full_because for p in plans if p.full_because})),
            changes=self.report.changes + changes,
        )


NAMED_ENTRIES = 5
"""How many entries the reason of one change names; the rest is counted."""


def _because(cause: str, party: KnownParty, after: Screening, plan: Plan) -> str:
    """The cause, the entries that bring the change, and the clearances that no longer apply."""
    before = party.latest.matches if party.latest else ()
    concerned = {
        (match.list, match.entry) for match in (*before, *after.matches) if match.score >= ALERT_BAR
    }
    parts = [
        f"{list_id} {plan.touched[list_id, entry]} {entry}"
        for list_id, entry in sorted(concerned)
        if (list_id, entry) in plan.touched
    ]
    parts += [
        f"{name} no longer in force" for name in sorted({e[0] for e in concerned} & plan.gone)
    ]
    if len(parts) > NAMED_ENTRIES:
        parts = [*parts[:NAMED_ENTRIES], f"and {len(parts) - NAMED_ENTRIES} more"]
    reason = f"{cause}: {', '.join(parts)}" if parts else cause
    lapsed = _lapsed(before, after, party)
    return f"{reason}; {lapsed}" if lapsed else reason


def _lapsed(before: Iterable[Match], after: Screening, party: KnownParty) -> str:
    """Which matches were silenced and are not any more, and which side changed."""
    still = {(m.list, m.entry): m for m in after.matches if m.score >= ALERT_BAR}
    said = []
    for old in before:
        new = still.get((old.list, old.entry))
        if old.cleared is None or new is None or new.cleared is not None:
            continue
        if not party.is_current:
            side = "party"
        else:
            side = "matcher" if old.entry_digest == new.entry_digest else "entry"
        said.append(f"clearance lapsed: {side} changed ({old.list} {old.entry})")
    return "; ".join(said)


def rescreen(
    store: Store,
    full: Screens,
    snapshots: Snapshots,
    build: Build,
    *,
    clock: Clock,
    everything: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Bring every known party to the lists in force today.

    Args:
        store: the office's database.
        full: screens against all lists in force; its manifest is today's.
        snapshots: hands out the entries of `full`'s snapshots and of earlier ones.
        build: makes a screener over the entries that changed.
        clock: when each page is screened.
        everything: screen all parties against whole lists, whatever changed.
        progress: told after each page.

    Raises:
        InsynError: a snapshot in force cannot be read, or the database cannot be used; pages
            already recorded stay.
    """
    run = _Run(full, snapshots, build, everything)
    last: str | None = None
    with store.reading() as connection:
        total = register.count(connection)
    while True:
        with store.writing() as connection:
            parties = register.page(connection, after=last, lock=True)
            if not parties:
                return run.report
            run.page(connection, parties, clock())
        last = parties[-1].subject.id
        if progress is not None:
            progress(min(run.report.parties, total), total)
