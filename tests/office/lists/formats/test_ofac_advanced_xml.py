"""OFAC's advanced format, on invented parties in its schema: no real file is at hand."""

from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts

from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse, Unread
from insyn.office.lists.formats import ofac_advanced_xml
from insyn.office.lists.formats.parsed import Published

VALUES = """<ReferenceValueSets>
<AliasTypeValues><AliasType ID="1400">A.K.A.</AliasType><AliasType ID="1401">F.K.A.</AliasType>
<AliasType ID="1403">Name</AliasType></AliasTypeValues>
<CountryValues><Country ID="50" ISO2="MT">Malta</Country></CountryValues>
<DetailReferenceValues><DetailReference ID="91">Male</DetailReference></DetailReferenceValues>
<FeatureTypeValues><FeatureType ID="8">Birthdate</FeatureType>
<FeatureType ID="9">Place of Birth</FeatureType><FeatureType ID="10">Nationality Country
</FeatureType><FeatureType ID="25">Location</FeatureType><FeatureType ID="224">Gender</FeatureType>
</FeatureTypeValues>
<IDRegDocTypeValues><IDRegDocType ID="1571">Passport</IDRegDocType></IDRegDocTypeValues>
<ListValues><List ID="1550">Invented List</List>
<List ID="91512">Consolidated List</List></ListValues>
<NamePartTypeValues><NamePartType ID="1520">Last Name</NamePartType>
<NamePartType ID="1521">First Name</NamePartType></NamePartTypeValues>
<PartySubTypeValues><PartySubType ID="4" PartyTypeID="1">Unknown</PartySubType>
<PartySubType ID="1" PartyTypeID="4">Vessel</PartySubType></PartySubTypeValues>
<PartyTypeValues><PartyType ID="1">Individual</PartyType><PartyType ID="4">Transport</PartyType>
</PartyTypeValues>
<ReliabilityValues><Reliability ID="1560">False</Reliability></ReliabilityValues>
<ScriptValues><Script ID="215" ScriptCode="Latn">Latin</Script>
<Script ID="220" ScriptCode="Cyrl">Cyrillic</Script></ScriptValues></ReferenceValueSets>"""

PLACES = """<Locations><Location ID="70"><LocationCountry CountryID="50"/>
<LocationPart LocPartTypeID="1"><LocationPartValue Primary="true"><Value>Valletta</Value>
</LocationPartValue></LocationPart></Location>
<Location ID="71"><LocationCountry CountryID="50"/></Location></Locations>
<IDRegDocuments><IDRegDocument ID="60" IDRegDocTypeID="1571" IdentityID="20"
 IssuedBy-CountryID="50"><IDRegistrationNo>ZZ0012345</IDRegistrationNo></IDRegDocument>
</IDRegDocuments>"""


def part(group: str, script: str, text: str) -> str:
    return (
        f'<DocumentedNamePart><NamePartValue NamePartGroupID="{group}" ScriptID="{script}">{text}'
        "</NamePartValue></DocumentedNamePart>"
    )


def alias(sort: str, *documented: str, primary: str = "false", weak: str = "false") -> str:
    names = "".join(f"<DocumentedName>{parts}</DocumentedName>" for parts in documented)
    return f'<Alias AliasTypeID="{sort}" Primary="{primary}" LowQuality="{weak}">{names}</Alias>'


def period(first: str, last: str) -> str:
    return (
        f"<DatePeriod><Start><From>{first}</From><To>{first}</To></Start>"
        f"<End><From>{last}</From><To>{last}</To></End></DatePeriod>"
    )


def point(year: int, month: int, day: int) -> str:
    return f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"


def feature(sort: str, content: str, reliability: str = "1561") -> str:
    return (
        f'<Feature FeatureTypeID="{sort}"><FeatureVersion ReliabilityID="{reliability}">{content}'
        "</FeatureVersion></Feature>"
    )


GROUPS = """<NamePartGroups><MasterNamePartGroup><NamePartGroup ID="31" NamePartTypeID="1520"/>
</MasterNamePartGroup><MasterNamePartGroup><NamePartGroup ID="32" NamePartTypeID="1521"/>
</MasterNamePartGroup></NamePartGroups>"""

PARTY = f"""<DistinctParty FixedRef="7001"><Comment>Invented.</Comment>
<Profile ID="7001" PartySubTypeID="4"><Identity ID="20" Primary="true">
{alias("1400", part("31", "215", "GLAZIER"), weak="true")}
{alias("1401", part("31", "215", "ODOVAR"))}
{
    alias(
        "1403",
        part("31", "215", "VELLMARK") + part("32", "215", "Tarquin"),
        part("31", "220", "ВЕЛМАРК") + part("32", "220", "Тарквин"),
        primary="true",
    )
}
{GROUPS}</Identity>
{feature("8", period(point(1962, 1, 1), point(1962, 12, 31)))}
{feature("8", period(point(1961, 8, 14), point(1961, 8, 14)))}
{feature("8", period(point(1950, 1, 1), point(1950, 12, 31)), reliability="1560")}
{feature("9", '<VersionLocation LocationID="70"/>')}
{feature("10", '<VersionLocation LocationID="71"/>')}
{feature("25", '<VersionLocation LocationID="70"/>')}
{feature("224", '<VersionDetail DetailReferenceID="91"/>')}
</Profile></DistinctParty>"""

