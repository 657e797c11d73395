"""Signing in over the API, with the office's own people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office
from tests.office.console.resources.small_office import PASSWORD, settle

from insyn.office.console.resources.office_people import OfficePeople
from insyn.trust.people import users

pytestmark = pytest.mark.databases

OWN = {"Origin": "http://127.0.0.1"}


@pytest.fixture
def office(tmp_path: Path, database: str) -> Iterator[ApiOffice]:
    """An office with a person of each role."""
    with api_office(tmp_path, people=OfficePeople()) as found:
        settle(found)
        yield found


def signed_in(office: ApiOffice, role: str, password: str = PASSWORD) -> httpx.Response:
    office.client.cookies.clear()
    return office.client.post(
        "/api/v1/session", json={"name": f"Påhittad {role}", "password": password}, headers=OWN
    )


def test_a_session_lives_in_a_cookie_that_no_script_and_no_other_site_gets(
    office: ApiOffice,
) -> None:
    answer = signed_in(office, "ANALYST")
    assert answer.status_code == 201
    assert answer.json()["person"]["roles"] == ["analyst"]
    assert answer.json()["scopes"] is None
    cookie = answer.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(cookie.split("; "))
    assert cookie.startswith("insyn=")  # on a loopback address, without TLS
    assert office.client.get("/api/v1/session").status_code == 200
    assert office.client.get("/api/v1/deals").status_code == 200
    assert office.client.delete("/api/v1/session", headers=OWN).status_code == 204
    assert office.client.get("/api/v1/session").status_code == 401


def test_the_secret_of_a_session_is_void_after_signing_out(office: ApiOffice) -> None:
    signed_in(office, "ANALYST")
    secret = office.client.cookies["insyn"]
    office.client.delete("/api/v1/session", headers=OWN)
    office.client.cookies.clear()
    kept = {"Cookie": f"insyn={secret}"}
    assert office.client.get("/api/v1/session", headers=kept).status_code == 401


def test_a_session_ends_by_silence(office: ApiOffice) -> None:
    signed_in(office, "ANALYST")
    for _ in range(3):
        office.now += timedelta(minutes=29)
        assert office.client.get("/api/v1/session").status_code == 200
    office.now += timedelta(minutes=31)
    assert office.client.get("/api/v1/session").status_code == 401


def test_a_wrong_name_and_a_wrong_password_are_answered_alike(office: ApiOffice) -> None:
    wrong = signed_in(office, "ANALYST", "not the password")
    nobody = signed_in(office, "NOBODY", "not the password")
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()
    assert "set-cookie" not in wrong.headers


def test_after_some_tries_a_name_has_to_wait(office: ApiOffice) -> None:
    statuses = [signed_in(office, "ANALYST", f"guess {n}").status_code for n in range(8)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert signed_in(office, "ANALYST").status_code == 429


def test_an_administrator_ends_a_wait(office: ApiOffice) -> None:
    for n in range(8):
        signed_in(office, "ANALYST", f"guess {n}")
    assert signed_in(office, "ANALYST").status_code == 429
    with office.desk.reading() as connection:
        path = f"/api/v1/people/{users.find(connection, 'påhittad analyst').id}/unlocking"
    assert office.client.post(path, headers=office.as_("ANALYST")).status_code == 403
    assert office.client.post(path, headers=office.as_("ADMINISTRATOR")).status_code == 204
    assert signed_in(office, "ANALYST").status_code == 201
    nobody = "/api/v1/people/u-000000000000/unlocking"
    assert office.client.post(nobody, headers=office.as_("ADMINISTRATOR")).status_code == 404


def test_a_wrong_old_password_counts_as_a_failed_sign_in(office: ApiOffice) -> None:
    def changed(old: str) -> int:
        body = {"old": old, "new": "tolv hattar i regnet"}
        answer = office.client.post("/api/v1/password", json=body, headers=office.as_("ANALYST"))
        return answer.status_code

    assert [changed(f"guess {n}") for n in range(6)] == [409] * 6
    assert changed(PASSWORD) == 409  # has to wait, though it is right
    assert signed_in(office, "ANALYST").status_code == 429
    office.now += timedelta(hours=1)
    assert changed(PASSWORD) == 204


def test_another_sites_page_signs_nobody_in(office: ApiOffice) -> None:
    answer = office.client.post(
        "/api/v1/session",
        json={"name": "Påhittad ANALYST", "password": PASSWORD},
        headers={"Origin": "http://example.org"},
    )
    assert answer.status_code == 403


def test_a_role_given_or_withdrawn_counts_at_once(office: ApiOffice) -> None:
    admin = office.as_("ADMINISTRATOR")
    person = office.client.get("/api/v1/session", headers=office.as_("OPERATOR")).json()["person"]
    path = f"/api/v1/people/{person['id']}"
    operator = office.as_("OPERATOR")
    assert office.client.get("/api/v1/deals", headers=operator).status_code == 403
    etag = office.client.get(path, headers=admin).headers["etag"]
    given = office.client.put(f"{path}/roles/analyst", headers={**admin, "If-Match": etag})
    assert given.json()["roles"] == ["analyst", "operator"]
    assert office.client.get("/api/v1/deals", headers=operator).status_code == 200
    stale = office.client.delete(f"{path}/roles/analyst", headers={**admin, "If-Match": etag})
    assert stale.status_code == 412
    now = {**admin, "If-Match": given.headers["etag"]}
    assert office.client.delete(f"{path}/roles/analyst", headers=now).status_code == 200
    assert office.client.get("/api/v1/deals", headers=operator).status_code == 403


def test_nobody_gives_a_role_to_themselves(office: ApiOffice) -> None:
    admin = office.as_("ADMINISTRATOR")
    me = office.client.get("/api/v1/session", headers=admin).json()["person"]["id"]
    answer = office.client.put(
        f"/api/v1/people/{me}/roles/approver", headers={**admin, "If-Match": "*"}
    )
    assert answer.status_code == 409


def test_only_an_administrator_sees_people(office: ApiOffice) -> None:
    assert office.client.get("/api/v1/people", headers=office.as_("AUDITOR")).status_code == 403
    told = office.client.get("/api/v1/people", headers=office.as_("ADMINISTRATOR")).json()
    assert len(told["items"]) == 13


def test_a_token_is_shown_once_and_makes_none_that_may_more(office: ApiOffice) -> None:
    signed_in(office, "REQUESTER")
    wanted = {"label": "import", "scopes": ["people", "deals"], "days": 1}
    made = office.client.post("/api/v1/tokens", json=wanted, headers=OWN)
    assert made.status_code == 201
    office.client.cookies.clear()
    bearer = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert office.client.get("/api/v1/session", headers=bearer).json()["scopes"] == [
        "deals",
        "people",
    ]
    more = office.client.post("/api/v1/tokens", json={**wanted, "scopes": ["cases"]},
                              headers=bearer)  # fmt: skip
    assert more.status_code == 403
    listed = office.client.get("/api/v1/tokens", headers=bearer)
    assert made.json()["secret"] not in listed.text
    path = f"/api/v1/tokens/{made.json()['token']['id']}"
    assert office.client.delete(path, headers=bearer).status_code == 200
    assert office.client.get("/api/v1/session", headers=bearer).status_code == 401


def test_an_expired_token_and_a_disabled_persons_are_nobodys(office: ApiOffice) -> None:
    analyst, admin = office.as_("ANALYST"), office.as_("ADMINISTRATOR")
    me = office.client.get("/api/v1/session", headers=analyst).json()["person"]["id"]
    disabled = office.client.put(
        f"/api/v1/people/{me}/state",
        json={"state": "disabled"},
        headers={**admin, "If-Match": "*"},
    )
    assert disabled.json()["state"] == "disabled"
    assert office.client.get("/api/v1/session", headers=analyst).status_code == 401
    assert signed_in(office, "ANALYST").status_code == 401
    office.now += timedelta(days=1)
    assert office.client.get("/api/v1/session", headers=admin).status_code == 401


def test_a_person_is_invited_claims_a_password_and_changes_it(office: ApiOffice) -> None:
    made = office.client.post(
        "/api/v1/people",
        json={"name": "ny påhittad", "roles": ["analyst"]},
        headers=office.as_("ADMINISTRATOR"),
    )
    assert made.status_code == 201
    once = {"one_time_token": made.json()["one_time_token"], "password": "tolv hattar i regnet"}
    assert office.client.post("/api/v1/claim", json=once).json()["state"] == "active"
    assert office.client.post("/api/v1/claim", json=once).status_code == 409
    given = {"name": "Ny påhittad", "password": "tolv hattar i regnet"}
    assert office.client.post("/api/v1/session", json=given).status_code == 201
    new = {"old": given["password"], "new": "tretton hattar i snön"}
    assert office.client.post("/api/v1/password", json=new, headers=OWN).status_code == 204
    assert office.client.get("/api/v1/session").status_code == 401
    office.client.cookies.clear()
    given["password"] = new["new"]
    assert office.client.post("/api/v1/session", json=given).status_code == 201


def test_what_answers_with_a_secret_takes_no_key(office: ApiOffice) -> None:
    wanted = {"label": "import", "scopes": ["deals"], "days": 1}
    headers = {**office.as_("ANALYST"), "Idempotency-Key": "k"}
    answer = office.client.post("/api/v1/tokens", json=wanted, headers=headers)
    assert answer.status_code == 400
    listed = office.client.get("/api/v1/tokens", headers=office.as_("ANALYST")).json()
    assert len(listed["items"]) == 1
