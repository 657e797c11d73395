"""`insyn case`, `insyn deal`: what is refused, what is shown, and which permits are named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.cli_cases import CaseOffice, good
from tests.support.run_insyn import insyn


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseOffice:
    return CaseOffice(tmp_path, monkeypatch)


@pytest.mark.parametrize("said", [(), ("--yes", "--no"), ("--no", "--yes")])
def test_a_vote_that_says_both_or_neither_is_wrong_usage(
    office: CaseOffice, said: tuple[str, ...]
) -> None:
    office.investigated()
    good(office.propose())
    done = office("per", "case", "vote", "D-1", "--because", "I read it", *said)
    assert (done.code, "--yes or --no" in done.err) == (2, True)
    assert insyn("case", "show", "D-1", "--json").json["votes"] == []


@pytest.mark.parametrize(
    ("field", "value", "accepted"),
    [
        ("camera_count", "many", "whole number"),
        ("camera_count", "-1", "between 0 and"),
        ("public_access", "perhaps", "neither true nor false"),
        ("country", "Nowhereland", "ISO 3166-1"),
        ("country_safeguards", "C9", "C0, C1, C2, C3"),
        ("end_user", "[1]", "is not text"),
    ],
)
def test_a_fact_that_is_no_value_of_its_field_is_refused(
    office: CaseOffice, field: str, value: str, accepted: str
) -> None:
    before = insyn("deal", "show", "D-1", "--json").json["facts"]
    done = office("anna", "deal", "fact", "--source", "a test", "--", "D-1", field, value)
    assert (done.code, accepted in done.err) == (1, True), done.err
    assert insyn("deal", "show", "D-1", "--json").json["facts"] == before


def test_what_is_voted_on_is_shown(office: CaseOffice) -> None:
    office.investigated()
    good(office.propose(camera_cap=31))
    for command in ("show", "history"):
        told = insyn("case", command, "D-1").out
        for part in ("camera_cap: 31", "condition signs", "Signs stand at every gate.",
                     "retention_days: 14", "site.address", "control room"):  # fmt: skip
            assert part in told, command


def test_a_history_says_in_words_who_agreed(office: CaseOffice) -> None:
    office.investigated()
    good(office.propose())
    good(office("per", "case", "vote", "D-1", "--no", "--because", "too many cameras"))
    told = insyn("case", "history", "D-1").out
    assert "does not agree; too many cameras" in told
    assert "nobody is listed (none)" in told


def test_a_draft_that_lacks_a_commitment_says_so(office: CaseOffice) -> None:
    office.approved()
    done = office("per", "case", "permit", "D-1", "--site-key", "ab" * 32,
                  "--out", office.path("draft"))  # fmt: skip
    assert done.code == 0
    assert "reseller" in done.err
    assert "insyn commitment add" in done.err


def test_a_step_taken_twice_says_what_comes_next(office: CaseOffice) -> None:
    office.submitted()
    assert "only a draft" not in office("rita", "case", "submit", "D-1").err
    early = office.propose(camera_cap=9999)
    assert "once it is screened and triaged" in early.err
    good(office("anna", "case", "triage", "D-1", "--because", "one venue"))
    again = office("anna", "case", "triage", "D-1", "--because", "one venue")
    assert "triaged already; next it is proposed" in again.err
    good(office.propose())
    assert "proposed already; approvers vote" in office.propose().err


def test_a_proposal_says_which_option_it_lacks(office: CaseOffice) -> None:
    office.investigated()
    bare = ("case", "propose", "D-1", "approve_with_conditions", "--because", "masked")
    assert "(--terms FILE)" in office("anna", *bare).err
    assert "--conditions FILE" in office.propose("approve").err
    unknown = office.propose(colour="blue")
    assert "colour" in unknown.err


def test_what_the_lists_say_is_told_in_words(office: CaseOffice) -> None:
    office.submitted()
    told = insyn("case", "show", "D-1").out
    assert "nobody is listed (none); 2 parties" in told


def test_a_round_is_counted_alike_for_people_and_programs(office: CaseOffice) -> None:
    office.approved()
    reopen = ("case", "reopen", "D-1", "--trigger", "complaint", "--because", "somebody wrote")
    assert "round 1" in office("anna", *reopen).out
    assert insyn("case", "show", "D-1", "--json").json["round"] == 1


def test_before_anything_was_known_a_replay_has_no_outcome(office: CaseOffice) -> None:
    found = insyn("case", "replay", "D-1", "--as-of", "2020-01-01", "--json").json
    assert (found["then"]["is_known"], found["then"]["outcome"]) == (False, None)
    assert found["today"]["outcome"] == "CONDITIONS"
    assert "nothing was known" in insyn("case", "replay", "D-1", "--as-of", "2020-01-01").out


def test_a_list_of_deals_has_the_state_of_each_for_programs_too(office: CaseOffice) -> None:
    assert insyn("deal", "list", "--json").json["state"] == "draft"


def test_a_case_that_is_opened_again_names_the_permit_that_still_stands(
    office: CaseOffice,
) -> None:
    office.approved()
    permit = office.permitted()
    assert "still stands" not in insyn("case", "show", "D-1").err
    reopen = ("case", "reopen", "D-1", "--trigger", "complaint", "--because", "somebody wrote")
    done = office("anna", *reopen)
    assert (done.code, f"insyn permit suspend {permit}" in done.err) == (0, True)
    assert permit in insyn("case", "show", "D-1").err
    assert insyn("case", "show", "D-1", "--json").json["permits_not_ended"] == [permit]


def test_in_an_office_with_people_the_ledger_tells_who_brought_a_list_in(
    office: CaseOffice,
) -> None:
    path = Path(office.path("own.csv"))
    path.write_text("reference,name,kind\nW-1,Invented Company,organisation\n", "utf-8")
    good(office("anna", "lists", "import", str(path)))
    good(office("anna", "lists", "import", str(path)))  # unchanged, and not told again
    leaves = [
        json.loads(line)
        for line in good(insyn("ledger", "show", "--last", "1000", "--json")).out.splitlines()
    ]
    told = [leaf for leaf in leaves if leaf["kind"] == "list.imported"]
    assert [leaf["what"]["list"] for leaf in told] == ["own"]
    assert told[0]["who"] == office.people.ids["anna"]
