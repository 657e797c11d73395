"""List entries as FollowTheMoney entities."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insyn.office.console.ftm import entity, entity_id, split_id
from insyn.office.console.ftm_model import (
    ANCESTORS,
    PROPERTIES,
    goes_with,
    schema_for,
    topic_of,
)
from insyn.office.lists.entry import (
    Address,
    BirthDate,
    CountryLink,
    CountryRole,
    Entry,
    Identifier,
    IdentifierType,
    Kind,
    ListedName,
    NamePart,
    NameUse,
    PartRole,
    Place,
)

PERSON = Entry(
    reference="SAi.001",
    kind=Kind.PERSON,
    names=(
        ListedName(
            text="Tarquin Vellmark",
            parts=(
                NamePart(role=PartRole.GIVEN, text="Tarquin"),
                NamePart(role=PartRole.FAMILY, text="Vellmark"),
            ),
        ),
        ListedName(text="Tarkwin Velmark", use=NameUse.ALIAS),
        ListedName(text="Tarquin Oldmark", use=NameUse.FORMER),
        ListedName(text="The Glazier", use=NameUse.WEAK),
    ),
    birth_dates=(
        BirthDate(earliest=date(1961, 3, 1), latest=date(1961, 3, 1)),
        BirthDate(earliest=date(1963, 1, 1), latest=date(1964, 12, 31)),
        BirthDate(earliest=date(1930, 1, 1), latest=date(1950, 12, 31), text="1930s to 1950"),
    ),
    birth_places=(Place(text="Verrania", country="MT"),),
    countries=(
        CountryLink(role=CountryRole.NATIONALITY, code="MT"),
        CountryLink(role=CountryRole.RESIDENCE, code="SE"),
        CountryLink(role=CountryRole.FLAG, code="PA"),
        CountryLink(role=CountryRole.REGIME, code="AE"),
        CountryLink(role=CountryRole.CITIZENSHIP, code=None, text="Atlantis"),
    ),
    addresses=(Address(text="1 Lantern Row, Verrania", country="NO"),),
    identifiers=(
        Identifier(type=IdentifierType.PASSPORT, value="ZZ0012345"),
        Identifier(type=IdentifierType.WALLET, value="x0y1", label="Digital currency"),
        Identifier(type=IdentifierType.OTHER, value="K-7"),
    ),
    programmes=("SAMPLE",),
    gender="M",
    titles=("Master glazier",),
    listed_on=date(2024, 3, 1),
    updated_on=date(2025, 1, 2),
    remarks="Invented.",
    source_record="<secret/>",
)


def test_a_person_keeps_all_that_the_list_says() -> None:
    assert entity("un", PERSON) == {
        "id": "un-SAi.001",
        "caption": "Tarquin Vellmark",
        "schema": "Person",
        "properties": {
            "name": ["Tarquin Vellmark"],
            "firstName": ["Tarquin"],
            "lastName": ["Vellmark"],
            "alias": ["Tarkwin Velmark"],
            "previousName": ["Tarquin Oldmark"],
            "weakAlias": ["The Glazier"],
            "birthDate": ["1961-03-01", "1963", "1964"],
            "notes": ["born: 1930s to 1950", "Digital currency: x0y1", "Invented."],
            "birthPlace": ["Verrania"],
            "birthCountry": ["mt"],
            "gender": ["male"],
            "title": ["Master glazier"],
            "nationality": ["mt"],
            "country": ["se", "pa", "no"],
            "address": ["1 Lantern Row, Verrania"],
            "passportNumber": ["ZZ0012345"],
            "idNumber": ["K-7"],
            "program": ["SAMPLE"],
            "topics": ["sanction"],
            "createdAt": ["2024-03-01"],
            "modifiedAt": ["2025-01-02"],
        },
        "datasets": ["un"],
        "referents": [],
        "target": True,
        "first_seen": None,
        "last_seen": None,
        "last_change": "2025-01-02",
    }


def test_a_vessel_has_its_numbers_and_no_passport() -> None:
    vessel = Entry(
        reference="V 1",
        kind=Kind.VESSEL,
        names=(ListedName(text="MV Invented"),),
        countries=(CountryLink(role=CountryRole.FLAG, code="PA"),),
        identifiers=(
            Identifier(type=IdentifierType.IMO, value="9000001"),
            Identifier(type=IdentifierType.CALL_SIGN, value="ABCD"),
            Identifier(type=IdentifierType.EMAIL, value="a@insyn.example"),
        ),
    )
    found = entity("own", vessel)
    assert found["id"] == "own-V_201"
    assert found["properties"] == {
        "name": ["MV Invented"],
        "flag": ["pa"],
        "imoNumber": ["9000001"],
        "callSign": ["ABCD"],
        "notes": ["email: a@insyn.example"],
    }


def test_an_entry_without_a_primary_name_has_a_name_still() -> None:
    alias = Entry(
        reference="1", kind=Kind.UNKNOWN, names=(ListedName(text="A", use=NameUse.ALIAS),)
    )
    assert entity("own", alias)["properties"] == {"alias": ["A"], "name": ["A"]}


@pytest.mark.parametrize("asked", [None, *ANCESTORS])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_property_is_one_of_the_schema_given(kind: Kind, asked: str | None) -> None:
    found = entity("un", _of_kind(kind), asked=asked)
    schema, properties = found["schema"], found["properties"]
    assert isinstance(properties, dict)
    assert set(properties) <= PROPERTIES[str(schema)]
    assert properties["name"] == ["Tarquin Vellmark"]


def _of_kind(kind: Kind) -> Entry:
    identifiers = tuple(Identifier(type=type_, value=f"v-{type_}") for type_ in IdentifierType)
    return Entry(
        reference="1",
        kind=kind,
        names=PERSON.names,
        birth_dates=PERSON.birth_dates,
        countries=tuple(CountryLink(role=role, code="SE") for role in CountryRole),
        identifiers=identifiers,
        titles=PERSON.titles,
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_no_identifier_is_lost_whatever_the_kind(kind: Kind) -> None:
    values = str(entity("un", _of_kind(kind))["properties"])
    assert all(f"v-{type_}" in values for type_ in IdentifierType)


@pytest.mark.parametrize(
    ("kind", "asked", "given"),
    [
        (Kind.PERSON, "Person", "Person"),
        (Kind.PERSON, "LegalEntity", "Person"),
        (Kind.UNKNOWN, "Person", "LegalEntity"),
        (Kind.ORGANISATION, "Company", "Organization"),
        (Kind.PERSON, "Company", "LegalEntity"),
        (Kind.UNKNOWN, "Vessel", "Vessel"),
        (Kind.VESSEL, "LegalEntity", "LegalEntity"),
        (Kind.VESSEL, "Asset", "Vessel"),
        (Kind.ORGANISATION, "Thing", "Organization"),
        (Kind.ORGANISATION, "NoSuchSchema", "Organization"),
        (Kind.AIRCRAFT, None, "Airplane"),
    ],
)
def test_a_result_goes_with_its_query(kind: Kind, asked: str | None, given: str) -> None:
    assert schema_for(kind, asked) == given


@pytest.mark.parametrize("asked", list(ANCESTORS))
@pytest.mark.parametrize("kind", list(Kind))
def test_no_result_is_one_that_the_client_refuses(kind: Kind, asked: str) -> None:
    assert goes_with(schema_for(kind, asked), asked)


def test_what_the_list_says_is_nested_when_asked_for() -> None:
    properties = entity("un", PERSON, sanction="The sample list")["properties"]
    assert isinstance(properties, dict)
    [sanction] = properties["sanctions"]
    assert sanction["schema"] == "Sanction"
    assert sanction["properties"] == {
        "authority": ["The sample list"],
        "authorityId": ["SAi.001"],
        "program": ["SAMPLE"],
        "listingDate": ["2024-03-01"],
    }


@pytest.mark.parametrize(
    ("list_id", "source", "topic"),
    [("un", "", "sanction"), ("us-csl", "SDN", "sanction"), ("us-csl", "EL", "export.control"),
     ("us-dpl", "", "export.control"), ("watch", "", "")],
)  # fmt: skip
def test_the_topic_is_what_being_listed_means(list_id: str, source: str, topic: str) -> None:
    assert topic_of(list_id, source) == topic


_TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(_TEXT, _TEXT)
def test_an_id_can_stand_in_a_path_and_is_read_back(list_id: str, reference: str) -> None:
    made = entity_id(list_id, reference)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", made)
    assert split_id(made) == (list_id, reference)


@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_two_entries_never_share_an_id(a: str, b: str, c: str, d: str) -> None:
    assert (entity_id(a, b) == entity_id(c, d)) is ((a, b) == (c, d))


@given(st.text(max_size=30))
def test_no_other_text_is_an_id(text: str) -> None:
    found = split_id(text)
    assert found is None or entity_id(*found) == text


def test_an_ordinary_id_reads_as_list_and_reference() -> None:
    assert entity_id("ofac-sdn", "6907") == "ofac-sdn-6907"
    assert entity_id("us-csl", "a-b~2") == "us-csl-a_2Db_7E2"
