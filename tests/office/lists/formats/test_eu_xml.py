"""The EU export, on an invented entry in its schema."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Entry, Kind, NameUse, Unread
from insyn.office.lists.formats import eu_xml
from insyn.office.lists.recognise import recognise

EXPORT = """<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-08-05T16:47:04.449+02:00">
<sanctionEntity designationDate="2024-02-01" euReferenceNumber="EU.900.1" logicalId="9">
<regulation programme="SAMPLE" numberTitle="1/2024"/>
<subjectType code="person" classificationCode="P"/>
<nameAlias firstName="Tarquin" middleName="" lastName="Vellmark" wholeName="Tarquin Vellmark"
 strong="true" gender="M" nameLanguage=""/>
<nameAlias firstName="" lastName="" wholeName="The Glazier" strong="false" nameLanguage="EN"/>
<citizenship countryIso2Code="MT" countryDescription="MALTA"/>
<birthdate circa="true" birthdate="" year="1961" city="Valletta" countryIso2Code="MT"/>
<identification identificationTypeCode="passport" number="ZZ0012345" countryIso2Code="MT"/>
</sanctionEntity></export>"""


def test_entry_keeps_quality_dates_and_papers(tmp_path: Path) -> None:
    path = tmp_path / "eu.xml"
    path.write_text(EXPORT)
    assert recognise(path).id == "eu-xml"
    (entry,) = [e for e in eu_xml.parse({"main": path}) if isinstance(e, Entry)]
    assert (entry.reference, entry.kind, entry.programmes) == ("EU.900.1", Kind.PERSON, ("SAMPLE",))
    assert [(n.text, n.use) for n in entry.names] == [
        ("Tarquin Vellmark", NameUse.PRIMARY),
        ("The Glazier", NameUse.WEAK),
    ]
    assert entry.birth_dates[0].approximate
    assert entry.birth_dates[0].earliest.year == 1961
    assert [(c.code, c.role) for c in entry.countries] == [("MT", "citizenship")]
    assert [(i.type, i.value) for i in entry.identifiers] == [("passport", "ZZ0012345")]


def test_cut_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "eu.xml"
    path.write_text(EXPORT[:700])
    with pytest.raises(UnreadableInput):
        list(eu_xml.parse({"main": path}))


def test_entity_without_a_reference_is_known_by_its_logical_id() -> None:
    text = EXPORT.replace('euReferenceNumber="EU.900.1"', 'euReferenceNumber=""')
    assert [entry.reference for entry in entries_in(parsed_text(eu_xml.parse, text))] == ["9"]


def test_unknown_country_is_none() -> None:
    text = EXPORT.replace(
        'citizenship countryIso2Code="MT" countryDescription="MALTA"',
        'citizenship countryIso2Code="00" countryDescription="UNKNOWN"',
    )
    assert [entry.countries for entry in entries_in(parsed_text(eu_xml.parse, text))] == [()]


def test_name_in_a_native_script_is_a_further_name() -> None:
    native = '<nameAlias wholeName="Тарквин Велмарк" strong="true" nameLanguage=""/><citizenship'
    text = EXPORT.replace("<citizenship", native)
    (entry,) = entries_in(parsed_text(eu_xml.parse, text))
    assert ("Тарквин Велмарк", "Cyrl", None) in [
        (n.text, n.script, n.language) for n in entry.names
    ]


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_an_entry_or_unread(text: str) -> None:
    export = EXPORT.replace("The Glazier", "").replace("Tarquin Vellmark", xml_escape(text))
    export = export.replace('firstName="Tarquin"', "").replace('lastName="Vellmark"', "")
    (_, item) = parsed_text(eu_xml.parse, export)
    assert isinstance(item, Entry | Unread)
    assert isinstance(item, Entry) == any(ch.isalnum() for ch in text)


def test_real_excerpt_is_whole() -> None:
    path = shared_file("lists/samples/eu_fsf_excerpt.xml")
    assert recognise(path).id == "eu-xml"
    found = entries_in(list(eu_xml.parse({"main": path})))
    assert [(entry.reference, entry.kind, len(entry.names)) for entry in found] == [
        ("EU.27.28", Kind.PERSON, 3),
        ("EU.522.39", Kind.ORGANISATION, 2),
    ]
