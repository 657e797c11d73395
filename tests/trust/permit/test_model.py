"""The published schema, and what we build and read: they say the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.permit_office import NOW, PERMIT_ID, Office, predicate

from insyn.base.errors import InsynError, Refusal, UnreadableInput
from insyn.trust.keys.envelope import read_envelope, seal
from insyn.trust.keys.strict import MAX_BYTES
from insyn.trust.permit.issue import draft_permit
from insyn.trust.permit.model import SCHEMA, SCHEMA_2, SCHEMA_3, permit_of, read_permit
from insyn.trust.permit.status import SCHEMA as STATUS_SCHEMA
from insyn.trust.permit.status import State, StatusEntry, StatusList, read_status

OFFICE = Office()
DOCS = Path(__file__).parents[3] / "docs" / "reference"
LONG = "a" * 5000


def draft(**changed: Any) -> Any:
    return OFFICE.draft(**changed)


def test_a_permit_reads_back_as_it_was_written() -> None:
    permit = read_permit(
        draft(conditions=[{"id": "a", "text": "b", "due": "2027-01-01T00:00:00Z"}])
    )
    assert read_permit(permit.envelope()) == permit


def test_the_schemas_are_valid_and_the_published_ones_are_those_in_force() -> None:
    for name, schema in (
        ("permit", SCHEMA),
        ("permit-2", SCHEMA_2),
        ("permit-3", SCHEMA_3),
        ("status", STATUS_SCHEMA),
    ):
        jsonschema.Draft202012Validator.check_schema(schema.content)
        assert json.loads((DOCS / f"{name}.schema.json").read_bytes()) == schema.content


BAD: list[tuple[str, dict[str, Any]]] = [
    ("no purpose", {"purposes": []}),
    ("a purpose twice", {"purposes": ["a", "a"]}),
    ("a blank purpose", {"purposes": ["  "]}),
    ("a line end in a name", {"case": "C-1\n"}),
    ("a terminal command", {"rulebook": "\x1b[2J"}),
    ("a text that turns around", {"case": "C-\u202e71"}),
    ("a cap of none", {"camera_cap": 0}),
    ("a cap over the limit", {"camera_cap": 513}),
    ("a cap that is text", {"camera_cap": "48"}),
    ("a cap that is a truth", {"camera_cap": True}),
    ("no retention", {"retention_days": 0}),
    ("too long kept", {"retention_days": 366}),
    ("too much grace", {"grace_days": 91}),
    ("an end before the beginning", {"not_after": "2026-12-01T00:00:00Z"}),
    ("over five years", {"not_after": "2031-12-03T00:00:00Z"}),
    ("no day of the calendar", {"not_after": "2027-02-30T00:00:00Z"}),
    ("a time elsewhere", {"not_after": "2027-12-01T00:00:00+01:00"}),
    ("a time with a fraction", {"not_after": "2027-12-01T00:00:00.5Z"}),
    ("a plain status location", {"status_list": "http://office.example/status"}),
    ("a short digest", {"decision_digest": "ab"}),
    ("a digest in capitals", {"decision_digest": "AB" * 32}),
    ("a digest with a line end", {"decision_digest": "ab" * 32 + "\n"}),
    ("unmasked", {"masking": {"everyday": "nobody", "originals": "none", "custodians": 0}}),
    (
        "one custodian",
        {"masking": {"everyday": "everyone", "originals": "sealed", "custodians": 1}},
    ),
    (
        "custodians of nothing",
        {"masking": {"everyday": "everyone", "originals": "none", "custodians": 2}},
    ),
    ("an unknown sink", {"sinks": [{"kind": "platform", "name": "x"}]}),
    ("an unknown field", {"plates": True}),
    ("a condition twice", {"conditions": [{"id": "a", "text": "b"}, {"id": "a", "text": "c"}]}),
    (
        "a condition on no day",
        {"conditions": [{"id": "a", "text": "b", "due": "2027-13-01T00:00:00Z"}]},
    ),
    ("a long notice", {"notice_text": LONG}),
    ("no complaint address", {"complaint_address": ""}),
]


@pytest.mark.parametrize(("name", "changed"), BAD, ids=[case[0] for case in BAD])
def test_what_breaks_the_format_is_refused(name: str, changed: dict[str, Any]) -> None:
    with pytest.raises(UnreadableInput) as refused:
        draft(**changed)
    assert LONG[:100] not in str(refused.value)


@pytest.mark.parametrize("field", sorted(predicate()))
def test_every_field_is_required(field: str) -> None:
    fields = predicate()
    del fields[field]
    with pytest.raises(UnreadableInput, match=f"lacks '{field}'"):
        draft_permit(fields, site_key="00" * 32, permit_id=PERMIT_ID, now=NOW)


@pytest.mark.parametrize(
    ("site_key", "permit_id", "fields"),
    [
        ("xy", PERMIT_ID, {}),
        ("00" * 32, "../../etc", {}),
        ("00" * 32, PERMIT_ID, {"permit": PERMIT_ID}),
        ("00" * 32, PERMIT_ID, {"drafted_at": "2026-01-01T00:00:00Z"}),
    ],
)
def test_a_draft_sets_key_and_id_itself(
    site_key: str, permit_id: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(UnreadableInput):
        draft_permit(predicate(**fields), site_key=site_key, permit_id=permit_id, now=NOW)


def test_a_permit_that_has_ended_is_not_drafted() -> None:
    with pytest.raises(Refusal, match="ended already"):
        draft(not_before="2025-01-01T00:00:00Z", not_after="2026-01-01T00:00:00Z")


def test_a_list_of_another_kind_is_no_permit() -> None:
    with pytest.raises(UnreadableInput):
        read_permit(seal(b"{}", "application/json"))


def test_a_status_list_has_bounds() -> None:
    for next_update in (NOW, NOW.replace(year=2028)):
        with pytest.raises(UnreadableInput, match="next update"):
            StatusList(number=1, issued_at=NOW, next_update=next_update, entries={})
    with pytest.raises(UnreadableInput, match="number"):
        StatusList(number=0, issued_at=NOW, next_update=NOW.replace(month=12), entries={})


def test_the_longest_status_list_can_be_read_again() -> None:
    at = NOW.replace(microsecond=0)
    names = [f"P-20261123-{number:012x}" for number in range(500)]
    entries = {
        name: StatusEntry(
            permit=name, digest="ab" * 32, state=State.REVOKED, at=at, because="\U0001f600" * 200
        )
        for name in names
    }
    made = StatusList(number=10**9, issued_at=at, next_update=at.replace(month=12), entries=entries)
    content = made.envelope().to_bytes()
    assert STATUS_SCHEMA.content["properties"]["permits"]["maxItems"] == 500 * 20  # type: ignore[index, call-overload] # ours
    assert len(content) * 20 < MAX_BYTES
    assert read_status(read_envelope(content)).entries == entries


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [path]
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, child in children:
        found += places(child, (*path, name))
    return found


WHOLE: Any = read_permit(draft()).to_json()
PLACES = places(WHOLE)[1:]
JSON: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just([]) | st.just({})
)


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_anywhere_is_a_permit_or_refused(
    place: tuple[Any, ...], value: Any
) -> None:
    """What is read always satisfies the published schema, and nothing else ever raises."""
    changed = copy.deepcopy(WHOLE)
    inner = changed
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    try:
        permit = permit_of(changed)
    except InsynError:
        return
    assert permit.to_json() == changed
    jsonschema.Draft202012Validator(SCHEMA.content).validate(changed)
