"""The person-name tables keep their shapes, and a few facts of each stand."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from importlib.resources import files

import pytest

from insyn.office.names.words import normal_native

SHAPES = {
    "variants": (("canonical", "spellings"), 500),
    "nicknames": (("name", "kind", "others"), 300),
    "titles": (("title", "language"), 250),
    "particles": (("particle", "kind", "language"), 80),
    "arabic_names": (("native", "latin"), 700),
    "persian_names": (("native", "latin"), 250),
    "hebrew_names": (("native", "latin"), 250),
    "han_surnames": (("han", "pinyin", "others"), 400),
    "han_given": (("han", "pinyin"), 40),
    "han_spellings": (("system", "spellings", "han"), 400),
    "kanji_names": (("kanji", "kind", "readings"), 1100),
    "hangul_surnames": (("hangul", "spellings"), 110),
    "thai_names": (("thai", "latin"), 250),
    "common_tokens": (("token", "band"), 2500),
}
MAY_BE_EMPTY = {("han_surnames", 2)}
NATIVE = ("arabic_names", "persian_names", "hebrew_names", "thai_names")


def lines(table: str) -> list[str]:
    text = files("insyn.office.names").joinpath("data", f"{table}.tsv").read_text("utf-8")
    assert text.endswith("\n")
    return text.splitlines()


def rows(table: str) -> list[list[str]]:
    return [line.split("\t") for line in lines(table)[1:] if not line.startswith("#")]


def pairs(table: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows(table):
        for native in row[0].split("/"):
            found[native] = row[1].split("|")
    return found


@pytest.mark.parametrize("table", SHAPES)
def test_header_names_the_columns_and_a_comment_names_the_source(table: str) -> None:
    head, *rest = lines(table)
    assert tuple(head.split("\t")) == SHAPES[table][0]
    assert any(line.startswith("# ") for line in rest)


@pytest.mark.parametrize("table", SHAPES)
def test_every_row_is_full_lower_case_and_nfc(table: str) -> None:
    columns, least = SHAPES[table]
    found = rows(table)
    assert len(found) >= least
    for row in found:
        assert len(row) == len(columns), row
        for at, cell in enumerate(row):
            assert cell or (table, at) in MAY_BE_EMPTY, row
            assert cell == cell.lower() == unicodedata.normalize("NFC", cell).strip(), row
            items = cell.split("|")
            assert all(items) or (table, at) in MAY_BE_EMPTY, row
            assert len(set(items)) == len(items), row


MANY_TO_MANY = {"nicknames", "kanji_names", "han_spellings"}


@pytest.mark.parametrize("table", sorted(set(SHAPES) - MANY_TO_MANY))
def test_no_key_stands_twice(table: str) -> None:
    counts = Counter(key for row in rows(table) for key in row[0].split("/"))
    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("table", ["nicknames", "kanji_names"])
def test_no_key_stands_twice_in_one_kind(table: str) -> None:
    counts = Counter((row[0], row[1]) for row in rows(table))
    assert [key for key, count in counts.items() if count > 1] == []


def test_no_spelling_stands_in_two_groups_of_variants() -> None:
    groups = [[row[0], *row[1].split("|")] for row in rows("variants")]
    counts = Counter(spelling for group in groups for spelling in group)
    assert [spelling for spelling, count in counts.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z]{2,}", spelling) for spelling in counts)


@pytest.mark.parametrize("table", NATIVE)
def test_native_words_are_stored_as_they_are_looked_up(table: str) -> None:
    for row in rows(table):
        assert normal_native(row[0]) == row[0]
        assert not re.search(r"\s", row[0])


@pytest.mark.parametrize(
    ("table", "column", "allowed"),
    [
        ("nicknames", 1, {"nick", "cousin"}),
        ("kanji_names", 1, {"surname", "given"}),
        (
            "particles",
            1,
            {"filiation", "article", "nobiliary", "theophoric", "kunya", "suffix"},
        ),
        ("common_tokens", 1, {"1", "2", "3"}),
    ],
)
def test_a_kind_is_one_of_those_named(table: str, column: int, allowed: set[str]) -> None:
    assert {row[column] for row in rows(table)} == allowed


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("muhammad", "mehmet"),
        ("husayn", "hossein"),
        ("alexander", "oleksandr"),
        ("sergey", "siarhei"),
        ("vladimir", "uladzimir"),
        ("kim", "gim"),
        ("chaudhry", "choudhury"),
    ],
)
def test_two_spellings_of_a_name_share_a_group(one: str, other: str) -> None:
    groups = [{row[0], *row[1].split("|")} for row in rows("variants")]
    assert any({one, other} <= group for group in groups)


@pytest.mark.parametrize(
    ("one", "other"),
    [("hamad", "hamid"), ("salim", "salem"), ("hasan", "husayn"), ("ivan", "john")],
)
def test_two_names_do_not_share_a_group(one: str, other: str) -> None:
    groups = [{row[0], *row[1].split("|")} for row in rows("variants")]
    assert not any({one, other} <= group for group in groups)


@pytest.mark.parametrize(
    ("table", "native", "latin"),
    [
        ("arabic_names", "محمد", "muhammad"),
        ("arabic_names", normal_native("أحمد"), "ahmad"),
        ("arabic_names", normal_native("عائشة"), "aisha"),
        ("persian_names", normal_native("زاده"), "zadeh"),
        ("persian_names", normal_native("نژاد"), "nejad"),
        ("hebrew_names", "בנימין", "benjamin"),
        ("hebrew_names", "כהן", "cohen"),
        ("han_surnames", "单", "shan"),
        ("han_surnames", "仇", "qiu"),
        ("han_surnames", "朴", "piao"),
        ("han_surnames", "歐陽", "ouyang"),
        ("hangul_surnames", "박", "park"),
        ("thai_names", "สมชาย", "somchai"),
        ("thai_names", "วงศ์", "wong"),
    ],
)
def test_the_first_reading_is_the_usual_one(table: str, native: str, latin: str) -> None:
    assert pairs(table)[native][0] == latin


@pytest.mark.parametrize(
    ("kanji", "kind", "reading"),
    [("佐藤", "surname", "sato"), ("安倍", "surname", "abe"), ("晋三", "given", "shinzo")],
)
def test_japanese_names_read_as_their_bearers_do(kanji: str, kind: str, reading: str) -> None:
    found = {(row[0], row[1]): row[2].split("|") for row in rows("kanji_names")}
    assert found[kanji, kind][0] == reading


def test_the_commonest_names_are_in_the_first_band() -> None:
    bands = {row[0]: row[1] for row in rows("common_tokens")}
    assert {bands[name] for name in ("mohammed", "maria", "kim", "wang", "singh")} == {"1"}


def test_titles_that_are_names_too_are_weak() -> None:
    titles = {row[0]: row[1] for row in rows("titles")}
    assert {titles[name] for name in ("syed", "malik", "khan", "hafiz")} == {"weak"}
    assert titles["mr"] != "weak"
