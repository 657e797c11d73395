"""FollowTheMoney queries as subjects."""

from __future__ import annotations

from datetime import date

import pytest

from insyn.office.console.problems import Problem
from insyn.office.console.yente_query import best_matches, read_queries, read_query
from insyn.office.lists.entry import Kind
from insyn.office.screening.model import (
    BirthSpan,
    Match,
    MatchClass,
    Outcome,
    Screening,
    Subject,
)


def subjects_of(schema: object = "Person", **properties: object) -> list[Subject]:
    return list(read_query({"schema": schema, "properties": properties}).subjects)


def test_a_whole_query_is_one_subject() -> None:
    [subject] = subjects_of(
        name=["Tarquin Vellmark"], birthDate=["1961"], nationality=["mt"], passportNumber=["ZZ1"]
    )
    assert subject == Subject(
        id="",
        name="Tarquin Vellmark",
        kind=Kind.PERSON,
        country="MT",
        birth_date=BirthSpan(earliest=date(1961, 1, 1), latest=date(1961, 12, 31)),
        identifier="ZZ1",
    )


def test_every_name_is_tried_with_every_date_and_country() -> None:
    found = subjects_of(
        name=["A One", "A One"], alias=["B Two"], birthDate=["1960", "1970", "soon"],
        country=["se", "no", "xx"],
    )  # fmt: skip
    assert len(found) == 2 * 2 * 2
    assert {(s.name, s.country) for s in found} == {
        (name, country) for name in ("A One", "B Two") for country in ("SE", "NO")
    }


def test_further_identifiers_stand_alone() -> None:
    found = subjects_of(name=["A One", "B Two"], idNumber=["11111"], taxNumber=["22222"])
    assert [(s.name, s.identifier) for s in found] == [
        ("A One", "11111"), ("B Two", None), ("", "22222"),
    ]  # fmt: skip


def test_an_identifier_needs_no_name() -> None:
    assert [(s.name, s.identifier) for s in subjects_of("Vessel", imoNumber="9000001")] == [
        ("", "9000001")
    ]


def test_parts_make_a_name_where_there_is_none() -> None:
    assert [s.name for s in subjects_of(firstName=["Tarquin"], lastName=["Vellmark"])] == [
        "Tarquin Vellmark"
    ]
    whole = subjects_of(name=["T. Vellmark"], firstName=["Tarquin"])
    assert [s.name for s in whole] == ["T. Vellmark"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [("Person", Kind.PERSON), ("Company", Kind.ORGANISATION), ("PublicBody", Kind.ORGANISATION),
     ("Vessel", Kind.VESSEL), ("Airplane", Kind.AIRCRAFT), ("LegalEntity", Kind.UNKNOWN),
     ("Asset", Kind.UNKNOWN), ("NoSuchSchema", Kind.UNKNOWN), (7, Kind.UNKNOWN),
     (None, Kind.UNKNOWN)],
)  # fmt: skip
def test_an_unknown_schema_may_be_any_kind(schema: object, kind: Kind) -> None:
    assert [s.kind for s in subjects_of(schema, name=["A One"])] == [kind]


def test_what_we_do_not_know_is_passed_over() -> None:
    assert subjects_of(shoeSize=["44"], name=[]) == []
    [subject] = subjects_of(name=["A One", None, {"x": 1}, True, " "], birthDate=[{}], colour=3)
    assert (subject.name, subject.birth_date) == ("A One", None)
    assert [s.name for s in subjects_of(name=7)] == ["7"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"queries": []}, 422),
        ({"queries": {}}, 400),
        ({"queries": {"a": "Otto"}}, 422),
        ({"queries": {"a": {"schema": "Person"}}}, 422),
        ({"queries": {"a": {"properties": ["Otto"]}}}, 422),
        ({"queries": {"a": {"properties": {"name": "x" * 1001}}}}, 422),
        ({"queries": {str(n): {"properties": {}} for n in range(101)}}, 400),
        (
            {
                "queries": {
                    str(n): {"properties": {"name": [f"Name {m}" for m in range(50)]}}
                    for n in range(41)
                }
            },
            400,
        ),
    ],
)
def test_what_is_no_query_is_refused(body: dict[str, object], status: int) -> None:
    with pytest.raises(Problem) as raised:
        read_queries(body)
    assert raised.value.status == status
    assert "Otto" not in raised.value.detail


def test_a_hundred_queries_are_taken_in_order() -> None:
    queries = {f"q{n}": {"properties": {"name": "A One"}} for n in range(100)}
    assert list(read_queries({"queries": queries})) == list(queries)


def _screened(name: str, *scores: tuple[str, float]) -> Screening:
    matches = tuple(
        Match(list="un", entry=entry, name=name, match_class=MatchClass.STRONG, score=score)
        for entry, score in scores
    )
    return Screening(id="", name=name, outcome=Outcome.REVIEW, matches=matches, manifest="m")


def test_each_entry_counts_once_as_its_best() -> None:
    found = best_matches(
        [_screened("one", ("A", 0.8), ("B", 0.75)), _screened("two", ("B", 0.9), ("A", 0.8))]
    )
    assert [(m.entry, m.score, s.name) for s, m in found] == [
        ("B", 0.9, "two"), ("A", 0.8, "one"),
    ]  # fmt: skip
