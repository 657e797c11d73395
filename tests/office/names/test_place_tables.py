"""The place and native-name tables keep their shapes, and a few facts of each stand."""

from __future__ import annotations

import csv
import os
import re
import unicodedata
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree

from insyn.office.names.tables import split_words, squeeze

SHAPES = {
    "places": (("place", "country", "kind", "spellings", "source"), 1500),
    "listed_native": (("native", "listed", "language", "source"), 1200),
}
NEWER = "listed after the 2022 copy"
LEGAL = frozenset(
    {
        "co", "ltd", "limited", "company", "corp", "corporation", "inc", "llc", "jsc", "ojsc",
        "pjsc", "cjsc", "oao", "zao", "ao", "pao", "ooo", "open", "joint", "stock", "public",
        "closed", "the", "of", "and", "plc",
    }
)  # fmt: skip


def lines(table: str) -> list[str]:
    text = files("insyn.office.names").joinpath("data", f"{table}.tsv").read_text("utf-8")
    assert text.endswith("\n")
    return text.splitlines()


@cache
def rows(table: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split("\t")) for line in lines(table)[1:] if not line.startswith("#"))


@cache
def spelled() -> dict[str, tuple[str, str, str]]:
    return {
        spelling: (row[0], row[1], row[2])
        for row in rows("places")
        for spelling in (row[0], *row[3].split("|"))
    }


def native(name: str) -> str:
    return {row[0]: row[1] for row in rows("listed_native")}[name]


@pytest.mark.parametrize("table", SHAPES)
def test_header_names_the_columns_and_every_row_is_full_and_nfc(table: str) -> None:
    columns, least = SHAPES[table]
    assert tuple(lines(table)[0].split("\t")) == columns
    assert len(rows(table)) >= least
    for row in rows(table):
        assert len(row) == len(columns), row
        for cell in row:
            assert cell, row
            assert cell == unicodedata.normalize("NFC", cell).strip(), row


def test_places_are_lower_case_ascii_of_a_known_kind_and_country() -> None:
    for place, country, kind, spellings, _source in rows("places"):
        assert re.fullmatch(r"[a-z0-9]+( [a-z0-9]+)*", place), place
        assert re.fullmatch(r"[A-Z]{2}", country), place
        assert kind in {"country", "region", "city", "district"}, place
        assert spellings == spellings.lower(), place
        assert all(spellings.split("|")), place


