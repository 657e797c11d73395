"""What is done without leave is done; who gets a call gets no picture; whose passports they are."""

from __future__ import annotations

import pytest

from insyn.office.diligence.lexicon import lexicon


def _signals(text: str) -> set[str]:
    return {finding.id for finding in lexicon().read("free_text_notes", text, None)}


@pytest.mark.parametrize(
    "text",
    [
        "Police watch live without a request.",
        "Polisen tittar live utan beslut.",
        "Ոստիկանությունն ուղիղ եթերով դիտում է իր սենյակից առանց դիմումի։",
        "Цагдаа өөрийн өрөөнөөс шууд харна, хүсэлт хэрэггүй.",
        "המשטרה צופה בשידור חי ללא צו.",
        "La policía mira en vivo desde su cuartel, sin oficio.",
        "Policija no savas telpas redz tiešraidi.",
    ],
)
def test_access_without_leave_is_access(text: str) -> None:
    assert "security_access" in _signals(text)


@pytest.mark.parametrize(
    "text",
    [
        "Police see nothing without a court order.",
        "Ohne Beschluss bekommt die Polizei nichts.",
        "La polizia riceve la chiamata, non i flussi.",
        "Policie dostane hovor, ne obraz.",
        "دوکانەکە لە تەنیشت بنکەی پۆلیسە.",
    ],
)
def test_no_access_without_leave_or_by_a_call_is_none(text: str) -> None:
    assert not _signals(text) & {"security_access", "security_mentioned"}


def test_a_call_and_the_pictures_is_access() -> None:
    assert "security_access" in _signals("La policía recibe el aviso y las imágenes en directo.")


def test_pictures_not_yet_handed_on_are_put_off() -> None:
    text = "Polizei bekommt noch nicht die Bilder, erst den Anruf."
    assert "put_off" in _signals(text)


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("Workers keep their passports, lockers provided.", False),
        ("Pekerja simpan pasport sendiri.", False),
        ("Guests leave passports at reception.", False),
        ("Supervisor keeps the workers' passports in the office.", True),
        ("Los pasaportes de los trabajadores los guarda el encargado.", True),
    ],
)
def test_passports_hold_people_only_in_the_hands_of_others(text: str, held: bool) -> None:
    assert ("people_held" in _signals(text)) is held


def test_police_beside_a_demonstration_are_not_yet_watching_it() -> None:
    found = _signals("Derbyssä poliisi ja mielenosoittajia pihalla kerran.")
    assert "gatherings_policed" in found
    assert "gatherings_watched" not in found
