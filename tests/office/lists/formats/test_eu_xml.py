"""The EU export, on an invented entry in its schema."""

from pathlib import Path

import pytest

from insyn.base.errors import UnreadableInput
from insyn.office.lists.entry import Entry, Kind, NameUse
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
