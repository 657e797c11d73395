"""Keys under which words meet: alike words share one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.names.analyse import analyse
from insyn.office.names.tokens import Name, Token
from insyn.office.screening import terms


def reading(text: str, *, personal: bool = True) -> Name:
    return analyse(text, personal=personal)[0]


def word(text: str) -> Token:
    return reading(f"Zebulon {text}").tokens[-1]


def meet(first: str, second: str) -> bool:
    return bool(set(terms.term_keys(word(first))) & set(terms.term_keys(word(second))))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("Quartzwell", "Quartzwell", "equal"),
        ("Quartzwell", "Quartzwel", "a letter left out"),
        ("Quartzwell", "Quarttzwell", "a letter too many"),
        ("Quartzwell", "Quarztwell", "two letters swapped"),
        ("Quartzwell", "Quartzwall", "a letter replaced"),
        ("Quartzwell", "Qartzwel", "two letters of a long word"),
        ("Tsindrakis", "Zindrakis", "the same sound"),
        ("Müller", "Mueller", "an umlaut written out"),
        ("Вольтурнов", "Volturnov", "another script"),
    ],
)
def test_alike_words_share_a_key(first: str, second: str, why: str) -> None:
    assert meet(first, second), why


def test_unlike_words_share_none() -> None:
    assert not meet("Quartzwell", "Tsindrakis")


WORD = st.text("abcdefghiklmnoprstuvz", min_size=4, max_size=14)


@given(text=WORD, at=st.integers(0, 20))
def test_a_word_shares_a_key_with_itself_less_a_letter(text: str, at: int) -> None:
    at %= len(text)
    less = text[:at] + text[at + 1 :]
    assert set(terms.letter_keys(text)) & set(terms.letter_keys(less))


@given(text=WORD, at=st.integers(0, 20), other=st.sampled_from("aeioumnrst"))
def test_a_word_shares_a_key_with_itself_with_a_letter_replaced(
    text: str, at: int, other: str
) -> None:
    at %= len(text)
    changed = text[:at] + other + text[at + 1 :]
    assert set(terms.letter_keys(text)) & set(terms.letter_keys(changed))


LONG = st.text("abcdefghiklmnoprstuvz", min_size=8, max_size=22)


@given(text=LONG, first=st.integers(0, 30), second=st.integers(0, 30))
def test_a_long_word_shares_a_key_with_itself_less_two_letters(
    text: str, first: int, second: int
) -> None:
    once = text[: first % len(text)] + text[first % len(text) + 1 :]
    less = once[: second % len(once)] + once[second % len(once) + 1 :]
    assert set(terms.letter_keys(text)) & set(terms.letter_keys(less))


def test_anchors_are_the_heaviest_words_and_outweigh_a_quarter() -> None:
    tokens = reading("National Quartzwell Company Ltd", personal=False).tokens
    chosen = terms.anchors(tokens)
    assert tokens[chosen[0]].form == "quartzwell"
    held = sum(tokens[at].weight for at in chosen)
    assert held > terms.ANCHOR_SHARE * sum(token.weight for token in tokens)
    lightest = min(tokens[at].weight for at in chosen)
    assert all(token.weight <= lightest for at, token in enumerate(tokens) if at not in chosen)


def test_runs_are_neighbouring_words_of_two_and_three() -> None:
    tokens = reading("Jan van der Bilt").tokens
    found = {" ".join(token.form for token in run) for run, _ in terms.runs(tokens)}
    assert {"van der bilt", "der bilt", "jan van"} <= found
    assert not any(len(run.split()) not in (2, 3) for run in found)


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        ("Teng hui", "Denghui"),
        ("Chung hua", "Zhonghua"),
        ("Wen hui", "Wenhui"),
        ("Guo qiang", "Guoqiang"),
    ],
)
def test_a_run_has_the_sound_of_the_word_it_makes(apart: str, together: str) -> None:
    run = reading(f"Zebulon {apart}").tokens[1:]
    assert set(terms.exact_run_keys(run)) & set(terms.run_keys(together.lower()))


def test_identifiers_meet_by_their_comparable_form_alone() -> None:
    assert terms.identifier_hash("XQ1234567") == terms.identifier_hash("XQ1234567")
    assert terms.identifier_hash("XQ1234567") != terms.identifier_hash("XQ1234568")
