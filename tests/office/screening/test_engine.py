"""The screener on invented entries."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.support.listed import born, listed, screener, source

from insyn.office.lists.entry import BirthDate, Entry, Kind
from insyn.office.screening.engine import SHOWN, WEAK_ALIAS_CAP, build_screener
from insyn.office.screening.index import MAX_NAME
from insyn.office.screening.model import (
    ALERT_BAR,
    BirthSpan,
    Match,
    MatchClass,
    Outcome,
    Screening,
    Subject,
)

QUARTZWELL = listed("QDi.001", "Zebulon Quartzwell", births=(born(1961),), country="FR")


def subject(name: str = "Zebulon Quartzwell", **facts: object) -> Subject:
    return Subject(id="1", name=name, **facts)  # type: ignore[arg-type] # facts as the test says


def year(number: int) -> BirthSpan:
    return BirthSpan(earliest=date(number, 1, 1), latest=date(number, 12, 31))


def screen(root: Path, asked: Subject, *entries: Entry) -> Screening:
    (found,) = screener(root, *(entries or (QUARTZWELL,))).screen([asked])
    return found


def best(root: Path, asked: Subject, *entries: Entry) -> Match:
    return screen(root, asked, *entries).matches[0]


def test_an_equal_name_alone_is_review_and_names_the_entry(tmp_path: Path) -> None:
    found = screen(tmp_path, subject())
    assert found.outcome is Outcome.REVIEW
    (match,) = found.matches
    assert (match.list, match.entry, match.match_class) == ("un", "QDi.001", MatchClass.EXACT)
    assert (match.supports, match.contradicts) == ((), ())
    assert match.tokens


@pytest.mark.parametrize(
    ("births", "asked", "outcome"),
    [
        ((born(1961),), year(1961), Outcome.MATCH),
        ((born(1958, circa=True),), year(1961), Outcome.MATCH),
        ((born(1955, 1965),), year(1961), Outcome.MATCH),
        ((born(1930), born(1961)), year(1961), Outcome.MATCH),
        ((), year(1961), Outcome.REVIEW),
        ((born(1961),), None, Outcome.REVIEW),
        ((born(1930),), year(1961), Outcome.CLEAR),
    ],
)
def test_a_birth_date_supports_or_contradicts(
    tmp_path: Path, births: tuple[BirthDate, ...], asked: BirthSpan | None, outcome: Outcome
) -> None:
    entry = listed("QDi.001", "Zebulon Quartzwell", births=births)
    assert screen(tmp_path, subject(birth_date=asked), entry).outcome is outcome


def test_the_same_name_of_clearly_another_person_is_shown_below_the_bar(tmp_path: Path) -> None:
    found = screen(tmp_path, subject(birth_date=year(1995), country="BR"))
    assert found.outcome is Outcome.CLEAR
    (match,) = found.matches
    assert match.score < ALERT_BAR
    assert match.supports == ()
    assert [reason.partition(" ")[0] for reason in match.contradicts] == ["birth", "country"]


def test_a_country_alone_neither_confirms_nor_clears_an_equal_name(tmp_path: Path) -> None:
    abroad = screen(tmp_path, subject(country="BR"))
    assert abroad.outcome is Outcome.REVIEW
    assert abroad.matches[0].contradicts


@pytest.mark.parametrize(
    "name",
    ["Quartzwell, Zebulon", "ZEBULON QUARTZWELL", "Dr. Zebulon Quartzwell", "Zebulon Quartzwel"],
)
def test_the_same_name_written_another_way_is_found(tmp_path: Path, name: str) -> None:
    assert best(tmp_path, subject(name)).entry == "QDi.001"


@pytest.mark.parametrize("name", ["", " ", "???", "-", "\u200b", "。"])
def test_a_name_without_letters_is_review_with_a_note(tmp_path: Path, name: str) -> None:
    found = screen(tmp_path, subject(name))
    assert (found.outcome, found.matches) == (Outcome.REVIEW, ())
    assert "no letters" in found.note


def test_another_name_is_clear_without_a_note(tmp_path: Path) -> None:
    found = screen(tmp_path, subject("Ottoline Farbrengel"))
    assert (found.outcome, found.matches, found.note) == (Outcome.CLEAR, (), "")


@pytest.mark.parametrize(
    ("asked", "entry", "met"),
    [
        (Kind.PERSON, Kind.PERSON, True),
        (Kind.PERSON, Kind.ORGANISATION, False),
        (Kind.ORGANISATION, Kind.VESSEL, False),
        (Kind.PERSON, Kind.UNKNOWN, True),
        (Kind.ORGANISATION, Kind.UNKNOWN, True),
        (Kind.UNKNOWN, Kind.ORGANISATION, True),
        (None, Kind.PERSON, True),
        (None, Kind.VESSEL, True),
    ],
)
def test_only_what_may_be_of_one_kind_meets(
    tmp_path: Path, asked: Kind | None, entry: Kind, met: bool
) -> None:
    found = screen(tmp_path, subject(kind=asked), listed("Q", "Zebulon Quartzwell", kind=entry))
    assert bool(found.matches) is met


def test_an_identifier_is_a_match_whatever_the_name(tmp_path: Path) -> None:
    entry = listed("QDi.001", "Zebulon Quartzwell", identifier="XQ 123-4567")
    found = screen(tmp_path, subject("Ottoline Farbrengel", identifier="xq1234567"), entry)
    assert found.outcome is Outcome.MATCH
    (match,) = found.matches
    assert (match.match_class, match.score) == (MatchClass.IDENTIFIER, 1.0)
    assert (match.supports, match.contradicts) == (("identifier",), ("name",))
    assert match.name == "Zebulon Quartzwell"


def test_an_identifier_beside_the_name_is_one_match(tmp_path: Path) -> None:
    entry = listed("QDi.001", "Zebulon Quartzwell", identifier="XQ1234567")
    (match,) = screen(tmp_path, subject(identifier="XQ1234567"), entry).matches
    assert match.match_class is MatchClass.IDENTIFIER
    assert match.supports == ("identifier",)
    assert match.contradicts == ()


def test_a_low_quality_alias_scores_no_more_than_the_list_trusts_it(tmp_path: Path) -> None:
    entry = listed("QDi.001", "Marvolio Tsindrakis", weak="Zebulon Quartzwell")
    match = best(tmp_path, subject(), entry)
    assert match.score == WEAK_ALIAS_CAP
    assert match.match_class is not MatchClass.EXACT


def test_the_best_name_of_an_entry_is_the_one_shown(tmp_path: Path) -> None:
    entry = listed("QDi.001", "Marvolio Tsindrakis", "Zebulon Quartzwel", "Zebulon Quartzwell")
    (match,) = screen(tmp_path, subject(), entry).matches
    assert (match.name, match.match_class) == ("Zebulon Quartzwell", MatchClass.EXACT)


def test_every_match_over_the_bar_is_shown_and_the_rest_is_cut(tmp_path: Path) -> None:
    same = [listed(f"Q{n:02}", "Zebulon Quartzwell") for n in range(SHOWN + 5)]
    assert len(screen(tmp_path, subject(), *same).matches) == SHOWN + 5
    others = [listed(f"R{n:02}", "Zebulon Quartzwell", births=(born(1900),)) for n in range(30)]
    below = screen(tmp_path, subject(birth_date=year(1990)), *others)
    assert len(below.matches) == SHOWN
    assert [match.entry for match in below.matches] == [f"R{n:02}" for n in range(SHOWN)]


def test_a_match_is_the_same_whatever_else_is_listed(tmp_path: Path) -> None:
    others = [
        listed(f"Q{n}", name, births=(born(1950 + n),), identifier=f"ZZ-{n:05}")
        for n, name in enumerate(
            ("Zebulon Quartzwel", "Zeb Quartz", "Quartzwell Zebulon Ann", "Ada Example", "Zebulon")
        )
    ]
    asked = [
        subject(),
        subject(birth_date=year(1961), country="FR"),
        subject("Z. Quartzwell"),
        subject("Zebulon Quartz Well", identifier="ZZ-00003"),
    ]
    alone = screener(tmp_path, QUARTZWELL).screen(asked)
    for entries in ((QUARTZWELL, *others), (*others, QUARTZWELL), (*others[::-1], QUARTZWELL)):
        among = screener(tmp_path, *entries).screen(asked)
        for one, other in zip(alone, among, strict=True):
            assert [m for m in other.matches if m.entry == "QDi.001"] == list(one.matches)


def test_subjects_screened_together_are_screened_as_alone(tmp_path: Path) -> None:
    screens = screener(tmp_path, QUARTZWELL, listed("Q2", "Ada Example", "Ada Exampel"))
    asked = [subject(name) for name in ("Zebulon Quartzwell", "", "Ada Exampl", "Otto", "???")]
    together = screens.screen(asked * 300)
    assert together == [screens.screen([one])[0] for one in asked] * 300


def test_several_lists_are_told_apart_and_a_degraded_one_is_named(tmp_path: Path) -> None:
    lists = [
        source("un", QUARTZWELL),
        source("own", listed("W-1", "Zebulon Quartzwell"), degraded="the update failed"),
    ]
    screens = build_screener(lists, tmp_path)
    (found,) = screens.screen([subject()])
    assert [(m.list, m.entry) for m in found.matches] == [("own", "W-1"), ("un", "QDi.001")]
    assert found.degraded == ("own",)
    assert [state.list for state in screens.manifest.lists] == ["own", "un"]
    assert found.manifest == screens.manifest.digest()


def test_a_very_long_name_is_compared_by_its_beginning(tmp_path: Path) -> None:
    begins = "Zebulon Quartzwell " + "of the North " * 40
    entry = listed("Q", begins + "and then Ada Example")
    match = best(tmp_path, subject(begins + "and then Otto Muster"), entry)
    assert match.match_class is MatchClass.EXACT
    assert len(match.name) == MAX_NAME
