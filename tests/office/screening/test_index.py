"""The compiled index on disk: whole or absent, shared, and clear about what is wrong with it."""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.support.listed import born, listed, source

from insyn.base.errors import EnvironmentFailure
from insyn.office.lists.serial import content_digest
from insyn.office.screening.builder import ListSource, index_name
from insyn.office.screening.engine import Screener, build_screener, compile_lists
from insyn.office.screening.index import Index
from insyn.office.screening.model import Subject

ENTRIES = (
    listed("Q1", "Zebulon Quartzwell", births=(born(1961), born(1970, circa=True)), country="FR"),
    listed("Q2", "Marvolio Tsindrakis", "Искандер Вольтурнов"),
)


def lists() -> list[ListSource]:
    return [source("un", *ENTRIES)]


def compiled(root: Path) -> Path:
    folder, _ = compile_lists(lists(), root)
    return folder


def finds(folder: Path) -> bool:
    _, manifest = compile_lists(lists(), folder.parent)
    (found,) = Screener(Index(folder), manifest).screen([Subject(id="1", name=SUBJECT)])
    return [match.entry for match in found.matches] == ["Q1"]


SUBJECT = "Zebulon Quartzwell"


def test_the_same_lists_have_one_index_and_others_another(tmp_path: Path) -> None:
    first = compiled(tmp_path)
    written = (first / "index.json").stat().st_mtime_ns
    assert compiled(tmp_path) == first
    assert (first / "index.json").stat().st_mtime_ns == written
    other, _ = compile_lists([source("un", ENTRIES[0])], tmp_path)
    assert other != first
    assert finds(first)


def test_an_index_is_named_by_its_lists_in_any_order_and_by_their_snapshots() -> None:
    pairs = [("un", "a" * 64), ("own", "b" * 64)]
    assert index_name(pairs) == index_name(pairs[::-1])
    assert index_name(pairs) != index_name([("un", "a" * 64), ("own", "c" * 64)])
    assert index_name(pairs) != index_name([("un", "b" * 64), ("own", "a" * 64)])


def test_two_builds_of_the_same_lists_are_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, two = compiled(tmp_path / "a"), compiled(tmp_path / "b")
    assert one.name == two.name
    files = sorted(path.name for path in one.iterdir())
    assert files == sorted(path.name for path in two.iterdir())
    for name in files:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_a_half_written_index_is_never_used(tmp_path: Path) -> None:
    whole = compiled(tmp_path)
    for path in sorted(whole.iterdir())[: len(list(whole.iterdir())) // 2]:
        path.unlink()
    (whole / "index.json").unlink(missing_ok=True)
    (tmp_path / ".building-left-behind").mkdir()
    assert compiled(tmp_path) == whole
    assert finds(whole)


def test_a_folder_in_building_is_not_taken_for_an_index(tmp_path: Path) -> None:
    whole = compiled(tmp_path)
    whole.rename(tmp_path / ".building-cut")
    assert finds(compiled(tmp_path))


def test_nothing_half_made_stays_when_a_build_fails(tmp_path: Path) -> None:
    def cut() -> object:
        yield ENTRIES[0]
        raise OSError(28, "No space left on device")

    broken = ListSource(list="un", snapshot="a" * 64, entries=cut())  # type: ignore[arg-type]
    with pytest.raises((EnvironmentFailure, OSError)):
        compile_lists([broken], tmp_path)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_processes_that_build_at_once_share_one_index(tmp_path: Path) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        folders = set(pool.map(compiled, [tmp_path] * 4))
    assert len(folders) == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folders.pop().name]
    assert finds(compiled(tmp_path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("index.json", b"{"),
        ("index.json", b""),
        ("names.npy", b"\x93NUMPY cut"),
        ("texts.npy", b"no array"),
    ],
)
def test_a_corrupt_file_is_told_with_what_to_do(tmp_path: Path, name: str, content: bytes) -> None:
    folder = compiled(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(EnvironmentFailure, match=f"{folder.name} cannot be read.*delete"):
        Index(folder)


def test_a_cut_array_is_told_with_what_to_do(tmp_path: Path) -> None:
    folder = compiled(tmp_path)
    path = max(folder.glob("*.npy"), key=lambda found: found.stat().st_size)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(EnvironmentFailure, match="delete that folder"):
        Index(folder)


def test_an_index_keeps_what_a_match_shows(tmp_path: Path) -> None:
    index = Index(compiled(tmp_path))
    assert index.lists == ["un"]
    listed_at, _, reference, countries, _ = index["entries"][0].tolist()
    assert (listed_at, index.text(reference), index.text(countries)) == (0, "Q1", "FR")
    assert bytes(index["digests"][1]).hex() == content_digest(ENTRIES[1])
    assert [approximate for _, _, approximate in index.births(0)] == [False, True]
    assert list(index.births(1)) == []


def test_the_manifest_says_what_was_compiled(tmp_path: Path) -> None:
    screener = build_screener([*lists(), source("own", degraded="cut off")], tmp_path)
    states = screener.manifest.lists
    assert [(s.list, s.entries, s.degraded) for s in states] == [
        ("own", 0, "cut off"),
        ("un", 2, None),
    ]
    head = json.loads((compiled_folder(tmp_path) / "index.json").read_text("utf-8"))
    assert {item["list"]: item["entries"] for item in head["lists"]} == {"own": 0, "un": 2}


def compiled_folder(root: Path) -> Path:
    (folder,) = (path for path in root.iterdir() if path.is_dir())
    return folder
