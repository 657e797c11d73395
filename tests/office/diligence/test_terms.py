"""Terms of many scripts are found where a reader finds them, in hostile text too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.base.errors import UnreadableInput
from insyn.office.diligence.folding import fold, latinised
from insyn.office.diligence.lexicon import lexicon
from insyn.office.diligence.terms import Terms
from insyn.office.diligence.vocabulary import _read, read_words
from insyn.office.diligence.wording import cut


@pytest.mark.parametrize(
    ("language", "term", "text", "found"),
    [
        ("en", "police*", "policeman came", True),
        ("en", "police", "policeman came", False),
        ("en", "union hall", "the union hall", True),
        ("en", "union hall", "the union town hall", False),
        ("sw", "*tambu*", "watatambuliwa", True),
        ("ar", "شرطة", "وبالشرطة", True),
        ("he", "משטרה", "ולמשטרה", True),
        ("zh", "派出所", "交给派出所看", True),
        ("am", "ቀበሌ", "ለቀበሌው", True),
        ("hi", "पुलिस", "पुलिसकर्मी", True),
        ("tr", "kamera", "kameraların", True),
        ("ru", "прокуратура", "v prokuratura", True),
        ("sr", "полиција", "policija", True),
        ("th", "หอพัก คนงาน", "ในหอพักคนงาน", True),
    ],
)
def test_a_term_meets_a_text_as_its_script_asks(
    language: str, term: str, text: str, found: bool
) -> None:
    terms = Terms({"c": {language: [term]}})
    assert bool(terms.find(fold(text))) is found


def test_serbian_and_uzbek_cyrillic_meet_their_latin() -> None:
    assert fold(latinised("Тужилаштво ће љубазно")) == fold("Tužilaštvo će ljubazno")
    assert latinised("ўзбек") == "ozbek"
    assert latinised("Полиция будет смотреть, объявлены") == "Полиция будет смотреть, объявлены"


@given(st.text(max_size=200))
def test_any_text_is_cut_and_read(text: str) -> None:
    clauses = cut(text)
    assert all(clause.folded for clause in clauses)
    lexicon().read("notes", text, None)


@pytest.mark.parametrize(
    "piece", ["a", "police, ", "no police not ", "人脸识别", "والشرطة ", ". a"]
)
def test_a_long_text_is_cut_in_pieces_of_bounded_size(piece: str) -> None:
    """What costs more than its length, negation and meeting words, looks at a piece alone."""
    clauses = cut(piece * (20_000 // len(piece)))
    assert max(len(clause.folded) for clause in clauses) <= 600
    sentences = [clause.sentence for clause in clauses]
    assert max(map(sentences.count, set(sentences))) <= 40


def test_a_table_that_is_no_table_is_named_with_its_line() -> None:
    with pytest.raises(UnreadableInput, match=r"odd\.txt, before line 3"):
        _read(["[police]", "no colon here"], "odd.txt", {})


def test_every_concept_that_a_signal_names_has_words() -> None:
    words = read_words()
    for signal in lexicon().signals:
        lifted = (concept for both in signal.unless for concept in both.split("&"))
        for concept in (*frozenset().union(*signal.parts), *lifted, *signal.quiet):
            assert words.get(concept.removeprefix("no:")), (signal.id, concept)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("The cameras are for the store and the entrance.", True),
        ("Kamera za mlangoni na ghala tu, picha hukaa siku saba.", True),
        ("Vuzh kralim torbu nesht ogrulma zefit karom dulz.", False),
        ("ꯀꯥꯃꯦꯔꯥ ꯑꯁꯤ ꯗꯨꯀꯥꯟ ꯒꯤ ꯗꯃꯛꯇ ꯅꯤ ꯑꯗꯨꯕꯨ ꯃꯤꯌꯥꯝ ꯌꯦꯡꯕ", False),
        ("Nordvik AB", True),
    ],
)
def test_a_text_in_a_language_nobody_reads_is_known_as_such(text: str, read: bool) -> None:
    assert lexicon().is_read(text) is read
