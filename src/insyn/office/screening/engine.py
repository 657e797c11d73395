"""The screener: an index, its retrieval and the comparison, for one subject or many.

Always: the result for an entry depends on that entry and the subject alone, never on what else
is in the index; that is what makes re-screening exact (docs/explanation/re-screening.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from insyn.base.clock import Clock, system_clock
from insyn.base.config import DataDirectory
from insyn.base.errors import EnvironmentFailure
from insyn.office.lists.entry import Kind, NameUse
from insyn.office.names.analyse import analyse
from insyn.office.names.compare import Comparison, compare_readings
from insyn.office.names.organisations import is_organised
from insyn.office.names.tokens import Name
from insyn.office.screening import terms
from insyn.office.screening.builder import ListSource, Progress, build_index
from insyn.office.screening.evidence import identifier_key, weigh_birth, weigh_country
from insyn.office.screening.index import (
    KINDS,
    MAX_NAME,
    USES,
    Index,
)
from insyn.office.screening.model import (
    ALERT_BAR,
    ListedState,
    Manifest,
    Match,
    MatchClass,
    Screening,
    Subject,
    TokenMatch,
)
from insyn.office.screening.outcome import decide
from insyn.office.screening.retrieval import Retrieval
from insyn.office.screening.version import matcher

SHOWN = 10
"""Matches shown below the bar, at most; every match at or over it is shown."""

WEAK_ALIAS_CAP = 0.8
"""The most that a low-quality alias may score: the list itself does not trust it."""

BATCH = 512
"""Subjects retrieved together: enough to make numpy's calls cheap, small in memory."""

_WEAK = USES.index(NameUse.WEAK)
_NO_NAME = "the name has no letters or digits that can be compared"


class Screener:
    """Screens subjects against one index under one manifest."""

    def __init__(self, index: Index, manifest: Manifest) -> None:
        self.manifest = manifest
        self._digest = manifest.digest()
        self._degraded = tuple(state.list for state in manifest.lists if state.degraded)
        self._index = index
        self._retrieval = Retrieval(index)

    def screen(self, subjects: Sequence[Subject]) -> list[Screening]:
        """One screening a subject, in order. Clearances are not applied here."""
        done: list[Screening] = []
        for start in range(0, len(subjects), BATCH):
            done.extend(self._batch(subjects[start : start + BATCH]))
        return done

    def _batch(self, subjects: Sequence[Subject]) -> Iterator[Screening]:
        names: list[Name] = []
        owners: list[int] = []
        for at, subject in enumerate(subjects):
            for name in _readings(subject):
                names.append(name)
                owners.append(at)
        queries, listed = self._retrieval.candidates(names) if names else ((), ())
        wanted: dict[int, dict[int, None]] = {}
        readable = set(owners)
        for query, number in zip(queries, listed, strict=True):
            wanted.setdefault(owners[query], {})[int(number)] = None
        for at, subject in enumerate(subjects):
            matches = self._matches(subject, list(wanted.get(at, ())))
            note = "" if at in readable else _NO_NAME
            yield Screening(
                id=subject.id,
                name=subject.name,
                outcome=decide(matches, note),
                matches=tuple(matches),
                manifest=self._digest,
                degraded=self._degraded,
                note=note,
            )

    def _matches(self, subject: Subject, listed: list[int]) -> list[Match]:
        best: dict[int, tuple[float, str, Comparison]] = {}
        table = self._index["names"]
        entries = self._index["entries"]
        for number in listed:
            entry, use, personal, pooled = table[number].tolist()
            if not _same_kind(subject.kind, KINDS[entries[entry][1]], bool(personal)):
                continue
            text = self._index.text(pooled)
            if not _reads_so(subject, KINDS[entries[entry][1]], text, bool(personal)):
                continue
            found = compare_readings(
                analyse(subject.name[:MAX_NAME], personal=bool(personal)),
                analyse(text, personal=bool(personal)),
            )
            score = min(found.score, WEAK_ALIAS_CAP) if use == _WEAK else found.score
            if score >= ALERT_BAR and (entry not in best or score > best[entry][0]):
                best[entry] = (score, text, found)
        identified = self._identified(subject)
        matches = [
            self._match(subject, entry, score, text, found, entry in identified)
            for entry, (score, text, found) in best.items()
        ]
        matches += [self._by_identifier(entry) for entry in identified if entry not in best]
        matches.sort(key=lambda match: (-match.score, match.list, match.entry))
        over = sum(match.score >= ALERT_BAR for match in matches)
        return matches[: max(over, SHOWN)]

    def _identified(self, subject: Subject) -> list[int]:
        key = identifier_key(subject.identifier or "")
        if not key:
            return []
        found = self._index.find("identifiers", (terms.identifier_hash(key),)).tolist()
        return [entry for entry in found if key in self._identifier_keys(entry)]

    def _identifier_keys(self, entry: int) -> set[str]:
        texts = self._index.text(int(self._index["entries"][entry][4])).split("\n")
        return {identifier_key(text) for text in texts}

    def _match(
        self,
        subject: Subject,
        entry: int,
        score: float,
        text: str,
        found: Comparison,
        identified: bool,
    ) -> Match:
        supports: list[str] = []
        contradicts: list[str] = []
        listing, _, reference, countries, _ = self._index["entries"][entry].tolist()
        literal = found.literal
        name_score = score
        for finding in (
            weigh_birth(subject.birth_date, self._index.births(entry)),
            weigh_country(subject.country, self._index.text(countries)),
        ):
            if finding is not None:
                (supports if finding.supports else contradicts).append(finding.text)
                score += finding.change
        score = min(1.0, max(0.0, score))
        if identified:
            supports.insert(0, "identifier")
            score = 1.0
        return Match(
            list=self._index.lists[listing],
            entry=self._index.text(reference),
            name=text,
            match_class=class_of(name_score, literal=literal, identified=identified),
            score=score,
            supports=tuple(supports),
            contradicts=tuple(contradicts),
            tokens=tuple(
                TokenMatch(subject=m.first, entry=m.second, score=m.score, how=m.how)
                for m in found.meetings
            ),
            entry_digest=self._entry_digest(entry),
        )

    def _by_identifier(self, entry: int) -> Match:
        listing, _, reference, _, _ = self._index["entries"][entry].tolist()
        names = self._index["names"]
        first = int(names[:, 0].searchsorted(entry))
        return Match(
            list=self._index.lists[listing],
            entry=self._index.text(reference),
            name=self._index.text(int(names[first][3])) if first < len(names) else "",
            match_class=MatchClass.IDENTIFIER,
            score=1.0,
            supports=("identifier",),
            contradicts=("name",),
            entry_digest=self._entry_digest(entry),
        )

    def _entry_digest(self, entry: int) -> str:
        return bytes(self._index["digests"][entry]).hex()


