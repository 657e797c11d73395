"""`insyn case notify`: the draft on stdout or in a file, and what stays of it in the case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.cli_cases import CaseOffice, good
from tests.support.run_insyn import insyn


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseOffice:
    return CaseOffice(tmp_path, monkeypatch)


def test_a_notification_is_drafted_told_and_noted(office: CaseOffice) -> None:
    office.investigated()
    draft = good(office("anna", "case", "notify", "D-1", "--member-state", "SE")).out
    assert draft.startswith("# DRAFT: notification under Regulation (EU) 2021/821")
    assert "**[BLANK: Name]**" in draft
    told = good(
        office("anna", "case", "notify", "D-1", "--exporter", "Påhittade Kameror AB", "--json")
    ).json
    assert told["format"] == "insyn-art-5-2-notification/1"
    assert "Exporter: Name" not in told["blanks"]
    last = insyn("case", "history", "D-1", "--json").json[-1]
    assert last["step"] == "notify"
    kept = office.folder / "data" / "evidence" / last["content"]["document"]
    assert json.loads(kept.read_bytes()) == told


def test_a_notification_goes_into_a_file(office: CaseOffice) -> None:
    office.investigated()
    done = good(office("anna", "case", "notify", "D-1", "--out", office.path("draft.md")))
    assert "a draft, not sent" in done.out
    assert Path(office.path("draft.md")).read_text("utf-8").startswith("# DRAFT")


def test_what_is_wrong_is_refused_and_nothing_noted(office: CaseOffice) -> None:
    office.investigated()
    before = insyn("case", "show", "D-1", "--json").json["version"]
    assert office("anna", "case", "notify", "D-1", "--member-state", "Nowhere").code == 2
    assert office("per", "case", "notify", "D-1").code == 1
    assert insyn("case", "show", "D-1", "--json").json["version"] == before
