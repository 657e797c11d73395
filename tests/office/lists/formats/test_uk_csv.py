"""The United Kingdom's list as CSV, on an invented list that is also written as XML."""

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.office.lists.formats.test_uk_xml import PERSON as XML_PERSON
from tests.office.lists.formats.test_uk_xml import SHIP as XML_SHIP
from tests.office.lists.formats.test_uk_xml import listing
from tests.support.list_files import entries_in, parsed_bytes, parsed_text

from insyn.base.errors import UnreadableInput
from insyn.office.lists.difference import compare_snapshots
from insyn.office.lists.entry import Entry, Unread
from insyn.office.lists.formats import uk_csv, uk_xml
from insyn.office.lists.formats.parsed import Parsed, Published
from insyn.office.lists.recognise import recognise

COLUMNS = (
    "Last Updated", "Unique ID", "OFSI Group ID", "UN Reference Number", "Name 6", "Name 1",
    "Name 2", "Name 3", "Name 4", "Name 5", "Name type", "Alias strength", "Title",
    "Name non-latin script", "Non-latin script type", "Non-latin script language", "Regime Name",
    "Designation Type", "Designation source", "Sanctions Imposed", "Other Information",
    "UK Statement of Reasons", *(f"Address Line {at}" for at in range(1, 7)),
    "Address Postal Code", "Address Country", "Phone number", "Website", "Email address",
    "Date Designated", "D.O.B", "Nationality(/ies)", "National Identifier number",
    "National Identifier additional information", "Passport number",
    "Passport additional information", "Position", "Gender", "Town of birth", "Country of birth",
    "Type of entity", "Subsidiaries", "Parent company", "Business registration number (s)",
    "IMO number", "Current owner/operator (s)", "Previous owner/operator (s)",
    "Current believed flag of ship", "Previous flags", "Type of ship", "Tonnage of ship",
    "Length of ship", "Year Built", "Hull identification number (HIN)",
)  # fmt: skip
Cells = dict[str, str]
PERSON: Cells = {
    "Last Updated": "29/04/2026", "Unique ID": "ZZZ0001", "UN Reference Number": "XXi.001",
    "Regime Name": "The Invented Regulations 2020", "Designation Type": "Individual",
    "Other Information": "Met one\nNarrative Stranger.", "Address Line 1": "1 Invented Lane",
    "Address Country": "Malta", "Date Designated": "01/02/2024", "Nationality(/ies)": "Malta",
    "Name non-latin script": "Тарквин Велмарк", "Passport number": " ZZ0012345",
    "National Identifier number": "0001", "Position": "Glazier", "Town of birth": "Valletta",
    "Country of birth": "Malta",
}  # fmt: skip
SHIP: Cells = {
    "Unique ID": "ZZZ0002", "Name 6": "Zephyrine", "Name type": "Primary name",
    "Designation Type": "Ship", "IMO number": "IMO9074729",
    "Current believed flag of ship": "Malta",
}  # fmt: skip
ROWS = (
    PERSON | {"Name 1": "Tarq", "Name 6": "VELLMARQUE", "Name type": "Alias",
              "Alias strength": "Low quality a.k.a", "D.O.B": "dd/mm/1968"},
    PERSON | {"Name 1": "Tarquin", "Name 2": "Odo", "Name 6": "VELLMARK",
              "Name type": "Primary Name", "D.O.B": "dd/09/1958\n12/11/1967"},
    SHIP,
    PERSON | {"Name 6": "VELLMARCK", "Name type": "Primary Name Variation",
              "D.O.B": "12/11/1967"},
)  # fmt: skip


def table(*rows: Cells, columns: tuple[str, ...] = COLUMNS, top: str = "14-Aug-2026") -> str:
    out = io.StringIO()
    if top:
        out.write(f"Report Date: {top}\r\n")
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def parsed(text: str, encoding: str = "utf-8-sig") -> list[Parsed]:
    return parsed_bytes(uk_csv.parse, text.encode(encoding))


def test_both_forms_of_one_publication_are_one_list() -> None:
    ours, theirs = parsed(table(*ROWS)), parsed_text(uk_xml.parse, listing(XML_PERSON, XML_SHIP))
    assert ours[0] == theirs[0] == Published(on=date(2026, 8, 14))
    difference = compare_snapshots(entries_in(theirs), entries_in(ours))
    assert difference.to_json() == {"added": [], "removed": [], "changed": []}
    assert len(entries_in(ours)) == 2


