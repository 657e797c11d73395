"""A deal from draft to a verified permit over the API alone, but for the keys."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office
from tests.office.console.resources.small_office import installed, settle
from tests.support.case_desk import ARENA, commit, terms, train
from tests.support.permit_office import Office, key

from insyn.base.canonical import Json, canonical_bytes
from insyn.office.console.resources.office_people import OfficePeople
from insyn.trust.keys.envelope import Envelope, read_envelope
from insyn.trust.people import users
from insyn.trust.permit.issue import sign_permit
from insyn.trust.permit.reasons import Reason
from insyn.trust.permit.shelf import Shelf

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONDITIONS = [{"id": "signs", "text": "Signs stand at every gate.", "verifier": "visit"}]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ApiOffice]:
    """An office with people and lists."""
    with api_office(tmp_path, with_lists=True, people=OfficePeople()) as found:
        found.now = NOON
        settle(found)
        with found.desk.writing() as connection:
            for name in ("APPROVER", "EVERYBODY"):
                actor = users.find(connection, f"påhittad {name}").actor
                train(connection, actor, now=NOON)
            commit(connection, now=NOON)
        yield found


def post(office: ApiOffice, who: str, path: str, body: object, status: int) -> dict[str, Json]:
    office.now += timedelta(minutes=1)
    got = office.client.post(
        f"/api/v1{path}", json=body, headers={**office.as_(who), "If-Match": "*"}
    )
    assert got.status_code == status, got.text
    told: dict[str, Json] = got.json()
    return told


def keys_of(office: ApiOffice, *names: str) -> Office:
    """A root in force that ties an approver's key to each of these people."""
    with office.desk.reading() as connection:
        ids = [users.find(connection, f"påhittad {name}").id for name in names]
    keys = Office(approvers=[key(id_) for id_ in ids])
    installed(office, keys)
    return keys


def approved(office: ApiOffice) -> str:
    """A case that two approvers have allowed."""
    post(office, "REQUESTER", "/deals", {"record": ARENA, "source": "the seller"}, 201)
    case = str(post(office, "REQUESTER", "/cases", {"deal": ARENA["id"]}, 201)["id"])
    steps: list[tuple[str, dict[str, object]]] = [
        ("REQUESTER", {"step": "submit"}),
        ("ANALYST", {"step": "screen"}),
        ("ANALYST", {"step": "triage", "because": "a venue, and all parties are clear"}),
        (
            "ANALYST",
            {
                "step": "propose",
                "proposal": "approve_with_conditions",
                "because": "masked, and for one arena",
                "conditions": CONDITIONS,
                "terms": terms(),
            },
        ),
        ("APPROVER", {"step": "vote", "agrees": True, "because": "I read it"}),
        ("EVERYBODY", {"step": "vote", "agrees": True, "because": "I read it too"}),
    ]
    for who, step in steps:
        told = post(office, who, f"/cases/{case}/steps", step, 200)
    assert told["state"] == "approved_with_conditions"
    return case


def drafted(office: ApiOffice, keys: Office, case: str) -> Envelope:
    site = {"site_key": keys.site.public.fingerprint}
    told = post(office, "APPROVER", f"/cases/{case}/permit-draft", site, 200)
    return read_envelope(canonical_bytes(told) + b"\n")


def sent(envelope: Envelope) -> dict[str, Json]:
    found: dict[str, Json] = orjson.loads(envelope.to_bytes())
    return found


def verified(office: ApiOffice, keys: Office, permit: object, status: bytes) -> httpx.Response:
    body = {
        "envelope": permit,
        "site_key": keys.site.public.raw.hex(),
        "status": orjson.loads(status),
    }
    headers = office.as_("AUDITOR")
    return office.client.post("/api/v1/permits/verification", json=body, headers=headers)


def test_a_deal_goes_from_draft_to_a_permit_that_two_people_allowed(office: ApiOffice) -> None:
    keys = keys_of(office, "APPROVER", "EVERYBODY")
    case = approved(office)
    envelope = drafted(office, keys, case)
    post(office, "APPROVER", "/permits", {"envelope": sent(envelope)}, 409)  # nobody signed
    for approver in keys.approvers[:2]:
        envelope = sign_permit(envelope, approver, root=keys.root, now=office.now)
    told = post(office, "APPROVER", "/permits", {"envelope": sent(envelope)}, 201)
    assert told["envelope"] == sent(envelope)
    shown = office.client.get(f"/api/v1/cases/{case}", headers=office.as_("AUDITOR")).json()
    assert (shown["state"], shown["permit"]) == ("permitted", told["id"])
    listed = office.client.get("/api/v1/permits", headers=office.as_("AUDITOR")).json()
    assert [item["id"] for item in listed["items"]] == [told["id"]]

    status = keys.status(keys.entry(envelope), at=NOON)
    early = verified(office, keys, told["envelope"], status).json()
    assert early["permit"] == told["id"]
    assert early["reason"] == Reason.NOT_YET_VALID.code


def test_a_permit_signed_by_somebody_who_did_not_vote_is_not_taken_in(office: ApiOffice) -> None:
    keys = keys_of(office, "APPROVER", "ANALYST")
    case = approved(office)
    envelope = drafted(office, keys, case)
    for approver in keys.approvers[:2]:
        envelope = sign_permit(envelope, approver, root=keys.root, now=office.now)
    told = post(office, "APPROVER", "/permits", {"envelope": sent(envelope)}, 409)
    assert "who did not vote" in str(told["detail"])
    assert not Shelf(office.desk.data.root / "trust").permit_ids()


def test_an_altered_permit_is_refused_with_its_own_reason(office: ApiOffice) -> None:
    keys = Office()
    installed(office, keys)
    envelope = keys.permit(not_before="2026-11-23T00:00:00Z", not_after="2027-11-23T00:00:00Z")
    status = keys.status(keys.entry(envelope), at=NOON)
    good = verified(office, keys, sent(envelope), status).json()
    assert (good["standing"], good["reason"]) == ("valid", "valid")
    altered = copy.deepcopy(orjson.loads(envelope.to_bytes()))
    altered["payload"] = altered["payload"].replace("A", "B", 1)
    bad = verified(office, keys, altered, status).json()
    assert (bad["standing"], bad["reason"]) == ("refused", "altered")
    assert bad["permit"] is None


def test_a_permit_that_says_more_than_was_approved_is_not_taken_in(office: ApiOffice) -> None:
    keys = Office()
    installed(office, keys)
    case = approved(office)
    envelope = keys.permit(case=case, camera_cap=500)
    post(office, "APPROVER", "/permits", {"envelope": sent(envelope)}, 409)
    assert not Shelf(office.desk.data.root / "trust").permit_ids()
