"""Lists sent in, parties screened again, matches cleared and cleared no more, over the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office

from insyn.office.console import limits
from insyn.trust.ledger import log

pytestmark = pytest.mark.databases

HEAD = "reference,name,kind\n"
WATCH = (
    HEAD + "W-1,Quartzwell Optics,organisation\nW-2,Municipal Lantern Directorate,organisation\n"
)
IMPORTS = "/api/v1/list-imports"


@pytest.fixture
def office(tmp_path: Path, database: str) -> Iterator[ApiOffice]:
    """An office with the bundled lists and a party that the watch list is about to name."""
    with api_office(tmp_path, with_lists=True) as found:
        optics = {
            "id": "q-optics",
            "kind": "organisation",
            "names": [{"text": "Quartzwell Optics"}],
        }
        made = found.client.post("/api/v1/parties", json=optics, headers=found.as_("ANALYST"))
        assert made.status_code == 201, made.text
        yield found


def send(
    office: ApiOffice, content: str, who: str = "ANALYST", name: str = "own.csv", **query: str
) -> httpx.Response:
    return office.client.post(
        IMPORTS,
        files=[("file", (name, content.encode(), "text/csv"))],
        params={"list": "own", **query},
        headers=office.as_(who),
    )


def rescreened(office: ApiOffice) -> dict[str, object]:
    answer = office.client.post("/api/v1/rescreenings", headers=office.as_("ANALYST"))
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def cleared(
    office: ApiOffice, because: str = "another town, seen in the register"
) -> httpx.Response:
    said = {"party": "q-optics", "list": "own", "entry": "W-1", "because": because}
    return office.client.post("/api/v1/clearances", json=said, headers=office.as_("ANALYST"))


def test_a_list_that_is_sent_in_is_in_force_and_its_leaf_names_who_sent_it(
    office: ApiOffice,
) -> None:
    answer = send(office, WATCH)
    assert answer.status_code == 201, answer.text
    [told] = answer.json()["imports"]
    assert (told["list"], told["outcome"], told["entries"]) == ("own", "in force", 2)
    shown = office.client.get("/api/v1/lists/own", headers=office.as_("ANALYST")).json()
    assert shown["snapshot"] == told["snapshot"]
    assert shown["degraded"] is None
    with office.desk.reading() as connection:
        leaf = log.find(connection, log.size(connection) - 1)
    assert leaf.kind == "list.imported"
    assert leaf.what["snapshot"] == told["snapshot"]
    assert leaf.who == office.people.tokens["token-ANALYST"].actor.id


def test_a_list_that_shrank_is_refused_and_the_last_good_one_stays(office: ApiOffice) -> None:
    many = HEAD + "".join(f"W-{n},Invented Company {n:03d},organisation\n" for n in range(30))
    assert send(office, many).status_code == 201
    short = send(office, WATCH)
    assert short.status_code == 409
    assert "shrunken" in short.json()["detail"]
    shown = office.client.get("/api/v1/lists/own", headers=office.as_("ANALYST")).json()
    assert shown["entries"] == 30
    assert "shrunken" in shown["degraded"]
    assert send(office, WATCH, accept_shrunken="true").status_code == 201


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", 409),  # empty
        ("<!doctype html><html></html>", 409),  # a web page
        ("\x00\x01\x02", 409),  # nothing known
    ],
)
def test_what_is_no_list_is_refused_with_what_it_is(
    office: ApiOffice, content: str, status: int
) -> None:
    answer = send(office, content)
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_a_list_from_somebody_who_may_not_is_refused_unread(office: ApiOffice) -> None:
    assert send(office, WATCH, "REQUESTER").status_code == 403
    assert send(office, WATCH, "nobody").status_code == 401
    assert office.client.get("/api/v1/lists/own", headers=office.as_("ANALYST")).status_code == 404


def test_a_body_that_is_no_form_is_refused(office: ApiOffice) -> None:
    asks = office.as_("ANALYST")
    plain = office.client.post(IMPORTS, content=b"x", headers={**asks, "Content-Type": "text/csv"})
    assert plain.status_code == 415
    cut = office.client.post(
        IMPORTS, content=b"x", headers={**asks, "Content-Type": "multipart/form-data; boundary=b"}
    )
    assert cut.status_code in (400, 422)
    text = office.client.post(IMPORTS, data={"file": "x"}, files=[], headers=asks)
    assert text.status_code == 415


def test_only_list_imports_take_more_than_a_mebibyte(office: ApiOffice) -> None:
    rows = "".join(f"W-{n},Invented Company {n:06d},organisation\n" for n in range(40_000))
    assert len(HEAD + rows) > limits.MAX_BODY_BYTES
    answer = send(office, HEAD + rows)
    assert answer.status_code == 201, answer.text
    assert answer.json()["imports"][0]["entries"] == 40_000
    elsewhere = office.client.post(
        "/api/v1/deals", content=b" " * (limits.MAX_BODY_BYTES + 1), headers=office.as_("ANALYST")
    )
    assert elsewhere.status_code == 413


def test_an_import_sent_again_with_its_key_is_answered_as_the_first_time(
    office: ApiOffice,
) -> None:
    def again() -> httpx.Response:
        return office.client.post(
            IMPORTS,
            files=[("file", ("own.csv", WATCH.encode(), "text/csv"))],
            headers={**office.as_("ANALYST"), "Idempotency-Key": "once"},
        )

    first = again()
    second = again()
    assert first.status_code == 201, first.text
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json()
    with office.desk.reading() as connection:
        kinds = [log.find(connection, n).kind for n in range(log.size(connection))]
    assert kinds.count("list.imported") == 1


def test_a_match_is_cleared_shown_and_cleared_no_more(office: ApiOffice) -> None:
    assert cleared(office).status_code == 409  # not screened yet
    send(office, WATCH)
    assert rescreened(office)["worse"] == 1
    given = cleared(office)
    assert given.status_code == 201, given.text
    told = given.json()
    assert told["state"] == "applies"
    assert cleared(office).status_code == 409  # cleared already
    path = given.headers["Location"]
    shown = office.client.get(path, headers=office.as_("AUDITOR"))
    assert shown.json() == told
    assert shown.headers["etag"] == given.headers["etag"]
    listed = office.client.get("/api/v1/clearances", headers=office.as_("AUDITOR")).json()
    assert [each["id"] for each in listed["items"]] == [told["id"]]

    ends = {"because": "it is the same company after all"}
    stale = {**office.as_("APPROVER"), "If-Match": '"other"'}
    assert office.client.post(f"{path}/withdrawal", json=ends, headers=stale).status_code == 412
    fresh = {**office.as_("APPROVER"), "If-Match": shown.headers["etag"]}
    ended = office.client.post(f"{path}/withdrawal", json=ends, headers=fresh)
    assert ended.status_code == 201, ended.text
    assert ended.json()["state"] == "withdrawn"
    twice = office.client.post(
        f"{path}/withdrawal", json=ends, headers={**office.as_("APPROVER"), "If-Match": "*"}
    )
    assert twice.status_code == 409


def test_a_clearance_lapses_when_the_entry_changes(office: ApiOffice) -> None:
    send(office, WATCH)
    rescreened(office)
    path = cleared(office).headers["Location"]
    send(office, WATCH.replace("Quartzwell Optics", "Quartzwell Optics Group"))
    rescreened(office)
    shown = office.client.get(path, headers=office.as_("ANALYST")).json()
    assert (shown["state"], shown["changed"]) == ("lapsed", ["entry"])


def test_only_an_analyst_clears(office: ApiOffice) -> None:
    send(office, WATCH)
    rescreened(office)
    said = {"party": "q-optics", "list": "own", "entry": "W-1", "because": "no"}
    answer = office.client.post("/api/v1/clearances", json=said, headers=office.as_("APPROVER"))
    assert answer.status_code == 403


@pytest.mark.parametrize("number", ["0", "7", "2147483648", "9007199254740991"])
def test_a_clearance_that_is_none_is_not_found(office: ApiOffice, number: str) -> None:
    answer = office.client.get(f"/api/v1/clearances/{number}", headers=office.as_("ANALYST"))
    assert answer.status_code == 404
