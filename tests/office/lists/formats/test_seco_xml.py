"""Switzerland's list, on invented targets in its schema and on an excerpt of the real one."""

from datetime import date

from hypothesis import given, settings
from tests.support.list_files import entries_in, parsed_text, xml_escape, xml_texts
from tests.support.real_data import shared_file

from insyn.office.lists.entry import Entry, IdentifierType, Kind, NameUse, PartRole, Unread
from insyn.office.lists.formats import seco_xml
from insyn.office.lists.formats.parsed import Published, Withdrawn
from insyn.office.lists.recognise import recognise

PROGRAMME = """<sanctions-program ssid="10" version-date="2026-01-05">
<program-key lang="ger">MUSTER</program-key><program-key lang="eng">SAMPLE</program-key>
<sanctions-set ssid="11" lang="eng">Invented measures</sanctions-set></sanctions-program>"""

PERSON = """<target ssid="900"><sanctions-set-id>11</sanctions-set-id>
<foreign-identifier>XXi.001</foreign-identifier>
<individual sex="male"><identity ssid="901" main="true">
<name ssid="902" name-type="primary-name" quality="good" lang="eng">
<name-part order="2" name-part-type="given-name"><value>Tarkvin</value>
<spelling-variant lang="RUS" script="CYRL">Тарквин</spelling-variant></name-part>
<name-part order="1" name-part-type="family-name"><value>Velmarek</value>
<spelling-variant lang="RUS" script="LATN">Velmarec</spelling-variant>
<spelling-variant lang="RUS" script="CYRL">ВЕЛМАРЕК</spelling-variant></name-part>
<name-part order="0" name-part-type="title"><value>Dr.</value></name-part></name>
<name ssid="903" name-type="alias" quality="low" lang="eng">
<name-part order="1" name-part-type="whole-name"><value>The Glazier</value></name-part></name>
<name ssid="904" name-type="formerly-known-as" quality="good" lang="eng">
<name-part order="1" name-part-type="whole-name"><value>Old Velmarek</value></name-part></name>
<day-month-year day="14" month="8" year="1961" calendar="Gregorian" quality="good"/>
<day-month-year year="1962" quality="good"/>
<place-of-birth place-id="77"/>
<nationality><country iso-code="MT">Malta</country></nationality>
<address place-id="77"><address-details>1 Invented Lane</address-details></address>
<identification-document document-type="passport"><number>ZZ0012345</number>
<issuer iso-code="MT">Malta</issuer></identification-document></identity>
<justification>Said of one Narrative Stranger.</justification></individual>
<modification modification-type="listed" effective-date="2024-02-01"/>
<modification modification-type="amended" effective-date="2025-03-02"><added><individual>
<identity ssid="901" main="true"><name name-type="alias"><name-part order="1"
 name-part-type="whole-name"><value>Repeated Shadow</value></name-part></name></identity>
</individual></added></modification></target>"""

SHIP = """<target ssid="950"><object object-type="vessel"><identity ssid="951" main="true">
<name name-type="primary-name"><name-part order="1" name-part-type="whole-name">
<value>MV Zephyrine</value></name-part></name></identity></object></target>"""

PLACE = """<place ssid="77"><location>Valletta</location>
<country iso-code="MT">Malta</country></place>"""


def listing(*parts: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<swiss-sanctions-list list-type="whole-list" date="2026-08-15">'
        f"{''.join(parts)}</swiss-sanctions-list>"
    )


def only(*parts: str) -> Entry:
    (entry,) = entries_in(parsed_text(seco_xml.parse, listing(*parts)))
    return entry


def simple(changes: str) -> str:
    return (
        '<target ssid="7"><entity><identity main="true"><name name-type="primary-name">'
        '<name-part order="1" name-part-type="whole-name"><value>Quillon Mills</value></name-part>'
        f"</name></identity></entity>{changes}</target>"
    )


def change(sort: str, day: str | None = None) -> str:
    dated = f' effective-date="{day}"' if day else ""
    return f'<modification modification-type="{sort}"{dated}/>'


def test_spellings_are_the_product_of_parts_by_language_and_script() -> None:
    names = only(PROGRAMME, PERSON, PLACE).names
    assert [(n.text, n.use, n.script) for n in names] == [
        ("Tarkvin Velmarek", NameUse.PRIMARY, "Latn"),
        ("Tarkvin Velmarec", NameUse.ALIAS, "Latn"),
        ("Тарквин ВЕЛМАРЕК", NameUse.ALIAS, "Cyrl"),
        ("The Glazier", NameUse.WEAK, "Latn"),
        ("Old Velmarek", NameUse.FORMER, "Latn"),
    ]
    assert (names[2].language, names[0].language) == ("rus", "eng")
    assert {(p.role, p.text) for p in names[0].parts} >= {
        (PartRole.GIVEN, "Tarkvin"),
        (PartRole.FAMILY, "Velmarek"),
    }


