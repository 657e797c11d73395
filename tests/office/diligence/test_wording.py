"""Folding, terms in many scripts, and what negates them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.diligence.folding import fold
from insyn.office.diligence.lexicon import lexicon


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("天網工程", "天网工程"),
        ("Reconocimiento FACIAL", "reconocimiento facial"),
        ("ministère de l’Intérieur", "ministere de l interieur"),
        ("yoʻq", "yo'q"),
        ("شرطة", "شرطه"),
        ("face-recognition", "face recognition"),
        ("ＦＡＣＥ", "face"),
    ],
)
def test_what_differs_only_in_writing_folds_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


AFFIRMED = [
    "Face recognition will be installed.",
    "Do not mention face recognition in the contract.",
    "Without signs, face recognition is installed.",
    "The operator will not sign without face recognition.",
    "They refused masking and want face recognition.",
    "Utambuzi wa nyuso utatumika.",
    "Распознавание лиц подключит интегратор.",
    "raspoznavanie lits",
    "人臉辨識",
    "Yuzni tanish tizimi o'rnatiladi.",
    "سيتم التعرف على الوجوه",
    "चेहरे की पहचान होगी",
    "မျက်နှာမှတ်စနစ် တပ်ဆင်မည်",
    "Reconocimiento facial de los pasajeros",
    "Sẽ nhận diện khuôn mặt",
]
DENIED = [
    "No face recognition.",
    "No audio, face recognition or tracking.",
    "Face recognition is not used.",
    "Hakuna utambuzi wa nyuso.",
    "Распознавания лиц не будет.",
    "系统不含人脸识别",
    "Yuzni tanish tizimi yo'q.",
    "بدون التعرف على الوجوه",
    "चेहरा पहचान, ऑडियो नहीं है",
    "မျက်နှာမှတ်စနစ် မပါဝင်ပါ",
    "Sin reconocimiento facial.",
    "Không có nhận diện khuôn mặt.",
    "Yüz tanıma kullanılmayacak.",
    "Geen gezichtsherkenning.",
]


@pytest.mark.parametrize("text", AFFIRMED)
def test_recognition_is_found_where_it_is_affirmed(text: str) -> None:
    assert lexicon().has(text, "face")


@pytest.mark.parametrize("text", DENIED)
def test_recognition_that_is_denied_is_not_found(text: str) -> None:
    assert not lexicon().has(text, "face")


@pytest.mark.parametrize(
    ("text", "country", "signal"),
    [
        ("Mteja halisi ni polisi.", "KE", "security_access"),
        ("Официально для трафика, но доступ получит ФСБ", "RU", "pretext"),
        ("ကင်မရာများကို ရဲတပ်ဖွဲ့ ထိန်းချုပ်ခန်းသို့ ချိတ်ဆက်မည်။", "MM", "security_access"),
        ("Kameralar IIBga ulanadi.", "UZ", "security_access"),
        ("No face recognition for now; it can be added in phase two.", "GB", "put_off"),
        ("Flux transmis à la gendarmerie", "CM", "security_access"),
        ("A list of students who attend is needed.", "PH", "people_traced"),
        ("Rektor juma namoziga kim borayotganini bilishni so'radi.", "UZ", "people_traced"),
        ("Yöneticiler hangi işçinin sendikaya gittiğini bilmek istiyor.", "TR", "people_known"),
        ("เจ้าของอยากรู้ว่าแรงงานพม่าคนไหนไปคุยกับทนาย", "TH", "people_known"),
        ("Nobody may leave the dormitory before the season ends.", "GB", "people_held"),
        ("Passports are kept until the debt is paid.", "AE", "people_held"),
        ("Odstranit štítky, zboží jede dál přes hranice.", "CZ", "resale"),
        ("Трансляция пойдёт в ситуационный центр акимата.", "KZ", "authority_access"),
        ("Two cameras point at the mosque across the street.", "AT", "place_aimed"),
    ],
)
def test_a_sentence_says_what_it_says(text: str, country: str, signal: str) -> None:
    assert signal in {finding.id for finding in lexicon().read("notes", text, country)}


@pytest.mark.parametrize(
    "text",
    [
        "Recordings go to the police only on a court order.",
        "La police n'a pas d'accès direct; images remises sur réquisition judiciaire.",
        "Bouton d'alarme relié au commissariat.",
        "Cameras at the doors and in the store room.",
        "The workers were informed by signs.",
        "O dono quer saber quem deixou a porta do freezer aberta.",
        "Полиција добија снимак само на писани захтев.",
        "Passports are not copied at the reception.",
        "नमाज़ के कमरे में कोई कैमरा नहीं है।",
    ],
)
def test_an_ordinary_sentence_is_no_finding_that_holds_a_deal(text: str) -> None:
    held = {"security_access", "people_traced", "people_known", "people_chosen", "people_held",
            "group_known", "resale", "authority_access", "place_aimed", "dissent_mentioned",
            "identification"}  # fmt: skip
    assert not held & {finding.id for finding in lexicon().read("notes", text, "SE")}


def test_a_programme_counts_strongly_only_where_its_name_means_it() -> None:
    at_home = lexicon().read("programme", "Skynet upgrade", "CN")
    abroad = lexicon().read("programme", "Skynet Courier depot", "SE")
    assert [(f.id, f.is_strong) for f in at_home] == [("skynet", True)]
    assert [(f.id, f.is_strong) for f in abroad] == [("skynet", False)]


def test_every_entry_names_its_source_and_has_terms_in_two_writings_or_more() -> None:
    for entry in lexicon().entries.values():
        assert entry.source.year > 1990, entry.id
        assert entry.source.section, entry.id
