"""`insyn party`, as an office uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.exact_screener import entry
from tests.support.register_desk import Desk, desk_in
from tests.support.run_insyn import insyn

from insyn.base.clock import isoformat
from insyn.office.lists.entry import Entry
from insyn.office.lists.snapshots import ListStore, Snapshot
from insyn.office.screening.model import Subject


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    with desk_in(tmp_path) as desk:
        yield desk


@pytest.fixture
def screened(desk: Desk) -> Desk:
    desk.shelf.change(un=[entry("QDe.001", "Nordanvind AB")])
    desk.put(Subject(id="c-1", name="Nordanvind AB"), Subject(id="c-2", name="Sunnanvind AB"))
    desk.rescreen()
    return desk


def test_list_says_how_each_party_stands(screened: Desk) -> None:
    lines = insyn("party", "list").out.splitlines()
    assert any("c-1" in line and "review" in line and "un QDe.001 1.00" in line for line in lines)
    assert any("c-2" in line and "clear" in line for line in lines)


def test_list_can_be_kept_to_one_outcome(screened: Desk) -> None:
    out = insyn("party", "list", "--outcome", "review", "--json").out
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["c-1"]
    assert insyn("party", "list", "--outcome", "match").out == "no known party has outcome match\n"


def test_an_unknown_outcome_is_wrong_usage() -> None:
    assert insyn("party", "list", "--outcome", "fine").code == 2


def test_an_empty_register_says_so() -> None:
    done = insyn("party", "list")
    assert (done.code, done.out) == (0, "no known party\n")


def test_show_has_the_party_and_its_matches(screened: Desk) -> None:
    out = insyn("party", "show", "c-1").out
    assert "Nordanvind AB" in out
    assert "QDe.001" in out
    assert insyn("party", "show", "c-2").out.endswith("no matches\n")


def test_show_prints_no_control_characters_of_a_name(desk: Desk) -> None:
    desk.put(Subject(id="c-1", name="Evil\x1b[2J\u202eAB"))
    out = insyn("party", "show", "c-1").out + insyn("party", "list").out
    assert "\x1b" not in out
    assert "\u202e" not in out


@pytest.mark.parametrize("command", ["show", "history"])
def test_an_unknown_party_is_refused(command: str) -> None:
    done = insyn("party", command, "c-9")
    assert done.code == 1
    assert "no known party has the id 'c-9'" in done.err


def test_history_tells_when_and_why_the_outcome_changed(screened: Desk) -> None:
    screened.shelf.change(un=[])
    screened.rescreen()
    changes = insyn("party", "history", "c-1", "--json").json
    assert [(c["from"], c["to"], c["because"]) for c in changes] == [
        (None, "review", "first screening"),
        ("review", "clear", "list changed: un removed QDe.001"),
    ]
    assert "list changed: un removed QDe.001" in insyn("party", "history", "c-1").out


def test_a_party_never_screened_has_no_history(desk: Desk) -> None:
    desk.put(Subject(id="c-1", name="Nordanvind AB"))
    assert "never screened" in insyn("party", "history", "c-1").out


def test_rescreen_without_lists_is_refused_not_cleared(desk: Desk) -> None:
    desk.put(Subject(id="c-1", name="Nordanvind AB"))
    done = insyn("party", "rescreen")
    assert done.code == 3
    assert "no list is in force" in done.err
    assert json.loads(insyn("party", "show", "c-1", "--json").out)["outcome"] == "review"


def put_in_force(desk: Desk, root: Path, name: str, *entries: Entry) -> None:
    """Import a list, as `insyn lists import` would."""
    store = ListStore(root / "lists", desk.clock)
    digest, count, sources = store.write(name, entries)
    snapshot = Snapshot(
        digest=digest,
        format="test",
        published=None,
        imported_at=isoformat(desk.clock()),
        entries=count,
        read=count,
        unread=0,
        withdrawn=0,
        sources=sources,
    )
    store.adopt(name, snapshot, in_force=True)


def test_rescreen_finds_what_a_list_change_brings(desk: Desk, tmp_path: Path) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    desk.put(Subject(id="c-1", name="Nordanvind AB"), Subject(id="c-2", name="Brusande Fors KB"))
    first = insyn("party", "rescreen")
    assert first.code == 1
    assert "2 parties: 0 unchanged, 2 changed (1 need a look), 2 screened in full" in first.out
    assert insyn("party", "rescreen").code == 0

    put_in_force(
        desk, tmp_path, "own", entry("O1", "Nordanvind AB"), entry("O2", "Brusande Fors KB")
    )
    report = insyn("party", "rescreen", "--json")
    assert report.code == 1
    assert (report.json["entries_compared"], report.json["in_full"]) == (1, 0)
    [change] = report.json["changes"]
    assert (change["party"], change["from"], change["to"]) == ("c-2", "clear", "review")
    assert change["because"] == "list changed: own added O2"

    full = insyn("party", "rescreen", "--full", "--json")
    assert (full.code, full.json["in_full"], full.json["changes"]) == (0, 2, [])


def test_a_better_outcome_is_no_finding(desk: Desk, tmp_path: Path) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    desk.put(Subject(id="c-1", name="Nordanvind AB"))
    insyn("party", "rescreen")
    put_in_force(desk, tmp_path, "own", entry("O2", "Sunnanvind AB"))
    done = insyn("party", "rescreen")
    assert done.code == 0
    assert "list changed: own removed O1" in done.out


def test_degraded_lists_are_told_on_every_re_screening(desk: Desk, tmp_path: Path) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    ListStore(tmp_path / "lists", desk.clock).degrade("own", "the last fetch failed")
    assert "degraded list own: the last fetch failed" in insyn("party", "rescreen").err


def test_no_temporary_index_is_left_behind(desk: Desk, tmp_path: Path) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    desk.put(Subject(id="c-1", name="Nordanvind AB"))
    insyn("party", "rescreen")
    put_in_force(desk, tmp_path, "own", entry("O2", "Sunnanvind AB"))
    insyn("party", "rescreen")
    assert list((tmp_path / "index").glob(".changes-*")) == []


def test_import_adds_screens_and_tells(desk: Desk, tmp_path: Path) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    file = tmp_path / "customers.csv"
    file.write_text("id,name,country\nc-1,Nordanvind AB,SE\nc-2,Brusande Fors KB,SE\n", "utf-8")
    done = insyn("party", "import", str(file), "--json")
    assert done.code == 1
    assert (done.json["new"], done.json["bad_rows"]) == (2, [])
    assert done.json["screening"]["worse"] == 1
    again = insyn("party", "import", str(file))
    assert again.code == 0
    assert "0 new, 0 changed, 2 as known" in again.out

    file.write_text("id,name,country\nc-2,Nordanvind AB,SE\n", "utf-8")
    assert insyn("party", "import", str(file)).code == 1
    assert insyn("party", "history", "c-2", "--json").json[-1]["because"] == "party changed"
    assert len(insyn("party", "list", "--json").out.splitlines()) == 2


def test_rows_that_cannot_be_parties_are_told_and_the_rest_is_imported(
    desk: Desk, tmp_path: Path
) -> None:
    put_in_force(desk, tmp_path, "own", entry("O1", "Nordanvind AB"))
    file = tmp_path / "customers.csv"
    file.write_text(
        "id,name\nc-1,Brusande Fors KB\nc-2,\n,Utan Nummer AB\nc-1,Samma Nummer AB\n", "utf-8"
    )
    done = insyn("party", "import", str(file), "--json")
    assert done.code == 1
    assert done.json["new"] == 1
    assert done.json["bad_rows"] == [
        "line 3: the name is empty; it was left out",
        "line 4: no id; a known party is found again by its own id",
        "id 'c-1' stands twice in the file; the first row was kept",
    ]
    assert insyn("party", "show", "c-1", "--json").json["name"] == "Brusande Fors KB"
    # Neither names nor anything else of a row is repeated in a message.
    told = insyn("party", "import", str(file)).err
    assert "line 3" in told
    assert "Nummer" not in told


def test_a_file_that_is_no_table_imports_nothing(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("who,where\nNordanvind AB,SE\n", "utf-8")
    assert insyn("party", "import", str(file)).code == 1
    assert insyn("party", "list").out == "no known party\n"


def test_imported_parties_stay_though_there_is_no_list_to_screen_against(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("id,name\nc-1,Nordanvind AB\n", "utf-8")
    done = insyn("party", "import", str(file))
    assert done.code == 3
    assert "1 new" in done.out
    assert "no list is in force" in done.err
    assert insyn("party", "show", "c-1", "--json").json["note"] == "not screened yet"
