"""`insyn screen`, one name and customer files, on invented lists."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.run_insyn import Ran, insyn
from tests.support.small_lists import put_in_force, write_list

Run = Callable[..., Ran]

ROW = {"id", "name", "outcome", "matches", "manifest"}
MATCH = {"list", "entry", "name", "class", "score", "supports", "contradicts", "tokens"}


@pytest.fixture(autouse=True)
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("INSYN_DATABASE_URL", raising=False)
    put_in_force(tmp_path / "data", write_list(tmp_path))
    return tmp_path


def file(folder: Path, content: str | bytes) -> str:
    path = folder / "customers.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


# `Any`: JSON lines of shapes that the tests assert.
def lines(done: Ran) -> list[Any]:
    return [json.loads(line) for line in done.out.splitlines()]


def screened(folder: Path, content: str | bytes) -> list[Any]:
    """The rows of a batch, without the manifest line."""
    return lines(insyn("screen", "--file", file(folder, content), "--json-lines"))[1:]


def test_a_batch_begins_with_the_manifest_and_then_has_one_object_a_row_in_order(
    lists: Path,
) -> None:
    done = insyn(
        *("screen", "--json-lines", "--file"),
        file(lists, "id,name\nc2,Zebulon Quartzwell\nc1,Ada Example\nc3,Harbinger Lens Company\n"),
    )
    assert done.code == 1
    manifest, *rows = [json.loads(line) for line in done.out.splitlines()]
    assert next(iter(manifest)) == "manifest"
    assert len(manifest["manifest"]) == 64
    (listed,) = manifest["lists"]
    assert {"list", "snapshot", "entries", "degraded"} == set(listed)
    assert (listed["list"], listed["entries"]) == ("watch", 6)
    assert [row["id"] for row in rows] == ["c2", "c1", "c3"]
    assert [row["outcome"] for row in rows] == ["review", "clear", "review"]
    for row in rows:
        assert set(row) - {"degraded"} == ROW
        assert row["manifest"] == manifest["manifest"]


def test_a_match_names_the_entry_by_the_lists_own_reference_and_shows_its_reasons(
    lists: Path,
) -> None:
    (row,) = screened(lists, "id,name,birth_date,country\n7,Zebulon Quartzwell,1961-05-09,FR\n")
    assert row["outcome"] == "match"
    match = row["matches"][0]
    assert set(match) >= MATCH
    assert (match["list"], match["entry"]) == ("watch", "W-1")
    assert match["name"] == "Zebulon Quartzwell"
    assert match["class"] == "exact"
    assert 0.7 <= match["score"] <= 1.0
    assert match["supports"] == ["birth date 1961-05-09", "country FR"]
    assert match["contradicts"] == []
    assert match["tokens"]


@pytest.mark.parametrize(
    ("header", "row", "why"),
    [
        ("id,name,kind,country,birth_date", "1,{},person,FR,1961-05-09", "the usual order"),
        ("birth_date,country,name,id", "1961-05-09,France,{},1", "another order, English name"),
        ("ID,Name,Schema,Country", "1,{},Person,fr", "capitals, a schema, a small code"),
        ("id,shoe size,name,notes,country", "1,44,{},x,FRA", "unknown columns, alpha-3"),
        ("name,country,date_of_birth", "{},FR,09/05/1961", "no id, a date with the day first"),
        ("id,name,country,dob", "1,{},FR,9 May 1961", "a date in words"),
        ("id,name,nationality,birth_date", "1,{},FR,1961", "only a year"),
    ],
)
def test_columns_are_known_by_name(lists: Path, header: str, row: str, why: str) -> None:
    (found,) = screened(lists, f"{header}\n{row.format('Zebulon Quartzwell')}\n")
    assert found["outcome"] == "match", why
    assert "country FR" in found["matches"][0]["supports"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"id;name;country\n1;Zebulon Quartzwell;FR\n", "semicolons"),
        ("\ufeffid,name,country\r\n1,Zebulon Quartzwell,FR\r\n".encode(), "byte-order mark"),
        ("id\tname\tcountry\r\n1\tZebulon Quartzwell\tFR\r\n".encode("utf-16"), "Unicode text"),
        ("id,name,country,x\n1,Zebulon Quartzwell,FR,Zoë\n".encode("cp1252"), "Windows-1252"),
        (b'id,name,country\n1,"Zebulon\nQuartzwell",FR\n', "a line break in the name"),
    ],
)
def test_files_are_read_as_people_save_them(lists: Path, content: bytes, why: str) -> None:
    (found,) = screened(lists, content)
    assert (found["id"], found["outcome"]) == ("1", "match"), why


def test_a_bad_row_is_told_by_its_line_and_the_rest_goes_on(lists: Path) -> None:
    content = 'id,name\n1,Ada Example\n2,\n3,"Otto Muster\n4,Ada Example\n5,' + "x" * 2000 + "\n"
    done = insyn("screen", "--file", file(lists, content), "--json-lines")
    rows = [json.loads(line) for line in done.out.splitlines()][1:]
    assert done.code == 1
    assert [row.get("outcome", row.get("line")) for row in rows] == ["clear", 3, 4, "clear", 6]
    assert [row["id"] for row in rows] == ["1", "2", "row-4", "4", "5"]
    assert all(row["error"] for row in rows if "outcome" not in row)
    assert [text.partition(":")[0] for text in done.err.splitlines()] == ["row 3", "row 4", "row 6"]
    assert "Otto" not in done.err


def test_repeated_ids_are_rows_of_their_own(lists: Path) -> None:
    rows = screened(lists, "id,name\n1,Ada Example\n1,Zebulon Quartzwell\n")
    assert [(row["id"], row["outcome"]) for row in rows] == [("1", "clear"), ("1", "review")]


def test_a_row_without_an_id_is_called_by_its_line(lists: Path) -> None:
    assert screened(lists, "name\nAda Example\n")[0]["id"] == "row-2"


@pytest.mark.parametrize("name", ["???", "- -", "!!!", "…"])
def test_a_name_that_cannot_be_compared_is_not_silently_clear(lists: Path, name: str) -> None:
    (row,) = screened(lists, f"id,name\n1,{name}\n")
    assert (row["outcome"], row["matches"]) == ("review", [])
    assert "no letters" in row["note"]


def test_a_listed_identifier_is_a_match_under_another_name(lists: Path) -> None:
    (row,) = screened(lists, "id,name,identifier\n1,Ada Example,xq-1234567\n")
    assert row["outcome"] == "match"
    assert (row["matches"][0]["class"], row["matches"][0]["entry"]) == ("identifier", "W-1")
    assert row["matches"][0]["contradicts"] == ["name"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("1,Ada Example\n2,Otto Muster\n", "no column called name"),
        ("id,naam\n", "no column called name"),
        (b"PK\x03\x04\x00\x00", "no text"),
    ],
)
def test_what_is_no_customer_file_is_refused_before_any_output(
    lists: Path, content: str | bytes, says: str
) -> None:
    done = insyn("screen", "--file", file(lists, content), "--json-lines")
    assert (done.code, done.out) == (1, "")
    assert says in done.err


def test_a_file_of_only_a_header_is_clear(lists: Path) -> None:
    done = insyn("screen", "--file", file(lists, "id,name\n"), "--json-lines")
    assert done.code == 0
    assert len(done.out.splitlines()) == 1


def test_the_number_of_workers_changes_no_byte(lists: Path) -> None:
    rows = "".join(f"{n},{('Zeb Quartzwel', 'Ada Example', '')[n % 3]}\n" for n in range(2500))
    path = file(lists, "id,name\n" + rows)
    one = insyn("screen", "--file", path, "--json-lines", "--workers", "1")
    two = insyn("screen", "--file", path, "--json-lines", "--workers", "2")
    assert one.out == two.out
    assert len(one.out.splitlines()) == 2501


def test_one_name_in_json_has_the_fields_of_a_row_and_the_lists() -> None:
    done = insyn("screen", "Zebulon Quartzwell", "--birth-date", "1961", "--json")
    assert done.code == 1
    assert set(done.json) >= ROW | {"lists"}
    assert done.json["outcome"] == "match"
    assert done.json["matches"][0]["entry"] == "W-1"


def test_one_name_for_people_shows_what_speaks_for_and_against() -> None:
    done = insyn("screen", "Zebulon Quartzwell", "--country", "Germany", "--kind", "person")
    assert done.code == 1
    assert done.out.startswith("REVIEW")
    assert "- country FR, not DE" in done.out
    assert insyn("screen", "Ada Example").code == 0


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "a name or --file"),
        (("Ada", "--file", "x.csv"), 2, "a name or --file"),
        ((" ",), 2, "empty"),
        (("Ada", "--kind", "planet"), 2, "--kind"),
        (("Ada", "--country", "Atlantis"), 2, "--country"),
        (("Ada", "--birth-date", "soon"), 2, "--birth-date"),
        (("--file", "nowhere.csv"), 2, "there is no file"),
    ],
)
def test_wrong_use_says_what_is_wrong(words: tuple[str, ...], code: int, says: str) -> None:
    done = insyn("screen", *words)
    assert done.code == code
    assert says in done.err


def test_an_unknown_engine_is_wrong_use(lists: Path) -> None:
    done = insyn("screen", "--file", file(lists, "name\nAda\n"), "--engine", "steam")
    assert done.code == 2
    assert "local, ray" in done.err


def test_without_a_list_nobody_is_cleared(tmp_path: Path) -> None:
    done = insyn("screen", "Ada Example", "--data", str(tmp_path / "empty"))
    assert done.code == 3
    assert "no list is in force" in done.err


def test_a_degraded_list_is_told_on_every_result(lists: Path) -> None:
    shrunk = write_list(lists, rows=("W-1,Zebulon Quartzwell,,person,FR,,",))
    assert insyn("lists", "import", str(shrunk)).code == 1
    (row,) = screened(lists, "id,name\n1,Ada Example\n")
    assert row["degraded"] == ["watch"]
    assert "degraded: watch" in insyn("screen", "Ada Example").out
