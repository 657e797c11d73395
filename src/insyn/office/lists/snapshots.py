"""Snapshots of lists: each import is one, named by its content; one of them is in force.

Always: a snapshot is never changed or deleted by an import; which one is in force changes in one
atomic step; whatever goes wrong, the last good one stays in force and the list is degraded.

Layout, under the data directory: `lists/<list>/<digest>.jsonl.gz` and `lists/<list>/state.json`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from insyn.base.clock import Clock, isoformat
from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.base.files import exclusive, sync_directory, write_atomically
from insyn.office.lists.entry import Entry
from insyn.office.lists.serial import content_digest, entry_from_json, entry_to_json
from insyn.office.lists.sources import BY_ID, OWN_RHYTHM_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is known of one import. `sources` counts entries by part of a joint list."""

    digest: str
    format: str
    published: str | None
    imported_at: str
    entries: int
    read: int
    unread: int
    withdrawn: int
    sources: dict[str, int] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    def effective(self) -> str:
        """The day it stands for: the publisher's, else the day of import."""
        return self.published or self.imported_at[:10]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """A list in force; `degraded` is why it may be out of date, or None."""

    list: str
    title: str
    snapshot: str
    entries: int
    format: str
    published: str | None
    imported_at: str
    last_checked: str | None
    degraded: str | None
    unread: int


@dataclass(slots=True, kw_only=True)
class Register:
    """The state file of one list."""

    in_force: str | None = None
    failure: str | None = None
    failed_at: str | None = None
    last_checked: str | None = None
    validators: dict[str, dict[str, str]] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)

    def current(self) -> Snapshot | None:
        """The snapshot in force."""
        return next((s for s in self.snapshots if s.digest == self.in_force), None)


