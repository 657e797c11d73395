"""Parties and channel as files: what is written reads back, bad rows are told by their line."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.case_desk import ANNA
from tests.support.party_desk import parties_in

from insyn.base.errors import Refusal, UnreadableInput
from insyn.office.diligence.parties import exchange, register, relations
from insyn.office.diligence.parties.exchange import Read
from insyn.office.diligence.parties.ftm import is_ftm, read_ftm, write_ftm
from insyn.office.diligence.parties.model import (
    WHOLE_PPM,
    ChannelRole,
    Edge,
    Party,
    PartyIdentifier,
    PartyKind,
    PartyName,
    Stake,
    StakeKind,
)
from insyn.office.diligence.parties.sheet import is_sheet, read_sheet, write_sheet
from insyn.office.screening.model import BirthSpan
from insyn.trust.people.duties import Actor, Role

_LINES = (
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
_IDS = _LINES.filter(lambda text: text.isprintable() and "~" not in text)
_SCHEMES = st.one_of(
    st.sampled_from(["lei", "vat", "registration", "passport", "inn"]),
    _LINES.filter(lambda text: not set(text) & {"=", ";"}),
)
_DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
_SPANS = st.tuples(_DAYS, _DAYS).map(lambda d: BirthSpan(earliest=min(d), latest=max(d)))
_NAMES = st.builds(PartyName, text=_LINES, language=st.sampled_from([None, "zh", "ar"]))


@st.composite
def _parties(draw: st.DrawFn, id_: str) -> Party:
    kind = draw(st.sampled_from(list(PartyKind)))
    least = 0 if kind is PartyKind.UNKNOWN else 1
    return Party(
        id=id_,
        kind=kind,
        names=tuple(draw(st.lists(_NAMES, min_size=least, max_size=3))),
        country=draw(st.sampled_from([None, "SE", "AE"])),
        identifiers=tuple(
            draw(st.lists(st.builds(PartyIdentifier, scheme=_SCHEMES, value=_LINES), max_size=3))
        ),
        birth=draw(st.none() | _SPANS),
        roles=tuple(draw(st.lists(_LINES, max_size=2))),
    )


@st.composite
def _channels(draw: st.DrawFn) -> tuple[list[Party], list[Stake], list[Edge]]:
    ids = draw(st.lists(_IDS, min_size=2, max_size=4, unique=True))
    parties = [draw(_parties(id_)) for id_ in ids]
    stakes, edges = [], []
    for number in range(draw(st.integers(0, 3))):
        first, second = draw(st.permutations(ids))[:2]
        since, until = sorted([draw(_DAYS), draw(_DAYS)])
        share = draw(
            st.none() | st.tuples(st.integers(0, WHOLE_PPM), st.integers(0, WHOLE_PPM)).map(sorted)
        )
        stakes.append(
            Stake(
                id=f"s-{number}",
                owner=first,
                owned=second,
                share_low_ppm=share[0] if share else None,
                share_high_ppm=share[1] if share else None,
                kind=draw(st.sampled_from(list(StakeKind))),
                since=draw(st.sampled_from([None, since])),
                until=draw(st.sampled_from([None, until])),
                source=draw(st.just("") | _LINES),
            )
        )
        edges.append(
            Edge(
                id=f"e-{number}",
                supplier=second,
                customer=first,
                role=draw(st.sampled_from(list(ChannelRole))),
                since=draw(st.sampled_from([None, since])),
                until=draw(st.sampled_from([None, until])),
                deal=draw(st.none() | _LINES),
                source=draw(st.just("") | _LINES),
            )
        )
    return parties, stakes, edges


_FORMATS: list[tuple[Callable[..., str], Callable[[str], Read], Callable[[str], bool]]] = [
    (write_sheet, read_sheet, is_sheet),
    (write_ftm, read_ftm, is_ftm),
]


@pytest.mark.parametrize(("write", "read", "knows"), _FORMATS)
@given(channel=_channels())
def test_what_is_written_reads_back(
    write: Callable[..., str],
    read: Callable[[str], Read],
    knows: Callable[[str], bool],
    channel: tuple[list[Party], list[Stake], list[Edge]],
) -> None:
    text = write(*channel)
    found = read(text.encode().decode("utf-8-sig"))
    assert not found.bad
    assert [party for _line, party in found.parties] == channel[0]
    assert [stake for _line, stake in found.stakes] == channel[1]
    assert [edge for _line, edge in found.edges] == channel[2]
    assert knows(text)


@pytest.mark.parametrize("read", [read_sheet, read_ftm])
@given(text=st.text() | st.text(st.sampled_from('record,id\n\r"{}[]:schema')))
def test_no_text_makes_the_reader_fail(read: Callable[[str], Read], text: str) -> None:
    for whole in (text, f"record,id\n{text}", f"{text}\n"):
        try:
            found = read(whole)
        except UnreadableInput:
            # Only what does not end its last line can be cut.
            assert not whole.endswith("\n")
            continue
        assert all(bad.line >= 1 and bad.reason for bad in found.bad)


def test_bad_rows_are_told_with_line_and_reason() -> None:
    text = (
        "record,id,kind,name,owner,owned,share,role\n"
        "party,A,organisation,A Co,,,,\n"
        "party,B,spaceship,B Co,,,,\n"
        "name,C,,Nobody,,,,\n"
        "stake,s-1,,,A,B,120,\n"
        "thing,x,,,,,,\n"
        "party,A,,Again,,,,\n"
    )
    found = read_sheet(text)
    assert [party.id for _line, party in found.parties] == ["A"]
    assert sorted(bad.line for bad in found.bad) == [3, 4, 5, 6, 7]
    assert not any("Nobody" in str(bad) for bad in found.bad)


def test_a_mark_not_closed_breaks_its_own_row_alone() -> None:
    found = read_sheet('record,id,name\nparty,A,"A Co\nparty,B,B Co\nparty,C,"C" Co\nparty,D,D\n')
    assert [party.id for _line, party in found.parties] == ["B", "D"]
    assert [bad.line for bad in found.bad] == [2, 4]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("before", ["", "sep={}\r\n"])
def test_a_sheet_is_read_as_its_spreadsheet_saved_it(mark: str, before: str) -> None:
    rows = ["record,id,name", "party,A,A Co", "name,A,Ä Co"]
    text = before.format(mark) + "\r\n".join(rows).replace(",", mark) + "\r\n"
    assert is_sheet(text)
    ((_line, party),) = read_sheet(text).parties
    assert [name.text for name in party.names] == ["A Co", "Ä Co"]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_sheet, 'record,id,name\nparty,A,A Co\nparty,B,"B C'),
        (read_sheet, "record,id,name\nparty,A,A Co\nparty,B"),
        (read_ftm, '{"id": "A", "schema": "Person", "properties": {}}\n{"id": "B", "sch'),
    ],
)
def test_a_file_that_breaks_off_is_refused_whole(read: Callable[[str], Read], text: str) -> None:
    with pytest.raises(UnreadableInput, match=r"breaks off in line \d"):
        read(text)


def test_a_last_line_needs_no_end() -> None:
    assert len(read_sheet("record,id,name\nparty,A,A Co\nparty,B,B Co").parties) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_by_its_mark(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_bytes("record,name\nparty,石英\n".encode(encoding))
    assert exchange.text_of(file) == "record,name\nparty,石英\n"
    assert is_sheet(exchange.decoded(file.read_bytes()[:40], errors="replace"))


@pytest.mark.parametrize(
    "content", ["北京石英公司".encode("gb18030"), "Ä".encode("cp1252"), b"a\0b", b"\xff\xfea"]
)
def test_what_is_no_utf_text_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "parties.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableInput, match="save it"):
        exchange.text_of(file)


def test_dates_and_countries_of_others_are_read_the_longer_and_the_wider_way() -> None:
    rows: list[dict[str, object]] = [
        {"id": "A", "schema": "Company", "properties": {"name": ["A"], "jurisdiction": ["us-ca"]}},
        {
            "id": "B",
            "schema": "Person",
            "properties": {
                "name": ["B"],
                "weakAlias": ["Bee"],
                "birthDate": ["1970", "1971-03-01"],
                "country": ["nowhere"],
                "innCode": ["500100732259"],
            },
        },
        {
            "id": "o",
            "schema": "Ownership",
            "properties": {
                "owner": ["B"],
                "asset": ["A"],
                "startDate": ["2020"],
                "endDate": ["2021"],
            },
        },
    ]
    found = read_ftm("\n".join(json.dumps(row) for row in rows))
    assert not found.bad
    (_, company), (_, person) = found.parties
    assert (company.country, person.country) == ("US", None)
    assert person.birth == BirthSpan(earliest=date(1970, 1, 1), latest=date(1971, 3, 1))
    assert [name.text for name in person.names] == ["B", "Bee"]
    assert person.identifiers == (PartyIdentifier(scheme="inn", value="500100732259"),)
    ((_, stake),) = found.stakes
    assert (stake.since, stake.until) == (date(2020, 1, 1), date(2022, 1, 1))


def test_entities_of_others_are_read_by_their_properties() -> None:
    rows: list[dict[str, object]] = [
        {
            "id": "NK-1",
            "schema": "Company",
            "properties": {"name": ["Quartz"], "alias": ["石英"], "jurisdiction": ["cn"]},
        },
        {"id": "v", "schema": "Vessel", "properties": {}},
        {"id": "o", "schema": "Ownership", "properties": {"owner": ["X"], "asset": ["NK-1"]}},
    ]
    found = read_ftm("\n".join(json.dumps(row) for row in rows))
    (line, party), (_, stake) = found.parties[0], found.stakes[0]
    assert (line, party.country, len(party.names)) == (1, "CN", 2)
    assert stake.share_high_ppm is None
    assert [bad.line for bad in found.bad] == [2]


def test_what_another_changed_counts_over_what_we_kept_beside_it() -> None:
    party = Party(id="A", kind=PartyKind.ORGANISATION, names=(PartyName(text="Old"),))
    entity = json.loads(write_ftm([party], [], []))
    entity["properties"]["name"] = ["New"]
    found = read_ftm(json.dumps(entity))
    assert [name.text for name in found.parties[0][1].names] == ["New"]


def test_a_separator_that_unicode_calls_a_line_end_ends_no_line() -> None:
    assert unicodedata.category("\u2028") == "Zl"
    found = read_ftm('{"id": "A", "schema": "Person", "properties": {"name": ["a\u2028b"]}}')
    assert [party.names[0].text for _line, party in found.parties] == ["a b"]


@pytest.mark.databases
def test_who_may_not_change_parties_is_refused_once(tmp_path: Path) -> None:
    read = read_sheet("record,id,name\nparty,A,A Co\nparty,B,B Co\n")
    approver = Actor(id="u-1", roles=frozenset({Role.APPROVER}))
    with parties_in(tmp_path) as desk, desk.office.store.writing() as connection:
        with pytest.raises(Refusal, match="changing who is in the channel"):
            exchange.keep(connection, read, actor=approver, now=desk.now)
        assert not list(register.every(connection))


@pytest.mark.databases
def test_a_file_is_kept_once(tmp_path: Path) -> None:
    text = (
        "record,id,kind,name,owner,owned,share,supplier,customer,role\n"
        "party,A,,A Co,,,,,,\n"
        "party,B,,B Co,,,,,,\n"
        "stake,s-1,,,A,B,60,,,\n"
        "edge,e-1,,,,,,A,B,reseller\n"
        "stake,s-2,,,A,Z,60,,,\n"
    )
    with parties_in(tmp_path) as desk:
        for expected in ((2, 0, 1, 1), (0, 4, 0, 0)):
            with desk.office.store.writing() as connection:
                kept = exchange.keep(connection, read_sheet(text), actor=ANNA, now=desk.now)
            assert (kept.new, kept.same, kept.stakes, kept.edges) == expected
            assert [bad.line for bad in kept.bad] == [6]
        assert len(desk.read(relations.stakes)) == 1
