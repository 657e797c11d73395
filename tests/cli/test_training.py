"""`insyn training`: taken at the terminal, recorded by another, and told where it is missing."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.cli_people import People
from tests.support.run_insyn import Ran, insyn

from insyn.office.diligence.commitments.modules import modules, paper
from insyn.trust.people.duties import Role

ROLES = {"per": Role.APPROVER, "olle": Role.EXPORT_OFFICER, "ulla": Role.AUDITOR}
MODULE = modules()["unknown-is-not-best"]


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setenv("INSYN_DATA", str(tmp_path / "data"))
    return People(tmp_path / "data", ROLES, monkeypatch)


def take(patch: pytest.MonkeyPatch, *, wrong: int, seed: int = 7) -> Ran:
    lines = []
    for number, question in enumerate(paper(MODULE, seed=seed)):
        right = question.answers.index(question.right) + 1
        lines.append(str(right if number >= wrong else right % len(question.answers) + 1))
    # What is no answer is asked again, and costs nothing.
    patch.setattr(sys, "stdin", io.StringIO("\n".join(["99", *lines]) + "\n"))
    return insyn("training", "take", MODULE.id, "--seed", str(seed), "--json")


def test_four_of_five_right_answers_pass(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.call("per")
    done = take(monkeypatch, wrong=1)
    assert done.code == 0, done.err
    assert done.out.startswith("{")  # the questions are on stderr, blanks and all
    assert (done.json["score_percent"], done.json["how"]) == (80, "taken")
    assert done.json["person"] == people.ids["per"]
    told = insyn("training", "status", "--json")
    assert told.code == 1
    counts = {each["module"] for each in told.json["modules"] if not each["why_not"]}
    assert counts == {MODULE.id}


def test_three_do_not_and_nothing_is_kept(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    people.call("per")
    done = take(monkeypatch, wrong=2)
    assert (done.code, "not with 60 %" in done.err) == (1, True)
    wrong = [line for line in done.err.splitlines() if line.startswith("not right: ")]
    assert [line.split(". ", 1)[1] for line in wrong] == [q.text for q in paper(MODULE, seed=7)[:2]]
    assert "not taken" in insyn("training", "status").out


def test_a_trainer_records_anothers_and_not_their_own(people: People) -> None:
    people.call("olle")
    day = ("--on", datetime.now(tz=UTC).date().isoformat())
    assert insyn("training", "record", "olle", MODULE.id, *day).code == 1
    done = insyn("training", "record", "per", MODULE.id, *day, "--json")
    assert (done.code, done.json["how"]) == (0, "recorded")
    people.call("per")
    assert insyn("training", "record", "olle", MODULE.id, *day).code == 1


def test_a_company_adds_a_module_of_its_own(people: People, tmp_path: Path) -> None:
    people.call("olle")
    file = tmp_path / "own.md"
    file.write_text(
        '---\nid: our-own\nversion: "1.0"\ntitle: Ours\nrequired_for: [auditor]\n'
        "validity_months: 3\n---\nText.\n\n## Right?\n\n- [x] Yes.\n- [ ] No.\n"
    )
    assert insyn("training", "add", str(file)).code == 0
    assert len(insyn("training", "list", "--json").out.splitlines()) == len(modules()) + 1
    people.call("ulla")
    done = insyn("training", "status", "--json")
    assert (done.code, done.json["modules"][0]["why_not"]) == (1, "not taken")
