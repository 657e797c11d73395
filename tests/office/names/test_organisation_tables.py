"""The words of organisations: one meaning a word, abbreviations and languages that meet."""

from collections import defaultdict

import pytest

from insyn.office.names.compare import compare_texts
from insyn.office.names.tables import org_words, rows, split_words


def test_no_word_has_two_meanings() -> None:
    meanings = defaultdict(set)
    for concept, _role, spellings in (row[:3] for row in rows("org_words")):
        for spelling in (concept, *spellings.split("|")):
            meanings[split_words(spelling)].add(concept)
    assert {w: m for w, m in meanings.items() if w and len(m) > 1} == {}


def test_every_word_has_a_known_role() -> None:
    assert {role for _, role in org_words().values()} <= {"generic", "trade", "body", "place-word"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Velmar Comm Equipt Mfg", "Velmar Communications Equipment Manufacturing"),
        ("Velmar Elec Tech Devt", "Velmar Electronics Technology Development"),
        ("Velmar Intl Trdg Grp", "Velmar International Trading Group"),
        ("Velmar Petrochem Engr", "Velmar Petrochemical Engineering"),
        ("Velmar Srvces", "Velmar Services"),
        ("Университет Велмара", "Velmar University"),
        ("International Labour Organization", "International Labor Organization"),
        ("Київська міська рада", "Kyiv City Council"),
        ("Εθνική Τράπεζα της Ελλάδος", "National Bank of Greece"),
        ("三菱重工業", "Mitsubishi Heavy Industries"),
    ],
)
def test_abbreviations_and_languages_meet(one: str, other: str) -> None:
    assert compare_texts(one, other, personal=False).score >= 0.7


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ministry of Defence of Estonia", "Ministry of the Interior of Estonia"),
        ("Velmar Research Institute", "Orlen Research Institute"),
        ("Army of Estonia", "Navy of Estonia"),
        ("North Velmar Export Company", "South Tarsk Import Company"),
    ],
)
def test_other_bodies_do_not(one: str, other: str) -> None:
    assert compare_texts(one, other, personal=False).score < 0.7
