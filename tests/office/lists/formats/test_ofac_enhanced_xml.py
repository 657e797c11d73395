"""OFAC's ENHANCED_XML, on an invented entity in its schema and on the real non-SDN file."""

from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.office.lists.entry import CountryRole, Entry, IdentifierType, Kind, NameUse, Unread
from insyn.office.lists.formats import ofac_enhanced_xml, ofac_sdn_xml
from insyn.office.lists.formats.parsed import Published
from insyn.office.lists.recognise import recognise

VALUES = """<referenceValues>
<referenceValue refId="1"><type>SCRIPT</type><value>Latin</value><code>Latin</code></referenceValue>
<referenceValue refId="2"><type>SCRIPT</type><value>Cyrillic</value><code>Cyrl</code>
</referenceValue>
<referenceValue refId="3"><type>COUNTRY</type><value>Malta</value><isoCode>MT</isoCode>
</referenceValue></referenceValues>
<featureTypes><featureType featureTypeId="8"><type>Birthdate</type></featureType></featureTypes>"""


def spelling(script: str, *, primary: bool, family: str, given: str = "") -> str:
    part = "<namePart><type>{}</type><value>{}</value></namePart>".format
    parts = part("Last Name", family) + (part("First Name", given) if given else "")
    return (
        f"<translation><isPrimary>{str(primary).lower()}</isPrimary>"
        f'<script refId="{script}">named</script><formattedFullName>{family}, {given}'
        f"</formattedFullName><nameParts>{parts}</nameParts></translation>"
    )


NATIVE = spelling("2", primary=False, family="ВЕЛМАРК", given="Тарквин")
ENTITY = f"""<entity id="7001"><generalInfo><identityId>1</identityId>
<entityType>Individual</entityType><title>Glazier</title></generalInfo>
<sanctionsLists><sanctionsList datePublished="2024-02-01">Invented List</sanctionsList>
<sanctionsList datePublished="2014-10-10">Consolidated List</sanctionsList></sanctionsLists>
<sanctionsPrograms><sanctionsProgram>XX-A</sanctionsProgram></sanctionsPrograms>
<names>
<name><isPrimary>false</isPrimary><aliasType>A.K.A.</aliasType><isLowQuality>true</isLowQuality>
<translations>{spelling("1", primary=True, family="GLAZIER")}</translations></name>
<name><isPrimary>true</isPrimary><isLowQuality>false</isLowQuality><translations>
{spelling("1", primary=True, family="VELLMARK", given="Tarquin")}{NATIVE}</translations></name>
<name><isPrimary>false</isPrimary><aliasType>F.K.A.</aliasType><isLowQuality>false</isLowQuality>
<translations>{spelling("1", primary=True, family="ODOVAR")}</translations></name></names>
<addresses><address><country refId="3">Malta</country><translations><translation>
<addressParts><addressPart><type>CITY</type><value>Valletta</value></addressPart></addressParts>
</translation></translations></address></addresses>
<features>
<feature><type featureTypeId="8">Birthdate</type><value>1962</value><valueDate>
<fromDateBegin>1962-01-01</fromDateBegin><fromDateEnd>1962-01-01</fromDateEnd>
<toDateBegin>1962-12-31</toDateBegin><toDateEnd>1962-12-31</toDateEnd>
<isApproximate>true</isApproximate></valueDate></feature>
<feature><type>Nationality Country</type><value>Malta</value></feature>
<feature><type>Gender</type><value>Male</value></feature>
<feature><type>Email Address</type><value>t@vellmark.example</value></feature>
<feature><type>Place of Birth</type><value>Nowhere</value><reliability>False</reliability></feature>
</features>
<identityDocuments><identityDocument><type>Passport</type><documentNumber>ZZ0012345</documentNumber>
<issuingCountry refId="3">Malta</issuingCountry></identityDocument></identityDocuments>
<relationships><relationship><relatedEntity entityId="9">STRANGER, Narrative</relatedEntity>
</relationship></relationships></entity>"""


def listing(*entities: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<sanctionsData xmlns="https://sanctionslistservice'
        '.ofac.treas.gov/api/PublicationPreview/exports/ENHANCED_XML"><publicationInfo>'
        "<dataAsOf>2026-01-10T00:00:00</dataAsOf><filters><sanctionsLists><sanctionsList>"
        f"Consolidated List</sanctionsList></sanctionsLists></filters></publicationInfo>{VALUES}"
        f"<entities>{''.join(entities)}</entities></sanctionsData>"
    )


