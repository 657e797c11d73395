"""A notification says what is known, by whom, and leaves a named blank for the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.diligence.products.notification import (
    EvidenceNamed,
    FindingNamed,
    GoodNamed,
    NotificationInput,
    PartyNamed,
    Told,
    authority_of,
    draft,
)


def told(value: str | None, source: str = "offer 7") -> Told:
    return Told(value=value, source=source)


def party(role: str, name: str | None) -> PartyNamed:
    return PartyNamed(
        role=role, name=told(name), address=told("Hittepåvägen 1"), country=told("Sweden")
    )


WHOLE = NotificationInput(
    case="C-0000000001",
    deal="d-1",
    rulebook="1.0.0",
    drafted_on=date(2026, 3, 1),
    member_state="SE",
    exporter=party("exporter", "Påhittade Kameror AB"),
    consignees=(party("reseller", "Påhitt Handel AB"),),
    end_user=party("end user", "City of Uppdiktad"),
    goods=(
        GoodNamed(
            description=told("Påhitt P-12"),
            quantity=told("200"),
            classification=told("cyber_surveillance_candidate", "the export officer, 2026-02-01"),
        ),
    ),
    end_use=told("public order", "the buyer's end-use statement"),
    awareness=told("The exporter has grounds to suspect.", "its export officer"),
    findings=(
        FindingNamed(
            rule="R-10",
            outcome="INVESTIGATE",
            because="A security body over a whole city.",
            source="State Department guidance, 2020, consideration 2",
            known_since=date(2026, 2, 3),
        ),
    ),
    unknown=("third_party_platform",),
    evidence=(
        EvidenceNamed(
            kind="tender", source="a public register", sha256="ab" * 32, dated=date(2026, 1, 9)
        ),
        EvidenceNamed(kind="search", source="two newspapers", sha256=None, dated=None),
    ),
    asks=("Is an authorisation required?",),
)


def test_what_is_known_stands_with_its_source() -> None:
    text = draft(WHOLE).to_markdown()
    for words in (
        "Inspektionen för strategiska produkter",
        "Påhittade Kameror AB",
        "City of Uppdiktad",
        "R-10",
        "Known since 2026-02-03",
        "Source: State Department guidance, 2020, consideration 2",
        "ab" * 32,
        "a search that found nothing, undated",
        "Is an authorisation required?",
    ):
        assert words in text
    statements = [s for section in draft(WHOLE).sections for s in section.statements]
    assert all(each.source.strip() for each in statements)


def test_a_whole_one_leaves_only_the_signature_blank() -> None:
    assert draft(WHOLE).blanks == (
        "Signed for the exporter: Name and position",
        "Signed for the exporter: Place and date",
        "Signed for the exporter: Signature",
    )


@pytest.mark.parametrize(
    ("changed", "blank"),
    [
        ({"member_state": None}, "To: Competent authority of the exporter's country"),
        ({"member_state": "MT"}, "To: Competent authority of Malta"),
        ({"end_user": party("end user", None)}, "End user: Name"),
        ({"consignees": ()}, "Consignees: Consignees"),
        ({"goods": ()}, "Goods: Goods"),
        ({"end_use": told("  ")}, "Stated end use: Stated end use"),
        (
            {"awareness": told(None)},
            "What is notified: What the exporter declares of its awareness",
        ),
        ({"asks": ()}, "What the exporter asks: Question"),
    ],
)
def test_what_nobody_knows_is_a_blank_with_a_name(changed: dict[str, object], blank: str) -> None:
    found = draft(replace(WHOLE, **changed))  # type: ignore[arg-type]
    assert blank in found.blanks
    assert f"[BLANK: {blank.split(': ', 1)[1]}]" in found.to_markdown()


def test_it_says_that_it_is_a_draft_in_both_forms() -> None:
    found = draft(WHOLE)
    assert found.to_markdown().startswith("# DRAFT")
    told = json.loads(json.dumps(found.to_json()))
    assert (told["status"], told["case"]) == ("DRAFT", "C-0000000001")


def test_an_authority_we_are_not_certain_of_is_not_named() -> None:
    assert authority_of("XX") is None
    assert authority_of(None) is None


@given(st.text(max_size=60))
def test_what_was_typed_in_starts_no_line_and_no_link_of_its_own(name: str) -> None:
    found = draft(replace(WHOLE, end_user=party("end user", name or None)))
    lines = found.to_markdown().split("\n")
    assert len(lines) == len(draft(WHOLE).to_markdown().split("\n"))
    if name.strip():
        (line,) = [ln for ln in lines if ln.startswith("- Name:") and "Kameror AB" not in ln]
        assert "[" not in line.replace("\\[", "").replace("[BLANK: Name]", "")
