"""OFAC's sdn.xml, on invented entries in its schema and on the real non-SDN file."""

from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse, Unread
from insyn.office.lists.formats import ofac_sdn_xml
from insyn.office.lists.formats.parsed import Published
from insyn.office.lists.recognise import recognise

PERSON = """<sdnEntry><uid>7001</uid><firstName>Tarquin</firstName><lastName>VELLMARK</lastName>
<title>Glazier</title><sdnType>Individual</sdnType><remarks>(Linked To: QUILLON MILLS)</remarks>
<programList><program>XX-A</program><program>XX-B</program></programList>
<idList><id><uid>1</uid><idType>Passport</idType><idNumber>ZZ0012345</idNumber>
<idCountry>Malta</idCountry></id>
<id><uid>2</uid><idType>Gender</idType><idNumber>Male</idNumber></id></idList>
<akaList><aka><uid>3</uid><type>a.k.a.</type><category>strong</category>
<lastName>VELMARCK</lastName><firstName>Tarquin</firstName></aka>
<aka><uid>4</uid><type>f.k.a.</type><category>strong</category><lastName>ODOVAR</lastName></aka>
<aka><uid>5</uid><type>f.k.a.</type><category>weak</category><lastName>THE GLAZIER</lastName></aka>
</akaList>
<addressList><address><uid>6</uid><city>Valletta</city><country>Malta</country></address>
</addressList>
<nationalityList><nationality><uid>7</uid><country>Malta</country><mainEntry>true</mainEntry>
</nationality></nationalityList>
<dateOfBirthList><dateOfBirthItem><uid>8</uid><dateOfBirth>14 Aug 1961</dateOfBirth>
<mainEntry>true</mainEntry></dateOfBirthItem>
<dateOfBirthItem><uid>9</uid><dateOfBirth>circa 1962</dateOfBirth></dateOfBirthItem>
</dateOfBirthList>
<placeOfBirthList><placeOfBirthItem><uid>10</uid><placeOfBirth>Valletta, Malta</placeOfBirth>
</placeOfBirthItem></placeOfBirthList></sdnEntry>"""

SHIP = """<sdnEntry><uid>7002</uid><lastName>ZEPHYRINE</lastName><sdnType>Vessel</sdnType>
<vesselInfo><callSign>9HXX</callSign><vesselFlag>Malta</vesselFlag></vesselInfo></sdnEntry>"""


def listing(*entries: str) -> str:
    return (
        '<?xml version="1.0" standalone="yes"?>\n<sdnList xmlns="https://sanctionslistservice.'
        'ofac.treas.gov/api/PublicationPreview/exports/XML"><publshInformation>'
        "<Publish_Date>03/08/2025</Publish_Date><Record_Count>2</Record_Count>"
        f"</publshInformation>{''.join(entries)}</sdnList>"
    )


def only(entry: str) -> Entry:
    (found,) = entries_in(parsed_text(ofac_sdn_xml.parse, listing(entry)))
    return found


def test_publication_is_read_with_the_month_first() -> None:
    first = parsed_text(ofac_sdn_xml.parse, listing(SHIP))[0]
    assert first == Published(on=date(2025, 3, 8), record_count=2)


def test_weak_outranks_former_in_the_use_of_a_name() -> None:
    assert [(n.text, n.use) for n in only(PERSON).names] == [
        ("Tarquin VELLMARK", NameUse.PRIMARY),
        ("Tarquin VELMARCK", NameUse.ALIAS),
        ("ODOVAR", NameUse.FORMER),
        ("THE GLAZIER", NameUse.WEAK),
    ]


def test_facts_of_a_person_are_kept() -> None:
    entry = only(PERSON)
    assert (entry.reference, entry.kind, entry.gender) == ("7001", Kind.PERSON, "male")
    assert entry.programmes == ("XX-A", "XX-B")
    assert [(i.type, i.value, i.country) for i in entry.identifiers] == [
        (IdentifierType.PASSPORT, "ZZ0012345", "MT")
    ]
    assert [(b.earliest.year, b.approximate) for b in entry.birth_dates] == [
        (1961, False),
        (1962, True),
    ]
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.NATIONALITY, "MT")]
    assert [(a.text, a.country) for a in entry.addresses] == [("Valletta, Malta", "MT")]
    assert [p.country for p in entry.birth_places] == ["MT"]


def test_vessel_has_its_flag_and_call_sign() -> None:
    entry = only(SHIP)
    assert entry.kind is Kind.VESSEL
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.FLAG, "MT")]
    assert [(i.type, i.value) for i in entry.identifiers] == [(IdentifierType.CALL_SIGN, "9HXX")]


def test_statements_among_the_papers_are_no_identifiers() -> None:
    said = "".join(
        f"<id><uid>1</uid><idType>{label}</idType><idNumber>{value}</idNumber></id>"
        for label, value in (
            ("Secondary sanctions risk:", "Invented Regulations"),
            ("Target Type", "Private Company"),
            ("Effective Date (CMIC)", "01 Feb 2024"),
            ("Nationality of Registration", "Malta"),
            ("Registration Number", "C 00001"),
        )
    )
    entry = only(SHIP.replace("<vesselInfo>", f"<idList>{said}</idList><vesselInfo>"))
    assert [i.value for i in entry.identifiers] == ["9HXX", "C 00001"]
    assert (CountryRole.NATIONALITY, "MT") in [(c.role, c.code) for c in entry.countries]


def test_repeated_uid_is_kept_as_a_listing_of_its_own() -> None:
    other = SHIP.replace("ZEPHYRINE", "ZEPHYRETTE")
    parsed = parsed_text(ofac_sdn_xml.parse, listing(SHIP, other, SHIP))
    assert [entry.reference for entry in entries_in(parsed)] == ["7002", "7002~2"]
    assert isinstance(parsed[-1], Unread)


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_an_entry_or_unread(text: str) -> None:
    entry = SHIP.replace("ZEPHYRINE", xml_escape(text))
    (_, item) = parsed_text(ofac_sdn_xml.parse, listing(entry))
    assert isinstance(item, Entry) == any(ch.isalnum() for ch in text)


def test_real_file_is_whole_by_its_own_count() -> None:
    path = shared_file("lists/ofac/cons_sdn_schema_2025-03-28.xml")
    assert recognise(path).id == "ofac-sdn-xml"
    parsed = list(ofac_sdn_xml.parse({"main": path}))
    assert parsed[0] == Published(on=date(2025, 3, 28), record_count=443)
    found = entries_in(parsed)
    kinds = [entry.kind for entry in found]
    assert len({entry.reference for entry in found}) == 443
    assert (kinds.count(Kind.ORGANISATION), kinds.count(Kind.PERSON)) == (363, 80)
