"""Commitments recorded, withdrawn, forgotten; modules taken, recorded, missing: over the API."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office
from tests.office.console.resources.small_office import settle

from insyn.office.console.resources.office_people import OfficePeople
from insyn.office.diligence.commitments.modules import modules
from insyn.trust.people import users

pytestmark = pytest.mark.databases

MODULE = "two-people-and-a-reason"
OWN = """---
id: our-own
version: "1.0"
title: Our own way
required_for: [analyst]
validity_months: 12
---
What is to be learned.

## Which?

- [ ] This.
- [x] That.
"""


@pytest.fixture
def office(tmp_path: Path, database: str) -> Iterator[ApiOffice]:
    """An office with people, and a party that has signed nothing yet."""
    with api_office(tmp_path, people=OfficePeople()) as found:
        settle(found)
        optics = {
            "id": "q-optics",
            "kind": "organisation",
            "names": [{"text": "Quartzwell Optics"}],
        }
        assert post(found, "ANALYST", "/parties", optics).status_code == 201
        yield found


def post(office: ApiOffice, who: str, path: str, body: object, **headers: str) -> httpx.Response:
    return office.client.post(
        f"/api/v1{path}", json=body, headers={**office.as_(who), "If-Match": "*", **headers}
    )


def get(office: ApiOffice, who: str, path: str) -> httpx.Response:
    return office.client.get(f"/api/v1{path}", headers=office.as_(who))


def signed(**changed: object) -> dict[str, object]:
    return {
        "party": "q-optics",
        "signatory": "Påhittad Person",
        "signed_on": "2026-02-01",
        "expires_on": "2027-02-01",
        "content_base64": base64.b64encode(b"signed").decode(),
        **changed,
    }


def person(office: ApiOffice, who: str) -> str:
    with office.desk.reading() as connection:
        return users.find(connection, f"påhittad {who}").id


def test_a_commitment_is_recorded_once_counts_and_is_withdrawn(office: ApiOffice) -> None:
    made = post(office, "REQUESTER", "/commitments", signed(), **{"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["why_not"] == ""
    assert (office.desk.data.root / "evidence" / told["sha256"]).read_bytes() == b"signed"
    again = post(office, "REQUESTER", "/commitments", signed(), **{"Idempotency-Key": "k"})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert post(office, "REQUESTER", "/commitments", signed()).status_code == 409  # kept already

    path = made.headers["Location"].removeprefix("/api/v1")
    listed = get(office, "AUDITOR", "/commitments?party=q-optics").json()["items"]
    assert [each["id"] for each in listed] == [told["id"]]
    gone = post(office, "APPROVER", f"{path}/withdrawal", {"because": "they sold on"})
    assert gone.status_code == 201, gone.text
    assert "withdrawn on" in gone.json()["why_not"]
    assert post(office, "APPROVER", f"{path}/withdrawal", {"because": "x"}).status_code == 409


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"party": "nobody-known"}, 409),
        ({"text": "9.9"}, 409),
        ({"expires_on": "2031-01-01"}, 409),  # over two years
        ({"signed_on": "2030-01-01", "expires_on": "2030-02-01"}, 409),  # still to come
        ({"content_base64": "no base64"}, 422),
        ({"signed_on": "yesterday"}, 422),
        ({"name": "x"}, 422),
    ],
)
def test_a_commitment_that_cannot_be_is_refused(
    office: ApiOffice, changed: dict[str, object], status: int
) -> None:
    assert post(office, "ANALYST", "/commitments", signed(**changed)).status_code == status
    assert get(office, "ANALYST", "/commitments").json()["items"] == []


def test_who_signed_is_erased_by_a_privacy_officer_alone(office: ApiOffice) -> None:
    path = post(office, "ANALYST", "/commitments", signed()).headers["Location"]
    etag = office.client.get(path, headers=office.as_("ANALYST")).headers["etag"]
    for who, status in (("ANALYST", 403), ("PRIVACY_OFFICER", 204)):
        answer = office.client.delete(
            f"{path}/signatory", headers={**office.as_(who), "If-Match": etag}
        )
        assert answer.status_code == status
    shown = office.client.get(path, headers=office.as_("ANALYST")).json()
    assert shown["signatory"] is None
    assert shown["why_not"] == ""


def test_the_text_that_is_signed_is_shown_by_version(office: ApiOffice) -> None:
    newest = get(office, "ANALYST", "/commitment-texts/latest").json()
    assert get(office, "ANALYST", f"/commitment-texts/{newest['version']}").json() == newest
    assert newest in get(office, "ANALYST", "/commitment-texts").json()["items"]
    assert get(office, "ANALYST", "/commitment-texts/9.9").status_code == 404


def answered(office: ApiOffice, who: str, right: bool) -> httpx.Response:
    paper = get(office, who, f"/training/modules/{MODULE}/paper?seed=7").json()
    known = {each.text: each.right for each in modules()[MODULE].questions}
    given = [
        known[each["text"]]
        if right
        else next(one for one in each["answers"] if one != known[each["text"]])
        for each in paper["questions"]
    ]
    body = {"digest": paper["digest"], "seed": 7, "answers": given}
    return post(office, who, f"/training/modules/{MODULE}/completion", body)


def test_a_module_is_taken_by_its_answers_and_then_counts(office: ApiOffice) -> None:
    failed = answered(office, "APPROVER", right=False)
    assert failed.status_code == 409
    assert "0 %" in failed.json()["detail"]
    assert get(office, "AUDITOR", "/training/records").json()["items"] == []
    passed = answered(office, "APPROVER", right=True)
    assert passed.status_code == 201, passed.text
    assert passed.json()["score_percent"] == 100
    standing = get(office, "APPROVER", "/training/standing").json()
    why = {each["module"]: each["why_not"] for each in standing["modules"]}
    assert why[MODULE] == ""
    assert "not taken" in why.values()


def test_the_right_answers_are_never_told(office: ApiOffice) -> None:
    shown = get(office, "APPROVER", f"/training/modules/{MODULE}").json()
    paper = get(office, "APPROVER", f"/training/modules/{MODULE}/paper?seed=1").json()
    assert "[x]" not in shown["text"]
    assert all(set(each) == {"text", "answers"} for each in paper["questions"])


def test_a_trainer_records_others_training_and_never_their_own(office: ApiOffice) -> None:
    def said(who: str) -> dict[str, object]:
        return {"person": person(office, who), "module": MODULE, "completed_on": "2026-02-27"}

    assert post(office, "ADMINISTRATOR", "/training/records", said("APPROVER")).status_code == 201
    own = post(office, "ADMINISTRATOR", "/training/records", said("ADMINISTRATOR"))
    assert own.status_code == 409
    assert post(office, "ANALYST", "/training/records", said("APPROVER")).status_code == 403
    unknown = {**said("APPROVER"), "module": "no-such-module"}
    assert post(office, "ADMINISTRATOR", "/training/records", unknown).status_code == 404


def test_one_sees_ones_own_training_and_others_only_with_the_role(office: ApiOffice) -> None:
    mine, other = person(office, "APPROVER"), person(office, "ANALYST")
    assert get(office, "APPROVER", f"/training/standing?person={mine}").status_code == 200
    assert get(office, "APPROVER", f"/training/standing?person={other}").status_code == 403
    assert get(office, "APPROVER", "/training/records").status_code == 403
    assert get(office, "AUDITOR", f"/training/standing?person={other}").status_code == 200
    assert get(office, "AUDITOR", "/training/standing?person=u-none").status_code == 404


def test_a_module_of_the_companys_own_is_added_and_replaced_by_a_later_version(
    office: ApiOffice,
) -> None:
    assert post(office, "EXPORT_OFFICER", "/training/modules", {"content": OWN}).status_code == 201
    same = post(office, "EXPORT_OFFICER", "/training/modules", {"content": OWN})
    assert same.status_code == 409
    later = OWN.replace('"1.0"', '"2.0"')
    assert (
        post(office, "EXPORT_OFFICER", "/training/modules", {"content": later}).status_code == 201
    )
    listed = get(office, "ANALYST", "/training/modules?limit=200").json()["items"]
    assert {each["id"]: each["version"] for each in listed}["our-own"] == "2.0"
    no_module = post(office, "EXPORT_OFFICER", "/training/modules", {"content": "# no"})
    assert no_module.status_code == 422


def test_a_paper_of_a_module_that_changed_is_not_accepted(office: ApiOffice) -> None:
    post(office, "EXPORT_OFFICER", "/training/modules", {"content": OWN})
    paper = get(office, "ANALYST", "/training/modules/our-own/paper?seed=0").json()
    post(office, "EXPORT_OFFICER", "/training/modules", {"content": OWN.replace('"1.0"', '"2.0"')})
    body = {"digest": paper["digest"], "seed": 0, "answers": ["That."]}
    answer = post(office, "ANALYST", "/training/modules/our-own/completion", body)
    assert answer.status_code == 409