SHIP = f"""<DistinctParty FixedRef="7002"><Profile ID="7002" PartySubTypeID="1"><Identity ID="21">
{alias("1403", part("31", "215", "ZEPHYRINE"), primary="true")}{GROUPS}
</Identity></Profile></DistinctParty>"""

LISTED = """<SanctionsEntries><SanctionsEntry ProfileID="7001" ListID="1550">
<EntryEvent><Date><Year>2024</Year><Month>2</Month><Day>1</Day></Date></EntryEvent>
<SanctionsMeasure SanctionsTypeID="1"><Comment>XX-A</Comment></SanctionsMeasure></SanctionsEntry>
<SanctionsEntry ProfileID="7001" ListID="91512">
<EntryEvent><Date><Year>2014</Year><Month>10</Month><Day>10</Day></Date></EntryEvent>
</SanctionsEntry></SanctionsEntries>"""


def listing(*parties: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<Sanctions xmlns="https://sanctionslistservice'
        '.ofac.treas.gov/api/PublicationPreview/exports/ADVANCED_XML"><DateOfIssue><Year>2026'
        f"</Year><Month>1</Month><Day>10</Day></DateOfIssue>{VALUES}{PLACES}"
        f"<DistinctParties>{''.join(parties)}</DistinctParties>{LISTED}</Sanctions>"
    )


def only(party: str = PARTY) -> Entry:
    (found,) = entries_in(parsed_text(ofac_advanced_xml.parse, listing(party)))
    return found


def test_format_is_recognised_by_its_root() -> None:
    assert ofac_advanced_xml.recognise(listing(PARTY).encode(), "list.xml")
    assert not ofac_advanced_xml.recognise(b"<sanctionsData xmlns='x'>", "sdn_advanced.xml")


def test_names_stand_in_every_script_with_their_use() -> None:
    names = only().names
    assert [(n.text, n.script) for n in names] == [
        ("Tarquin VELLMARK", "Latn"),
        ("Тарквин ВЕЛМАРК", "Cyrl"),
        ("GLAZIER", "Latn"),
        ("ODOVAR", "Latn"),
    ]
    assert [n.use for n in names] == [
        NameUse.PRIMARY,
        NameUse.ALIAS,
        NameUse.WEAK,
        NameUse.FORMER,
    ]


def test_birth_years_are_spans_and_false_ones_left_out() -> None:
    assert [(b.earliest, b.latest, b.text) for b in only().birth_dates] == [
        (date(1962, 1, 1), date(1962, 12, 31), "1962"),
        (date(1961, 8, 14), date(1961, 8, 14), "1961-08-14"),
    ]


def test_references_to_places_papers_and_values_are_resolved() -> None:
    entry = only()
    assert (entry.reference, entry.kind, entry.gender) == ("7001", Kind.PERSON, "male")
    assert [(p.text, p.country) for p in entry.birth_places] == [("Valletta, Malta", "MT")]
    assert [(a.text, a.country) for a in entry.addresses] == [("Valletta, Malta", "MT")]
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.NATIONALITY, "MT")]
    assert [(i.type, i.value, i.country) for i in entry.identifiers] == [
        (IdentifierType.PASSPORT, "ZZ0012345", "MT")
    ]


def test_listing_behind_the_parties_is_found_and_the_tag_is_no_list() -> None:
    entry = only()
    assert entry.programmes == ("XX-A", "Invented List")
    assert entry.listed_on == date(2024, 2, 1)


def test_vessel_is_known_by_its_subtype() -> None:
    assert only(SHIP).kind is Kind.VESSEL


def test_party_without_a_profile_is_unread_and_the_rest_goes_on() -> None:
    parsed = parsed_text(
        ofac_advanced_xml.parse, listing('<DistinctParty FixedRef="1"/>', SHIP, PARTY)
    )
    assert parsed[0] == Published(on=date(2026, 1, 10))
    assert isinstance(parsed[1], Unread)
    assert [entry.reference for entry in entries_in(parsed)] == ["7002", "7001"]


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_an_entry_or_unread(text: str) -> None:
    party = SHIP.replace("ZEPHYRINE", xml_escape(text))
    (_, item) = parsed_text(ofac_advanced_xml.parse, listing(party))
    assert isinstance(item, Entry) == any(ch.isalnum() for ch in text)