class ListStore:
    """All lists of one data directory."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self.clock = clock

    def lists(self) -> list[str]:
        """Ids of every list that has a state, in force or not."""
        return sorted(path.parent.name for path in self.root.glob("*/state.json"))

    def states(self) -> tuple[ListState, ...]:
        """The lists in force, by id; staleness is counted now."""
        now = self.clock()
        found = (self._state(name, self.register(name), now) for name in self.lists())
        return tuple(state for state in found if state is not None)

    def failures(self) -> dict[str, str]:
        """Lists that have nothing in force, and why their last attempt failed."""
        registers = {name: self.register(name) for name in self.lists()}
        return {
            name: register.failure
            for name, register in registers.items()
            if register.current() is None and register.failure
        }

    def _state(self, name: str, register: Register, now: datetime) -> ListState | None:
        current = register.current()
        if current is None:
            return None
        source = BY_ID.get(name)
        age = (now.date() - date.fromisoformat(current.effective())).days
        rhythm = source.rhythm_days if source else OWN_RHYTHM_DAYS
        reasons = [register.failure] if register.failure else []
        if age > rhythm:
            reasons.append(
                f"stale: of {current.effective()}, {age} days ago; a newer one is due "
                f"after {rhythm}"
            )
        return ListState(
            list=name,
            title=source.title if source else name,
            snapshot=current.digest,
            entries=current.entries,
            format=current.format,
            published=current.published,
            imported_at=current.imported_at,
            last_checked=register.last_checked,
            degraded="; ".join(reasons) or None,
            unread=current.unread,
        )

    def register(self, name: str) -> Register:
        """The state of a list; a fresh one where there is none."""
        path = self.root / name / "state.json"
        try:
            content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return Register()
        except (OSError, ValueError) as error:
            raise EnvironmentFailure(
                f"the state of list {name} cannot be read ({error}); restore {path} from a backup, "
                "or delete that folder and import the list again"
            ) from error
        snapshots = [
            Snapshot(**{**item, "files": tuple(item.get("files", ()))})
            for item in content.pop("snapshots", [])
        ]
        return Register(**content, snapshots=snapshots)

    def save(self, name: str, register: Register) -> None:
        """Write the state of a list; the caller holds its lock."""
        write_atomically(
            self._folder(name) / "state.json",
            json.dumps(asdict(register), indent=1, ensure_ascii=False).encode(),
        )

    def locked(self, name: str) -> AbstractContextManager[None]:
        """Hold the lock of a list while its state is read and written."""
        return exclusive(self._folder(name))

    def updating(self, name: str) -> AbstractContextManager[None]:
        """Hold a list for one whole update, its download included; a second update waits."""
        return exclusive(self._folder(name), ".updating")

    def _folder(self, name: str) -> Path:
        folder = self.root / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFailure(f"cannot write under {self.root}: {error.strerror}") from error
        return folder

    def write(self, name: str, entries: Iterable[Entry]) -> tuple[str, int, dict[str, int]]:
        """Write entries as a snapshot; returns its digest, entry count and counts by source.

        Raises:
            EnvironmentFailure: the disk is full or not writable; nothing half-written stays.
        """
        folder = self._folder(name)
        sources: dict[str, int] = {}
        digests: list[str] = []
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".snapshot-")
        try:
            with os.fdopen(descriptor, "wb") as raw:
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    for entry in entries:
                        line = json.dumps(entry_to_json(entry), ensure_ascii=False)
                        packed.write(line.encode("utf-8", "replace") + b"\n")
                        digests.append(entry.reference + content_digest(entry))
                        sources[entry.source] = sources.get(entry.source, 0) + 1
                raw.flush()
                os.fsync(raw.fileno())
            total = hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()
            Path(temporary).replace(folder / f"{total}.jsonl.gz")
            sync_directory(folder)
        except OSError as error:
            raise EnvironmentFailure(
                f"cannot write a snapshot of {name}: {error.strerror}; free some space and "
                "import again (the list in force is untouched)"
            ) from error
        finally:
            Path(temporary).unlink(missing_ok=True)
        return total, len(digests), {k: v for k, v in sources.items() if k}

    def entries(self, name: str, snapshot: str | None = None) -> Iterator[Entry]:
        """The entries of a snapshot, of the one in force when none is named.

        Raises:
            UsageError: there is no such list or snapshot.
            EnvironmentFailure: its file is damaged.
        """
        digest = snapshot or self.register(name).in_force
        path = self.root / name / f"{digest}.jsonl.gz"
        if digest is None or not path.exists():
            raise UsageError(f"list {name} has no snapshot {digest or 'in force'}")
        try:
            with gzip.open(path, "rb") as file:
                for line in file:
                    yield entry_from_json(json.loads(line))
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise EnvironmentFailure(
                f"snapshot {path.name} of {name} is damaged ({error}); import the list again"
            ) from error

    def entry(self, name: str, reference: str, snapshot: str | None = None) -> Entry | None:
        """One entry by the list's own reference, or None."""
        return next((e for e in self.entries(name, snapshot) if e.reference == reference), None)

    def snapshots(self, name: str) -> tuple[Snapshot, ...]:
        """Every snapshot of a list, oldest import first."""
        return tuple(self.register(name).snapshots)

    def find_snapshot(self, name: str, wanted: str) -> Snapshot:
        """A snapshot by the start of its digest, its day, or "current" and "previous".

        Raises:
            UsageError: none or several fit.
        """
        register = self.register(name)
        if not register.snapshots:
            raise UsageError(f"there is no list {name}; `insyn lists status` shows those there are")
        by_day = sorted(register.snapshots, key=lambda s: (s.effective(), s.imported_at))
        current = register.current()
        if wanted in ("current", "previous") and current is not None:
            at = by_day.index(current) - (wanted == "previous")
            if at < 0:
                raise UsageError(
                    f"list {name} has no snapshot before the one in force ({current.effective()})"
                )
            fitting = [by_day[at]]
        else:
            fitting = [s for s in by_day if s.digest.startswith(wanted) or s.effective() == wanted]
        if len(fitting) != 1:
            known = ", ".join(f"{s.digest[:12]} ({s.effective()})" for s in by_day)
            raise UsageError(
                f"{len(fitting)} snapshots of {name} fit {wanted!r}; there are {known}"
            )
        return fitting[0]

    def degrade(self, name: str, reason: str) -> None:
        """Mark a list degraded; what is in force stays so."""
        with self.locked(name):
            register = self.register(name)
            register.failure = reason
            register.failed_at = isoformat(self.clock())
            self.save(name, register)

    def adopt(self, name: str, snapshot: Snapshot, *, in_force: bool) -> Snapshot | None:
        """Record a written snapshot and put it in force if told so; returns the one before."""
        with self.locked(name):
            register = self.register(name)
            before = register.current()
            known = [s for s in register.snapshots if s.digest != snapshot.digest]
            old = next((s for s in register.snapshots if s.digest == snapshot.digest), None)
            if old is not None:
                published = max(filter(None, (old.published, snapshot.published)), default=None)
                snapshot = replace(snapshot, published=published)
            register.snapshots = [*known, snapshot]
            if in_force or snapshot.digest == register.in_force:
                register.in_force = snapshot.digest
                register.failure = register.failed_at = None
                register.last_checked = snapshot.imported_at
            self.save(name, register)
        return before