def test_no_spelling_names_two_places() -> None:
    counts = Counter(
        split_words(spelling) for row in rows("places") for spelling in (row[0], *row[3].split("|"))
    )
    assert () not in counts
    assert [words for words, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(
    ("spelling", "place", "country"),
    [
        ("新疆", "xinjiang", "CN"),
        ("乌鲁木齐", "urumqi", "CN"),
        ("烏魯木齊", "urumqi", "CN"),
        ("tihwa", "urumqi", "CN"),
        ("akesu", "aksu", "CN"),
        ("kezilesu", "kizilsu", "CN"),
        ("tumushuke", "tumxuk", "CN"),
        ("kelamayi", "karamay", "CN"),
        ("hetian", "hotan", "CN"),
        ("canton", "guangzhou", "CN"),
        ("peking", "beijing", "CN"),
        ("московский", "moscow", "RU"),
        ("moskovsky", "moscow", "RU"),
        ("ленинградская", "saint petersburg", "RU"),
        ("новосибирский", "novosibirsk", "RU"),
        ("россия", "russia", "RU"),
        ("белорусский", "belarus", "BY"),
        ("київ", "kyiv", "UA"),
        ("تهران", "tehran", "IR"),
        ("دمشق", "damascus", "SY"),
        ("평양", "pyongyang", "KP"),
        ("東京", "tokyo", "JP"),
    ],
)
def test_a_spelling_leads_to_its_place(spelling: str, place: str, country: str) -> None:
    assert spelled()[spelling][:2] == (place, country)


@pytest.mark.parametrize(
    ("one", "other"),
    [("山西", "陕西"), ("河南", "湖南"), ("조선", "한국"), ("нигер", "нигерия")],
)
def test_two_places_do_not_share_a_row(one: str, other: str) -> None:
    assert spelled()[one] != spelled()[other]


def test_no_native_name_stands_twice_and_languages_are_codes() -> None:
    counts = Counter(squeeze(row[0]) for row in rows("listed_native"))
    assert "" not in counts
    assert [name for name, count in counts.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z]{2}", row[2]) for row in rows("listed_native"))


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("海康威视", "Hangzhou Hikvision Digital Technology Co., Ltd."),
        ("浙江大华技术股份有限公司", "Dahua Technology"),
        ("旷视科技", "Megvii Technology"),
        ("科大讯飞", "IFLYTEK"),
        ("喀什地区公安局", "Kashgar Prefecture Public Security Bureau"),
        ("哈尔滨工业大学", "Harbin Institute of Technology"),
        ("Рособоронэкспорт", "ROSOBORONEKSPORT OAO"),
        ("سپاه پاسداران انقلاب اسلامی", "ISLAMIC REVOLUTIONARY GUARD CORPS"),
        ("حزب الله", "HIZBALLAH"),
        ("조선광업개발무역회사", "KOREA MINING DEVELOPMENT TRADING CORPORATION"),
        ("オウム真理教", "AUM SHINRIKYO"),
    ],
)
def test_an_own_name_leads_to_its_listed_name(name: str, listed: str) -> None:
    assert native(name) == listed


@pytest.mark.parametrize("name", ["小米", "阿里巴巴", "腾讯", "삼성전자", "トヨタ自動車", "Яндекс"])
def test_a_company_that_no_list_names_is_left_out(name: str) -> None:
    assert name not in {row[0] for row in rows("listed_native")}


def lists() -> Path:
    """The real lists, which stand outside the repository."""
    beside = Path(__file__).parents[4] / "shared"
    return Path(os.environ.get("INSYN_SHARED", beside)) / "data" / "lists"


def key(name: str) -> tuple[str, ...]:
    """Words of a name without legal forms, in any order; some exports write ? for an apostrophe."""
    text = unicodedata.normalize("NFKD", re.sub(r"[?'’]|\([^)]*\)", "", name)).lower()
    return tuple(sorted(word for word in re.findall(r"[a-z0-9]+", text) if word not in LEGAL))


def csl_names(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            part
            for row in csv.DictReader(file)
            for part in (
                row["name"],
                *re.split(r"Affiliated Entity:", row["name"]),
                *(re.sub(r"^\s*and\s+", "", alias) for alias in row["alt_names"].split(";")),
            )
        ]


def ofac_names(path: Path, column: int) -> list[str]:
    with path.open(encoding="latin-1", newline="") as file:
        return [row[column] for row in csv.reader(file) if len(row) > column]


def un_names(path: Path) -> list[str]:
    tree = etree.parse(str(path))
    return [e.text for tag in ("FIRST_NAME", "ALIAS_NAME") for e in tree.iter(tag) if e.text]


def test_listed_names_stand_in_the_real_lists() -> None:
    root = lists()
    if not (root / "us_csl" / "csl_2022-04.csv").exists():
        pytest.skip("the real lists are absent; set INSYN_SHARED to the folder that holds data/")
    names = csl_names(root / "us_csl" / "csl_2022-04.csv")
    for file, column in (("sdn", 1), ("cons_prim", 1), ("alt", 3), ("cons_alt", 3)):
        names += ofac_names(root / "ofac" / f"{file}.csv", column)
    for path in sorted((root / "un").glob("*.xml")):
        names += un_names(path)
    known = {key(name) for name in names}
    wanted = [row for row in rows("listed_native") if not row[3].endswith(NEWER)]
    assert {row[1] for row in wanted if key(row[1]) not in known} == set()
