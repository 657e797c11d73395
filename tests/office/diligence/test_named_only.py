"""What a sentence only names is no finding; what it does with people is, in one turned sentence."""

from __future__ import annotations

import pytest

from insyn.office.diligence.assess import assess
from insyn.office.diligence.deal import read_deal
from insyn.office.diligence.lexicon import lexicon
from insyn.office.diligence.rulebook import Outcome, rulebook

BASE = dict(rulebook().baseline)


def found(text: str) -> set[str]:
    return {finding.id for finding in lexicon().read("free_text_notes", text, "EG")}


def outcome(**changes: object) -> Outcome:
    return assess(read_deal({"id": "x", **BASE, "country": "EG", **changes})).outcome


@pytest.mark.parametrize(
    "text",
    [
        "The bakery is next door to the police station.",
        "The museum shows the uniforms of the secret police.",
        "Quán phở cạnh trụ sở công an phường.",
        "La gendarmerie d'en face n'a ni écran ni accès.",
        "Hotelli on entinen poliisitalo.",
        "Kino gra film o milicji.",
        "The army has no access to the pictures.",
    ],
)
def test_a_security_body_that_is_only_named_holds_nothing(text: str) -> None:
    assert "security_mentioned" not in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The colonel of state security decides on the positions.",
        "The police post next door gets a live feed.",
        "Former officers now sit in the army's control room and watch the feed.",
    ],
)
def test_a_security_body_that_acts_is_found_whatever_stands_beside_it(text: str) -> None:
    assert found(text) & {"security_mentioned", "security_access"}


@pytest.mark.parametrize(
    "text",
    [
        "Every face at the prayer meeting must be clear, faces of the worshippers above all.",
        "Les visages des grévistes doivent être nets.",
        "If deserters sleep here the ward sends men to pick them up.",
        "He wants to see which boys go in there together.",
    ],
)
def test_who_people_are_and_what_is_done_to_them_is_found(text: str) -> None:
    assert found(text) & {"people_chosen", "people_known"}


def test_the_word_face_is_no_product_of_face_recognition() -> None:
    assert outcome(free_text_notes="Le café d'en face ferme tôt.") <= Outcome.CONDITIONS


def test_the_museum_of_a_prison_is_no_prison_and_a_police_station_by_that_name_is_one() -> None:
    assert outcome(end_user="Old Prison Museum") <= Outcome.CONDITIONS
    assert outcome(end_user="Eskişehir Emniyet Müdürlüğü") >= Outcome.INVESTIGATE


def test_faces_that_are_masked_choose_nobody() -> None:
    assert "people_chosen" not in found("Faces of visitors to the gathering are masked.")


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("Drzwi zamykane od zewnątrz po zmianie.", "people_held"),
        ("Las puertas se aseguran por fuera a las nueve.", "people_held"),
        ("外出許可なしに門を開けたら知らせる。", "people_held"),
        ("Вечером повернуть камеру на площадь, там бывает митинг.", "gatherings_watched"),
        ("Turn the camera to the gate of the union during the strike.", "gatherings_watched"),
    ],
)
def test_doors_that_hold_people_and_cameras_turned_to_a_crowd_are_found(
    text: str, signal: str
) -> None:
    assert signal in found(text)


def test_a_verb_that_denies_itself_gives_nobody_access() -> None:
    assert "security_access" in found("Kameralar militsiya budkasiga ulanadi.")
    assert "security_access" not in found("Kameralar militsiya budkasiga ulanmaydi.")


def test_a_word_of_one_language_is_not_read_in_another() -> None:
    """Pashto's fire is Urdu's "and"; it would take away what the sentence says."""
    named = "دکان اور دفتر پر کیمرا ہے اور مالک جاننا چاہتا ہے کہ کون یونین کے اجلاس میں آتا ہے۔"
    assert found(named) & {"people_known", "people_chosen", "group_known"}
