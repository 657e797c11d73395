"""What is put in force, what is kept aside, what is refused; the last good list always stays."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from insyn.base.errors import EnvironmentFailure
from insyn.office.lists.difference import compare_snapshots
from insyn.office.lists.intake import Intake, gather, take_in_all
from insyn.office.lists.snapshots import ListStore


def store_at(path: Path) -> ListStore:
    return ListStore(path, lambda: datetime(2026, 11, 23, tzinfo=UTC))


def take(store: ListStore, path: Path, **options: bool) -> Intake:
    publications, refused = gather([path])
    assert not refused
    (taken,) = take_in_all(store, publications, **options)
    return taken


def watch_list(path: Path, names: list[str]) -> Path:
    path.write_text("reference,name\n" + "".join(f"W-{n},{n}\n" for n in names))
    return path


def test_equal_content_is_one_snapshot(tmp_path: Path) -> None:
    store = store_at(tmp_path / "lists")
    file = watch_list(tmp_path / "watch.csv", ["Alpha", "Beta"])
    first, second = take(store, file), take(store, file)
    assert (first.outcome, second.outcome) == ("in force", "unchanged")
    assert len(store.snapshots("watch")) == 1


def test_shrunken_list_is_refused_and_taken_when_accepted(tmp_path: Path) -> None:
    store = store_at(tmp_path / "lists")
    names = [f"Name{n}" for n in range(20)]
    whole = take(store, watch_list(tmp_path / "watch.csv", names))
    shrunken = take(store, watch_list(tmp_path / "watch.csv", names[:17]))
    (state,) = store.states()
    assert shrunken.is_refused
    assert state.snapshot == whole.snapshot
    assert state.degraded is not None
    assert "shrunken" in state.degraded
    accepted = take(store, tmp_path / "watch.csv", accept_shrunken=True)
    (state,) = store.states()
    assert (state.snapshot, state.degraded) == (accepted.snapshot, None)


def test_rows_without_a_name_are_counted_with_their_reason(tmp_path: Path) -> None:
    file = tmp_path / "watch.csv"
    file.write_text("reference,name\nW-1,Alpha\nW-2,\nW-1,Gamma\n")
    taken = take(store_at(tmp_path / "lists"), file)
    assert (taken.read, taken.entries, taken.unread) == (3, 2, 1)
    assert "no name" in taken.unread_reasons[0]


def test_full_disk_leaves_the_list_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(tmp_path / "lists")
    whole = take(store, watch_list(tmp_path / "watch.csv", ["Alpha"]))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(EnvironmentFailure, match="No space left"):
        take(store, watch_list(tmp_path / "watch.csv", ["Alpha", "Beta"]))
    monkeypatch.undo()
    (state,) = store.states()
    assert state.snapshot == whole.snapshot
    assert [e.names[0].text for e in store.entries("watch")] == ["Alpha"]


def test_difference_names_what_changed(tmp_path: Path) -> None:
    store = store_at(tmp_path / "lists")
    old = take(store, watch_list(tmp_path / "watch.csv", ["Alpha", "Beta"]))
    file = tmp_path / "watch.csv"
    file.write_text("reference,name,country\nW-Alpha,Alpha,SE\nW-Gamma,Gamma,\n")
    new = take(store, file)
    found = compare_snapshots(
        store.entries("watch", old.snapshot), store.entries("watch", new.snapshot)
    )
    assert [e.reference for e in found.added] == ["W-Gamma"]
    assert [e.reference for e in found.removed] == ["W-Beta"]
    assert [c.fields for c in found.changed] == [("countries",)]


def test_stale_list_is_degraded(tmp_path: Path) -> None:
    store = store_at(tmp_path / "lists")
    take(store, watch_list(tmp_path / "watch.csv", ["Alpha"]))
    store.clock = lambda: datetime(2028, 1, 1, tzinfo=UTC)
    (state,) = store.states()
    assert state.degraded is not None
    assert state.degraded.startswith("stale")
