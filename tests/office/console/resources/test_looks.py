"""What is read over the API of parties, roots and rulebooks to be, and changes nothing."""

from __future__ import annotations

import httpx
from tests.office.console.resources.api_office import ApiOffice
from tests.office.console.resources.small_office import installed
from tests.support.permit_office import Office

from insyn.trust.keys.envelope import read_envelope

STRICTER = """
name: exempel
version: "1"
rules:
  - id: X-1
    title: Nothing without a visit
    condition: 'true'
    outcome: INVESTIGATE
    because: Our house rule.
    since: "2026-01-01"
    source: {title: House rule, issuer: Exempel AB, year: 2026, section: "1"}
    fires: [{area: venue}]
    rests: []
"""


def get(office: ApiOffice, path: str) -> httpx.Response:
    return office.client.get(f"/api/v1{path}", headers=office.as_("ANALYST"))


def test_a_rulebook_is_compared_over_all_open_cases_and_not_put_into_force(
    office: ApiOffice,
) -> None:
    asks = office.as_("REQUESTER")
    deal = {"record": {"id": "D-1", "country": "SE", "area": "venue"}, "source": "the seller"}
    office.client.post("/api/v1/deals", json=deal, headers=asks)
    office.client.post("/api/v1/cases", json={"deal": "D-1"}, headers=asks)
    strict = STRICTER.replace("    rests: []\n", "    rests: [{area: building}]\n")
    strict = strict.replace("'true'", "'area == \"venue\"'")
    answer = office.client.post(
        "/api/v1/rulebooks/comparison", json={"after": strict}, headers=office.as_("ANALYST")
    )
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["wrong"] == []
    assert "X-1" in {rule["id"] for rule in told["rules"]}
    [case] = told["cases"]
    assert case["appeared"] == ["X-1"]
    listed = get(office, "/rulebooks").json()["items"]
    assert "exempel" not in {each["name"] for each in listed}


def test_a_rulebook_that_is_none_is_refused(office: ApiOffice) -> None:
    for text in ("rules: 3", "::", "name: x"):
        answer = office.client.post(
            "/api/v1/rulebooks/comparison", json={"after": text}, headers=office.as_("ANALYST")
        )
        assert answer.status_code == 422, text


def test_the_root_is_handed_out_as_it_was_signed(office: ApiOffice) -> None:
    assert get(office, "/permit-root").status_code == 404
    keys = Office()
    shelf = installed(office, keys)
    answer = get(office, "/permit-root")
    content = shelf.root_file()
    assert content is not None
    assert answer.json()["payload"] == _payload(content)
    seen = {**office.as_("ANALYST"), "If-None-Match": answer.headers["etag"]}
    assert office.client.get("/api/v1/permit-root", headers=seen).status_code == 304


def _payload(content: bytes) -> str:
    import base64

    return base64.standard_b64encode(read_envelope(content).payload).decode()


def test_a_partys_standing_is_unknown_until_it_is_screened(office: ApiOffice) -> None:
    said = {"id": "q", "kind": "organisation", "names": [{"text": "Quartzwell Optics"}]}
    office.client.post("/api/v1/parties", json=said, headers=office.as_("ANALYST"))
    told = get(office, "/parties/q/standing").json()
    assert (told["list_status"], told["because"], told["manifests"]) == ("unknown", [], [])
    assert get(office, "/parties/nobody/standing").status_code == 404


def test_a_dossier_tells_what_a_decision_would_see(office: ApiOffice) -> None:
    asks = office.as_("REQUESTER")
    deal = {"record": {"id": "D-1", "country": "SE", "area": "venue"}, "source": "the seller"}
    office.client.post("/api/v1/deals", json=deal, headers=asks)
    case = office.client.post("/api/v1/cases", json={"deal": "D-1"}, headers=asks).json()["id"]
    told = get(office, f"/cases/{case}/dossier").json()
    assert told["record"]["area"] == "venue"
    assert set(told["parts"]) >= {"channel", "record", "parties", "evidence", "rules", "export"}
    assert told["lapsed"] is None


def test_a_notification_is_drafted_on_the_version_that_was_seen(office: ApiOffice) -> None:
    asks = office.as_("REQUESTER")
    record = {"id": "D-1", "country": "SE", "end_user": "Arenan AB"}
    office.client.post("/api/v1/deals", json={"record": record, "source": "x"}, headers=asks)
    made = office.client.post("/api/v1/cases", json={"deal": "D-1"}, headers=asks)
    path = f"/api/v1/cases/{made.json()['id']}"
    officer = office.as_("EXPORT_OFFICER")
    draft = office.client.post(
        f"{path}/notification", json={}, headers={**officer, "If-Match": "*"}
    )
    assert draft.status_code == 409  # a draft case
    office.client.post(f"{path}/steps", json={"step": "submit"}, headers={**asks, "If-Match": "*"})
    stale = {**officer, "If-Match": made.headers["etag"]}
    assert office.client.post(f"{path}/notification", json={}, headers=stale).status_code == 412
    fresh = {**officer, "If-Match": get(office, path.removeprefix("/api/v1")).headers["etag"]}
    done = office.client.post(
        f"{path}/notification", json={"member_state": "SE", "name": "Kameror AB"}, headers=fresh
    )
    assert done.status_code == 201, done.text
    told = done.json()
    assert told["document"]["status"] == "DRAFT"
    assert told["markdown"].startswith("# DRAFT")
    assert "Exporter: Name" not in told["document"]["blanks"]
    last = get(office, f"{path.removeprefix('/api/v1')}/events").json()["items"][-1]
    assert last["step"] == "notify"


def test_the_sweep_over_the_api_finds_nothing_in_a_fresh_office(office: ApiOffice) -> None:
    answer = office.client.post("/api/v1/cases/sweep", headers=office.as_("ANALYST"))
    assert answer.json() == {"opened": []}
    assert (
        office.client.post("/api/v1/cases/sweep", headers=office.as_("AUDITOR")).status_code == 403
    )


def test_parties_go_out_as_files_and_come_in_again(office: ApiOffice) -> None:
    asks = office.as_("ANALYST")
    for id_, kind in (("q", "organisation"), ("z", "person")):
        said = {"id": id_, "kind": kind, "names": [{"text": f"Påhittad {id_}"}]}
        office.client.post("/api/v1/parties", json=said, headers=asks)
    stake = {"owner": "z", "owned": "q", "share": "51", "source": "a register"}
    office.client.post("/api/v1/stakes", json=stake, headers=asks)
    for form in ("csv", "ftm"):
        told = get(office, f"/party-exports?format={form}").json()
        assert told["format"] == form
        assert "Påhittad z" in told["content"]
        again = office.client.post(
            "/api/v1/party-imports", json={"content": told["content"]}, headers=asks
        )
        assert again.status_code == 201, again.text
        counts = {"new": 0, "changed": 0, "same": 3, "stakes": 0, "edges": 0, "bad_rows": []}
        assert again.json() == counts
    broken = office.client.post(
        "/api/v1/party-imports", json={"content": "record,id\nparty,\n"}, headers=asks
    )
    assert broken.status_code == 201
    assert len(broken.json()["bad_rows"]) == 1
    refused = office.client.post(
        "/api/v1/party-imports", json={"content": "{"}, headers=office.as_("AUDITOR")
    )
    assert refused.status_code == 403
