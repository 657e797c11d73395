"""Conditions as closures mean what cel-python makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.office.diligence.condition import by_library, condition
from insyn.office.diligence.deal import AREAS, END_USERS, USES
from insyn.office.diligence.facts import FACTS, FactValue
from insyn.office.diligence.rulebook import rulebook

WORDS = {
    "end_user": END_USERS,
    "use": USES,
    "area": AREAS,
    "safeguards": ("C0", "C1", "C2", "C3", "unknown"),
    "list_status": ("none", "possible", "confirmed", "owned", "unknown"),
    "export_class": ("non_controlled", "listed", "cyber_surveillance_candidate", "unknown"),
    "signals": ("people_held", "security_access", "resale", "misuse", "put_off"),
    "capabilities": ("masking", "anpr", "audio", "high_pixel_density", "people_counting"),
    "evidence_kinds": ("complaint", "press", "tender", "other"),
}
RULES = rulebook().rules
BY_LIBRARY = {rule.id: by_library(rule.condition) for rule in RULES}


@st.composite
def facts(draw: st.DrawFn) -> dict[str, FactValue]:
    values: dict[str, FactValue] = {}
    for name, (kind, _) in FACTS.items():
        words = st.sampled_from(WORDS.get(name, ("other", "sale")))
        drawn: dict[str, st.SearchStrategy[FactValue]] = {
            "string": words,
            "int": st.sampled_from([0, 1, 3, 16, 64, 256, 513]),
            "bool": st.booleans(),
            "list": st.lists(words, max_size=3),
        }
        values[name] = draw(drawn[kind])
    return values


@settings(max_examples=15, deadline=None)
@given(facts())
def test_every_rule_gives_what_the_library_gives(values: dict[str, FactValue]) -> None:
    for rule in RULES:
        assert rule.applies(values) is bool(BY_LIBRARY[rule.id](values)), rule.id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cameras > 2 && !(is_wide)", True),
        ('capabilities.all(c, c == "anpr")', True),
        ('area in ["city", "venue"] || size(capabilities) != 1', False),
        ("cameras + 1 == 4", True),
        ('area.startsWith("buil")', True),
        ("is_wide ? false : true", True),
    ],
)
def test_what_is_not_turned_into_python_is_left_to_the_library(text: str, expected: bool) -> None:
    values = {"cameras": 3, "is_wide": False, "capabilities": ["anpr"], "area": "building"}
    assert bool(condition(text)(values)) is expected
    assert bool(by_library(text)(values)) is expected
