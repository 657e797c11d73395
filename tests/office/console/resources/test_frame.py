"""What all resources share: pages, ETags, who asks, and errors that repeat nothing."""

from __future__ import annotations

import httpx
import pytest
from tests.office.console.resources.api_office import ApiOffice, api_office
from tests.office.console.resources.small_office import made
from tests.support.known_people import EVERYBODY, actor

from insyn.office.console.guard import Rules
from insyn.office.console.resources import etags, paging
from insyn.trust.people.duties import Role
from insyn.trust.people.identity import Identified

DEAL = {"record": {"id": "D-1", "country": "SE"}, "source": "the seller"}
FACT = {"field": "camera_count", "value": 9, "source": "the seller"}


@pytest.fixture
def case(office: ApiOffice) -> str:
    """The path of a draft case."""
    made(office, "/api/v1/deals", DEAL, "REQUESTER")
    return f"/api/v1/cases/{made(office, '/api/v1/cases', {'deal': 'D-1'}, 'REQUESTER')['id']}"


def is_problem(answer: httpx.Response, status: int, *words: str) -> bool:
    return (
        answer.status_code == status
        and answer.headers["content-type"] == "application/problem+json"
        and answer.json()["status"] == status
        and all(word in answer.json()["detail"] for word in words)
    )


# Pages


def test_pages_together_hold_every_item_once_and_in_order(office: ApiOffice) -> None:
    wanted = [f"D-{number:02}" for number in range(7)]
    for id_ in reversed(wanted):
        made(office, "/api/v1/deals", {**DEAL, "record": {"id": id_}}, "REQUESTER")
    seen: list[str] = []
    path: str | None = "/api/v1/deals?limit=3"
    while path:
        got = office.client.get(path, headers=office.as_("AUDITOR"))
        told = got.json()
        seen += [item["id"] for item in told["items"]]
        assert ("link" in got.headers) == (told["next"] is not None)
        path = got.links["next"]["url"] if told["next"] else None
    assert seen == wanted


def test_what_is_added_meanwhile_moves_no_page(office: ApiOffice) -> None:
    for id_ in ("D-2", "D-4", "D-6"):
        made(office, "/api/v1/deals", {**DEAL, "record": {"id": id_}}, "REQUESTER")
    auditor = office.as_("AUDITOR")
    first = office.client.get("/api/v1/deals?limit=2", headers=auditor).json()
    made(office, "/api/v1/deals", {**DEAL, "record": {"id": "D-1"}}, "REQUESTER")
    after = {"limit": "2", "after": first["next"]}
    second = office.client.get("/api/v1/deals", params=after, headers=auditor).json()
    assert [item["id"] for item in first["items"] + second["items"]] == ["D-2", "D-4", "D-6"]
    assert second["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=9" * 40])
def test_a_limit_beyond_bounds_is_refused(office: ApiOffice, query: str) -> None:
    answer = office.client.get(f"/api/v1/deals?{query}", headers=office.as_("AUDITOR"))
    assert is_problem(answer, 422, "query.limit")


@pytest.mark.parametrize("cursor", ["", "x", "=", "____", "é", "AAAA", "RC0x" * 200])
@pytest.mark.parametrize("path", ["/api/v1/deals", "/api/v1/ledger/leaves"])
def test_a_cursor_of_another_make_is_refused(office: ApiOffice, path: str, cursor: str) -> None:
    answer = office.client.get(path, params={"after": cursor}, headers=office.as_("AUDITOR"))
    assert answer.status_code in (400, 422)


def test_leaves_come_page_by_page_from_number_zero(office: ApiOffice, case: str) -> None:
    auditor = office.as_("AUDITOR")
    first = office.client.get("/api/v1/ledger/leaves?limit=1", headers=auditor).json()
    after = {"after": first["next"], "limit": "1"}
    second = office.client.get("/api/v1/ledger/leaves", params=after, headers=auditor).json()
    assert [item["number"] for item in first["items"] + second["items"]] == [0, 1]


# ETags