def only(entity: str = ENTITY) -> Entry:
    (found,) = entries_in(parsed_text(ofac_enhanced_xml.parse, listing(entity)))
    return found


def test_names_stand_in_every_script_with_their_use() -> None:
    assert [(n.text, n.use, n.script) for n in only().names] == [
        ("Tarquin VELLMARK", NameUse.PRIMARY, "Latn"),
        ("Тарквин ВЕЛМАРК", NameUse.ALIAS, "Cyrl"),
        ("GLAZIER", NameUse.WEAK, "Latn"),
        ("ODOVAR", NameUse.FORMER, "Latn"),
    ]


def test_tag_of_all_entries_is_no_list_and_no_date() -> None:
    entry = only()
    assert entry.programmes == ("XX-A", "Invented List")
    assert entry.listed_on == date(2024, 2, 1)


def test_facts_are_kept_and_unreliable_ones_left_out() -> None:
    entry = only()
    assert (entry.reference, entry.kind, entry.gender) == ("7001", Kind.PERSON, "male")
    assert entry.titles == ("Glazier",)
    assert [(b.earliest, b.latest, b.approximate) for b in entry.birth_dates] == [
        (date(1962, 1, 1), date(1962, 12, 31), True)
    ]
    assert entry.birth_places == ()
    assert [(c.role, c.code) for c in entry.countries] == [(CountryRole.NATIONALITY, "MT")]
    assert [(a.text, a.country) for a in entry.addresses] == [("Valletta, Malta", "MT")]
    assert {(i.type, i.value, i.country) for i in entry.identifiers} == {
        (IdentifierType.PASSPORT, "ZZ0012345", "MT"),
        (IdentifierType.EMAIL, "t@vellmark.example", None),
    }


def test_related_entity_gives_no_name() -> None:
    assert not any("STRANGER" in name.text for name in only().names)


def test_entity_without_an_id_is_unread_and_the_rest_goes_on() -> None:
    parsed = parsed_text(
        ofac_enhanced_xml.parse, listing(ENTITY.replace('id="7001"', "", 1), ENTITY)
    )
    assert parsed[0] == Published(on=date(2026, 1, 10))
    assert isinstance(parsed[1], Unread)
    assert [entry.reference for entry in entries_in(parsed)] == ["7001"]


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_kept_or_left_out(text: str) -> None:
    entry = only(ENTITY.replace("ODOVAR", xml_escape(text)))
    assert entry.names[0].text == "Tarquin VELLMARK"
    assert all(any(ch.isalnum() for ch in name.text) for name in entry.names)


def test_real_file_is_whole() -> None:
    path = shared_file("lists/ofac/cons_enhanced_2025-01.xml")
    assert recognise(path).id == "ofac-enhanced-xml"
    parsed = list(ofac_enhanced_xml.parse({"main": path}))
    assert parsed[0] == Published(on=date(2025, 1, 10))
    found = entries_in(parsed)
    kinds = [entry.kind for entry in found]
    assert len({entry.reference for entry in found}) == len(parsed) - 1 == 443
    assert (kinds.count(Kind.ORGANISATION), kinds.count(Kind.PERSON)) == (363, 80)


def test_real_files_of_both_formats_agree_but_for_case() -> None:
    enhanced = shared_file("lists/ofac/cons_enhanced_2025-01.xml")
    plain = shared_file("lists/ofac/cons_sdn_schema_2025-03-28.xml")
    ours = {e.reference: e for e in entries_in(list(ofac_enhanced_xml.parse({"main": enhanced})))}
    theirs = {e.reference: e for e in entries_in(list(ofac_sdn_xml.parse({"main": plain})))}
    assert ours.keys() == theirs.keys()
    for key, entry in ours.items():
        other = theirs[key]
        assert entry.kind is other.kind
        assert entry.names[0].text.casefold() == other.names[0].text.casefold(), key
        assert {(b.earliest, b.latest) for b in entry.birth_dates} == {
            (b.earliest, b.latest) for b in other.birth_dates
        }
        assert {(c.role, c.code) for c in entry.countries} == {
            (c.role, c.code) for c in other.countries
        }
        assert {i.label for i in entry.identifiers} == {i.label for i in other.identifiers}, key
