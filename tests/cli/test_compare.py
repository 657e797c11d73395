"""`insyn compare`, two names and files of pairs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn


def test_two_names_in_json_have_score_class_and_tokens() -> None:
    done = insyn("compare", "Zebulon Quartzwell", "Quartzwell, Zebulon", "--json")
    assert done.code == 0
    assert set(done.json) == {"score", "class", "tokens"}
    assert done.json["score"] >= 0.95
    assert done.json["class"] == "exact"
    assert all(set(token) == {"first", "second", "score", "how"} for token in done.json["tokens"])


def test_two_names_for_people_say_whether_a_human_looks() -> None:
    over = insyn("compare", "Zebulon Quartzwell", "Zebulon Quartzwel")
    under = insyn("compare", "Zebulon Quartzwell", "Marvolio Tsindrakis")
    assert (over.code, under.code) == (0, 0)
    assert "a human looks" in over.out
    assert "below the bar" in under.out


def test_the_order_of_the_two_names_does_not_matter() -> None:
    one = insyn("compare", "Zebulon Quartzwell", "Z. Quartzwel", "--json").json["score"]
    two = insyn("compare", "Z. Quartzwel", "Zebulon Quartzwell", "--json").json["score"]
    assert one == two


@pytest.mark.parametrize("flag", [(), ("--json-lines",), ("--json",)])
def test_every_pair_of_a_file_is_one_object_in_order(tmp_path: Path, flag: tuple[str, ...]) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(
        "label,schema;x,name2,name1\n"
        "1,Person,Zebulon Quartzwell,Zebulon Quartzwell\n"
        "0,Person,Marvolio Tsindrakis,Zebulon Quartzwell\n"
        "1,Company,Quartzwell Optics Ltd,Quartzwell Optics Limited\n"
        "0,,,\n",
        encoding="utf-8",
    )
    done = insyn("compare", "--file", str(pairs), *flag)
    assert done.code == 0
    scores = [json.loads(line)["score"] for line in done.out.splitlines()]
    assert len(scores) == 4
    assert [score >= 0.7 for score in scores] == [True, False, True, False]


def test_a_file_gives_the_score_that_two_names_give(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("name1;name2;schema\nИскандер Вольтурнов;Iskander Volturnov;Person\n", "utf-8")
    alone = insyn(
        *("compare", "Искандер Вольтурнов", "Iskander Volturnov", "--kind", "person", "--json")
    )
    assert json.loads(insyn("compare", "--file", str(pairs)).out) == alone.json


def test_a_broken_pair_is_told_by_its_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text('name1,name2\n"A B,C\nAda Example,Ada Example\n', "utf-8")
    done = insyn("compare", "--file", str(pairs), "--json-lines")
    broken, whole = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert broken["line"] == 2
    assert whole["score"] == 1.0
    assert "row 2" in done.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("compare", "Ada Example"), 2, "two names"),
        (("compare", "A", "B", "--kind", "planet"), 2, "--kind"),
        (("compare", "--file", "nowhere.csv"), 2, "there is no file"),
    ],
)
def test_wrong_use_says_what_is_wrong(words: tuple[str, ...], code: int, says: str) -> None:
    done = insyn(*words)
    assert done.code == code
    assert says in done.err


def test_a_file_without_the_two_columns_is_refused(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b\nAda,Ada\n", "utf-8")
    done = insyn("compare", "--file", str(pairs))
    assert (done.code, done.out) == (1, "")
    assert "name1 and name2" in done.err
