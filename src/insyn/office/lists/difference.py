"""What changed between two snapshots of a list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from insyn.base.canonical import Json
from insyn.office.lists.entry import Entry
from insyn.office.lists.serial import entry_to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One entry in both snapshots, and the fields that differ (the source record left out)."""

    old: Entry
    new: Entry
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Entries added, removed and changed, each ordered by reference."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Changed, ...]

    def to_json(self) -> dict[str, Json]:
        """References and field changes, for programs."""
        return {
            "added": [_brief(entry) for entry in self.added],
            "removed": [_brief(entry) for entry in self.removed],
            "changed": [
                {**_brief(change.new), "fields": _fields(change)} for change in self.changed
            ],
        }


def compare_snapshots(old: Iterable[Entry], new: Iterable[Entry]) -> Difference:
    """The difference of two snapshots, by the list's own references."""
    before = {entry.reference: entry for entry in old}
    after = {entry.reference: entry for entry in new}
    changed = []
    for reference in sorted(before.keys() & after.keys()):
        fields = _differing(before[reference], after[reference])
        if fields:
            changed.append(Changed(old=before[reference], new=after[reference], fields=fields))
    return Difference(
        added=tuple(after[r] for r in sorted(after.keys() - before.keys())),
        removed=tuple(before[r] for r in sorted(before.keys() - after.keys())),
        changed=tuple(changed),
    )


def _differing(old: Entry, new: Entry) -> tuple[str, ...]:
    names = [name for name in Entry.__slots__ if name != "source_record"]
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def _brief(entry: Entry) -> dict[str, Json]:
    return {"entry": entry.reference, "name": entry.names[0].text, "kind": str(entry.kind)}


def _fields(change: Changed) -> dict[str, Json]:
    old, new = entry_to_json(change.old), entry_to_json(change.new)
    return {name: {"old": old.get(name), "new": new.get(name)} for name in change.fields}