@pytest.mark.parametrize("top", ["14-Aug-2026", ""])
def test_file_is_recognised_with_or_without_its_date(tmp_path: Path, top: str) -> None:
    path = tmp_path / "whatever.dat"
    path.write_text(table(*ROWS, top=top))
    assert recognise(path).id == "uk-csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_that_spreadsheets_save_are_read(encoding: str) -> None:
    (entry,) = entries_in(parsed(table(SHIP | {"Name 6": "Zéphyrine"}), encoding))
    assert entry.names[0].text == "Zéphyrine"


def test_narrative_gives_no_name() -> None:
    names = [name.text for entry in entries_in(parsed(table(*ROWS))) for name in entry.names]
    assert not any("Narrative" in name for name in names)


def test_cut_file_is_refused() -> None:
    text = table(*ROWS)
    with pytest.raises(UnreadableInput, match="breaks off"):
        parsed(text[: text.rindex("Glazier")])


def test_rows_saved_without_their_last_empty_cells_are_whole() -> None:
    lines = [line.rstrip(",") for line in table(SHIP, SHIP | {"Unique ID": "Z3"}).splitlines()]
    found = entries_in(parsed("\n".join(lines)))
    assert [(entry.reference, entry.names[0].text) for entry in found] == [
        ("ZZZ0002", "Zephyrine"),
        ("Z3", "Zephyrine"),
    ]


def test_row_without_an_id_is_told_and_the_rest_goes_on() -> None:
    found = parsed(table(SHIP | {"Unique ID": ""}, *ROWS))
    assert [i.reason for i in found if isinstance(i, Unread)] == ["the row has no reference"]
    assert len(entries_in(found)) == 2


def test_unnamed_columns_at_the_front_hide_no_row() -> None:
    header = ",,,Unique ID,Name 6,Name 1,Name type,Designation Type"
    found = entries_in(parsed(f"{header}\n,,,ZZZ0002,Zephyrine,,Primary name,Ship\n"))
    assert [entry.reference for entry in found] == ["ZZZ0002"]


def test_designation_without_a_name_is_told() -> None:
    found = parsed(table(SHIP | {"Name 6": ""}, *ROWS[:2]))
    assert [i.reason for i in found if isinstance(i, Unread)] == ["it has no UniqueID or no name"]


@pytest.mark.parametrize("at", range(len(ROWS)))
def test_quotation_mark_left_open_loses_no_row_unsaid(at: int) -> None:
    rows = [*ROWS[:at], ROWS[at] | {"Name 1": "OPEN"}, *ROWS[at + 1 :]]
    text = table(*rows).replace(",OPEN,", ',"OPEN,')
    try:
        found = parsed(text)
    except UnreadableInput as error:
        assert "quotation mark" in str(error) or "breaks off" in str(error)  # noqa: PT017
    else:
        assert any(isinstance(item, Unread) for item in found)


def test_cell_that_holds_the_next_row_is_refused() -> None:
    text = table(SHIP, SHIP | {"Unique ID": "Z3"}, SHIP | {"Unique ID": "Z4"})
    with pytest.raises(UnreadableInput, match="quotation mark"):
        parsed(text.replace(",IMO9074729,", ',"IMO9074729,', 2))


def test_renamed_column_is_told() -> None:
    renamed = tuple("Born on" if column == "D.O.B" else column for column in COLUMNS)
    found = parsed(table(*ROWS, columns=renamed))
    assert ["D.O.B" in i.reason for i in found if isinstance(i, Unread)] == [True]


def test_column_is_known_by_its_letters() -> None:
    spelled = tuple("DOB" if column == "D.O.B" else column.upper() for column in COLUMNS)
    text = table(*ROWS).replace(",".join(COLUMNS), ",".join(spelled))
    assert [item for item in parsed(text) if isinstance(item, Unread)] == []


@settings(deadline=None, max_examples=60)
@given(tail=st.binary(max_size=400))
def test_any_bytes_after_the_header_are_entries_or_refused(tail: bytes) -> None:
    try:
        found = parsed_bytes(uk_csv.parse, table().encode() + tail)
    except UnreadableInput:
        return
    assert all(isinstance(item, Published | Entry | Unread) for item in found)


@settings(deadline=None, max_examples=60)
@given(order=st.permutations(ROWS))
def test_no_order_of_rows_loses_a_name(order: list[Cells]) -> None:
    names = {name.text for entry in entries_in(parsed(table(*order))) for name in entry.names}
    assert names == {
        "Tarquin Odo VELLMARK", "Tarq VELLMARQUE", "VELLMARCK", "Тарквин Велмарк", "Zephyrine",
    }  # fmt: skip
