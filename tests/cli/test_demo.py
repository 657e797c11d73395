"""`insyn demo`, on the bundled samples."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.run_insyn import insyn


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without real data beside it."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.delenv("INSYN_SHARED", raising=False)
    monkeypatch.setenv("COLUMNS", "200")


def test_the_tour_screens_the_samples_and_explains_every_match() -> None:
    done = insyn("demo")
    assert done.code == 0
    for part in ("un-xml", "plain-csv", "in force"):
        assert part in done.out
    for outcome in ("MATCH", "REVIEW", "CLEAR"):
        assert outcome in done.out
    assert "not screened" in done.out  # the row without a name
    assert "+ birth date" in done.out
    assert "refused sample" not in done.out


def test_the_tour_decides_a_deal_by_two_people_and_shows_what_is_refused() -> None:
    done = insyn("demo")
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


def test_the_tour_keeps_its_data_in_its_own_folder_and_empties_it_first() -> None:
    folder = Path("tour")
    folder.mkdir()
    (folder / "left-behind").write_text("x")
    assert insyn("demo", "--folder", str(folder)).code == 0
    assert not (folder / "left-behind").exists()
    assert insyn("--data", str(folder), "lists", "status", "--json").code == 0


def test_what_the_tour_offers_next_works() -> None:
    done = insyn("demo")
    assert "--data .demo screen" in done.out
    assert insyn("--data", ".demo", "screen", "Quartzwell Optics").code == 1
    assert insyn("compare", "Sergei Lavrov", "Сергей Лавров").code == 0


def test_the_users_own_data_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "own"))
    assert insyn("demo").code == 0
    assert not (tmp_path / "own").exists()
