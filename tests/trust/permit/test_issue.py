"""Two people, two moments, one permit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.permit_office import NOW, PERMIT_ID, Office, make_root

from insyn.base.errors import Refusal
from insyn.trust.keys.envelope import read_envelope, signed
from insyn.trust.keys.keyfile import SigningKey
from insyn.trust.permit.issue import (
    completed,
    new_permit_id,
    plain_words,
    sign_permit,
)
from insyn.trust.permit.model import read_permit
from insyn.trust.permit.status import State, next_status, read_status, sign_status

OFFICE = Office()
FIRST, SECOND, THIRD = OFFICE.approvers


def test_two_approvers_at_two_moments_make_a_permit() -> None:
    one = sign_permit(OFFICE.draft(), FIRST, root=OFFICE.root, now=NOW)
    with pytest.raises(Refusal, match="Fewer approvers"):
        completed(one, OFFICE.root)
    later = NOW + timedelta(days=3)
    two = sign_permit(read_envelope(one.to_bytes()), THIRD, root=OFFICE.root, now=later)
    assert completed(two, OFFICE.root).id == PERMIT_ID


def test_nobody_signs_twice() -> None:
    one = sign_permit(OFFICE.draft(), FIRST, root=OFFICE.root, now=NOW)
    with pytest.raises(Refusal, match="another approver must sign"):
        sign_permit(one, FIRST, root=OFFICE.root, now=NOW)


@pytest.mark.parametrize("key", [OFFICE.stranger, OFFICE.registrar])
def test_only_an_approver_signs(key: SigningKey) -> None:
    with pytest.raises(Refusal, match="no approver's"):
        sign_permit(OFFICE.draft(), key, root=OFFICE.root, now=NOW)


def test_a_retired_key_signs_nothing_more() -> None:
    root = make_root([SECOND, THIRD], [OFFICE.registrar], retired=[FIRST], retired_at=NOW)
    with pytest.raises(Refusal, match="retired"):
        sign_permit(OFFICE.draft(), FIRST, root=root, now=NOW)


def test_nobody_signs_beside_a_wrong_signature() -> None:
    one = signed(OFFICE.draft(), FIRST)
    broken = replace(one, signatures=(replace(one.signatures[0], signature=bytes(64)),))
    with pytest.raises(Refusal, match="was not signed"):
        sign_permit(broken, SECOND, root=OFFICE.root, now=NOW)


def test_nobody_signs_what_has_ended() -> None:
    for now, told in (
        (datetime(2027, 12, 1, tzinfo=UTC), "has ended"),
        (OFFICE.root.expires_at, "root has ended"),
    ):
        with pytest.raises(Refusal, match=told):
            sign_permit(OFFICE.draft(), FIRST, root=OFFICE.root, now=now)


def test_an_id_holds_the_day_and_the_randomness() -> None:
    assert new_permit_id(NOW, bytes(range(6))) == "P-20261123-000102030405"


def test_the_words_before_signing_say_all_that_is_signed() -> None:
    permit = read_permit(OFFICE.draft())
    told = "\n".join(text for _, text in plain_words(permit))
    for must in (
        permit.id,
        permit.case,
        permit.decision_digest,
        permit.rulebook,
        permit.site.name,
        permit.site.address,
        permit.site.area,
        "at most 48",
        "2 custodians",
        "at most 14 days",
        "control room",
        "2026-12-01T00:00:00Z",
        "2027-12-01T00:00:00Z, then 14 days",
        permit.status_list,
        "Signs stand at every gate.",
        permit.notice_text,
        permit.complaint_address,
        *permit.purposes,
    ):
        assert must in told


def test_lists_count_up_and_a_revocation_is_final() -> None:
    permit = OFFICE.permit()
    lasts = timedelta(days=30)
    one = next_status(None, [OFFICE.entry(permit)], now=NOW, lasts=lasts)
    two = next_status(one, [OFFICE.entry(permit, State.SUSPENDED)], now=NOW, lasts=lasts)
    three = next_status(two, [OFFICE.entry(permit, State.REVOKED)], now=NOW, lasts=lasts)
    assert [listed.number for listed in (one, two, three)] == [1, 2, 3]
    assert read_status(three.envelope()) == three
    for state in State:
        with pytest.raises(Refusal, match="final"):
            next_status(three, [OFFICE.entry(permit, state)], now=NOW, lasts=lasts)


def test_an_id_keeps_its_content() -> None:
    one = next_status(None, [OFFICE.entry(OFFICE.permit())], now=NOW, lasts=timedelta(days=1))
    other = OFFICE.entry(OFFICE.permit(camera_cap=1))
    with pytest.raises(Refusal, match="other content"):
        next_status(one, [other], now=NOW, lasts=timedelta(days=1))


def test_only_a_status_key_signs_a_list() -> None:
    listed = next_status(None, [], now=NOW, lasts=timedelta(days=1)).envelope()
    with pytest.raises(Refusal, match="may not sign status lists"):
        sign_status(listed, FIRST, OFFICE.root)
    once = sign_status(listed, OFFICE.registrar, OFFICE.root)
    with pytest.raises(Refusal, match="same signer"):
        sign_status(once, OFFICE.registrar, OFFICE.root)