def test_an_etag_names_the_content_and_spares_the_body(office: ApiOffice) -> None:
    made(office, "/api/v1/deals", DEAL, "REQUESTER")
    auditor = office.as_("AUDITOR")
    first = office.client.get("/api/v1/deals/D-1", headers=auditor)
    etag = first.headers["etag"]
    for sent in (etag, f'"other", W/{etag}', "*"):
        again = office.client.get("/api/v1/deals/D-1", headers={**auditor, "If-None-Match": sent})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    made(office, "/api/v1/deals/D-1/facts", FACT, "ANALYST")
    changed = office.client.get("/api/v1/deals/D-1", headers={**auditor, "If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_a_change_names_the_state_it_was_made_on(office: ApiOffice, case: str) -> None:
    requester = office.as_("REQUESTER")
    step = {"step": "submit"}
    etag = office.client.get(case, headers=requester).headers["etag"]
    missing = office.client.post(f"{case}/steps", json=step, headers=requester)
    assert is_problem(missing, 428, "If-Match")
    for stale in ('"0"', f"W/{etag}", "nothing"):
        answer = office.client.post(
            f"{case}/steps", json=step, headers={**requester, "If-Match": stale}
        )
        assert is_problem(answer, 412)
    taken = office.client.post(
        f"{case}/steps", json=step, headers={**requester, "If-Match": f'"x", {etag}'}
    )
    assert taken.status_code == 200
    assert taken.json()["state"] == "screening"
    again = office.client.post(f"{case}/steps", json=step, headers={**requester, "If-Match": etag})
    assert is_problem(again, 412)
    now = office.client.get(case, headers=requester).headers["etag"]
    assert now == taken.headers["etag"] != etag


def test_a_step_that_is_sent_again_with_its_key_is_taken_once(office: ApiOffice, case: str) -> None:
    etag = office.client.get(case, headers=office.as_("REQUESTER")).headers["etag"]
    headers = {**office.as_("REQUESTER"), "If-Match": etag, "Idempotency-Key": "s-1"}
    answers = [
        office.client.post(f"{case}/steps", json={"step": "submit"}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content


# Who asks


@pytest.mark.parametrize("sent", [{}, {"Authorization": "Bearer nobody"},
                                  {"Authorization": "ApiKey token-AUDITOR"},
                                  {"Authorization": "Bearer"},
                                  {"Cookie": "insyn=nobody"},
                                  {"Cookie": "insyn=;=; \x07"}])  # fmt: skip
def test_everything_new_asks_for_a_person(office: ApiOffice, sent: dict[str, str]) -> None:
    for path in ("/api/v1/deals", "/api/v1/cases", "/api/v1/ledger/leaves", "/api/v1/rules",
                 "/api/v1/permits", "/api/v1/lists/un"):  # fmt: skip
        answer = office.client.get(path, headers=sent)
        assert is_problem(answer, 401), path
        assert answer.headers["www-authenticate"].startswith("Bearer")
    # A cookie without an Origin is refused before anybody looks whose it is.
    wanted = 403 if sent == {"Cookie": "insyn=nobody"} else 401
    assert is_problem(office.client.post("/api/v1/deals", json={}, headers=sent), wanted)


def test_a_missing_role_is_named(office: ApiOffice, case: str) -> None:
    answer = office.client.post("/api/v1/deals", json=DEAL, headers=office.as_("OPERATOR"))
    assert is_problem(answer, 403, "recording a fact", "analyst", "requester")
    vote = {"step": "vote", "agrees": True, "because": "it holds"}
    headers = {**office.as_("ANALYST"), "If-Match": "*"}
    assert is_problem(
        office.client.post(f"{case}/steps", json=vote, headers=headers), 403, "approver"
    )


def test_a_token_does_no_more_than_its_scopes(office: ApiOffice) -> None:
    office.people.tokens["narrow"] = Identified(actor=EVERYBODY, scopes=frozenset({"read"}))
    narrow = {"Authorization": "Bearer narrow"}
    assert office.client.get("/api/v1/deals", headers=narrow).status_code == 200
    answer = office.client.post("/api/v1/deals", json=DEAL, headers=narrow)
    assert is_problem(answer, 403, "deals")
    assert 'scope="deals"' in answer.headers["www-authenticate"]


def test_the_requester_of_a_case_takes_no_part_in_its_study(office: ApiOffice, case: str) -> None:
    both = actor(2, Role.REQUESTER, Role.ANALYST)
    office.people.tokens["both"] = Identified(actor=both)
    headers = {"Authorization": "Bearer both", "If-Match": "*"}
    submitted = office.client.post(f"{case}/steps", json={"step": "submit"}, headers=headers)
    assert submitted.status_code == 200
    triage = {"step": "triage", "because": "a look"}
    assert office.client.post(f"{case}/steps", json=triage, headers=headers).status_code == 409


def with_cookie(name: str, **more: str) -> dict[str, str]:
    return {"Cookie": f"{name}=secret", **more}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1", 201),
        ("https://127.0.0.1", 201),  # a proxy with TLS stands before us
        (None, 403),
        ("null", 403),
        ("http://127.0.0.1:81", 403),
        ("http://127.0.0.1.example.org", 403),
        ("http://example.org", 403),
    ],
)
def test_a_change_with_a_cookie_comes_from_a_page_of_ours(
    office: ApiOffice, origin: str | None, status: int
) -> None:
    office.people.sessions["secret"] = Identified(actor=EVERYBODY)
    headers = with_cookie("insyn", **({} if origin is None else {"Origin": origin}))
    assert office.client.get("/api/v1/deals", headers=headers).status_code == 200
    answer = office.client.post("/api/v1/deals", json=DEAL, headers=headers)
    assert answer.status_code == status


def test_what_another_site_made_a_browser_send_is_refused(office: ApiOffice) -> None:
    office.people.sessions["secret"] = Identified(actor=EVERYBODY)
    headers = with_cookie("insyn", Origin="http://127.0.0.1", **{"Sec-Fetch-Site": "same-site"})
    answer = office.client.post("/api/v1/deals", json=DEAL, headers=headers)
    assert is_problem(answer, 403, "Origin")


# The API key of before


def test_the_api_key_still_opens_screening_and_nothing_new(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    key = "an-invented-key-of-32-characters"
    with api_office(tmp_path_factory.mktemp("keyed"), Rules(rate=0, api_key=key)) as office:
        keyed = {"Authorization": f"Bearer {key}"}
        assert office.client.get("/api/v1/lists", headers=keyed).status_code == 200
        assert office.client.get("/api/v1/deals", headers=keyed).status_code == 401
        person = office.as_("AUDITOR")
        assert office.client.get("/api/v1/deals", headers=person).status_code == 200
        assert office.client.get("/api/v1/lists", headers=person).status_code == 200
        assert office.client.get("/api/v1/lists").status_code == 401


def test_once_there_are_people_screening_wants_one_or_the_key(office: ApiOffice) -> None:
    assert is_problem(office.client.get("/api/v1/lists"), 401)
    assert is_problem(office.client.post("/api/v1/screen", json={"name": "A"}), 401)
    assert office.client.get("/healthz").status_code == 200
    assert office.client.get("/api/v1/lists", headers=office.as_("AUDITOR")).status_code == 200
    office.people.tokens["narrow"] = Identified(actor=EVERYBODY, scopes=frozenset({"read"}))
    narrow = {"Authorization": "Bearer narrow"}
    assert office.client.get("/api/v1/lists", headers=narrow).status_code == 200
    screened = office.client.post("/api/v1/screen", json={"name": "A"}, headers=narrow)
    assert is_problem(screened, 403, "screen")


# Errors


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b'{"source": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"record": {"id": "D-1"}, "source": 5}', 422),
        (b'{"record": {"id": "D-1"}, "source": "s", "otto": 1}', 422),
        (b'{"record": {"id": "D/1"}, "source": "s"}', 422),
        (b'{"record": {"id": "D-1", "x": NaN}, "source": "s"}', 422),
        (b'{"record": {"id": "D-1", "x": "\\u0000"}, "source": "s"}', 422),
        (b'{"record": {"id": "D-1", "x": "\\ud800"}, "source": "s"}', 422),
        (b'{"record": {"id": "D-1", "x": 123456789012345678901}, "source": "s"}', 422),
        (b'{"record": {"id": "D-1"}, "source": "s", "known_since": 5}', 422),
        (b'{"record": {"id": "D-1"}, "source": "s", "known_since": "2026-01-01"}', 422),
        (b'{"record": {"id": "D-1"}, "source": "s", "valid_from": "2026-02-30"}', 422),
        (
            b'{"record": {"id": "D-1", "country": "SE"}, "source": "s", '
            b'"known_since": "2027-01-01T00:00:00Z"}',
            409,
        ),
    ],
)
def test_a_bad_body_is_a_problem_that_repeats_nothing(
    office: ApiOffice, body: bytes, status: int
) -> None:
    headers = {**office.as_("REQUESTER"), "Content-Type": "application/json"}
    answer = office.client.post("/api/v1/deals", content=body, headers=headers)
    assert is_problem(answer, status), answer.text
    assert "otto" not in answer.text


