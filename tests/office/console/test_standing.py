"""What the server screens against, and how it takes up what changes."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.office.console.serving import client_of, import_watch, in_force_of
from tests.support.run_insyn import insyn

from insyn.base.config import DataDirectory
from insyn.office.console.bench import Bench
from insyn.office.console.entry_file import EntryFile, entry_file, write_entries
from insyn.office.console.standing import NO_LISTS, RETRY_INTERVAL_S, InForce, Standing
from insyn.office.lists.entry import Entry, Kind, ListedName
from insyn.office.screening.model import Subject

SCREEN = "/api/v1/screen"
PARTY = {"id": "c-1", "name": "Quillon Marrowgate", "kind": "person"}


class Clock:
    """A day that stands still until told."""

    def __init__(self) -> None:
        self.now = datetime.now(tz=UTC)

    def __call__(self) -> datetime:
        return self.now


def names_in(standing: Standing | None) -> list[str]:
    """The listed names that PARTY meets."""
    assert standing is not None
    bench = Bench()
    subject = Subject(id="", name=PARTY["name"], kind=Kind.PERSON)
    try:
        [screening] = asyncio.run(bench.screen(standing, [subject]))
    finally:
        bench.close()
    return [match.name for match in screening.matches]


def test_a_list_that_comes_is_taken_up_and_one_look_more_finds_nothing(tmp_path: Path) -> None:
    in_force = in_force_of(tmp_path)
    assert (in_force.current(), in_force.trouble) == (None, NO_LISTS)
    assert in_force.refresh() is False
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    assert in_force.refresh() is True
    assert names_in(in_force.current()) == ["Quillon Marrowgate"]
    assert in_force.trouble == ""
    assert in_force.refresh() is False


def test_who_holds_an_old_standing_keeps_all_of_it(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    in_force = in_force_of(tmp_path)
    old = in_force.current()
    import_watch(tmp_path, "R-1,Quillon S. Marrowgate,person")
    in_force.refresh()
    new = in_force.current()
    assert old is not None
    assert new is not None
    assert names_in(new) == ["Quillon S. Marrowgate"]
    assert names_in(old) == ["Quillon Marrowgate"]
    entries = (old.entry("watch", "R-1"), new.entry("watch", "R-1"))
    assert [e and e.names[0].text for e in entries] == [
        "Quillon Marrowgate", "Quillon S. Marrowgate",
    ]  # fmt: skip
    assert len(list((tmp_path / "index").glob("entries-*.jsonl"))) == 1


def test_an_index_compiled_elsewhere_is_the_same(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    apart = InForce(DataDirectory(root=tmp_path), in_process_entries=0)
    apart.refresh()
    here, there = in_force_of(tmp_path).current(), apart.current()
    assert here is not None
    assert there is not None
    assert (here.manifest, here.index) == (there.manifest, there.index)
    assert names_in(there) == ["Quillon Marrowgate"]


def test_what_cannot_be_taken_up_leaves_the_old_in_force_and_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    in_force = InForce(DataDirectory(root=tmp_path), clock=clock)
    in_force.refresh()
    old = in_force.current()
    import_watch(tmp_path, "R-1,Quillon S. Marrowgate,person")
    whole = {p: p.read_bytes() for p in (tmp_path / "lists" / "watch").glob("*.jsonl.gz")}
    for path, content in whole.items():
        path.write_bytes(content[:30])
    in_force.refresh()
    assert in_force.current() is old
    assert "damaged" in in_force.trouble
    assert [r.levelno for r in caplog.records if r.name == "insyn.console"] == [logging.ERROR]
    assert in_force.refresh() is False
    for path, content in whole.items():
        path.write_bytes(content)
    clock.now += timedelta(seconds=RETRY_INTERVAL_S)
    assert in_force.refresh() is True
    assert (names_in(in_force.current()), in_force.trouble) == (["Quillon S. Marrowgate"], "")


def test_with_the_last_list_gone_nobody_is_cleared(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    in_force = in_force_of(tmp_path)
    (tmp_path / "lists" / "watch" / "state.json").unlink()
    in_force.refresh()
    assert (in_force.current(), in_force.trouble) == (None, NO_LISTS)


def test_a_list_that_grows_stale_says_so_the_next_day(tmp_path: Path) -> None:
    clock = Clock()
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    in_force = InForce(DataDirectory(root=tmp_path), clock=clock)
    in_force.refresh()
    clock.now += timedelta(days=400)
    assert in_force.refresh() is True
    standing = in_force.current()
    assert standing is not None
    assert "stale" in (standing.manifest.lists[0].degraded or "")


def test_a_clearance_silences_its_party_from_the_next_look_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    monkeypatch.setenv("INSYN_DATA", str(tmp_path))
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    file = tmp_path / "parties.csv"
    file.write_text("id,name,kind\nc-1,Quillon Marrowgate,person\n", "utf-8")
    assert insyn("party", "import", str(file)).code == 1  # it needs a look
    in_force = in_force_of(tmp_path)
    with client_of(in_force) as client:
        assert client.post(SCREEN, json=PARTY).json()["outcome"] == "review"
        done = insyn("clearance", "add", "c-1", "watch", "R-1", "--because", "another person",
                     "--by", "A. Granskare")  # fmt: skip
        assert done.code == 0, done.err
        in_force.refresh()
        got = client.post(SCREEN, json=PARTY).json()
        assert (got["outcome"], got["matches"][0]["cleared"]) == ("clear", "1")
        many = client.post(SCREEN, json={"subjects": [PARTY, {**PARTY, "id": "c-2"}]}).json()
        assert [item["outcome"] for item in many["results"]] == ["clear", "review"]
    in_force.refresh()
    assert in_force.refresh() is False  # reading the clearances is no change of its own


def test_clearances_in_a_database_by_url_are_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setenv("INSYN_DATABASE_URL", f"sqlite:///{tmp_path / 'elsewhere.sqlite'}")
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    in_force = InForce(DataDirectory(root=tmp_path), clock=clock)
    in_force.refresh()
    assert in_force.refresh() is False
    clock.now += timedelta(seconds=6)
    assert in_force.refresh() is True


def test_entries_are_read_one_by_one_without_their_source(tmp_path: Path) -> None:
    path = entry_file(tmp_path, "f" * 64)
    entries = [
        Entry(reference=reference, kind=Kind.PERSON, names=(ListedName(text=name),),
              source_record="<secret/>")
        for reference, name in (("A 1", "Ann\tTab"), ('"\\', "Квиллон\nLine"), ("Å~2", "No One"))
    ]  # fmt: skip
    write_entries(path, entries)
    assert b"secret" not in path.read_bytes()
    found = EntryFile(path)
    for entry in entries:
        got = found.get(entry.reference)
        assert got is not None
        assert (got.names, got.source_record) == (entry.names, "")
    assert found.get("A") is None


def test_an_empty_list_has_an_empty_file(tmp_path: Path) -> None:
    path = entry_file(tmp_path, "0" * 64)
    write_entries(path, [])
    assert path.stat().st_size == 0
    assert EntryFile(path).get("A") is None
