"""`/api/v1`: the values of the command line, over HTTP; bad input is told, never repeated."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.office.console.serving import client_of, in_force_of
from tests.support.run_insyn import insyn

from insyn.base.config import DataDirectory
from insyn.office.console.schemas import Lists, ProblemDetails, ScreenedMany, ScreenedOne
from insyn.office.console.standing import InForce

SCREEN = "/api/v1/screen"
CUSTOMERS = files("insyn.demo").joinpath("data", "customers.csv").read_text("utf-8")
ROWS = list(csv.DictReader(CUSTOMERS.splitlines()))
NAME = "Otto Nameless-Example"


@pytest.fixture
def printed(sample_data: Path, tmp_path: Path) -> list[bytes]:
    """The manifest, then one line a row, as `insyn screen --json-lines` prints them."""
    file = tmp_path / "customers.csv"
    file.write_text(CUSTOMERS, "utf-8")
    command = [sys.executable, "-m", "insyn.cli.main", "screen", "--file", str(file),
               "--json-lines", "--workers", "1", "--data", str(sample_data)]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False).stdout.splitlines()


def test_one_subject_is_answered_as_the_command_prints_its_row(
    client: httpx.Client, printed: list[bytes]
) -> None:
    compared = 0
    for row, line in zip(ROWS, printed[1:], strict=True):
        if not row["name"]:
            continue
        got = client.post(SCREEN, json=row)
        body = orjson.loads(got.content)
        lists = body.pop("lists")
        assert orjson.dumps(body) == line
        assert lists == orjson.loads(printed[0])["lists"]
        compared += 1
    assert compared == 7


def test_one_subject_is_answered_as_the_command_prints_a_name(
    client: httpx.Client, sample_data: Path
) -> None:
    ran = insyn("screen", "Velmark, Tarquin", "--kind", "person", "--birth-date", "1962",
                "--json", "--data", str(sample_data))  # fmt: skip
    asked = {"name": "Velmark, Tarquin", "kind": "person", "birth_date": "1962"}
    got = client.post(SCREEN, json=asked)
    assert orjson.dumps(got.json(), option=orjson.OPT_INDENT_2) == ran.out.strip().encode()


def test_many_subjects_are_answered_as_the_command_prints_the_file(
    client: httpx.Client, printed: list[bytes]
) -> None:
    body = client.post(SCREEN, json={"subjects": ROWS}).json()
    head = orjson.loads(printed[0])
    assert (body["manifest"], body["lists"]) == (head["manifest"], head["lists"])
    good = [(row, line) for row, line in zip(ROWS, printed[1:], strict=True) if row["name"]]
    assert [orjson.dumps(item) for item in body["results"] if "error" not in item] == [
        line for _, line in good
    ]


def test_of_many_a_bad_one_has_its_error_in_place(client: httpx.Client) -> None:
    sent = [{"id": "a", "name": "Quartzwell Optics"}, {"id": "b", "name": " "}, 7,
            {"name": ["x"]}, {"id": "e", "name": NAME, "country": 3},
            {"name": "x" * 1001}, {"id": "g", "name": NAME}]  # fmt: skip
    results = client.post(SCREEN, json={"subjects": sent}).json()["results"]
    assert [item.get("outcome", item.get("error")) for item in results] == [
        "review",
        "the name is empty",
        "a subject must be an object",
        "the name must be text",
        "the country must be text",
        "the name has 1001 characters",
        "clear",
    ]
    assert [item["id"] for item in results] == ["a", "b", "row-2", "row-3", "e", "row-5", "g"]
    assert [item["index"] for item in results if "error" in item] == [1, 2, 3, 4, 5]


def test_what_cannot_be_read_counts_as_not_said_like_in_a_file(client: httpx.Client) -> None:
    plain = client.post(SCREEN, json={"name": "Tarquin Vellmark"}).json()
    odd = {"name": "Tarquin Vellmark", "country": "Atlantis", "birth_date": "soon", "kind": "?",
           "colour": {"deep": [1, None]}, "identifier": None}  # fmt: skip
    assert client.post(SCREEN, json=odd).json() == plain


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"", 400, "no body"),
        (b'{"name": "Otto', 400, "cut"),
        (b'{"name": NaN}', 400, "NaN is no JSON"),
        (b'{"name": "Otto \xff"}', 400, "no UTF-8"),
        (b'{"name": "\\ud800"}', 400, "half a character"),
        (b"[" * 5000 + b"]" * 5000, 400, "nested beyond hope"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, 422, "nested deep, and no name"),
        (b'["Otto Nameless-Example"]', 422, "no object"),
        (b'"Otto Nameless-Example"', 422, "no object"),
        (b"null", 422, "no object"),
        (b"{}", 422, "no name"),
        (b'{"name": ""}', 422, "an empty name"),
        (b'{"name": 7}', 422, "a name that is a number"),
        (b'{"name": {"first": "Otto Nameless-Example"}}', 422, "a name that is an object"),
        (b'{"name": "Otto Nameless-Example", "birth_date": 1960}', 422, "a date as a number"),
        (b'{"name": "Otto Nameless-Example", "country": ["SE"]}', 422, "a list of countries"),
        (b'{"name": "' + b"Otto " * 201 + b'"}', 422, "over 1,000 characters"),
        (b'{"name": "x", "identifier": "' + b"1" * 1001 + b'"}', 422, "an endless identifier"),
        (b'{"subjects": []}', 422, "nobody"),
        (b'{"subjects": {"name": "Otto Nameless-Example"}}', 422, "no list"),
        (b'{"subjects": null}', 422, "no list"),
        (b'{"subjects": [' + b",".join([b'{"name":"x"}'] * 501) + b"]}", 422, "over 500"),
    ],
)
def test_bad_input_is_a_problem_that_repeats_nothing(
    client: httpx.Client, body: bytes, status: int, why: str
) -> None:
    got = client.post(SCREEN, content=body, headers={"Content-Type": "application/json"})
    assert got.status_code == status, why
    assert got.headers["content-type"] == "application/problem+json"
    problem = ProblemDetails.model_validate(got.json())
    assert problem.status == status
    assert "Otto" not in got.text
    assert "Traceback" not in got.text


def test_500_subjects_are_taken(client: httpx.Client) -> None:
    got = client.post(SCREEN, json={"subjects": [{"name": NAME}] * 500})
    assert len(got.json()["results"]) == 500


def test_a_form_is_not_taken_for_json(client: httpx.Client) -> None:
    got = client.post(SCREEN, data={"name": NAME})
    assert (got.status_code, got.headers["content-type"]) == (415, "application/problem+json")


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    assert client.get("/nowhere").json()["status"] == 404
    got = client.get(SCREEN)
    assert (got.status_code, got.headers["allow"]) == (405, "POST")
    assert got.json()["title"] == "Method Not Allowed"


def test_lists_are_what_the_command_prints(client: httpx.Client, sample_data: Path) -> None:
    ran = insyn("lists", "status", "--json", "--data", str(sample_data))
    got = client.get("/api/v1/lists")
    assert got.json() == ran.json
    assert list(got.json()["lists"][0]) == list(ran.json["lists"][0])


def test_answers_are_as_described(client: httpx.Client) -> None:
    one = client.post(SCREEN, json={"id": "c", "name": "Quartzwell Optics"})
    ScreenedOne.model_validate_json(one.content)
    many = client.post(SCREEN, json={"subjects": ROWS})
    ScreenedMany.model_validate_json(many.content)
    Lists.model_validate_json(client.get("/api/v1/lists").content)


def test_the_description_is_complete_and_loads_nothing(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    assert {"/api/v1/screen", "/api/v1/lists", "/match/{dataset}", "/entities/{entity_id}",
            "/healthz", "/readyz", "/catalog", "/algorithms"
            } <= set(described["paths"])  # fmt: skip
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (path, method)
            assert len(route["description"]) > 40, (path, method)
    body = described["paths"][SCREEN]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        assert client.post(SCREEN, json=example["value"]).status_code == 200
    for page in ("/docs", "/redoc", "/"):
        assert client.get(page).status_code == 404


def test_without_lists_nobody_is_cleared(tmp_path: Path) -> None:
    with client_of(in_force_of(tmp_path)) as empty:
        got = empty.post(SCREEN, json={"name": NAME})
        assert (got.status_code, got.headers["content-type"]) == (503, "application/problem+json")
        assert "insyn lists update" in got.json()["detail"]
        assert empty.get("/readyz").status_code == 503
        assert empty.get("/healthz").status_code == 200
        assert empty.post("/match/default", json={"queries": {}}).status_code == 503
        assert empty.get("/api/v1/lists").json() == {"lists": []}


def test_readyz_is_ok_with_lists(client: httpx.Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}


def test_damaged_state_of_a_list_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "lists" / "un").mkdir(parents=True)
    (tmp_path / "lists" / "un" / "state.json").write_text("{")
    in_force = InForce(DataDirectory(root=tmp_path))
    in_force.refresh()
    with client_of(in_force) as broken:
        got = broken.get("/api/v1/lists")
        assert (got.status_code, "restore" in got.json()["detail"]) == (503, True)
        assert "restore" in broken.get("/readyz").json()["detail"]


_KEYS = st.sampled_from(("subjects", "name", "kind", "country", "birth_date", "identifier", "id"))
_ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS | st.text(), inner),
    max_leaves=12,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ANY_JSON)
def test_no_json_is_a_failure_of_ours(client: httpx.Client, value: object) -> None:
    got = client.post(SCREEN, content=json.dumps(value), headers={"Content-Type": "text/json+json"})
    assert got.status_code in (200, 400, 422)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {"name": st.text(max_size=60)},
        optional={
            "kind": st.sampled_from(("person", "company", "vessel", "?")),
            "country": st.text(max_size=10),
            "birth_date": st.text(max_size=12) | st.from_regex(r"[0-9]{1,5}-[0-9]{1,3}"),
            "identifier": st.text(max_size=20),
        },
    )
)
def test_no_subject_is_a_failure_of_ours(client: httpx.Client, subject: dict[str, str]) -> None:
    content = json.dumps(subject)
    got = client.post(SCREEN, content=content, headers={"Content-Type": "application/json"})
    assert got.status_code in (200, 400, 422)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_are_a_failure_of_ours(client: httpx.Client, body: bytes) -> None:
    got = client.post(SCREEN, content=body, headers={"Content-Type": "application/json"})
    assert got.status_code in (200, 400, 422)
