"""Names that are one party's and names that are not; each row with its reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.names.compare import compare_texts

SAME = [
    ("Tarquin Vellmark", "VELLMARK, Tarquin", True, "order"),
    ("Yusuf Abdulrahman", "Youssef Abd al-Rahman", True, "transliteration and compound"),
    ("Сергей Иванов", "Sergej Ivanov", True, "Cyrillic"),
    ("ბარაკ ობამა", "Barack Obama", True, "Georgian"),
    ("محمد بن سلمان", "Mohammed bin Salman", True, "Arabic"),
    ("习近平", "Xi Jinping", True, "Han, surname first"),
    ("김정은", "Kim Jong Un", True, "Hangul against McCune-Reischauer"),
    ("田中 太郎", "Taro Tanaka", True, "Kanji read as Japanese"),
    ("Hsi Chin-ping", "Xi Jinping", True, "Wade-Giles"),
    ("vanderbilt corp", "van der bilt corp", False, "words run together"),
    ("OOO Romashka", "Romashka LLC", False, "legal forms"),
    ("北京市公安局", "Beijing Municipal Public Security Bureau", False, "composed of known parts"),
    ("海康威视", "Hikvision", False, "own name of a listed company"),
    ("Guangzhou Haige Communications Group", "GUANGZHOU HAIGE COMM GRP", False, "abbreviations"),
    ("Brigade Forty-Four", "Brigade 44", False, "numbers"),
    ("Qaeda", "AL QA'IDA", False, "a short word, one letter differs"),
    ("Kaida", "AL QA'IDA", False, "a short word of the same sound, one letter differs"),
    ("El Kaide", "AL-QAIDA", False, "a short word of the same sound, and the article"),
    ("Al Kaeda", "AL QA'IDA", False, "a short word of the same sound, and the article"),
    ("Аль-Каида", "AL QA'IDA", False, "Cyrillic"),
    ("القاعدة", "AL QA'IDA", False, "Arabic"),
    ("Веда", "Wiedah", False, "a short Cyrillic word, written by another system"),
]
OTHER = [
    ("Roman Abramov", "Boris Abramov", True, "another given name"),
    ("Salman bin Muhammad al-Rawi", "Muhammad bin Salman al-Rawi", True, "father and son"),
    ("成都市公安局", "Beijing Municipal Public Security Bureau", False, "another city's bureau"),
    ("Government of Estonia", "Government of Ethiopia", False, "another country"),
    ("North Trading Company", "General Trading Company", False, "generic words alone"),
    ("习近朋", "习近平", True, "a Han character is not a letter"),
    ("Volkswagen AG", "Siemens AG", False, "only the legal form is shared"),
    ("Keda", "AL QA'IDA", False, "one short word, alike in sound and not in letters"),
    ("科达", "AL QA'IDA", False, "the same, of a Han word"),
    ("Keda Group", "AL QAIDA GROUP", False, "generic words are no evidence beside it"),
    ("Vays", "WAIZE", False, "one short word, alike in sound and not in letters"),
]


@pytest.mark.parametrize(("one", "two", "personal", "reason"), SAME)
def test_one_party_is_over_the_bar(one: str, two: str, personal: bool, reason: str) -> None:
    assert compare_texts(one, two, personal=personal).score >= 0.7, reason


@pytest.mark.parametrize(("one", "two", "personal", "reason"), OTHER)
def test_two_parties_are_below_the_bar(one: str, two: str, personal: bool, reason: str) -> None:
    assert compare_texts(one, two, personal=personal).score < 0.7, reason


@given(st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_any_text_compares_within_bounds(one: str, two: str, personal: bool) -> None:
    assert 0.0 <= compare_texts(one, two, personal=personal).score <= 1.0


@given(st.text(alphabet="abcdefgh ياسمين海康", min_size=1, max_size=40), st.booleans())
def test_a_name_equals_itself(name: str, personal: bool) -> None:
    found = compare_texts(name, name, personal=personal)
    assert found.score == (1.0 if name.strip() else 0.0)
