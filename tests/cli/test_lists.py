"""`insyn lists` as a user runs it: what it prints, what it ends with, what it leaves behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.list_files import un_list
from tests.support.publisher import Asked, Publisher, body, hang, publishing, status
from tests.support.run_insyn import insyn

from insyn.base.canonical import Json
from insyn.cli.list_texts import print_entry
from insyn.office.lists.sources import SOURCES

GOOD = un_list(20, "2026-11-01")
NEWER = un_list(21, "2026-11-10")
LIMITED = (
    "import resource, sys; from insyn.cli.main import main; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2); main()"
)


@pytest.fixture(autouse=True)
def _data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    with publishing() as found:
        monkeypatch.setenv("INSYN_LIST_URL_UN", f"{found.url}/list.xml")
        yield found


def saved(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def watch(path: Path, *names: str) -> str:
    rows = "".join(f"W-{name},{name}\n" for name in names)
    return saved(path, f"reference,name\n{rows}".encode())


def names_in_force(list_id: str = "un") -> int:
    (found,) = (s for s in insyn("lists", "status", "--json").json["lists"] if s["list"] == list_id)
    return int(found["entries"])


def test_several_files_are_imported_in_one_go(tmp_path: Path) -> None:
    ran = insyn(
        "lists", "import", saved(tmp_path / "un.xml", GOOD), watch(tmp_path / "own.csv", "Alpha")
    )
    assert ran.code == 0
    assert "un: 20 records read, 20 entries, published 2026-11-01 (un-xml)" in ran.out
    assert "own: 1 record read, 1 entry (plain-csv)" in ran.out


def test_folder_stands_for_the_files_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    assert insyn("lists", "import", str(folder)).code == 2
    saved(folder / "un.xml", GOOD)
    saved(folder / "page.xml", b"<html>Sign in</html>")
    ran = insyn("lists", "import", str(folder))
    assert ran.code == 1
    assert "in force   un" in ran.out
    assert "refused    page.xml: page.xml is a web page" in ran.out


def test_missing_file_imports_nothing(tmp_path: Path) -> None:
    ran = insyn("lists", "import", saved(tmp_path / "un.xml", GOOD), str(tmp_path / "none.xml"))
    assert ran.code == 2
    assert "none.xml" in ran.err
    assert insyn("lists", "status", "--json").json == {"lists": []}


def test_format_can_be_named(tmp_path: Path) -> None:
    file = watch(tmp_path / "own.csv", "Alpha")
    assert insyn("lists", "import", file, "--as", "plain-csv", "--list", "ours").code == 0
    assert names_in_force("ours") == 1
    ran = insyn("lists", "import", file, "--as", "nonsense")
    assert ran.code == 2
    assert "known are" in ran.err


def test_import_tells_programs_the_same(tmp_path: Path) -> None:
    page = saved(tmp_path / "page.xml", b"<html>Sign in</html>")
    ran = insyn("lists", "import", saved(tmp_path / "un.xml", GOOD), page, "--json")
    assert ran.code == 1
    (taken,) = ran.json["imports"]
    assert (taken["list"], taken["outcome"], taken["entries"]) == ("un", "in force", 20)
    assert [item["file"] for item in ran.json["refused_files"]] == ["page.xml"]


def test_status_names_what_is_degraded_and_what_is_missing(
    tmp_path: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No list is in force yet" in insyn("lists", "status").out
    monkeypatch.delenv("INSYN_EU_TOKEN", raising=False)
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    publisher.publish(status(404))
    ran = insyn("lists", "update", "un", "eu-fsf")
    assert ran.code == 3
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [
        "failed     un", "failed     eu-fsf",
    ]  # fmt: skip
    told = insyn("lists", "status").out
    assert "un: degraded: update failed: 127.0.0.1 answered 404" in told
    assert "eu-fsf: nothing in force: update failed: the publisher gives eu-fsf only" in told
    degraded, missing = insyn("lists", "status", "--json").json["lists"]
    assert (degraded["list"], degraded["entries"]) == ("un", 20)
    assert "404" in degraded["degraded"]
    assert (missing["list"], missing["snapshot"]) == ("eu-fsf", None)


def test_entry_is_shown_for_people_and_programs(tmp_path: Path) -> None:
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    assert (
        "ZÉPHYRIN QUARTZ 3  (use primary, script Latn)"
        in insyn("lists", "show", "un", "SAi.003").out
    )
    assert insyn("lists", "show", "un", "SAi.003", "--json").json["reference"] == "SAi.003"
    assert insyn("lists", "show", "un", "SAi.003", "--source").out.startswith("<INDIVIDUAL>")
    assert insyn("lists", "show", "un", "SAi.999").code == 1
    assert insyn("lists", "show", "nothing", "SAi.003").code == 2


@pytest.mark.parametrize(
    ("item", "told"),
    [
        ({"earliest": "1961-05-04", "latest": "1961-05-04", "text": "1961-05-04"}, "1961-05-04"),
        (
            {"earliest": "1961-05-04", "latest": "1961-05-04", "text": "4 May 1961"},
            "4 May 1961  (1961-05-04)",
        ),
        ({"earliest": "1961-05-04", "latest": "1961-05-04"}, "1961-05-04"),
        ({"earliest": "1961-01-01", "latest": "1961-12-31", "text": "1961"}, "1961"),
        (
            {"earliest": "1961-01-01", "latest": "1962-12-31", "text": "1961 or 1962"},
            "1961 or 1962  (earliest 1961-01-01, latest 1962-12-31)",
        ),
        (
            {
                "earliest": "1961-01-01",
                "latest": "1961-12-31",
                "approximate": True,
                "text": "c. 1961",
            },
            "c. 1961  (earliest 1961-01-01, latest 1961-12-31, approximate)",
        ),
    ],
)
def test_birth_date_is_told_as_a_span_only_where_it_is_one(
    capsys: pytest.CaptureFixture[str], item: dict[str, Json], told: str
) -> None:
    print_entry({"birth_dates": [item]})
    assert capsys.readouterr().out.splitlines() == ["birth dates", f"  {told}"]


def test_listed_text_cannot_move_the_cursor(tmp_path: Path) -> None:
    insyn("lists", "import", watch(tmp_path / "own.csv", "Alpha\x1b[2J"))
    reference = insyn("lists", "diff", "own", "--json")
    assert reference.code == 2
    shown = insyn("lists", "show", "own", "W-Alpha\x1b[2J").out
    assert "Alpha" in shown
    assert "\x1b" not in shown


def test_difference_of_two_snapshots(tmp_path: Path) -> None:
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    assert "no snapshot before" in insyn("lists", "diff", "un").err
    insyn("lists", "import", saved(tmp_path / "un.xml", NEWER))
    ran = insyn("lists", "diff", "un", "2026-11-01", "2026-11-10")
    assert ran.out.splitlines() == [
        "un, 2026-11-01 to 2026-11-10: 1 added, 0 removed, 0 changed",
        "+ SAi.020  ZÉPHYRIN QUARTZ 20",
    ]
    assert insyn("lists", "diff", "un").out == ran.out
    found = insyn("lists", "diff", "un", "--json").json
    assert [item["entry"] for item in found["added"]] == ["SAi.020"]
    assert insyn("lists", "diff", "un", "1999-01-01").code == 2


def test_update_prints_a_line_and_its_json(publisher: Publisher) -> None:
    publisher.publish(body(GOOD, etag='"v1"'))
    first = insyn("lists", "update", "un")
    assert (first.code, first.err) == (0, "")
    assert first.out.startswith("in force   un: 20 records read, 20 entries")
    (again,) = insyn("lists", "update", "un", "--json").json["updates"]
    assert again["outcome"] == "unchanged"
    assert insyn("lists", "update", "nothing").code == 2


def test_refused_update_ends_with_1(publisher: Publisher) -> None:
    publisher.publish(body(b"<html>Sign in</html>"))
    assert insyn("lists", "update", "un").code == 1


def test_without_a_network_every_list_says_so(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for source in SOURCES:
        name = source.id.upper().replace("-", "_")
        monkeypatch.setenv(f"INSYN_LIST_URL_{name}", f"{publisher.url}/gone")
    ran = insyn("lists", "update")
    assert ran.code == 3
    assert [line.split(":")[0] for line in ran.out.splitlines()] == [
        f"failed     {source.id}" for source in SOURCES
    ]


def test_interrupted_update_leaves_all_as_it_was(tmp_path: Path, publisher: Publisher) -> None:
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    before = insyn("lists", "status", "--json").out
    asked = threading.Event()

    def tell_and_hang(request: Asked) -> None:
        asked.set()
        hang(request)

    publisher.publish(tell_and_hang)
    command = [sys.executable, "-m", "insyn.cli.main", "lists", "update", "un"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in out + err
    assert insyn("lists", "status", "--json").out == before


@pytest.mark.parametrize("room", [2000, 100], ids=["full at the download", "full altogether"])
def test_full_disk_leaves_the_good_list(tmp_path: Path, publisher: Publisher, room: int) -> None:
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    publisher.publish(body(NEWER))
    command = [sys.executable, "-c", LIMITED, str(room), "lists", "update", "un"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 3
    assert ran.stdout.startswith("failed     un: File too large")
    assert names_in_force() == 20
    assert not list((tmp_path / "data").rglob(".snapshot-*"))
    assert insyn("lists", "update", "un").code == 0
    assert names_in_force() == 21


def test_full_disk_fails_an_import_in_words(tmp_path: Path) -> None:
    insyn("lists", "import", saved(tmp_path / "un.xml", GOOD))
    newer = saved(tmp_path / "newer.xml", NEWER)
    command = [sys.executable, "-c", LIMITED, "100", "lists", "import", newer]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 3
    assert "free some space" in ran.stderr
    assert names_in_force() == 20


def test_terminal_shows_a_bar_and_then_only_the_lines(publisher: Publisher) -> None:
    publisher.publish(body(GOOD))
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm"}
    command = [sys.executable, "-m", "insyn.cli.main", "lists", "update", "un"]
    ran = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, env=environ, timeout=60, check=False
    )
    os.close(theirs)
    drawn = os.read(ours, 1 << 16)
    os.close(ours)
    assert b"\x1b[" in drawn
    assert ran.stdout.startswith(b"in force   un: 20 records read")