def test_facts_of_a_person_are_kept() -> None:
    entry = only(PROGRAMME, PERSON, PLACE)  # the place stands behind the target that names it
    assert (entry.reference, entry.kind, entry.gender) == ("900", Kind.PERSON, "male")
    assert entry.programmes == ("SAMPLE",)
    assert [(b.earliest, b.latest) for b in entry.birth_dates] == [
        (date(1961, 8, 14), date(1961, 8, 14)),
        (date(1962, 1, 1), date(1962, 12, 31)),
    ]
    assert [(p.text, p.country) for p in entry.birth_places] == [("Valletta, Malta", "MT")]
    assert [(c.role, c.code) for c in entry.countries] == [("nationality", "MT")]
    assert [a.text for a in entry.addresses] == ["1 Invented Lane, Valletta, Malta"]
    assert [(i.type, i.value, i.country) for i in entry.identifiers] == [
        (IdentifierType.OTHER, "XXi.001", None),
        (IdentifierType.PASSPORT, "ZZ0012345", "MT"),
    ]
    assert (entry.listed_on, entry.updated_on) == (date(2024, 2, 1), date(2025, 3, 2))


def test_identities_repeated_in_modifications_give_no_names() -> None:
    names = {name.text for name in only(PROGRAMME, PERSON, PLACE).names}
    assert "Repeated Shadow" not in names
    assert not any("Narrative" in name for name in names)


def test_object_is_a_vessel() -> None:
    assert only(SHIP).kind is Kind.VESSEL


def test_target_whose_latest_change_is_a_delisting_is_withdrawn() -> None:
    gone = simple(change("listed", "2014-05-01") + change("de-listed", "2016-03-01"))
    parsed = parsed_text(seco_xml.parse, listing(SHIP, gone))
    assert parsed[0] == Published(on=date(2026, 8, 15))
    assert parsed[-1] == Withdrawn(reference="7", position=2)
    assert [entry.reference for entry in entries_in(parsed)] == ["950"]


def test_target_listed_again_after_a_delisting_is_in_force() -> None:
    changes = change("de-listed", "2016-03-01") + change("listed", "2018-01-01")
    assert only(simple(changes)).reference == "7"


def test_listing_of_the_day_of_the_delisting_stays_in_force() -> None:
    changes = change("de-listed", "2016-03-01") + change("listed", "2016-03-01")
    assert only(simple(changes)).reference == "7"


def test_variants_that_multiply_are_capped() -> None:
    variants = "".join(
        f'<spelling-variant lang="RUS" script="LATN">Vell{chr(97 + at)}</spelling-variant>'
        for at in range(20)
    )
    parts = "".join(
        f'<name-part order="{at}" name-part-type="{sort}"><value>Vell</value>{variants}</name-part>'
        for at, sort in enumerate(("given-name", "father-name", "family-name"))
    )
    entry = only(
        '<target ssid="8"><individual><identity main="true"><name name-type="primary-name">'
        f"{parts}</name></identity></individual></target>"
    )
    assert len(entry.names) == seco_xml.MAX_SPELLINGS


def test_no_script_is_crowded_out_by_the_variants_of_another() -> None:
    latin = "".join(
        f'<spelling-variant lang="RUS" script="LATN">Vell{chr(97 + at)}</spelling-variant>'
        for at in range(20)
    )
    native = '<spelling-variant lang="RUS" script="CYRL">Велл</spelling-variant>'
    parts = "".join(
        f'<name-part order="{at}" name-part-type="{sort}"><value>Vell</value>{latin}{native}'
        "</name-part>"
        for at, sort in enumerate(("given-name", "family-name"))
    )
    entry = only(
        '<target ssid="8"><individual><identity main="true"><name name-type="primary-name">'
        f"{parts}</name></identity></individual></target>"
    )
    assert ("Велл Велл", "Cyrl") in [(name.text, name.script) for name in entry.names]


def test_target_without_a_name_is_unread() -> None:
    target = '<target ssid="9"><entity><identity main="true"/></entity></target>'
    (_, unread) = parsed_text(seco_xml.parse, listing(target))
    assert isinstance(unread, Unread)
    assert unread.position == 1


@settings(deadline=None, max_examples=40)
@given(text=xml_texts())
def test_any_name_is_an_entry_or_unread(text: str) -> None:
    (_, item) = parsed_text(seco_xml.parse, listing(SHIP.replace("MV Zephyrine", xml_escape(text))))
    assert isinstance(item, Entry) == any(ch.isalnum() for ch in text)


def test_real_excerpt_has_one_target_in_force() -> None:
    path = shared_file("lists/samples/ch_seco_excerpt.xml")
    assert recognise(path).id == "seco-xml"
    parsed = list(seco_xml.parse({"main": path}))
    assert [entry.reference for entry in entries_in(parsed)] == ["5816"]
    assert [item.reference for item in parsed if isinstance(item, Withdrawn)] == ["5142"]
    assert entries_in(parsed)[0].programmes == ("PPDM",)
