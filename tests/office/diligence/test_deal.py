"""Deal records: what is read, what is unknown, what is refused with a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.diligence.assess import assess
from insyn.office.diligence.deal import read_deal, read_deals
from insyn.office.diligence.rulebook import Outcome


def test_a_record_with_nothing_is_a_deal_of_which_all_is_unknown() -> None:
    deal = read_deal({})
    assert (deal.end_user, deal.area, deal.capabilities, deal.problems) == (None, None, None, ())
    assert assess(deal).outcome is Outcome.INVESTIGATE


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("camera_count", "many", "whole number"),
        ("camera_count", -3, "between"),
        ("camera_count", 10**30, "between"),
        ("camera_count", True, "whole number"),
        ("country", "Zz9", "ISO 3166-1"),
        ("public_access", "yes", "true nor false"),
        ("place", 7, "not text"),
        ("capabilities", {"a": 1}, "not a list"),
        ("evidence", [5], "text nor an object"),
        ("year_from", 12, "between"),
        ("country_safeguards", "C9", "C0, C1, C2, C3"),
    ],
)
def test_an_unusable_value_is_unknown_and_named_with_its_record(
    field: str, value: object, reason: str
) -> None:
    deal = read_deal({"id": "K-7", "end_user": "Nordvik AB", field: value})
    assert len(deal.problems) == 1
    assert deal.problems[0].startswith(f"K-7: {field} ")
    assert reason in deal.problems[0]
    assert deal.end_user == "Nordvik AB"


@pytest.mark.parametrize("key", ["deals", "cases", "legitimate", "adversarial"])
def test_deals_stand_in_a_list_or_under_a_known_key(key: str) -> None:
    records = [{"id": "a"}, {"id": "b"}]
    assert [d.id for d in read_deals(json.dumps({key: records}).encode())] == ["a", "b"]
    assert [d.id for d in read_deals(json.dumps(records).encode())] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '"text"', '{"other": []}', "[" * 100_000])
def test_what_holds_no_deals_is_refused(text: str) -> None:
    with pytest.raises(UnreadableInput):
        read_deals(text.encode())


def test_fields_for_scoring_change_nothing() -> None:
    plain = {"id": "a", "country": "SE", "end_user_type": "unknown"}
    marked = {**plain, "expected": "STOP", "acceptable": ["STOP"], "why": "face recognition",
              "assessed_factors": {"x": "police"}, "quote_axis": "Skynet"}  # fmt: skip
    assert assess(read_deal(plain)) == assess(read_deal(marked))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "text", "tier", "kind"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = (
    "id", "kind", "country", "place", "end_user", "end_user_type", "channel", "goods", "evidence",
    "camera_count", "capabilities", "third_party_platform", "linked_orders", "sensitive_sites",
    "free_text_notes", "public_access", "list_status", "area", "use_case", "analytics",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_any_record_is_read_and_judged(record: dict[str, object]) -> None:
    found = assess(read_deal(record))
    assert found.outcome in Outcome
    assert json.dumps(found.to_json())
