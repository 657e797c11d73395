"""From files to a snapshot in force, or to a refusal that leaves the last good one.

Always: what is refused changes nothing but the list's degraded mark; every record of the file is
counted as an entry, unread with its reason, or withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from insyn.base.clock import isoformat
from insyn.base.errors import InsynError, Refusal, UnreadableInput, UsageError
from insyn.office.lists.entry import Entry, Unread
from insyn.office.lists.formats import ofac_csv
from insyn.office.lists.formats.parsed import Published, Withdrawn
from insyn.office.lists.recognise import Format, format_by_id, read_head, recognise
from insyn.office.lists.snapshots import ListStore, Snapshot
from insyn.office.lists.sources import BY_ID, list_of_format

SHRUNKEN = 0.9
"""Share of the entries in force that a new snapshot must hold (DESIGN, section 5)."""

SMALL_PART = 10
"""Entries of one part of a joint list below which its shrinking alone says nothing."""

SHOWN_UNREAD = 20
_LIST_ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One list's files, to be read together."""

    list: str
    format: Format
    files: Mapping[str, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What became of one publication.

    `outcome`: in force, unchanged, kept (older, only for comparison), refused (it was understood
    and is not sound), failed (the network or the disk did).
    """

    list: str
    format: str
    files: tuple[str, ...]
    outcome: str
    reason: str = ""
    snapshot: str | None = None
    published: str | None = None
    read: int = 0
    entries: int = 0
    unread: int = 0
    withdrawn: int = 0
    unread_reasons: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the last good snapshot was left in force for cause."""
        return self.outcome in ("refused", "failed")


@dataclass(slots=True)
class _Tally:
    """Counts what a parser yields while the entries stream on."""

    published: Published = field(default_factory=Published)
    entries: int = 0
    unread: list[Unread] = field(default_factory=list)
    withdrawn: int = 0
    references: set[str] = field(default_factory=set)

    def stream(self, parsed: Iterable[object]) -> Iterator[Entry]:
        for item in parsed:
            if isinstance(item, Entry):
                if item.reference in self.references:
                    self.unread.append(
                        Unread(
                            position=self.entries + len(self.unread) + 1,
                            reason=f"its reference {item.reference} stands in the file twice",
                        )
                    )
                    continue
                self.references.add(item.reference)
                self.entries += 1
                yield item
            elif isinstance(item, Unread):
                self.unread.append(item)
            elif isinstance(item, Withdrawn):
                self.withdrawn += 1
            elif isinstance(item, Published):
                self.published = item


def gather(
    paths: Sequence[Path], *, as_format: str | None = None, list_id: str | None = None
) -> tuple[list[Publication], list[tuple[Path, InsynError]]]:
    """Group files into publications; files that are no list come back with the reason.

    OFAC's files are read together; those lying beside a named one are taken along.
    """
    if list_id is not None and not _LIST_ID.fullmatch(list_id):
        raise UsageError(f"{list_id!r} is no list id; use small letters, digits, dot and dash")
    found: dict[tuple[str, str], Publication] = {}
    refused: list[tuple[Path, InsynError]] = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        try:
            known = format_by_id(as_format) if as_format else recognise(path)
            if known.id == ofac_csv.FORMAT:
                publication = _ofac_set(path, known, list_id)
            else:
                name = list_id or _list_of(path, known)
                publication = Publication(list=name, format=known, files={"main": path})
            found.setdefault(
                (publication.list, str(sorted(publication.files.items()))), publication
            )
        except UsageError:
            raise
        except InsynError as error:
            refused.append((path, error))
    return list(found.values()), refused


def _list_of(path: Path, known: Format) -> str:
    head = read_head(path)
    non_sdn = known.id.startswith("ofac") and (
        "cons" in path.name.lower() or b"Non-SDN" in head or b"Consolidated" in head
    )
    named = list_of_format(known.id, non_sdn=non_sdn)
    if named:
        return named
    stem = re.sub(r"[^a-z0-9._-]+", "-", path.stem.lower()).strip("-.")[:64] or "own"
    return f"own-{stem}" if stem in BY_ID else stem


def _ofac_set(path: Path, known: Format, list_id: str | None) -> Publication:
    described = ofac_csv.role(read_head(path), path.name)
    if described is None:
        raise UnreadableInput(f"{path.name} is no OFAC CSV file")
    files: dict[str, Path] = {described[1]: path}
    for other in sorted(path.parent.iterdir()):
        if other.suffix.lower() == ".csv" and other.is_file() and other.stat().st_size:
            told = ofac_csv.role(read_head(other), other.name)
            if told is not None and told[0] == described[0]:
                files.setdefault(told[1], other.resolve())
    if "primary" not in files:
        raise UnreadableInput(
            f"{path.name} is a companion file of OFAC's list; the list itself "
            "(sdn.csv or cons_prim.csv) must be given too, or lie beside it"
        )
    return Publication(
        list=list_id or f"ofac-{described[0]}", format=known, files=dict(sorted(files.items()))
    )


def take_in(
    store: ListStore,
    publication: Publication,
    *,
    accept_shrunken: bool = False,
    force_older: bool = False,
) -> Intake:
    """Read a publication, write it as a snapshot and put it in force if it is sound.

    A refusal is returned, not raised, and degrades the list.
    """
    name = publication.list
    tally = _Tally()
    files = tuple(path.name for path in publication.files.values())
    try:
        digest, count, sources = store.write(
            name, tally.stream(publication.format.parse(publication.files))
        )
        if not count:
            raise UnreadableInput(f"{', '.join(files)} holds no entry that can be read")
        snapshot = Snapshot(
            digest=digest,
            format=publication.format.id,
            published=tally.published.on.isoformat() if tally.published.on else None,
            imported_at=isoformat(store.clock()),
            entries=count,
            read=count + len(tally.unread) + tally.withdrawn,
            unread=len(tally.unread),
            withdrawn=tally.withdrawn,
            sources=sources,
            files=files,
        )
        current = store.register(name).current()
        if current is not None and not accept_shrunken:
            _refuse_shrunken(current, snapshot)
    except Refusal as error:
        store.degrade(name, str(error))
        return _report(publication, files, tally, outcome="refused", reason=str(error))
    outcome, reason = "in force", _size_notice(name, count)
    if current is not None and current.digest == digest:
        outcome = "unchanged"
    elif current is not None and snapshot.effective() < current.effective() and not force_older:
        outcome = "kept"
        reason = (
            f"of {snapshot.effective()}, older than the one in force ({current.effective()}); "
            "kept for comparison, put it in force with --force-older"
        )
    store.adopt(name, snapshot, in_force=outcome != "kept")
    return _report(publication, files, tally, outcome=outcome, reason=reason, snapshot=snapshot)


def _refuse_shrunken(current: Snapshot, new: Snapshot) -> None:
    if new.effective() < current.effective():
        return
    if new.entries < SHRUNKEN * current.entries:
        raise Refusal(
            f"shrunken: {new.entries} entries, {current.entries} in force; look at it, and take "
            "it with --accept-shrunken if it is right"
        )
    for source, count in sorted(current.sources.items()):
        found = new.sources.get(source, 0)
        if count >= SMALL_PART and found < SHRUNKEN * count:
            raise Refusal(
                f"shrunken: part {source} has {found} entries, {count} in force; look at it, and "
                "take it with --accept-shrunken if it is right"
            )


def _size_notice(name: str, count: int) -> str:
    source = BY_ID.get(name)
    if source is None or source.expected[0] <= count <= source.expected[1]:
        return ""
    low, high = source.expected
    return (
        f"{count:,} entries, and the official list usually has {low:,} to {high:,}: a sample, or a "
        "file that is cut"
    )


def _report(
    publication: Publication,
    files: tuple[str, ...],
    tally: _Tally,
    *,
    outcome: str,
    reason: str,
    snapshot: Snapshot | None = None,
) -> Intake:
    return Intake(
        list=publication.list,
        format=publication.format.id,
        files=files,
        outcome=outcome,
        reason=reason,
        snapshot=snapshot.digest if snapshot else None,
        published=snapshot.published if snapshot else None,
        read=tally.entries + len(tally.unread) + tally.withdrawn,
        entries=tally.entries,
        unread=len(tally.unread),
        withdrawn=tally.withdrawn,
        unread_reasons=tuple(
            f"record {item.position}: {item.reason}" for item in tally.unread[:SHOWN_UNREAD]
        ),
    )


def take_in_all(
    store: ListStore,
    publications: Sequence[Publication],
    *,
    accept_shrunken: bool = False,
    force_older: bool = False,
) -> Iterator[Intake]:
    """Take in several publications; of one list, the oldest first and undated ones last."""
    for publication in sorted(publications, key=lambda p: (p.list, _day_of(p))):
        yield take_in(store, publication, accept_shrunken=accept_shrunken, force_older=force_older)


def _day_of(publication: Publication) -> str:
    """The publisher's day, read from the head of the parse; "~" sorts undated ones last."""
    try:
        for item in publication.format.parse(publication.files):
            if isinstance(item, Published):
                return item.on.isoformat() if item.on else "~"
            return "~"
    except InsynError:
        pass
    return "~"
