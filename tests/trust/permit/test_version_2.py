"""Version 2 of the permit: what version 1 says and, beside it, live break-glass."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from tests.support.permit_office import Office

from insyn.base.errors import UnreadableInput
from insyn.trust.permit.issue import plain_words
from insyn.trust.permit.model import (
    PREDICATE_TYPE,
    PREDICATE_TYPE_2,
    SCHEMA,
    SCHEMA_2,
    permit_of,
    read_permit,
)
from insyn.trust.permit.reasons import Reason, Standing

OFFICE = Office()
DURING = datetime(2026, 12, 25, tzinfo=UTC)
LIVE = {
    "everyday": "everyone",
    "originals": "sealed",
    "custodians": 2,
    "live_break_glass_minutes": 10,
}


def whole(**changed: Any) -> Any:
    return read_permit(OFFICE.draft(masking=LIVE | changed)).to_json()


def test_a_permit_that_allows_it_is_of_version_2_and_reads_back() -> None:
    permit = read_permit(OFFICE.draft(masking=LIVE))
    assert permit.masking.live_minutes == 10
    assert permit.to_json()["predicateType"] == PREDICATE_TYPE_2
    assert read_permit(permit.envelope()) == permit
    jsonschema.Draft202012Validator(SCHEMA_2.content).validate(permit.to_json())


def test_a_permit_that_does_not_stays_of_version_1_byte_by_byte() -> None:
    permit = read_permit(OFFICE.draft())
    assert permit.masking.live_minutes == 0
    assert permit.to_json()["predicateType"] == PREDICATE_TYPE
    assert b"break_glass" not in permit.envelope().payload
    jsonschema.Draft202012Validator(SCHEMA.content).validate(permit.to_json())


@pytest.mark.parametrize(
    "changed",
    [
        {"live_break_glass_minutes": 0},
        {"live_break_glass_minutes": 16},
        {"live_break_glass_minutes": True},
        {"live_break_glass_minutes": "10"},
        {"originals": "none", "custodians": 0},
        {"custodians": 1},
        {"everyday": "nobody"},
        {"anybody": 1},
    ],
)
def test_what_version_2_does_not_know_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UnreadableInput):
        OFFICE.draft(masking=LIVE | changed)


def test_neither_version_passes_for_the_other() -> None:
    changed = copy.deepcopy(whole())
    changed["predicateType"] = PREDICATE_TYPE
    with pytest.raises(UnreadableInput):
        permit_of(changed)
    changed = copy.deepcopy(read_permit(OFFICE.draft()).to_json())
    changed["predicateType"] = PREDICATE_TYPE_2
    with pytest.raises(UnreadableInput):
        permit_of(changed)


def test_it_is_verified_as_version_1_is() -> None:
    permit = OFFICE.permit(masking=LIVE)
    verdict = OFFICE.judge(permit, OFFICE.status(OFFICE.entry(permit)), DURING)
    assert (verdict.standing, verdict.reason) == (Standing.VALID, Reason.VALID)
    assert verdict.permit is not None
    assert verdict.permit.masking.live_minutes == 10


def test_an_approver_reads_that_it_is_unmasked_and_live() -> None:
    words = dict(plain_words(read_permit(OFFICE.draft(masking=LIVE))))
    assert "UNMASKED, LIVE" in words["break-glass"]
    assert "10 minutes" in words["break-glass"]
    assert "break-glass" not in dict(plain_words(read_permit(OFFICE.draft())))
