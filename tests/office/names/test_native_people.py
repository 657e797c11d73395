"""People written in their own script and by the many spellings of them in Latin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.names import tables
from insyn.office.names.analyse import analyse
from insyn.office.names.compare import compare_texts
from insyn.office.names.heard import heard, heard_skeletons
from insyn.office.names.palladius import from_palladius
from insyn.office.names.similarity import likeness
from insyn.office.names.spellings import MOST, spellings, wade_giles, wade_giles_word
from insyn.office.screening.terms import run_keys, term_keys, vowelless_keys

SAME = [
    ("蔡英文", "Tsai Ing-wen", "Wade-Giles; ing is no engineer"),
    ("李安", "Ang Lee", "own spelling, given name first"),
    ("蔣介石", "Chiang Kai-shek", "two systems in one name"),
    ("林鄭月娥", "Carrie Lam Cheng Yuet-ngor", "Cantonese, husband's surname, English name"),
    ("吳作棟", "Goh Chok Tong", "Hokkien"),
    ("반기문", "Ban Ki-moon", "own spelling"),
    ("노무현", "Roh Moo-hyun", "own spelling"),
    ("박정희", "Pak Chong-hui", "McCune-Reischauer"),
    ("버락 오바마", "Barack Obama", "foreign name in Hangul"),
    ("アンゲラ・メルケル", "Angela Merkel", "foreign name in Kana"),
    ("オノ ヨーコ", "Yoko Ohno", "long vowels"),
    ("أم كلثوم", "Umm Kulthum", "one written letter is a word"),
    ("Дмитрий Шостакович", "Dmitri Schostakowitsch", "German w between vowels"),
    ("सचिन तेंदुलकर", "Sachin Tendulkar", "dropped vowel"),
    ("রহমান হাসিনা", "Rahman Hasina", "Bengali drops it at times"),
    ("Mao Tse-tung", "Mao Zedong", "Wade-Giles against Pinyin, both Latin"),
    ("Чжоу Эньлай", "周恩来", "Palladius against Han"),
    ("فلاديمير بوتين", "Vladimir Putin", "waw is a vowel within a word"),
]
OTHER = [
    ("周诚凯", "Zhou Jingyi", "sounds alike only when its sounds are made coarse"),
    ("이기정", "Lee Gyeong-hyeon", "another given name"),
    ("李嘉誠", "Li Ka-chung", "one other syllable"),
    ("박근혜", "Park Geun-young", "one other syllable"),
    ("オノ ヨーコ", "Yuko Ono", "o is not u"),
    ("アンゲラ・メルケル", "Andreas Merkel", "another given name"),
    ("ياسر عرفات", "Nasser Arafat", "another given name"),
    ("Chiang Ching-kuo", "Jiang Weiguo", "one other syllable"),
]


@pytest.mark.parametrize(("one", "two", "reason"), SAME)
def test_one_person_is_over_the_bar(one: str, two: str, reason: str) -> None:
    assert compare_texts(one, two, personal=True).score >= 0.7, reason
    assert compare_texts(two, one, personal=True).score >= 0.7, reason


@pytest.mark.parametrize(("one", "two", "reason"), OTHER)
def test_two_people_are_below_the_bar(one: str, two: str, reason: str) -> None:
    assert compare_texts(one, two, personal=True).score < 0.7, reason
    assert compare_texts(two, one, personal=True).score < 0.7, reason


@pytest.mark.parametrize(
    ("pinyin", "spelt"),
    [("xiao", "hsiao"), ("zhou", "chou"), ("guo", "kuo"), ("jing", "ching"), ("deng", "teng"),
     ("ze", "tse"), ("dong", "tung"), ("shi", "shih"), ("jie", "chieh"), ("ren", "jen")],
)  # fmt: skip
def test_wade_giles_follows_from_pinyin(pinyin: str, spelt: str) -> None:
    assert spelt in wade_giles(pinyin)


def test_a_latin_word_of_two_syllables_has_wade_giles_spellings() -> None:
    assert "tsetung" in wade_giles_word("zedong")
    assert wade_giles_word("smith") == frozenset()


def test_no_word_has_spellings_without_bound() -> None:
    words = [*tables.han_surnames(), *tables.kanji_names(), "승훈경희", "刘李陈黄"]
    assert max(len(spellings(word)) for word in words) <= MOST + 10


@pytest.mark.parametrize(
    ("native", "latin"),
    [("クリントン", "clinton"), ("ウラジーミル", "vladimir"), ("ジョージ", "george"),
     ("キヤノン", "canon"), ("ウィンストン", "winston"), ("처칠", "churchill"),
     ("블라디미르", "vladimir"), ("가가린", "gagarin")],
)  # fmt: skip
def test_a_foreign_name_is_heard(native: str, latin: str) -> None:
    assert heard(native, latin)


@pytest.mark.parametrize(("native", "latin"), [("メルケル", "mercury"), ("スミス", "simmons")])
def test_another_name_is_not_heard(native: str, latin: str) -> None:
    assert not heard(native, latin)


def _tokens_of_pairs() -> Iterator[tuple[str, str]]:
    for one, two, _ in SAME:
        yield one, two


@pytest.mark.parametrize(("one", "two"), list(_tokens_of_pairs()))
def test_words_that_meet_share_a_key(one: str, two: str) -> None:
    met = 0
    for name in analyse(one, personal=True):
        for other in analyse(two, personal=True):
            for a in name.tokens:
                for b in other.tokens:
                    if likeness(a, b)[0] > 0:
                        met += 1
                        keys = {*term_keys(a), *vowelless_keys(a)}
                        assert keys & {*term_keys(b), *vowelless_keys(b)}, (a, b)
    assert met


@pytest.mark.parametrize(
    ("native", "run"), [("기문", "kimoon"), ("介石", "kaishek"), ("英文", "ingwen")]
)
def test_a_run_of_latin_words_meets_the_native_word(native: str, run: str) -> None:
    spelt = set(run_keys(run))
    assert spelt & set(run_keys("", native))


@given(st.text(alphabet="アァカガザッツンーヤャメルケ김정은리ヴ", max_size=8), st.text(max_size=12))
def test_any_text_is_heard_without_error_and_only_with_a_key(native: str, form: str) -> None:
    if heard(native, form):
        assert heard_skeletons(native)


@pytest.mark.parametrize(
    ("cyrillic", "pinyin"),
    [("цзиньпин", "jinping"), ("цзэдун", "zedong"), ("чжоу", "zhou"), ("сюй", "xu"),
     ("хуавэй", "huawei"), ("иван", ""), ("сергей", ""), ("гофэн", "guofeng"), ("жукова", "")],
)  # fmt: skip
def test_palladius_goes_back_to_pinyin(cyrillic: str, pinyin: str) -> None:
    assert from_palladius(cyrillic) == pinyin


def test_arabic_long_vowels_must_have_vowels_to_meet() -> None:
    assert compare_texts("كورونا", "Green", personal=True).score == 0.0
