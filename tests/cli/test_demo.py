"""`insyn demo`, on the bundled samples."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn

from insyn.base.clock import system_clock
from insyn.base.config import DataDirectory
from insyn.site.directory import site_directory
from insyn.site.store import open_site
from insyn.trust.people import signing_in
from insyn.trust.people.passwords import Passwords


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without real data beside it."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("INSYN_SHARED", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def signs_in(folder: str, name: str, password: str) -> bool:
    with open_site(site_directory(DataDirectory(root=Path(folder)))) as store:
        secret, _ = signing_in.sign_in(
            store.writing, name, password, source="test", passwords=Passwords(), now=system_clock()
        )
    return secret is not None


def test_the_tour_screens_the_samples_and_explains_every_match() -> None:
    done = insyn("demo", "--without-site")
    assert done.code == 0
    for part in ("un-xml", "plain-csv", "in force"):
        assert part in done.out
    for outcome in ("MATCH", "REVIEW", "CLEAR"):
        assert outcome in done.out
    assert "not screened" in done.out  # the row without a name
    assert "+ birth date" in done.out
    assert "refused sample" not in done.out
    # Nobody waits in silence, at a terminal or not: what takes long is said before it is done.
    lists, index = done.out.index("reading 2 lists ..."), done.out.index("building the index")
    assert lists < done.out.index("un-xml") < index < done.out.index("MATCH")


def test_the_tour_decides_a_deal_by_two_people_and_shows_what_is_refused() -> None:
    done = insyn("demo", "--without-site")
    told = " ".join(done.out.split())
    for part in (
        "CONDITIONS arena",
        "INVESTIGATE town",
        "anna votes yes: refused",
        "pia votes yes: agrees; the case is approved_with_conditions",
        "valid signed by per and pia",
        "refused signed by per alone",
        "refused camera cap changed",
        "CONDITIONS ten days ago",
        "The approval has lapsed",
    ):
        assert part in told
    folder = ("--data", ".demo")
    assert insyn(*folder, "ledger", "show").code == 0
    assert insyn(*folder, "case", "show", "arena").code == 0


def test_the_permit_that_the_tour_keeps_is_valid_today() -> None:
    assert insyn("demo", "--without-site").code == 0
    (permit,) = Path(".demo/trust/permits").iterdir()
    done = insyn("--data", ".demo", "permit", "verify", str(permit))
    assert (done.code, done.out.split(":")[0]) == (0, "valid")


def test_the_tour_runs_a_site_and_its_sections_are_numbered_without_a_gap() -> None:
    done = insyn("demo")
    told = " ".join(done.out.split())
    for part in (
        "making the site: keys, passwords, a vault, four cameras ...",
        "nobody is there yet: the shields look at the empty place ...",
        "4 of 4 shields know their empty scene",
        "stopping the site; recordings are closed ...",
        "Can ines look now? refused",
        "cora agrees too",
        "ines points at somebody",
        "with one bit flipped: refused",
        "sign in as oskar",
        "ines (asks for releases)",
        "the line in .demo/password",
    ):
        assert part in told
    verified = re.findall(r"^  insyn (export verify .*)\n(\w+)", done.out, flags=re.MULTILINE)
    assert [said for _, said in verified] == ["verified"] * 2
    for command, _ in verified:
        assert insyn(*command.split()).code == 0, command
    for made in ("export-one-person.zip", "export.zip", "export-altered.zip", "masked.png"):
        assert stat.S_IMODE(Path(".demo", made).stat().st_mode) == 0o600, made
    for sheet in ("masked.png", "one-person.png"):
        assert Path(".demo", sheet).stat().st_size > 10_000
        assert stat.S_IMODE(Path(".demo", sheet).stat().st_mode) == 0o600
    password = Path(".demo/password").read_text("utf-8").strip()
    assert password not in done.out
    assert signs_in(".demo", "ines", password)
    numbers = [int(n) for n in re.findall(r"^─+ (\d+)\. ", done.out, flags=re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 8


def test_the_tour_keeps_its_data_in_its_own_folder_and_empties_it_first() -> None:
    folder = Path("tour")
    folder.mkdir()
    (folder / "left-behind").write_text("x")
    assert insyn("demo", "--without-site", "--folder", str(folder)).code == 0
    assert not (folder / "left-behind").exists()
    assert insyn("--data", str(folder), "lists", "status", "--json").code == 0


def test_what_the_tour_offers_next_works() -> None:
    done = insyn("demo", "--without-site")
    assert "--data .demo screen" in done.out
    assert insyn("--data", ".demo", "screen", "Quartzwell Optics").code == 1
    assert insyn("compare", "Sergei Lavrov", "Сергей Лавров").code == 0


def test_the_users_own_data_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "own"))
    assert insyn("demo", "--without-site").code == 0
    assert not (tmp_path / "own").exists()
