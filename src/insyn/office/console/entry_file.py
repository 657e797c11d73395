"""The entries of one snapshot, to be fetched one by one: what a match is shown with.

A snapshot on the shelf is packed and can only be read from its start; this is a plain copy of it
without the source records, beside the index. Always: named by the snapshot, complete or absent.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable
from pathlib import Path

import orjson

from insyn.base.errors import EnvironmentFailure
from insyn.base.files import write_atomically
from insyn.office.lists.entry import Entry
from insyn.office.lists.serial import entry_from_json, entry_to_json

_PATTERN = "entries-*.jsonl"


def entry_file(folder: Path, snapshot: str) -> Path:
    """Where the entries of a snapshot are kept."""
    return folder / f"entries-{snapshot[:32]}.jsonl"


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write entries, one a line: the reference as JSON, a tab, the rest as JSON.

    Raises:
        EnvironmentFailure: the disk is full or not writable.
    """
    lines: list[bytes] = []
    for entry in entries:
        record = dict(entry_to_json(entry))
        record.pop("source_record", None)
        lines += (orjson.dumps(entry.reference), b"\t", orjson.dumps(record), b"\n")
    write_atomically(path, b"".join(lines))


def remove_others(folder: Path, kept: Iterable[Path]) -> None:
    """Remove the files of snapshots that are no longer in force; an open one stays readable."""
    for path in set(folder.glob(_PATTERN)) - set(kept):
        path.unlink(missing_ok=True)


class EntryFile:
    """An open file of entries, mapped; only where each one lies is held in memory."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            EnvironmentFailure: it cannot be read.
        """
        self._places: dict[bytes, tuple[int, int]] = {}
        self._data: mmap.mmap | bytes = b""
        try:
            with path.open("rb") as file:
                at = 0
                for line in file:
                    key = line.partition(b"\t")[0]
                    self._places[key] = (at + len(key) + 1, at + len(line))
                    at += len(line)
                if at:
                    self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise EnvironmentFailure(
                f"{path} cannot be read ({error.strerror}); delete it, and it is made again"
            ) from error

    def get(self, reference: str) -> Entry | None:
        """The entry with this reference, without its source record; None where there is none."""
        place = self._places.get(orjson.dumps(reference))
        if place is None:
            return None
        return entry_from_json(orjson.loads(self._data[place[0] : place[1]]))
