"""What is sent twice is made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from starlette.responses import Response
from tests.office.console.resources.api_office import ApiOffice
from tests.support.known_people import EVERYBODY

from insyn.base.errors import Refusal
from insyn.office.console.problems import Problem
from insyn.office.console.resources import schema
from insyn.office.console.resources.idempotency import InFlight, Once, carry_out
from insyn.office.diligence.cases import deals

pytestmark = pytest.mark.databases

RECORD = {"id": "D-1", "country": "SE", "camera_count": 4}
DEAL = {"record": RECORD, "source": "the seller"}
FACT = {"field": "camera_count", "value": 9, "source": "the seller"}


def send(
    office: ApiOffice, path: str, body: object, key: str, who: str = "REQUESTER"
) -> httpx.Response:
    return office.client.post(path, json=body, headers={**office.as_(who), "Idempotency-Key": key})


def kept(office: ApiOffice) -> int:
    with office.desk.reading() as connection:
        query = sa.select(sa.func.count()).select_from(schema.idempotency_keys)
        return connection.execute(query).scalar_one()


def test_the_same_key_and_body_give_the_first_answer_again(office: ApiOffice) -> None:
    first = office.client.post(
        "/api/v1/deals", json=DEAL, headers={**office.as_("REQUESTER"), "Idempotency-Key": '"k-1"'}
    )
    again = office.client.post(
        "/api/v1/deals", json=DEAL, headers={**office.as_("REQUESTER"), "Idempotency-Key": "k-1"}
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    for name in ("etag", "location", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    with office.desk.reading() as connection:
        assert len(deals.facts_of(connection, "D-1")) == 2


def test_the_same_key_for_another_request_is_refused(office: ApiOffice) -> None:
    assert send(office, "/api/v1/deals", DEAL, "k").status_code == 201
    other = {**DEAL, "record": {"id": "D-2", "country": "SE"}}
    assert send(office, "/api/v1/deals", other, "k").status_code == 422
    assert send(office, "/api/v1/deals/D-1/facts", FACT, "k").status_code == 422


def test_a_key_belongs_to_a_person(office: ApiOffice) -> None:
    assert send(office, "/api/v1/deals", DEAL, "k").status_code == 201
    assert send(office, "/api/v1/deals/D-1/facts", FACT, "k", "ANALYST").status_code == 201


def test_a_refused_creation_keeps_nothing_and_may_be_tried_again(office: ApiOffice) -> None:
    assert send(office, "/api/v1/deals/D-1/facts", FACT, "k").status_code == 404
    assert kept(office) == 0
    assert office.client.post(
        "/api/v1/deals", json=DEAL, headers=office.as_("REQUESTER")
    ).status_code == 201  # fmt: skip
    assert send(office, "/api/v1/deals/D-1/facts", FACT, "k").status_code == 201


def test_a_row_is_forgotten_after_a_day(office: ApiOffice) -> None:
    assert send(office, "/api/v1/deals", DEAL, "k").status_code == 201
    office.now += timedelta(hours=23, minutes=59)
    assert send(office, "/api/v1/deals", DEAL, "k").status_code == 201
    office.now += timedelta(minutes=1)
    assert send(office, "/api/v1/deals", DEAL, "k").status_code == 409  # made anew, and known
    assert send(office, "/api/v1/deals/D-1/facts", FACT, "other").status_code == 201
    assert kept(office) == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "a\x7fb"])
def test_a_key_of_another_form_is_refused(office: ApiOffice, key: str) -> None:
    assert send(office, "/api/v1/deals", DEAL, key).status_code in (400, 422)


def test_of_many_at_once_one_is_carried_out(office: ApiOffice) -> None:
    assert send(office, "/api/v1/deals", DEAL, "first").status_code == 201
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: send(office, "/api/v1/deals/D-1/facts", FACT, "k"), range(8))
        )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({a.content for a in answers if a.status_code == 201}) == 1
    with office.desk.reading() as connection:
        known = deals.facts_of(connection, "D-1")
    assert [fact.value for fact in known if fact.field == "camera_count"] == [4, 9]


def test_while_a_request_is_at_work_its_twin_is_told_so(office: ApiOffice) -> None:
    at_work, may_end = threading.Event(), threading.Event()
    once = Once(person="u-1", key="k", request="0" * 64)

    def slow() -> Response:
        at_work.set()
        assert may_end.wait(30)
        return Response(b"{}", status_code=201)

    def first() -> None:
        with office.desk.in_flight.holding(once), office.desk.writing() as connection:
            carry_out(connection, once, slow, now=datetime(2026, 3, 1, tzinfo=UTC))

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(first)
        assert at_work.wait(30)
        try:
            with pytest.raises(Problem) as twin, office.desk.in_flight.holding(once):
                pytest.fail("the twin went on")
            assert twin.value.status == 409
            if office.desk_is_postgresql():
                # Another server's process: it has no part in this one's memory.
                with pytest.raises(Problem) as other, office.desk.writing() as connection:
                    carry_out(connection, once, lambda: pytest.fail("twice"), now=office.now)
                assert other.value.status == 409
        finally:
            may_end.set()
        done.result(30)


def test_two_servers_at_once_create_once(office: ApiOffice) -> None:
    """Each with its own memory of keys: the database alone decides."""
    once = Once(person="u-1", key="k", request="0" * 64)
    made = []

    def server(number: int) -> int:
        def make() -> Response:
            made.append(number)
            return Response(b"{}", status_code=201)

        try:
            with InFlight().holding(once), office.desk.writing() as connection:
                return carry_out(connection, once, make, now=office.now).status_code
        except Problem as problem:
            return problem.status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(server, range(6)))
    assert len(made) == 1
    assert set(statuses) <= {201, 409}


def test_what_fails_after_the_creation_takes_it_back(office: ApiOffice) -> None:
    once = Once(person="u-1", key="k", request="0" * 64)

    def make_and_fail(connection: sa.Connection) -> Response:
        said = deals.Said(source="the seller")
        deals.put(connection, RECORD, said=said, actor=EVERYBODY, now=office.now)
        raise Refusal("as if the machine had failed")

    with pytest.raises(Refusal), office.desk.writing() as connection:
        carry_out(connection, once, lambda: make_and_fail(connection), now=office.now)
    assert kept(office) == 0
    with office.desk.reading() as connection:
        assert deals.every(connection) == []
