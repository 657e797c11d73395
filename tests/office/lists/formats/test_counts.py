"""Every record of the real files is counted; their own numbers are met."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.real_data import shared_file

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Entry, Kind, NameUse, Unread
from insyn.office.lists.formats import (
    csl_csv,
    dpl_txt,
    ofac_csv,
    ofac_sdn_xml,
    sema_xml,
    un_xml,
)
from insyn.office.lists.recognise import known_formats, recognise


def entries(parsed: object) -> list[Entry]:
    return [item for item in parsed if isinstance(item, Entry)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("day", "people", "bodies"), [("2026-02-27", 730, 273), ("2025-04-19", 684, 193)]
)
def test_un_list_is_whole(day: str, people: int, bodies: int) -> None:
    found = entries(un_xml.parse({"main": shared_file(f"lists/un/un_{day}.xml")}))
    kinds = Counter(entry.kind for entry in found)
    assert kinds == {Kind.PERSON: people, Kind.ORGANISATION: bodies}


def test_csl_is_whole_by_source() -> None:
    found = entries(csl_csv.parse({"main": shared_file("lists/us_csl/csl_2022-04.csv")}))
    sources = Counter(entry.source for entry in found)
    assert len(found) == len({entry.reference for entry in found}) == 14_160
    assert (sources["SDN"], sources["EL"], sources["DPL"], sources["UVL"]) == (
        10_026,
        2_001,
        462,
        201,
    )


def test_denied_persons_are_whole() -> None:
    assert len(entries(dpl_txt.parse({"main": shared_file("lists/us_csl/dpl.txt")}))) == 581


def test_ofac_set_is_whole_with_weak_aliases() -> None:
    files = {
        "primary": shared_file("lists/ofac/sdn.csv"),
        "alt": shared_file("lists/ofac/alt.csv"),
        "add": shared_file("lists/ofac/add.csv"),
        "comments": shared_file("lists/ofac/sdn_comments.csv"),
    }
    found = entries(ofac_csv.parse(files))
    kinds = Counter(entry.kind for entry in found)
    assert (kinds[Kind.PERSON], kinds[Kind.ORGANISATION]) == (3_845, 2_994)
    assert (kinds[Kind.VESSEL], kinds[Kind.AIRCRAFT]) == (323, 217)
    assert any(name.use is NameUse.WEAK for entry in found for name in entry.names)


def test_remarks_cut_at_a_thousand_characters_are_joined(tmp_path: Path) -> None:
    primary = tmp_path / "sdn.csv"
    nothing = ",".join(["-0- "] * 7)
    primary.write_text(
        f'7,"VELLMARK, Tarquin","individual","X] [Y",{nothing},'
        '"DOB 14 Aug 1961; a.k.a. \'THE GLA"\r\n\x1a\r\n'
    )
    comments = tmp_path / "sdn_comments.csv"
    comments.write_text('7,"ZIER\'; Passport ZZ0012345 (Malta)."\r\n')
    (entry,) = entries(ofac_csv.parse({"primary": primary, "comments": comments}))
    assert [name.text for name in entry.names] == ["Tarquin VELLMARK", "THE GLAZIER"]
    assert entry.programmes == ("X", "Y")
    assert entry.birth_dates[0].earliest.isoformat() == "1961-08-14"
    assert [(i.value, i.country) for i in entry.identifiers] == [("ZZ0012345", "MT")]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "web page"),
        (b"\x1f\x8b\x08abc", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (b"just some words\nand more", "no list format"),
    ],
)
def test_what_is_no_list_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "list.xml"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput, match=word):
        recognise(path)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL><FIRST_NAME>&b;</FIRST_NAME></INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"""


@pytest.mark.parametrize(
    "content", [BOMB, b"<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL>", b"<a/>"]
)
def test_hostile_or_cut_xml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "un.xml"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput):
        list(un_xml.parse({"main": path}))


HEADS = (
    b"",
    b"<CONSOLIDATED_LIST>",
    b"name,id\n",
    b'{"schema":"Person","properties":{',
    b'{"results":[',
    b"_id,source,entity_number,type,name,alt_names,ids\n",
    b'1,"A","individual",',
    b"Entity_LogicalId;Entity_EU_ReferenceNumber;NameAlias_WholeName\n",
    b"Report Date: 14-Aug-2026\nUnique ID,Name 6,Name 1,Name type,Designation Type\n",
)


@settings(deadline=None, max_examples=60)
@given(content=st.binary(min_size=1, max_size=600), prefix=st.sampled_from(HEADS))
def test_no_parser_crashes_on_any_bytes(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, prefix: bytes
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "list.bin"
    path.write_bytes(prefix + content)
    for known in known_formats().values():
        try:
            for item in known.parse({"main": path, "primary": path}):
                assert not isinstance(item, Unread) or item.reason
        except UnreadableInput:
            pass


def test_canada_is_whole() -> None:
    parsed = list(sema_xml.parse({"main": shared_file("lists/ca/sema_2025.xml")}))
    kinds = Counter(entry.kind for entry in entries(parsed))
    assert kinds.total() + sum(isinstance(item, Unread) for item in parsed) == 4_759
    assert kinds[Kind.PERSON] == 3_334


def test_ofac_xml_is_whole() -> None:
    path = shared_file("lists/ofac/cons_sdn_schema_2025-03-28.xml")
    found = entries(ofac_sdn_xml.parse({"main": path}))
    kinds = Counter(entry.kind for entry in found)
    uses = Counter(name.use for entry in found for name in entry.names)
    assert kinds == {Kind.ORGANISATION: 363, Kind.PERSON: 80}
    assert uses[NameUse.WEAK] == 70
