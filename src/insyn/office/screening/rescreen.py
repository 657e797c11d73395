"""Known parties screened again: exactly what changed since, and nothing else.

Always: the outcome, the matches and their order are those of a full run (a property test holds
it). Of a party's stored matches those with entries that changed or left are dropped, and the party
is matched against the added and changed entries only (`plan.py`).

A page of parties is read, screened and written in one transaction: an interrupted run is taken up
where it stopped, and two runs at once do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from insyn.base.canonical import Json, digest
from insyn.base.clock import Clock
from insyn.base.config import DataDirectory
from insyn.office.lists.entry import Entry
from insyn.office.lists.serial import content_digest
from insyn.office.screening import clearing, register
from insyn.office.screening.clearances import ClearanceBook
from insyn.office.screening.known import KnownParty, OutcomeChange, change_between
from insyn.office.screening.model import Screening
from insyn.office.screening.outcome import decide
from insyn.office.screening.plan import Build, Plan, Screens, Snapshots, make_plan, merge
from insyn.office.screening.reasons import because
from insyn.office.screening.store import Store, open_store

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A party to be brought to today, why, and by which plan where not in full."""

    party: KnownParty
    cause: str
    plan: Plan = Plan()  # noqa: RUF009 - a Plan is immutable


class _Run:
    """One re-screening under way: plans by manifest, and the counts of the report."""

    def __init__(
        self,
        full: Screens,
        snapshots: Snapshots,
        build: Build,
        *,
        shown: int | None,
        everything: bool,
    ) -> None:
        self._full = full
        self._today = full.manifest
        self._digest = full.manifest.digest()
        self._snapshots = snapshots
        self._build = build
        self._shown = shown
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
        by_plan: dict[str, list[KnownParty]] = {}
        in_full: list[_Due] = []
        for party in parties:
            cause = self._cause_of_full(connection, party)
            if cause:
                in_full.append(_Due(party=party, cause=cause))
            elif party.latest is not None and party.latest.manifest != self._digest:
                by_plan.setdefault(party.latest.manifest, []).append(party)
        done: list[tuple[_Due, Screening]] = []
        for manifest, group in by_plan.items():
            for due, merged in self._merged(self._plans[manifest], group):
                if merged is None:
                    in_full.append(due)
                else:
                    done.append((due, merged))
        if in_full:
            screenings = self._full.screen([due.party.subject for due in in_full])
            done.extend(zip(in_full, screenings, strict=True))
        ids = [party.subject.id for party in parties]
        given = clearing.standing(connection, ids)
        book = ClearanceBook(given, matcher=self._today.matcher)
        results = [self._settle(book, due, screening, now) for due, screening in done]
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

    def _merged(
        self, plan: Plan, group: Sequence[KnownParty]
    ) -> Iterator[tuple[_Due, Screening | None]]:
        """Each party as a full run would give it; None where only a full run can tell."""
        fresh: Sequence[Screening | None] = [None] * len(group)
        if plan.screens is not None:
            fresh = plan.screens.screen([party.subject for party in group])
        for party, new in zip(group, fresh, strict=True):
            assert party.latest is not None
            due = _Due(party=party, cause="list changed", plan=plan)
            stored = clearing.uncleared(party, party.latest)
            found = new.matches if new is not None else ()
            matches = merge(stored.matches, found, plan, shown=self._shown)
            if matches is None:
                yield due, None
                continue
            outcome = decide(matches, stored.note)
            yield due, replace(stored, matches=matches, outcome=outcome)

    def _settle(
        self, book: ClearanceBook, due: _Due, screening: Screening, now: datetime
    ) -> register.Result:
        settled = book.apply(screening, due.party.subject)
        settled = replace(settled, manifest=self._digest)
        change = change_between(due.party, settled, because=due.cause, at=now)
        if change is not None:
            change = replace(change, because=because(due.cause, due.party, settled, due.plan))
        return register.Result(party=due.party, screening=settled, change=change)

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


def rescreen(
    store: Store,
    full: Screens,
    snapshots: Snapshots,
    build: Build,
    *,
    clock: Clock,
    shown: int | None = None,
    everything: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Bring every known party to the lists in force today.

    Args:
        store: the office's database.
        full: screens against all lists in force; its manifest is today's.
        snapshots: hands out the entries of `full`'s snapshots and of earlier ones.
        build: makes a screener over the entries that changed.
        shown: the screener keeps no more matches than this unless they reach the bar (None: all).
        clock: when each page is screened.
        everything: screen all parties against whole lists, whatever changed.
        progress: told after each page.

    Raises:
        InsynError: a snapshot in force cannot be read, or the database cannot be used; pages
            already recorded stay.
    """
    run = _Run(full, snapshots, build, shown=shown, everything=everything)
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


def rescreen_office(
    data: DataDirectory,
    *,
    clock: Clock,
    everything: bool = False,
    progress: Progress | None = None,
    environ: Mapping[str, str] | None = None,
) -> Report:
    """Bring the office's known parties to the lists in force, with the engine itself.

    `environ`: else the process's own variables; it may name the database.

    Raises:
        EnvironmentFailure: no list is in force, or disk or database cannot be used.
    """
    # The engine brings numpy with it; who only reads the register need not wait for it.
    from insyn.office.lists.snapshots import ListStore
    from insyn.office.screening.builder import ListSource
    from insyn.office.screening.engine import SHOWN, build_screener, open_screener

    full = open_screener(data, clock=clock)
    with (
        TemporaryDirectory(prefix=".changes-", dir=data.index) as folder,
        open_store(data, environ=environ) as store,
    ):

        def build(lists: Mapping[str, Sequence[Entry]]) -> Screens:
            sources = [
                ListSource(
                    list=name,
                    snapshot=digest([content_digest(entry) for entry in entries]),
                    entries=entries,
                    degraded=None,
                )
                for name, entries in lists.items()
            ]
            return build_screener(sources, Path(folder))

        return rescreen(
            store,
            full,
            ListStore(data.lists, clock),
            build,
            clock=clock,
            shown=SHOWN,
            everything=everything,
            progress=progress,
        )
