"""The channel and the catalogue over the API."""

from __future__ import annotations

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice
from tests.office.console.resources.small_office import made

pytestmark = pytest.mark.databases

OPTICS = {"id": "q-optics", "kind": "organisation", "names": [{"text": "Quartzwell Optics"}]}
CAMERA = {"id": "CAM-100", "name": "Kamera 100", "kind": "camera"}


def send(
    office: ApiOffice, method: str, path: str, body: object, who: str, match: str = "*"
) -> httpx.Response:
    headers = {**office.as_(who), "If-Match": match}
    return office.client.request(method, f"/api/v1{path}", json=body, headers=headers)


def test_a_party_is_changed_on_the_version_that_was_seen(office: ApiOffice) -> None:
    made(office, "/api/v1/parties", OPTICS, "ANALYST")
    assert send(office, "POST", "/parties", OPTICS, "ANALYST").status_code == 409
    seen = office.client.get("/api/v1/parties/q-optics", headers=office.as_("AUDITOR"))
    said = {"kind": "organisation", "names": [{"text": "石英光学", "language": "zh"}]}
    etag = seen.headers["etag"]
    changed = send(office, "PUT", "/parties/q-optics", said, "ANALYST", etag)
    assert changed.json()["names"] == [{"text": "石英光学", "language": "zh"}]
    assert send(office, "PUT", "/parties/q-optics", said, "ANALYST", etag).status_code == 412
    assert send(office, "PUT", "/parties/nobody", said, "ANALYST").status_code == 404
    assert send(office, "PUT", "/parties/q-optics", said, "APPROVER").status_code == 403


def test_an_unknown_tier_is_identified_and_its_edges_follow(office: ApiOffice) -> None:
    made(office, "/api/v1/parties", OPTICS, "ANALYST")
    made(office, "/api/v1/parties", {"id": "tier-1", "kind": "unknown"}, "ANALYST")
    made(office, "/api/v1/parties", {**OPTICS, "id": "v-vision"}, "ANALYST")
    edge = {"supplier": "q-optics", "customer": "tier-1", "role": "reseller", "source": "seller"}
    kept = made(office, "/api/v1/edges", edge, "ANALYST")
    made(
        office,
        "/api/v1/parties/tier-1/identification",
        {"party": "v-vision", "source": "the seller's letter"},
        "ANALYST",
    )
    listed = office.client.get("/api/v1/edges", headers=office.as_("AUDITOR")).json()["items"]
    assert [(each["id"], each["customer"]) for each in listed] == [(kept["id"], "v-vision")]
    ending = {"because": "the contract is over"}
    made(office, f"/api/v1/relations/{kept['id']}/ending", ending, "ANALYST")
    assert not office.client.get("/api/v1/edges", headers=office.as_("AUDITOR")).json()["items"]


def test_a_milder_class_counts_on_a_second_persons_word(office: ApiOffice) -> None:
    made(office, "/api/v1/products", CAMERA, "ANALYST")
    said = {
        "class": "listed",
        "entry": "5A001.j",
        "reason": "it intercepts",
        "authority": "the export officer",
        "decided_on": "2026-02-01",
        "source": "its data sheet",
    }
    path = "/products/CAM-100/classifications"
    assert send(office, "POST", path, said, "EXPORT_OFFICER").json()["class"] == "listed"
    milder = {**said, "class": "non_controlled"}
    del milder["entry"]
    told = send(office, "POST", path, milder, "EXPORT_OFFICER").json()
    assert told["class"] == "listed"
    number = told["classifications"][-1]["number"]
    same = send(office, "POST", f"{path}/{number}/confirmation", None, "EXPORT_OFFICER")
    assert same.status_code == 409
    other = send(office, "POST", f"{path}/{number}/confirmation", None, "APPROVER")
    assert other.json()["class"] == "non_controlled"


def test_an_authoritys_hold_ends_by_two_people(office: ApiOffice) -> None:
    told = {
        "about": "country",
        "subject": "BY",
        "authority": "an invented authority",
        "reference": "A-1",
        "received_on": "2026-01-02",
        "sha256": "ab" * 32,
    }
    notice = made(office, "/api/v1/notices", told, "EXPORT_OFFICER")["id"]
    lifted = {"reference": "A-2", "lifted_on": "2026-02-01", "sha256": "cd" * 32}
    answer = send(office, "POST", f"/notices/{notice}/liftings", lifted, "EXPORT_OFFICER")
    assert answer.json()["liftings"][0]["confirmed_by"] is None
    again = f"/notices/{notice}/confirmation"
    assert send(office, "POST", again, None, "EXPORT_OFFICER").status_code == 409
    assert send(office, "POST", again, None, "APPROVER").json()["liftings"][0]["confirmed_by"]
