"""`insyn product`: a catalogue, classes that one person does not lower, notices that hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.cli_people import People
from tests.support.run_insyn import insyn

from insyn.trust.people.duties import Role

ROLES = {
    "anna": Role.ANALYST,
    "olle": Role.EXPORT_OFFICER,
    "per": Role.APPROVER,
}


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    return People(tmp_path / "data", ROLES, monkeypatch)


def classify(export_class: str, *more: str) -> tuple[str, ...]:
    day = datetime.now(tz=UTC).date().isoformat()
    said = ("--because", "Looked at.", "--by", "the export officer", "--source", "data sheet 7")
    return ("product", "classify", "P-12", export_class, *said, "--on", day, *more, "--json")


def test_a_file_comes_in_and_a_bad_row_costs_itself_alone(people: People, tmp_path: Path) -> None:
    people.call("anna")
    file = tmp_path / "products.csv"
    file.write_text(
        "id,name,kind,maker,capabilities\n"
        "P-12,Påhitt P-12 dome,camera,Påhitt AB,masking | night\n"
        "P-13,Påhitt P-13,toaster,,\n"
        "S-1,Påhitt Station,software,,\n"
    )
    done = insyn("product", "import", str(file), "--json")
    assert (done.code, done.json["products"], done.json["changed"]) == (1, 2, 2)
    assert "line 3: kind is one of" in done.json["problems"][0]
    shown = insyn("product", "show", "P-12", "--json").json
    assert shown["capabilities"] == ["masking", "night"]
    assert (shown["class"], shown["history"]) == ("unknown", [])
    assert len(insyn("product", "list", "--class", "unknown", "--json").out.splitlines()) == 2


def test_a_class_is_lowered_by_two_people_alone(people: People) -> None:
    people.call("anna")
    insyn("product", "add", "P-12", "--name", "Påhitt P-12", "--kind", "camera")
    assert insyn(*classify("listed", "--entry", "5A001.j")).code == 1
    people.call("olle")
    assert insyn(*classify("listed", "--entry", "5A001.j")).json["stands"] is True
    mild = insyn(*classify("non_controlled")).json
    assert mild["stands"] is False
    assert insyn("product", "confirm", str(mild["number"])).code == 1
    assert insyn("product", "show", "P-12", "--json").json["class"] == "listed"
    people.call("per")
    assert insyn("product", "confirm", str(mild["number"])).code == 0
    assert insyn("product", "show", "P-12", "--json").json["class"] == "non_controlled"
    assert "yes" in insyn("product", "show", "P-12").out


def test_a_notice_holds_until_two_people_have_taken_up_its_lifting(
    people: People, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.pdf"
    letter.write_bytes(b"an invented letter")
    day = datetime.now(tz=UTC).date().isoformat()
    people.call("olle")
    added = insyn(
        "product", "notice", "add", "party", "Påhittade Övervakning AB", "--authority", "IIP",
        "--reference", "2026/1", "--received-on", day, "--file", str(letter), "--json",
    )  # fmt: skip
    assert added.code == 0, added.err
    id_ = added.json["id"]
    lift = ("product", "notice", "lift", id_, "--on", day, "--file", str(letter), "--reference")
    assert insyn(*lift, "2026/1").code == 1
    assert insyn(*lift, "2026/9").code == 0
    assert insyn("product", "notice", "confirm", id_).code == 1
    assert insyn("product", "notice", "list", "--json").json["holds"] is True
    people.call("per")
    assert insyn("product", "notice", "confirm", id_).code == 0
    assert insyn("product", "notice", "list").out == "no notice is in force\n"
    assert insyn("product", "notice", "list", "--all", "--json").json["holds"] is False
    assert len(list((tmp_path / "data" / "evidence").iterdir())) == 1


def test_nobody_is_refused_before_anything_is_kept(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSYN_TOKEN", "nonsense")
    done = insyn("product", "add", "P-12", "--name", "x", "--kind", "camera")
    assert (done.code, "unknown, over or revoked" in done.err) == (1, True)
    assert insyn("product", "list").out.startswith("no products")
