"""Our rulebook does what its cases say; a malformed or laxer one is refused."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

from insyn.base.errors import Refusal, UnreadableInput
from insyn.office.diligence.facts import FACTS
from insyn.office.diligence.rulebook import CURRENT, Outcome, check, diff, load, merge, rulebook

RULE = """
name: nordvik
version: "3"
rules:
  - id: NV-1
    title: No casinos
    condition: use == "premises" && cameras > 5
    outcome: STOP
    because: We do not sell to them.
    source: {title: Our policy, issuer: Nordvik, year: 2026, section: "2"}
    since: "3"
    fires: [{camera_count: 6}]
    rests: [{camera_count: 5}]
"""


RELEASED = {
    "1.0.0": "3b6af2c6ba21a55541018bc4e0b0708e9fb5382e09605f7fcb47a4eb13c93bf7",
}
"""Rulebooks that have judged somewhere, and the hash of their text: none is ever edited."""


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_every_rule_of_ours_does_in_its_cases_what_it_says(version: str) -> None:
    assert check(rulebook(version)) == []


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_rulebook_is_the_text_it_was(version: str) -> None:
    data = files("insyn.office.diligence").joinpath("data", f"rulebook-{version}.yaml")
    assert hashlib.sha256(data.read_bytes()).hexdigest() == RELEASED[version]


def test_what_builds_on_another_keeps_its_rules_but_for_those_told_anew() -> None:
    old, new = rulebook("1.0.0"), rulebook("1.1.0")
    assert new.base is old
    assert new.baseline == old.baseline
    changed = {rule.id for rule in new.rules if rule.since == "1.1.0"}
    assert {change.id for change in diff(old, new)} == changed
    assert [r for r in new.rules if r.id not in changed] == [
        r for r in old.rules if r.id not in changed
    ]


def test_no_hard_stop_of_an_older_rulebook_is_changed_by_a_newer() -> None:
    for rule in rulebook("1.0.0").rules:
        if rule.outcome is Outcome.STOP:
            assert rule in rulebook("1.1.0").rules


def test_a_rulebook_over_another_text_and_a_companys_that_builds_are_refused() -> None:
    builds = 'builds_on: {version: "1.0.0", sha256: "00"}\nrules: []\n'
    with pytest.raises(UnreadableInput, match="never edited"):
        load(builds, name="rulebook 9.0.0", is_ours=True)
    with pytest.raises(UnreadableInput, match="only ours build"):
        load(builds, name="ours.yaml")


def test_a_rule_raised_before_its_condition_changed_stands_beside_the_new_one() -> None:
    raised = next(rule for rule in rulebook("1.0.0").rules if rule.id == "R-57")
    condition = raised.condition.replace("'", "''")
    text = RULE.replace("NV-1", "R-57").replace(
        'condition: use == "premises" && cameras > 5', f"condition: '{condition}'"
    )  # fmt: skip
    both = merge(rulebook(), load(text, name="ours.yaml"))
    assert {rule.id: rule.outcome for rule in both.rules}["R-57/nordvik"] is Outcome.STOP
    assert next(r for r in both.rules if r.id == "R-57") in rulebook().rules


def test_every_rule_of_ours_has_a_case_on_both_sides_and_a_whole_source() -> None:
    for rule in rulebook().rules:
        assert rule.fires, rule.id
        assert rule.rests, rule.id
        assert rule.source.title, rule.id
        assert set(rule.looks_at) <= set(FACTS)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("outcome: STOP", "outcome: MAYBE", "outcome is one of"),
        ("cameras > 5", "camerass > 5", "names no fact: camerass"),
        ('use == "premises"', 'use == "premisses"', "use is never 'premisses'"),
        ("cameras > 5", "cameras >", "is not CEL"),
        ('use == "premises" && cameras > 5', "cameras + 5", "else than true or false"),
        ('use == "premises" && cameras > 5', "use > 5", "is not CEL"),
        ("rests: [{camera_count: 5}]", "rests: []", "where it rests"),
        ("title: No casinos", "title: ''", "has no title"),
        ("year: 2026, ", "", "source needs"),
        ("because: We do not sell to them.", "because: 5", "has no because"),
    ],
)
def test_a_malformed_rule_is_refused_with_its_line_and_id(old: str, new: str, reason: str) -> None:
    assert old in RULE
    with pytest.raises(UnreadableInput, match=r"line 5, rule NV-1") as refused:
        load(RULE.replace(old, new), name="ours.yaml")
    assert reason in str(refused.value)


@pytest.mark.parametrize("text", ["", "rules: 5", "[1", "name: x"])
def test_a_file_that_is_no_rulebook_is_refused(text: str) -> None:
    with pytest.raises(UnreadableInput):
        load(text, name="ours.yaml")


def test_an_id_that_stands_twice_is_refused() -> None:
    twice = RULE + RULE[RULE.index("  - id") :]
    with pytest.raises(UnreadableInput, match="stands twice"):
        load(twice, name="ours.yaml")


def test_a_case_that_does_not_hold_is_named() -> None:
    wrong = check(load(RULE.replace("fires: [{camera_count: 6}]", "fires: [{camera_count: 4}]"),
                       name="ours.yaml"))  # fmt: skip
    assert wrong == ["line 5, rule NV-1 does not fire on its case 1"]


def test_a_company_adds_rules_beside_ours() -> None:
    both = merge(rulebook(), load(RULE, name="ours.yaml"))
    assert {rule.id for rule in both.rules} == {rule.id for rule in rulebook().rules} | {"NV-1"}
    assert both.version == f"{CURRENT}+nordvik-3"


def _same(rule_id: str, outcome: str) -> str:
    rule = next(rule for rule in rulebook().rules if rule.id == rule_id)
    condition = rule.condition.replace("'", "''")
    return RULE.replace("NV-1", rule_id).replace("outcome: STOP", f"outcome: {outcome}").replace(
        'condition: use == "premises" && cameras > 5', f"condition: '{condition}'"
    )  # fmt: skip


def test_a_company_raises_an_outcome_of_ours() -> None:
    both = merge(rulebook(), load(_same("R-10", "STOP"), name="ours.yaml"))
    assert next(rule for rule in both.rules if rule.id == "R-10").outcome is Outcome.STOP


@pytest.mark.parametrize("rule_id", ["R-01", "R-02", "R-03", "R-11"])
def test_no_rule_of_ours_is_made_laxer(rule_id: str) -> None:
    with pytest.raises(Refusal, match="laxer"):
        merge(rulebook(), load(_same(rule_id, "CONDITIONS"), name="ours.yaml"))


def test_no_rule_of_ours_is_given_another_condition() -> None:
    with pytest.raises(Refusal, match="another condition"):
        merge(rulebook(), load(RULE.replace("NV-1", "R-01"), name="ours.yaml"))


def test_the_difference_of_two_rulebooks_names_what_changed() -> None:
    one = load(RULE, name="a")
    two = load(RULE.replace("outcome: STOP", "outcome: INVESTIGATE"), name="b")
    three = load(RULE.replace("NV-1", "NV-2"), name="c")
    assert [str(change) for change in diff(one, two)] == [
        "NV-1 changed: outcome STOP -> INVESTIGATE"
    ]
    assert [str(change).split(":")[0] for change in diff(one, three)] == [
        "NV-1 removed",
        "NV-2 added",
    ]
    assert diff(one, one) == []


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(Refusal, match="no rulebook"):
        rulebook("9.9.9")
    with pytest.raises(Refusal, match="no rulebook"):
        rulebook("../lexicon")
