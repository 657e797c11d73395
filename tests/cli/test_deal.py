"""`insyn deal assess` and `insyn rulebook`, with no office set up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn

from insyn.office.diligence.rulebook import rulebook

ORDINARY = {"id": "N-1", **rulebook().baseline}
HELD = {**ORDINARY, "id": "N-2", "end_user_type": "police_or_public_security", "area": "city"}


def _file(folder: Path, *deals: object) -> str:
    path = folder / "deals.json"
    path.write_text(json.dumps({"deals": deals}), encoding="utf-8")
    return str(path)


def test_one_line_a_deal_in_order(tmp_path: Path) -> None:
    done = insyn("deal", "assess", _file(tmp_path, ORDINARY, HELD), "--json-lines")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 1
    assert [(line["id"], line["outcome"]) for line in lines] == [
        ("N-1", "PASS"),
        ("N-2", "INVESTIGATE"),
    ]
    assert lines[0] == {"id": "N-1", "outcome": "PASS", "rules": [], "unknown": []}


def test_nothing_held_ends_with_0(tmp_path: Path) -> None:
    done = insyn("deal", "assess", _file(tmp_path, ORDINARY), "--json")
    assert (done.code, len(done.json)) == (0, 1)


def test_people_read_why_and_from_where(tmp_path: Path) -> None:
    done = insyn("deal", "assess", _file(tmp_path, HELD))
    assert done.code == 1
    words = " ".join(done.out.split())
    assert "R-10" in words
    assert "met:" in words
    assert "source: US Department of State" in words


def test_a_field_that_cannot_be_read_is_told_and_ends_with_1(tmp_path: Path) -> None:
    done = insyn("deal", "assess", _file(tmp_path, {**ORDINARY, "camera_count": "x"}), "--json")
    assert done.code == 1
    assert "N-1: camera_count" in done.err


def test_a_file_that_is_not_there_or_no_deals_is_refused(tmp_path: Path) -> None:
    assert insyn("deal", "assess", str(tmp_path / "none.json")).code == 3
    bad = tmp_path / "bad.json"
    bad.write_text("{}", encoding="utf-8")
    assert insyn("deal", "assess", str(bad)).code == 1


COMPANY = """
name: nordvik
version: "1"
rules:
  - {id: NV-1, title: Nothing here, condition: cameras >= 0, outcome: INVESTIGATE,
     because: We look at all., since: "1",
     source: {title: Policy, issuer: Nordvik, year: 2026, section: "1"},
     fires: [{camera_count: 1}], rests: [{camera_count: 1}]}
"""


def test_a_companys_rules_count_beside_ours(tmp_path: Path) -> None:
    rules = tmp_path / "ours.yaml"
    rules.write_text(COMPANY, encoding="utf-8")
    done = insyn("deal", "assess", _file(tmp_path, ORDINARY), "--json", "--rules", str(rules))
    assert [rule["id"] for rule in done.json[0]["rules"]] == ["NV-1"]


def test_the_rulebook_in_the_package_is_checked() -> None:
    done = insyn("rulebook", "check")
    assert done.code == 0
    assert "0 wrong" in done.out


def test_a_case_that_does_not_hold_is_shown(tmp_path: Path) -> None:
    rules = tmp_path / "ours.yaml"
    rules.write_text(COMPANY, encoding="utf-8")
    done = insyn("rulebook", "check", str(rules))
    assert done.code == 1
    assert "rule NV-1 fires on its case 1" in done.out


@pytest.mark.parametrize("arguments", [(), ("R-11",), ("R-11", "--json")])
def test_rules_are_shown(arguments: tuple[str, ...]) -> None:
    done = insyn("rulebook", "show", *arguments)
    assert done.code == 0
    assert "R-11" in done.out


def test_a_rule_that_is_not_there_is_wrong_usage() -> None:
    assert insyn("rulebook", "show", "R-999").code == 2


def test_two_rulebooks_are_compared(tmp_path: Path) -> None:
    rules = tmp_path / "ours.yaml"
    rules.write_text(COMPANY, encoding="utf-8")
    assert insyn("rulebook", "diff", str(rules), str(rules)).code == 0
    done = insyn("rulebook", "diff", "1.0.0", str(rules))
    assert done.code == 1
    assert "NV-1 added" in done.out
    assert insyn("rulebook", "diff", "1.0.0", "7.0.0").code == 1