def test_what_is_not_there_is_404_and_not_named(office: ApiOffice) -> None:
    for path in ("/api/v1/deals/Otto", "/api/v1/cases/Otto", "/api/v1/rules/Otto",
                 "/api/v1/permits/Otto", "/api/v1/lists/Otto", "/api/v1/lists/..%5cOtto",
                 "/api/v1/ledger/leaves/99", "/api/v1/ledger/leaves/99/proof"):  # fmt: skip
        answer = office.client.get(path, headers=office.as_("EVERYBODY"))
        assert is_problem(answer, 404), path
        assert "Otto" not in answer.text


def test_a_database_that_is_gone_is_503_without_its_place(office: ApiOffice) -> None:
    with office.desk.writing() as connection:
        connection.exec_driver_sql("DROP TABLE evidence")
        connection.exec_driver_sql("ALTER TABLE deals RENAME TO gone")
    answer = office.client.get("/api/v1/deals", headers=office.as_("AUDITOR"))
    assert is_problem(answer, 503)
    assert "deals" not in answer.json()["detail"]


def test_etags_and_cursors_have_the_form_that_http_asks_for() -> None:
    etag = etags.etag_of({"a": 1})
    assert etag[0] == etag[-1] == '"'
    assert etag == etags.etag_of({"a": 1}) != etags.etag_of({"a": 2})
    assert paging.MAX_LIMIT == 200
