"""Personal data erased over the API: who may, what goes, what is refused."""

from __future__ import annotations

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice

pytestmark = pytest.mark.databases


def post(office: ApiOffice, who: str, path: str, body: object, **headers: str) -> httpx.Response:
    return office.client.post(f"/api/v1{path}", json=body, headers={**office.as_(who), **headers})


def person(office: ApiOffice) -> None:
    said = {"id": "z", "kind": "person", "names": [{"text": "Zebulon Påhittsson"}]}
    made = post(office, "ANALYST", "/parties", said, **{"Idempotency-Key": "k"})
    assert made.status_code == 201, made.text


def test_who_a_person_is_goes_and_the_id_stays(office: ApiOffice) -> None:
    person(office)
    asked = {"of": "party", "party": "z", "because": "request"}
    assert post(office, "ANALYST", "/erasures", asked).status_code == 403
    gone = post(office, "PRIVACY_OFFICER", "/erasures", asked)
    assert gone.status_code == 201, gone.text
    assert gone.json()["fields"] >= 1
    shown = office.client.get("/api/v1/parties/z", headers=office.as_("ANALYST")).json()
    assert shown["erased"] is True
    assert shown["names"] == []
    assert post(office, "PRIVACY_OFFICER", "/erasures", asked).status_code == 409
    again = {"id": "z", "kind": "person", "names": [{"text": "Zebulon Påhittsson"}]}
    replayed = post(office, "ANALYST", "/parties", again, **{"Idempotency-Key": "k"})
    assert "Idempotency-Replayed" not in replayed.headers  # the kept answer held the name
    assert replayed.status_code == 409


def test_a_fact_goes_where_no_case_rests_on_it(office: ApiOffice) -> None:
    record = {"id": "D-1", "country": "SE", "free_text_notes": "Zebulon said so"}
    post(office, "REQUESTER", "/deals", {"record": record, "source": "the seller"})
    shown = office.client.get("/api/v1/deals/D-1", headers=office.as_("ANALYST")).json()
    [number] = [f["id"] for f in shown["facts"] if f["field"] == "free_text_notes"]
    asked = {"of": "fact", "deal": "D-1", "fact": number, "because": "request"}
    gone = post(office, "PRIVACY_OFFICER", "/erasures", asked)
    assert gone.status_code == 201, gone.text
    told = office.client.get("/api/v1/deals/D-1", headers=office.as_("ANALYST"))
    assert "Zebulon" not in told.text
    assert "free_text_notes" not in told.json()["record"]
    wrong = {**asked, "fact": 2**31 - 1}
    assert post(office, "PRIVACY_OFFICER", "/erasures", wrong).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"of": "party", "party": "nobody", "because": "request"}, 404),
        ({"of": "ledger", "subject": "nobody", "because": "request"}, 409),
        ({"of": "party", "party": "z", "because": "a long story"}, 422),
        ({"of": "house", "party": "z", "because": "request"}, 422),
    ],
)
def test_what_is_not_there_or_not_said_rightly_is_refused(
    office: ApiOffice, asked: dict[str, str], status: int
) -> None:
    assert post(office, "PRIVACY_OFFICER", "/erasures", asked).status_code == status
