"""The United Kingdom's list, on invented designations and on an excerpt of the real one."""

from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse, Unread
from insyn.office.lists.formats import uk_xml
from insyn.office.lists.formats.parsed import Published
from insyn.office.lists.recognise import recognise

PERSON = """<Designation><LastUpdated>29/04/2026</LastUpdated>
<DateDesignated>01/02/2024</DateDesignated><UniqueID>ZZZ0001</UniqueID>
<UNReferenceNumber>XXi.001</UNReferenceNumber>
<Names><Name><Name1>Tarq</Name1><Name6>VELLMARQUE</Name6><NameType>Alias</NameType>
<AliasStrength>Low quality a.k.a</AliasStrength></Name>
<Name><Name1>Tarquin</Name1><Name2>Odo</Name2><Name6>VELLMARK</Name6>
<NameType>Primary Name</NameType></Name>
<Name><Name6>VELLMARCK</Name6><NameType>Primary Name Variation</NameType></Name></Names>
<NonLatinNames><NonLatinName><NameNonLatinScript>Тарквин Велмарк</NameNonLatinScript>
</NonLatinName></NonLatinNames>
<RegimeName>The Invented Regulations 2020</RegimeName>
<IndividualEntityShip>Individual</IndividualEntityShip>
<OtherInformation>Met one Narrative Stranger.</OtherInformation>
<Addresses><Address><AddressLine1>1 Invented Lane</AddressLine1>
<AddressCountry>Malta</AddressCountry></Address></Addresses>
<IndividualDetails><Individual>
<DOBs><DOB>dd/mm/1968</DOB><DOB>dd/09/1958</DOB><DOB>12/11/1967</DOB><DOB>12/11/1967</DOB></DOBs>
<PassportDetails><Passport><PassportNumber> ZZ0012345</PassportNumber></Passport></PassportDetails>
<NationalIdentifierDetails><NationalIdentifier>
<NationalIdentifierNumber>0001</NationalIdentifierNumber></NationalIdentifier>
</NationalIdentifierDetails>
<Nationalities><Nationality>Malta</Nationality></Nationalities>
<Positions><Position>Glazier</Position></Positions>
<BirthDetails><Location><TownOfBirth>Valletta</TownOfBirth>
<CountryOfBirth>Malta</CountryOfBirth></Location></BirthDetails>
</Individual></IndividualDetails></Designation>"""

SHIP = """<Designation><UniqueID>ZZZ0002</UniqueID>
<Names><Name><Name6>Zephyrine</Name6><NameType>Primary name</NameType></Name></Names>
<IndividualEntityShip>Ship</IndividualEntityShip>
<ShipDetails><Ship><IMONumbers><IMONumber>IMO9074729</IMONumber></IMONumbers>
<CurrentBelievedFlagOfShips><CurrentBelievedFlagOfShip>Malta</CurrentBelievedFlagOfShip>
</CurrentBelievedFlagOfShips></Ship></ShipDetails></Designation>"""


def listing(*parts: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<Designations>'
        f"<DateGenerated>14/08/2026</DateGenerated>{''.join(parts)}</Designations>"
    )


def only(part: str) -> Entry:
    (entry,) = entries_in(parsed_text(uk_xml.parse, listing(part)))
    return entry


def test_primary_name_comes_first_and_quality_is_kept() -> None:
    assert [(n.text, n.use, n.script) for n in only(PERSON).names] == [
        ("Tarquin Odo VELLMARK", NameUse.PRIMARY, "Latn"),
        ("Tarq VELLMARQUE", NameUse.WEAK, "Latn"),
        ("VELLMARCK", NameUse.ALIAS, "Latn"),
        ("Тарквин Велмарк", NameUse.ALIAS, "Cyrl"),
    ]
    assert [(p.role, p.text) for p in only(PERSON).names[0].parts] == [
        ("given", "Tarquin"),
        ("middle", "Odo"),
        ("family", "VELLMARK"),
    ]


def test_partial_birth_dates_are_spans_and_repeats_fall_away() -> None:
    assert [(b.earliest, b.latest) for b in only(PERSON).birth_dates] == [
        (date(1968, 1, 1), date(1968, 12, 31)),
        (date(1958, 9, 1), date(1958, 9, 30)),
        (date(1967, 11, 12), date(1967, 11, 12)),
    ]


def test_facts_of_a_person_are_kept() -> None:
    entry = only(PERSON)
    assert (entry.reference, entry.kind) == ("ZZZ0001", Kind.PERSON)
    assert entry.programmes == ("The Invented Regulations 2020",)
    assert entry.titles == ("Glazier",)
    assert {(i.type, i.value) for i in entry.identifiers} == {
        (IdentifierType.PASSPORT, "ZZ0012345"),
        (IdentifierType.NATIONAL_ID, "0001"),
        (IdentifierType.OTHER, "XXi.001"),
    }
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.NATIONALITY, "MT")]
    assert [(p.text, p.country) for p in entry.birth_places] == [("Valletta, Malta", "MT")]
    assert [(a.text, a.country) for a in entry.addresses] == [("1 Invented Lane, Malta", "MT")]
    assert (entry.listed_on, entry.updated_on) == (date(2024, 2, 1), date(2026, 4, 29))


def test_narrative_gives_no_name() -> None:
    assert not any("Narrative" in name.text for name in only(PERSON).names)


def test_ship_has_its_number_and_flag() -> None:
    entry = only(SHIP)
    assert entry.kind is Kind.VESSEL
    assert [(i.type, i.value) for i in entry.identifiers] == [(IdentifierType.IMO, "IMO9074729")]
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.FLAG, "MT")]


def test_date_stands_in_an_element_where_the_root_has_none() -> None:
    assert parsed_text(uk_xml.parse, listing(SHIP))[0] == Published(on=date(2026, 8, 14))


def test_designation_without_an_id_is_unread_and_the_rest_goes_on() -> None:
    nameless = SHIP.replace("<UniqueID>ZZZ0002</UniqueID>", "")
    parsed = parsed_text(uk_xml.parse, listing(nameless, PERSON))
    assert isinstance(parsed[1], Unread)
    assert [entry.reference for entry in entries_in(parsed)] == ["ZZZ0001"]


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_an_entry_or_unread(text: str) -> None:
    (_, item) = parsed_text(uk_xml.parse, listing(SHIP.replace("Zephyrine", xml_escape(text))))
    assert isinstance(item, Entry) == any(ch.isalnum() for ch in text)


def test_real_excerpt_is_whole() -> None:
    path = shared_file("lists/samples/uk_sanctions_list_excerpt.xml")
    assert recognise(path).id == "uk-xml"
    parsed = list(uk_xml.parse({"main": path}))
    assert parsed[0] == Published(on=date(2026, 8, 14))
    assert [(entry.reference, entry.kind) for entry in entries_in(parsed)] == [
        ("AFG0011", Kind.PERSON),
        ("DPR0075", Kind.VESSEL),
    ]
