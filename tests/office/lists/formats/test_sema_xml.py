"""Canada's list, on invented records in its shape and on the real file."""

import re
from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse, Unread
from insyn.office.lists.formats import sema_xml
from insyn.office.lists.recognise import recognise

PERSON = """<record><Country>Belarus / Bélarus</Country><LastName>Vellmark\u00a0</LastName>
<GivenName>Tarquin</GivenName><TitleOrShip>Brigadier</TitleOrShip>
<DateOfBirthOrShipBuildDate>1961</DateOfBirthOrShipBuildDate>
<Aliases>Belarusian: Тарквін Велмарк; Russian: Тарквин Велмарк</Aliases>
<Schedule>1, Part 1</Schedule><Item>7</Item><DateOfListing>2024-02-01</DateOfListing></record>"""

BODY = """<record><Country>Russia / Russie</Country>
<EntityOrShip>Quillon
 Mills (also known as Quillon Works)</EntityOrShip><Item>7</Item></record>"""

SHIP = """<record><Country>Russia / Russie</Country><EntityOrShip>Zephyrine</EntityOrShip>
<TitleOrShip>Oil Tanker</TitleOrShip>
<DateOfBirthOrShipBuildDate>2003</DateOfBirthOrShipBuildDate>
<Schedule>4</Schedule><Item>8</Item><ShipIMONumber>9074729</ShipIMONumber></record>"""


def listing(*records: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<data-set>{"".join(records)}</data-set>'


def read(*records: str) -> list[Entry]:
    return entries_in(parsed_text(sema_xml.parse, listing(*records)))


def test_country_is_the_regulations_and_no_nationality() -> None:
    (entry,) = read(PERSON)
    assert [(c.role, c.code, c.text) for c in entry.countries] == [
        (CountryRole.REGIME, "BY", "Belarus / Bélarus")
    ]


def test_former_name_in_brackets_is_no_hindrance_to_the_country() -> None:
    (entry,) = read(SHIP.replace("Russia / Russie", "Myanmar (Burma) / Myanmar (Birmanie)"))
    assert [link.code for link in entry.countries] == ["MM"]
    assert entry.reference.startswith("MM-4-8-")


def test_person_has_names_in_every_script_and_a_year() -> None:
    (entry,) = read(PERSON)
    assert entry.kind is Kind.PERSON
    assert [(n.text, n.use, n.script, n.language) for n in entry.names] == [
        ("Tarquin Vellmark", NameUse.PRIMARY, "Latn", None),
        ("Тарквін Велмарк", NameUse.ALIAS, "Cyrl", "be"),
        ("Тарквин Велмарк", NameUse.ALIAS, "Cyrl", "ru"),
    ]
    assert [(b.earliest, b.latest) for b in entry.birth_dates] == [
        (date(1961, 1, 1), date(1961, 12, 31))
    ]
    assert (entry.titles, entry.listed_on) == (("Brigadier",), date(2024, 2, 1))


def test_name_in_brackets_of_a_body_is_an_alias() -> None:
    (entry,) = read(BODY)
    assert entry.kind is Kind.ORGANISATION
    assert [(n.text, n.use) for n in entry.names] == [
        ("Quillon Mills", NameUse.PRIMARY),
        ("Quillon Works", NameUse.ALIAS),
    ]


def test_ship_has_its_number_and_no_birth_date() -> None:
    (entry,) = read(SHIP)
    assert (entry.kind, entry.birth_dates, entry.titles) == (Kind.VESSEL, (), ())
    assert [(i.type, i.value) for i in entry.identifiers] == [(IdentifierType.IMO, "9074729")]


def test_reference_names_country_schedule_and_item_and_is_the_same_again() -> None:
    (entry,) = read(PERSON)
    assert re.fullmatch(r"BY-1,Part1-7-[0-9a-f]{8}", entry.reference)
    assert [other.reference for other in read(SHIP, PERSON)][1] == entry.reference


def test_records_of_one_item_have_references_of_their_own() -> None:
    first, second = read(PERSON, PERSON.replace("Tarquin", "Odo"))
    assert first.reference != second.reference


def test_record_without_a_schedule_is_read() -> None:
    (entry,) = read(BODY)
    assert entry.reference.startswith("RU-0-7-")


def test_record_without_a_name_is_unread_and_the_rest_goes_on() -> None:
    parsed = parsed_text(sema_xml.parse, listing("<record><Item>1</Item></record>", SHIP))
    assert isinstance(parsed[1], Unread)
    assert [entry.kind for entry in entries_in(parsed)] == [Kind.VESSEL]


@settings(deadline=None, max_examples=60)
@given(name=xml_texts(), aliases=xml_texts())
def test_any_names_are_an_entry_or_unread(name: str, aliases: str) -> None:
    record = PERSON.replace("Tarquin", xml_escape(name))
    record = re.sub(
        "<Aliases>.*</Aliases>", lambda _: f"<Aliases>{xml_escape(aliases)}</Aliases>", record
    )
    (entry,) = read(record)
    assert entry.names[0].text.endswith("Vellmark")
    assert all(any(ch.isalnum() for ch in listed.text) for listed in entry.names)


def test_real_list_is_whole_with_a_reference_for_every_record() -> None:
    path = shared_file("lists/ca/sema_2025.xml")
    assert recognise(path).id == "sema-xml"
    parsed = list(sema_xml.parse({"main": path}))
    found = entries_in(parsed)
    people = [entry for entry in found if entry.kind is Kind.PERSON]
    assert (len(people), len(found) - len(people)) == (3_334, 1_425)
    assert len({entry.reference for entry in found}) == len(found)
    assert not any("~" in entry.reference for entry in found)
    assert {link.role for entry in found for link in entry.countries} == {CountryRole.REGIME}
    nameless = {link.text for entry in found for link in entry.countries if not link.code}
    assert {text.partition(" ")[0] for text in nameless} == {"Justice", "Hamas", "Extremist"}
