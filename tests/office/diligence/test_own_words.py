"""A word counts in its own language; what is struck, asked at one's door or told twice does not."""

from __future__ import annotations

import pytest

from insyn.office.diligence.lexicon import lexicon


def found(text: str) -> set[str]:
    return {finding.id for finding in lexicon().read("free_text_notes", text, None)}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Carabineros avisados por teléfono, sin señal de video.", "signal, not sign"),
        ("Kho gạo bị mất trộm ba lần, bảo hiểm yêu cầu lắp camera.", "was lost, not secret"),
        ("العمال على علم، ولا كاميرا في السكن.", "and not, not loyalty"),
        ("هیئت امنا درخواست را رد کرد.", "did, not Kurd"),
        ("Samisk lag passer sitt eget slakteri, ingen andre ser bildene.", "Turkmen 'know'"),
        ("Профспілка погодила схему, запис зберігає бухгалтер.", "a recording, no register"),
    ],
)
def test_a_word_of_another_language_or_sense_is_no_finding(text: str, reason: str) -> None:
    assert not found(text) & {"concealment", "people_traced", "group_known", "group_watched"}, (
        reason
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Камеры настроены и проверены.", "configured, not mood"),
        ("A terv a szomszédok figyelembevételével készült.", "in view of, not attention"),
        ("Οι εικόνες είναι στη διάθεση του ιδιοκτήτη.", "at the disposal of, not mood"),
        ("Kansliet ligger bredvid lagret.", "office, not feeling"),
        ("Kameraet står i rommet bak disken.", "room, not escape"),
        ("A raktárt szokás szerint este zárják.", "as usual, not escape"),
        ("ហាងនៅឃុំព្រែកឯង។", "commune, not detained"),
        ("रात में दुकान बंद करते हैं।", "close, not lock in"),
        ("La caméra est sur la façade.", "front of the house, not of a firm"),
        ("الانترنت سريع في المحل.", "fast, not secret"),
        ("गुप्ता जनरल स्टोर का गोदाम।", "a name, not secret"),
        ("चोरी-विरोधी गेट लगा है।", "against theft, no opponent"),
        ("匿名计数,不存图像。", "counted without names"),
        ("Bottles are filled; straw bales stand by the Shell station.", "straw, no straw man"),
        ("The thieves ran away over the fence.", "nobody is held"),
    ],
)
def test_an_everyday_word_alone_holds_and_stops_nothing(text: str, reason: str) -> None:
    assert found(text) == set(), reason


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("Модуль оценивает настроение покупателей.", "biometric_categorisation"),
        ("A szoftver méri a diákok figyelmét, figyelem pontszám 5 percenként.",
         "biometric_categorisation"),
        ("Passports are in the safe of the dormitory, nobody may leave.", "people_held"),
        ("Runaways from the dormitory must be found, their debt is paid first.", "people_held"),
    ],
)  # fmt: skip
def test_the_same_words_in_company_are_found(text: str, signal: str) -> None:
    assert signal in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Moduł rozpoznawania twarzy wykreślony z oferty na wniosek IOD.",
        "El reconocimiento facial se quitó de la oferta.",
        "Reconocimiento facial incluido en catálogo pero no contratado.",
        "Le module de reconnaissance faciale a été retiré à la demande du client.",
        "顔認証機能は契約から削除済み。",
        "Yüz tanıma modülü tekliften çıkarıldı.",
        "Parecer anexo; sem biometria, sem leitura de placas.",
    ],
)
def test_recognition_that_was_struck_from_the_offer_is_none(text: str) -> None:
    assert "face_recognition" not in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The face recognition module was taken out of this offer, it comes under another contract.",
        "Moduł rozpoznawania twarzy wykreślony z oferty, później osobno.",
    ],
)
def test_what_is_struck_and_comes_later_is_a_question(text: str) -> None:
    assert "put_off" in found(text)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("Face recognition is included.", "face_recognition"),
        ("The module follows the same person from station to station.", "face_recognition"),
        ("Operator ordered to switch on interception for the military.", "security_mentioned"),
        ("Ro'yxat ertalab prokuraturaga beriladi.", "security_access"),
        ("Les visages des grévistes doivent être nets.", "people_chosen"),
        ("Кумита мехоҳад донад, кӣ ба масҷид меояд.", "people_known"),
        ("Замовник каже, що справжній покупець не має бути в документах.", "concealment"),
    ],
)
def test_what_is_meant_is_still_found(text: str, signal: str) -> None:
    assert signal in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The theft was reported to the police, case number given.",
        "On a porté plainte à la gendarmerie pour le vol.",
        "Милиция приезжала после кражи, составила протокол.",
        "चोरीको उजुरी प्रहरीमा दिइएको छ।",
        "Tuliripoti wizi kwa polisi.",
        "Sudah lapor polisi soal pencurian.",
        "چوری کی رپورٹ تھانے میں درج ہے۔",
    ],
)
def test_a_theft_reported_to_the_police_is_no_access_of_theirs(text: str) -> None:
    assert found(text) == set()


def test_a_report_to_the_police_of_people_is_found() -> None:
    assert "security_access" in found("Reports and the live feed go to the police every night.")


def test_a_label_and_what_follows_its_colon_are_one_sentence() -> None:
    assert found("Policía antinarcóticos: copia sólo con orden escrita de fiscal.") == set()
    assert "security_access" in found("Police: live feed of all cameras.")


def test_what_comes_after_or_else_negates_nothing_before_it() -> None:
    words = "طلبت البلدية أن تُسلَّم لها كل مساء صور الخارجين من الخيام، وإلا لن تُجدَّد الرخصة."
    assert "authority_access" in found(words)


def test_who_stands_at_ones_own_door_is_no_register_and_a_group_at_it_still_is() -> None:
    assert not found("They want to see who is at the gate before they open.")
    assert "group_known" in found(
        "They want to see who comes to the union meeting before the door is opened, who rings."
    )
