"""Invented full-size lists are what they claim: read whole, and one list in two forms."""

from pathlib import Path

import pytest
from evals.synthetic_lists import KINDS, Kind

from insyn.office.lists.difference import compare_snapshots
from insyn.office.lists.entry import Entry
from insyn.office.lists.recognise import recognise

COUNT = 12


def read(kind: Kind, folder: Path) -> list[Entry]:
    path = folder / kind.name
    kind.write(path, COUNT)
    found = recognise(path)
    assert found.id == kind.format
    return [item for item in found.parse({"main": path}) if isinstance(item, Entry)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.format))
def test_every_written_party_is_an_entry_with_all_its_names(kind: Kind, tmp_path: Path) -> None:
    entries = read(kind, tmp_path)
    assert len(entries) == COUNT
    assert sum(len(entry.names) for entry in entries) == COUNT * 5 + COUNT // 3
    assert sum(len(entry.birth_dates) for entry in entries) == COUNT * 3 // 4


@pytest.mark.parametrize("list_id", ["eu", "uk"])
def test_both_forms_hold_the_same_entries(list_id: str, tmp_path: Path) -> None:
    xml, table = (read(kind, tmp_path) for kind in KINDS if kind.format.startswith(list_id))
    difference = compare_snapshots(xml, table)
    assert difference.to_json() == {"added": [], "removed": [], "changed": []}
