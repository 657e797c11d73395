"""The EU export as CSV, on an invented list that is also written as XML."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.list_files import entries_in, parsed_bytes, parsed_text

from insyn.base.errors import UnreadableInput
from insyn.office.lists.difference import compare_snapshots
from insyn.office.lists.entry import Entry, Kind, NameUse, Unread
from insyn.office.lists.formats import eu_csv, eu_xml
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.recognise import recognise

XML = """<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-08-05T16:47:04.449+02:00">
<sanctionEntity designationDate="2024-02-01" euReferenceNumber="EU.900.1" logicalId="9"
 unitedNationId="XXi.001">
<remark>Listed for invented reasons; see there.</remark>
<regulation programme="SAMPLE" numberTitle="1/2024"/>
<subjectType code="person" classificationCode="P"/>
<nameAlias firstName="Tarquin" lastName="Vellmark" wholeName="Tarquin Vellmark"
 strong="true" gender="M" title="Dr" function="Glazier" nameLanguage=""/>
<nameAlias wholeName="The Glazier" strong="true" nameLanguage="EN">
<remark>low quality</remark></nameAlias>
<nameAlias wholeName="Тарквин Велмарк" strong="true" nameLanguage="BG"/>
<citizenship countryIso2Code="MT" countryDescription="MALTA"/>
<birthdate circa="true" birthdate="" year="1961" city="Valletta" countryIso2Code="MT"/>
<birthdate circa="false" birthdate="" monthOfYear="4" year="1962"/>
<identification identificationTypeCode="passport" identificationTypeDescription="National passport"
 number="ZZ0012345" countryIso2Code="MT"/>