def _readings(subject: Subject) -> Iterator[Name]:
    name = subject.name[:MAX_NAME]
    for personal in _personal(subject.kind):
        yield from analyse(name, personal=personal)


def _personal(kind: Kind | None) -> tuple[bool, ...]:
    if kind is Kind.PERSON:
        return (True,)
    return (True, False) if kind is None or kind is Kind.UNKNOWN else (False,)


def _same_kind(subject: Kind | None, entry: Kind, personal: bool) -> bool:
    """Whether the two may be one: an unknown kind may be any."""
    if subject is None or subject is Kind.UNKNOWN:
        return True
    if personal != (subject is Kind.PERSON):
        return False
    return entry is Kind.UNKNOWN or entry is subject


def _reads_so(subject: Subject, entry: Kind, text: str, personal: bool) -> bool:
    """Whether a pair is read this way: where no side tells its kind, its words tell."""
    if entry is not Kind.UNKNOWN or subject.kind not in (None, Kind.UNKNOWN):
        return True
    return personal != (is_organised(subject.name[:MAX_NAME]) or is_organised(text))


def is_personal(kind: Kind | None) -> bool | None:
    """How to read a name of this kind; None: by its words."""
    return None if kind is None or kind is Kind.UNKNOWN else kind is Kind.PERSON


def class_of(score: float, *, literal: bool, identified: bool = False) -> MatchClass:
    """The class of a name score: what kind of likeness it is."""
    if identified:
        return MatchClass.IDENTIFIER
    if literal and score >= 0.95:
        return MatchClass.EXACT
    if score >= 0.88:
        return MatchClass.STRONG
    return MatchClass.POSSIBLE if score >= ALERT_BAR else MatchClass.WEAK


def build_screener(lists: Sequence[ListSource], root: Path) -> Screener:
    """Compile lists under `root` (or find them compiled) and open them.

    Raises:
        EnvironmentFailure: the disk is full or not writable.
    """
    folder, manifest = compile_lists(lists, root)
    return Screener(Index(folder), manifest)


def compile_lists(
    lists: Sequence[ListSource], root: Path, *, progress: Progress = lambda _done: None
) -> tuple[Path, Manifest]:
    """The folder of the compiled index, made or found, and the manifest of these lists."""
    lists = sorted(lists, key=lambda source: source.list)
    folder = build_index(lists, root, progress=progress)
    head = json.loads((folder / "index.json").read_text("utf-8"))
    counts = {item["list"]: item["entries"] for item in head["lists"]}
    states = tuple(
        ListedState(
            list=source.list,
            snapshot=source.snapshot,
            entries=counts[source.list],
            degraded=source.degraded,
        )
        for source in lists
    )
    return folder, Manifest(matcher=matcher(), lists=states)


def open_screener(data: DataDirectory, *, clock: Clock = system_clock) -> Screener:
    """The screener over the lists in force; compiles them when they have changed.

    Raises:
        EnvironmentFailure: no list has been imported yet.
    """
    folder, manifest = compile_in_force(data, clock=clock)
    return Screener(Index(folder), manifest)


def compile_in_force(
    data: DataDirectory,
    *,
    clock: Clock = system_clock,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Path, Manifest]:
    """The compiled index over the lists in force, made when they have changed.

    `progress` is told entries compiled and entries in all; compiling takes some ten seconds.

    Raises:
        EnvironmentFailure: no list has been imported yet: an empty index would clear everybody.
    """
    from insyn.office.lists.snapshots import ListStore

    store = ListStore(data.lists, clock)
    states = store.states()
    sources = [
        ListSource(
            list=state.list,
            snapshot=state.snapshot,
            entries=store.entries(state.list),
            degraded=state.degraded,
        )
        for state in states
    ]
    if not sources:
        raise EnvironmentFailure(
            "no list is in force, so nobody can be screened; run `insyn lists update`, "
            "or `insyn lists import FILE...` with files you have"
        )
    total = sum(state.entries for state in states)
    return compile_lists(sources, data.index, progress=lambda done: progress(done, total))
