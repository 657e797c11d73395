"""Version 3 of the permit: what version 1 or 2 says and, beside it, that sound may be recorded."""

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
    PREDICATE_TYPE_3,
    SCHEMA_3,
    permit_of,
    read_permit,
)
from insyn.trust.permit.reasons import Reason, Standing

OFFICE = Office()
DURING = datetime(2026, 12, 25, tzinfo=UTC)
HEARD = {"everyday": "everyone", "originals": "sealed", "custodians": 2, "sound": "sealed"}
BOTH = {**HEARD, "live_break_glass_minutes": 10}


@pytest.mark.parametrize(("masking", "minutes"), [(HEARD, 0), (BOTH, 10)])
def test_a_permit_that_allows_sound_is_of_version_3_and_reads_back(
    masking: dict[str, Any], minutes: int
) -> None:
    permit = read_permit(OFFICE.draft(masking=masking))
    assert permit.masking.has_sound
    assert permit.masking.live_minutes == minutes
    assert permit.to_json()["predicateType"] == PREDICATE_TYPE_3
    assert read_permit(permit.envelope()) == permit
    jsonschema.Draft202012Validator(SCHEMA_3.content).validate(permit.to_json())


def test_a_permit_that_does_not_stays_of_its_version_byte_by_byte() -> None:
    for masking, version in (
        ({"everyday": "everyone", "originals": "sealed", "custodians": 2}, PREDICATE_TYPE),
        ({k: v for k, v in BOTH.items() if k != "sound"}, PREDICATE_TYPE_2),
    ):
        permit = read_permit(OFFICE.draft(masking=masking))
        assert not permit.masking.has_sound
        assert permit.to_json()["predicateType"] == version
        assert b"sound" not in permit.envelope().payload


@pytest.mark.parametrize(
    "changed",
    [
        {"sound": "clear"},
        {"sound": "none"},
        {"sound": True},
        {"sound": None},
        {"originals": "none", "custodians": 0},
        {"custodians": 1},
        {"live_break_glass_minutes": 16},
        {"anybody": 1},
    ],
)
def test_what_version_3_does_not_know_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(UnreadableInput):
        OFFICE.draft(masking=HEARD | changed)


@pytest.mark.parametrize("version", [PREDICATE_TYPE, PREDICATE_TYPE_2, ["urn"]])
def test_no_version_passes_for_another(version: Any) -> None:
    changed: Any = copy.deepcopy(read_permit(OFFICE.draft(masking=BOTH)).to_json())
    changed["predicateType"] = version
    with pytest.raises(UnreadableInput):
        permit_of(changed)
    silent: Any = copy.deepcopy(read_permit(OFFICE.draft()).to_json())
    silent["predicateType"] = PREDICATE_TYPE_3
    with pytest.raises(UnreadableInput):
        permit_of(silent)


def test_it_is_verified_as_version_1_is() -> None:
    permit = OFFICE.permit(masking=HEARD)
    verdict = OFFICE.judge(permit, OFFICE.status(OFFICE.entry(permit)), DURING)
    assert (verdict.standing, verdict.reason) == (Standing.VALID, Reason.VALID)
    assert verdict.permit is not None
    assert verdict.permit.masking.has_sound


def test_an_approver_reads_that_voices_are_recorded() -> None:
    words = dict(plain_words(read_permit(OFFICE.draft(masking=HEARD))))
    assert "VOICES" in words["sound"]
    assert "2 custodians" in words["sound"]
    assert "sound" not in dict(plain_words(read_permit(OFFICE.draft())))
