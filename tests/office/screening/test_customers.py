"""Customer rows as subjects."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Kind
from insyn.office.screening.customers import (
    MAX_NAME_LENGTH,
    BadRow,
    birth_span,
    kind_of,
    read_customers,
    read_subject,
)
from insyn.office.screening.model import BirthSpan, Subject


def subject(**cells: str) -> Subject:
    found = read_subject(2, {"name": "Ada Example", **cells})
    assert isinstance(found, Subject)
    return found


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("person", Kind.PERSON),
        ("Individual", Kind.PERSON),
        (" PERSON ", Kind.PERSON),
        ("Company", Kind.ORGANISATION),
        ("organization", Kind.ORGANISATION),
        ("PublicBody", Kind.ORGANISATION),
        ("public_body", Kind.ORGANISATION),
        ("LegalEntity", Kind.UNKNOWN),
        ("Vessel", Kind.VESSEL),
        ("Airplane", Kind.AIRCRAFT),
        ("planet", None),
        ("", None),
    ],
)
def test_a_kind_is_a_word_or_a_schema(word: str, kind: Kind | None) -> None:
    assert kind_of(word) is kind


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1961-05-09", date(1961, 5, 9), date(1961, 5, 9)),
        ("09/05/1961", date(1961, 5, 9), date(1961, 5, 9)),
        ("31/12/1961", date(1961, 12, 31), date(1961, 12, 31)),
        ("9 May 1961", date(1961, 5, 9), date(1961, 5, 9)),
        ("1961-05", date(1961, 5, 1), date(1961, 5, 31)),
        ("1961", date(1961, 1, 1), date(1961, 12, 31)),
        ("1961-05-09T00:00:00", date(1961, 5, 9), date(1961, 5, 9)),
    ],
)
def test_a_birth_date_is_the_days_it_may_be(text: str, first: date, last: date) -> None:
    assert birth_span(text) == BirthSpan(earliest=first, latest=last)


@pytest.mark.parametrize("text", ["", "unknown", "00/00/0000", "-", "31-31-31", "9999999"])
def test_what_is_no_date_is_unknown(text: str) -> None:
    assert birth_span(text) is None


@pytest.mark.parametrize("text", ["FR", "fr", "FRA", "France", "FRANCE", " france "])
def test_a_country_is_a_code_or_an_english_name(text: str) -> None:
    assert subject(country=text).country == "FR"


def test_what_is_not_said_is_unknown() -> None:
    found = subject()
    assert (found.id, found.kind, found.country) == ("row-2", None, None)
    assert (found.birth_date, found.identifier) == (None, None)


def test_an_unknown_country_or_kind_keeps_nobody_from_being_screened() -> None:
    found = subject(country="Atlantis", kind="planet", birth_date="soon")
    assert (found.kind, found.country, found.birth_date) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "says"), [("", "empty"), (" \u00a0 ", "empty"), ("x" * 1001, "1001 characters")]
)
def test_a_row_without_a_usable_name_is_bad(name: str, says: str) -> None:
    found = read_subject(7, {"id": "c", "name": name})
    assert isinstance(found, BadRow)
    assert (found.line, found.id) == (7, "c")
    assert says in found.reason


def test_a_name_of_the_greatest_length_is_screened() -> None:
    assert isinstance(read_subject(2, {"name": "x" * MAX_NAME_LENGTH}), Subject)


def test_a_file_is_refused_before_its_first_row_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("id,naam\n1,Ada\n", "utf-8")
    with pytest.raises(UnreadableInput, match="no column called name"):
        read_customers(path)


@settings(deadline=None, max_examples=80)
@given(
    cells=st.dictionaries(
        st.sampled_from(("id", "name", "kind", "country", "birth_date", "identifier")),
        st.text(max_size=30),
    )
)
def test_any_cells_are_a_subject_or_a_bad_row(cells: dict[str, str]) -> None:
    found = read_subject(2, cells)
    assert isinstance(found, Subject) == bool(cells.get("name", "").split()) or isinstance(
        found, BadRow
    )
    assert found.id
