"""Deal records are read whole, whatever is missing, and never what exists for scoring."""

import json
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.diligence.deal import Deal, read_deal, read_deals
from insyn.office.diligence.safeguards import UNKNOWN, safeguards_of
from insyn.office.diligence.wording import Terms, fold

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=12,
)
FIELDS = sorted(Deal.__dataclass_fields__)


def test_an_empty_record_is_a_deal_of_which_nothing_is_known() -> None:
    deal = read_deal({}, number=3)
    assert (deal.id, deal.end_user, deal.camera_count, deal.problems) == (
        "record 3",
        None,
        None,
        (),
    )


def test_absurd_values_are_left_out_and_named() -> None:
    deal = read_deal({"id": "d-1", "camera_count": -4, "year_from": "soon", "country": 7})
    assert (deal.camera_count, deal.year_from, deal.country) == (None, None, None)
    assert len(deal.problems) == 3
    assert all("d-1" in problem for problem in deal.problems)


def test_what_exists_for_scoring_changes_nothing() -> None:
    record = {"id": "d-1", "area": "venue", "camera_count": 40}
    scored = {**record, "expected": "STOP", "acceptable": ["STOP"], "why": "x", "group": "y"}
    assert read_deal(scored) == read_deal(record)


@pytest.mark.parametrize("key", ["deals", "cases", "legitimate", "adversarial"])
def test_a_file_may_hold_its_deals_under_a_name(key: str) -> None:
    deals = read_deals(json.dumps({key: [{"id": "a"}, {"id": "b"}]}).encode())
    assert [deal.id for deal in deals] == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"7", b'{"x": 1}', b"[" * 100_000])
def test_what_is_no_file_of_deals_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableInput):
        read_deals(data)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON))
def test_any_record_is_read(record: dict[str, object]) -> None:
    assert read_deal(record).id


def test_a_country_that_is_not_known_is_not_a_good_one() -> None:
    assert safeguards_of("SE") == "C0"
    assert safeguards_of(None) == safeguards_of("XQ") == UNKNOWN


@pytest.mark.parametrize(
    "text", ["City Police", "Polizeipräsidium", "министерство внутренних дел", "公安局", "الشرطة"]
)
def test_a_word_is_found_in_its_languages(text: str) -> None:
    path = files("insyn.office.diligence").joinpath("data", "words.yaml")
    terms = Terms(yaml.safe_load(path.read_text("utf-8")))
    assert [hit.concept for hit in terms.find(fold(text), ["security"])]
    assert not terms.find(fold("a concert hall by the harbour"), ["security"])
