"""Birth dates, countries and identifiers as evidence."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.screening.evidence import identifier_key, weigh_birth, weigh_country
from insyn.office.screening.model import BirthSpan

Listed = tuple[int, int, bool]


def days(first: str, last: str = "", *, approximate: bool = False) -> Listed:
    start = date.fromisoformat(first)
    end = date.fromisoformat(last or first)
    return start.toordinal(), end.toordinal(), approximate


def year(number: int, *, approximate: bool = False) -> Listed:
    return days(f"{number}-01-01", f"{number}-12-31", approximate=approximate)


def born(first: str, last: str = "") -> BirthSpan:
    return BirthSpan(earliest=date.fromisoformat(first), latest=date.fromisoformat(last or first))


def verdict(subject: BirthSpan | None, *listed: Listed) -> str:
    found = weigh_birth(subject, listed)
    if found is None:
        return "unknown"
    return "supports" if found.supports else f"contradicts {found.change:.2f}"


@pytest.mark.parametrize(
    ("subject", "listed", "expected", "why"),
    [
        (born("1961-05-09"), [days("1961-05-09")], "supports", "the same day"),
        (born("1961-05-09"), [year(1961)], "supports", "the list knows the year"),
        (born("1961-01-01", "1961-12-31"), [days("1961-05-09")], "supports", "the customer's"),
        (born("1961-05-09"), [year(1950), year(1961)], "supports", "one of several"),
        (born("1961-05-09"), [year(1958, approximate=True)], "supports", "circa reaches further"),
        (born("1961-05-09"), [days("1961-09-05")], "contradicts -0.00", "months away"),
        (born("1961-05-09"), [year(1957)], "contradicts -0.15", "some years away"),
        (born("1961-05-09"), [year(1930)], "contradicts -0.33", "another generation"),
        (born("1961-05-09"), [year(1930), year(1957)], "contradicts -0.15", "the nearest counts"),
        (born("1961-05-09"), [], "unknown", "the list does not say"),
        (None, [year(1961)], "unknown", "the customer's is not known"),
    ],
)
def test_a_birth_date_supports_or_contradicts_as_what_it_is(
    subject: BirthSpan | None, listed: list[Listed], expected: str, why: str
) -> None:
    found = verdict(subject, *listed)
    if expected == "contradicts -0.00":  # what a near miss takes off is the weighing's to say
        assert found.startswith("contradicts"), why
    else:
        assert found == expected, why


dates = st.dates(date(1900, 1, 1), date(2020, 12, 31))


@given(subject=dates, listed=st.lists(dates, min_size=1, max_size=4), more=dates)
def test_another_alternative_never_speaks_stronger_against(
    subject: date, listed: list[date], more: date
) -> None:
    span = BirthSpan(earliest=subject, latest=subject)
    found = [(d.toordinal(), d.toordinal(), False) for d in listed]
    before = weigh_birth(span, found)
    after = weigh_birth(span, [*found, (more.toordinal(), more.toordinal(), False)])
    assert before is not None
    assert after is not None
    assert after.change >= before.change


@given(subject=dates, listed=dates)
def test_an_approximate_date_is_never_stricter_than_the_same_exact_one(
    subject: date, listed: date
) -> None:
    span = BirthSpan(earliest=subject, latest=subject)
    day = listed.toordinal()
    exact, about = (weigh_birth(span, [(day, day, loose)]) for loose in (False, True))
    assert exact is not None
    assert about is not None
    assert about.change >= exact.change


def test_a_far_birth_date_alone_takes_an_equal_name_below_the_bar() -> None:
    found = weigh_birth(born("1990-01-01"), [year(1950)])
    assert found is not None
    assert 1.0 + found.change < 0.7


@pytest.mark.parametrize(
    ("subject", "listed", "supports"),
    [("FR", "FR", True), ("FR", "CN FR", True), ("FR", "CN", False)],
)
def test_a_country_supports_where_it_is_one_of_the_entrys(
    subject: str, listed: str, supports: bool
) -> None:
    found = weigh_country(subject, listed)
    assert found is not None
    assert found.supports is supports
    assert (found.change > 0) is supports


@pytest.mark.parametrize(("subject", "listed"), [(None, "FR"), ("", "FR"), ("FR", "")])
def test_an_unknown_country_says_nothing(subject: str | None, listed: str) -> None:
    assert weigh_country(subject, listed) is None


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("XQ-123 45.67", "XQ1234567"),
        ("xq1234567", "XQ1234567"),
        ("1234", ""),
        ("ABCDEF", ""),
        ("", ""),
        ("n/a", ""),
    ],
)
def test_an_identifier_is_its_letters_and_digits_when_it_can_identify(value: str, key: str) -> None:
    assert identifier_key(value) == key