<address street="1 Invented Lane" city="Valletta" countryIso2Code="MT" countryDescription="MALTA">
<contactInfo key="EMAIL" value="post@example.org"/></address>
</sanctionEntity>
<sanctionEntity euReferenceNumber="EU.901.7" logicalId="10">
<regulation programme="SAMPLE" numberTitle="1/2024"/>
<subjectType code="enterprise" classificationCode="E"/>
<nameAlias wholeName="Vellmark Glass" strong="true"/>
<citizenship countryIso2Code="00" countryDescription="UNKNOWN"/>
</sanctionEntity></export>"""

ENTITY = ("fileGenerationDate", "Entity_LogicalId", "Entity_EU_ReferenceNumber",
          "Entity_UnitedNationId", "Entity_DesignationDate", "Entity_Remark",
          "Entity_SubjectType", "Entity_SubjectType_ClassificationCode",
          "Entity_Regulation_Programme")  # fmt: skip
COLUMNS = (
    *ENTITY, "NameAlias_LastName", "NameAlias_FirstName", "NameAlias_MiddleName",
    "NameAlias_WholeName", "NameAlias_NameLanguage", "NameAlias_Gender", "NameAlias_Title",
    "NameAlias_Function", "NameAlias_LogicalId", "NameAlias_Remark", "Address_City",
    "Address_Street", "Address_ContactInfo", "Address_CountryIso2Code",
    "Address_CountryDescription", "BirthDate_BirthDate", "BirthDate_Month", "BirthDate_Year",
    "BirthDate_Circa", "BirthDate_City", "BirthDate_CountryIso2Code", "Identification_Number",
    "Identification_TypeCode", "Identification_TypeDescription", "Identification_CountryIso2Code",
    "Citizenship_CountryIso2Code", "Citizenship_CountryDescription",
)  # fmt: skip
REMARK = "Listed for invented\nreasons; see there."
PERSON = ("05/08/2026", "9", "EU.900.1", "XXi.001", "2024-02-01", REMARK, "P", "person", "SAMPLE")
BODY = ("05/08/2026", "10", "EU.901.7", "", "", "", "E", "enterprise", "SAMPLE")


def row(head: tuple[str, ...], **block: str) -> dict[str, str]:
    return {**dict(zip(ENTITY, head, strict=True)), **block}


ROWS = (
    row(PERSON, NameAlias_FirstName="Tarquin", NameAlias_LastName="Vellmark",
        NameAlias_WholeName="Tarquin Vellmark", NameAlias_Gender="M", NameAlias_Title="Dr",
        NameAlias_Function="Glazier", NameAlias_LogicalId="91"),
    row(PERSON, NameAlias_WholeName="The Glazier", NameAlias_NameLanguage="EN",
        NameAlias_LogicalId="92", NameAlias_Remark="low quality"),
    row(PERSON, NameAlias_WholeName="Тарквин Велмарк", NameAlias_NameLanguage="BG",
        NameAlias_LogicalId="93"),
    row(PERSON, Address_City="Valletta", Address_Street="1 Invented Lane",
        Address_CountryIso2Code="MT", Address_CountryDescription="MALTA",
        Address_ContactInfo="EMAIL[post@example.org]"),
    row(PERSON, BirthDate_Year="1961", BirthDate_Circa="true", BirthDate_City="Valletta",
        BirthDate_CountryIso2Code="MT"),
    row(BODY, NameAlias_WholeName="Vellmark Glass", NameAlias_LogicalId="94"),
    row(PERSON, BirthDate_Month="4", BirthDate_Year="1962", BirthDate_Circa="false"),
    row(PERSON, Identification_Number="ZZ0012345", Identification_TypeCode="passport",
        Identification_TypeDescription="National passport", Identification_CountryIso2Code="MT"),
    row(PERSON, Citizenship_CountryIso2Code="MT", Citizenship_CountryDescription="MALTA"),
    row(BODY, Citizenship_CountryIso2Code="00", Citizenship_CountryDescription="UNKNOWN"),
)  # fmt: skip


def table(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=";", restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def parsed(text: str) -> list[Parsed]:
    return parsed_bytes(eu_csv.parse, text.encode("utf-8-sig"))


def test_both_forms_of_one_publication_are_one_list() -> None:
    ours, theirs = parsed(table(*ROWS)), parsed_text(eu_xml.parse, XML)
    assert ours[0] == theirs[0]
    difference = compare_snapshots(entries_in(theirs), entries_in(ours))
    assert difference.to_json() == {"added": [], "removed": [], "changed": []}
    assert len(entries_in(ours)) == 2


def test_file_is_recognised_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "whatever.dat"
    path.write_bytes(table(*ROWS).encode("utf-8-sig"))
    assert recognise(path).id == "eu-csv"


def test_weak_names_are_told_by_their_remark_alone() -> None:
    (entry,) = entries_in(parsed(table(*ROWS[:3])))
    assert [(name.text, name.use) for name in entry.names] == [
        ("Tarquin Vellmark", NameUse.PRIMARY),
        ("The Glazier", NameUse.WEAK),
        ("Тарквин Велмарк", NameUse.ALIAS),
    ]
    assert entry.kind is Kind.PERSON


def test_rows_with_several_blocks_filled_count_each_once() -> None:
    rows = [{**ROWS[3], **ROWS[at]} for at in (0, 1, 2)]
    (entry,) = entries_in(parsed(table(*rows)))
    assert len(entry.names) == 3
    assert [address.text for address in entry.addresses] == ["1 Invented Lane, Valletta, MALTA"]


def test_repeated_header_is_no_entry() -> None:
    header = dict(zip(COLUMNS, COLUMNS, strict=True))
    assert parsed(table(*ROWS[:5], header, *ROWS[5:])) == parsed(table(*ROWS))


def test_cut_file_is_refused() -> None:
    text = table(*ROWS)
    with pytest.raises(UnreadableInput, match="breaks off"):
        parsed(text[: text.rindex("UNKNOWN") - 6])


def test_row_without_an_id_and_entity_without_a_name_are_told() -> None:
    nobody = row(("05/08/2026", *[""] * 8), NameAlias_WholeName="Nobody Known")
    nameless = row(("05/08/2026", "11", "EU.902.1", *[""] * 6), Address_City="Valletta")
    reasons = [i.reason for i in parsed(table(nobody, nameless, *ROWS)) if isinstance(i, Unread)]
    assert reasons == ["the row has no reference", "it has no reference or no name"]


def test_row_with_a_cell_too_many_is_told_and_the_rest_goes_on() -> None:
    text = table(*ROWS[:2]).rstrip() + ";stray\r\n"
    found = parsed(text + table(*ROWS[5:6]).split("\r\n", 1)[1])
    assert [item.reason.partition(";")[0] for item in found if isinstance(item, Unread)] == [
        f"the row has {len(COLUMNS) + 1} cells, the header {len(COLUMNS)}"
    ]
    assert len(entries_in(found)) == 2


def test_quotation_mark_left_open_loses_no_row_unsaid() -> None:
    text = table(*ROWS).replace(";Tarquin;", ';"Tarquin;')
    with pytest.raises(UnreadableInput, match=r"quotation mark|breaks off"):
        parsed(text)


def test_renamed_column_is_told() -> None:
    renamed = tuple("BirthDate_Born" if c == "BirthDate_Year" else c for c in COLUMNS)
    found = parsed(table(*ROWS, columns=renamed))
    assert [i.position for i in found if isinstance(i, Unread)] == [1]
    assert "BirthDate_Year" in next(i.reason for i in found if isinstance(i, Unread))


def test_renamed_name_column_is_refused() -> None:
    renamed = tuple("Naal_wholename" if c == "NameAlias_WholeName" else c for c in COLUMNS)
    with pytest.raises(UnreadableInput, match="NameAlias_WholeName"):
        parsed(table(*ROWS, columns=renamed))


@settings(deadline=None, max_examples=60)
@given(tail=st.binary(max_size=400))
def test_any_bytes_after_the_header_are_entries_or_refused(tail: bytes) -> None:
    try:
        found = parsed_bytes(eu_csv.parse, table().encode() + tail)
    except UnreadableInput:
        return
    assert all(isinstance(item, Published | Entry | Unread) for item in found)


@settings(deadline=None, max_examples=60)
@given(order=st.permutations(ROWS))
def test_no_order_of_rows_loses_a_name(order: list[dict[str, str]]) -> None:
    names = {name.text for entry in entries_in(parsed(table(*order))) for name in entry.names}
    assert names == {"Tarquin Vellmark", "The Glazier", "Тарквин Велмарк", "Vellmark Glass"}
