"""A screener so plain that its results can be told by eye: equal names match, nothing else.

It implements the whole of `insyn.office.screening.rescreen.Screens`, and of the list store what
re-screening needs (`Snapshots`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from insyn.base.canonical import digest
from insyn.base.errors import Refusal
from insyn.office.lists.entry import Entry, Kind, ListedName
from insyn.office.lists.serial import content_digest
from insyn.office.screening.model import (
    ListedState,
    Manifest,
    Match,
    MatchClass,
    Screening,
    Subject,
)
from insyn.office.screening.order import best_first, cut
from insyn.office.screening.outcome import decide
from insyn.office.screening.plan import Screens

MATCHER = "exact-1"


def entry(reference: str, *names: str, country: str | None = None, remarks: str = "") -> Entry:
    """An organisation with these names; what else it says is in `remarks`."""
    return Entry(
        reference=reference,
        kind=Kind.ORGANISATION,
        names=tuple(ListedName(text=name) for name in names),
        remarks=remarks,
        programmes=(country,) if country else (),
    )


class ExactScreener:
    """Matches a subject with every entry that bears its name; its country supports."""

    def __init__(
        self,
        lists: Mapping[str, Sequence[Entry]],
        *,
        matcher: str = MATCHER,
        shown: int | None = None,
    ) -> None:
        self._lists = lists
        self._shown = shown
        self._matcher = matcher
        self.asked = 0
        """Subjects screened so far."""

    @property
    def manifest(self) -> Manifest:
        """One state a list, its snapshot named by content."""
        states = (
            ListedState(list=name, snapshot=snapshot_of(entries), entries=len(entries))
            for name, entries in sorted(self._lists.items())
        )
        return Manifest(matcher=self._matcher, lists=tuple(states))

    def screen(self, subjects: Sequence[Subject]) -> list[Screening]:
        """One screening a subject, in order."""
        self.asked += len(subjects)
        return [self._screen_one(subject) for subject in subjects]

    def _screen_one(self, subject: Subject) -> Screening:
        every = best_first(
            self._match(name, listed, subject)
            for name, entries in self._lists.items()
            for listed in entries
            if subject.name.casefold() in {n.text.casefold() for n in listed.names}
        )
        found = cut(every, self._shown)
        note = "" if any(ch.isalnum() for ch in subject.name) else "no comparable name"
        return Screening(
            id=subject.id,
            name=subject.name,
            outcome=decide(found, note),
            matches=found,
            manifest=self.manifest.digest(),
            note=note,
        )

    def _match(self, name: str, listed: Entry, subject: Subject) -> Match:
        supported = subject.country is not None and subject.country in listed.programmes
        # A number of remarks that is no round decimal shows whether scores are stored exactly.
        score = 1 / (1 + len(listed.remarks) / 7)
        return Match(
            list=name,
            entry=listed.reference,
            name=listed.names[0].text,
            match_class=MatchClass.EXACT,
            score=score,
            supports=(f"country {subject.country}",) if supported else (),
            entry_digest=content_digest(listed),
        )


def snapshot_of(entries: Iterable[Entry]) -> str:
    """The name of a snapshot with these entries."""
    return digest([content_digest(listed) for listed in entries])


@dataclass
class Shelf:
    """Lists in force and their earlier snapshots, in memory; `change` puts new ones in force."""

    lists: dict[str, list[Entry]] = field(default_factory=dict)
    kept: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)
    matcher: str = MATCHER
    shown: int | None = None

    def change(self, **lists: list[Entry] | None) -> Shelf:
        """Put these lists in force; None takes one out."""
        for name, entries in lists.items():
            if entries is None:
                self.lists.pop(name, None)
            else:
                self.lists[name] = list(entries)
                self.kept[name, snapshot_of(entries)] = list(entries)
        return self

    def forget(self, list_id: str) -> None:
        """Lose all snapshots of a list but the one in force."""
        now = (list_id, snapshot_of(self.lists[list_id]))
        self.kept = {k: v for k, v in self.kept.items() if k[0] != list_id or k == now}

    def entries(self, list_id: str, snapshot: str | None = None) -> Iterable[Entry]:
        """The entries of a snapshot (None: the one in force); Refusal where it is gone."""
        name = snapshot_of(self.lists[list_id]) if snapshot is None else snapshot
        if (list_id, name) not in self.kept:
            raise Refusal(f"list {list_id} has no snapshot {name[:12]}; update the list")
        return iter(self.kept[list_id, name])

    def screener(self) -> Screens:
        """Screens against the lists in force."""
        return ExactScreener(self.lists, matcher=self.matcher, shown=self.shown)

    def build(self, lists: Mapping[str, Sequence[Entry]]) -> Screens:
        """Screens against the given entries."""
        return ExactScreener(lists, matcher=self.matcher, shown=self.shown)
