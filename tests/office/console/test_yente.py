"""yente's endpoints, with the requests that nomenklatura's client makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.office.console.serving import client_of, import_watch, in_force_of

from insyn.office.console.ftm_model import PROPERTIES

MATCH = "/match/default?fuzzy=False&algorithm=best"
PERSON = {
    "schema": "Person",
    "properties": {"name": ["Velmark, Tarquin"], "birthDate": ["1962"], "country": ["mt"]},
}


# `Any`: JSON of a shape that the test asserts.
def ask(client: httpx.Client, query: object, path: str = MATCH) -> Any:
    """The one response to one query, as the client asks it."""
    got = client.post(path, json={"queries": {"entity": query}})
    assert got.status_code == 200, got.text
    return got.json()["responses"]["entity"]


def ids(client: httpx.Client, name: str, path: str = MATCH, schema: str = "Person") -> list[str]:
    response = ask(client, {"schema": schema, "properties": {"name": [name]}}, path)
    return [result["id"] for result in response["results"]]


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Two lists with the same invented party, and one of several kinds."""
    folder = tmp_path_factory.mktemp("namesakes")
    rows = [f"R-{n},Quillon Marrowgate,person" for n in range(7)]
    import_watch(folder, *rows, list_id="many")
    import_watch(
        folder,
        "K-1,Quillon Marrowgate,person",
        "K-2,Zorvantic Lanternworks,",
        "K-3,Zorvantic Seastar,vessel",
        list_id="few",
    )
    with client_of(in_force_of(folder)) as client:
        yield client


def test_a_match_has_the_shape_that_the_client_loads(client: httpx.Client) -> None:
    response = ask(client, PERSON)
    assert (response["status"], response["query"]) == (200, PERSON)
    assert response["total"] == {"value": 1, "relation": "eq"}
    [result] = response["results"]
    assert (result["id"], result["schema"], result["match"]) == ("un-SAi.001", "Person", True)
    assert (result["datasets"], result["caption"]) == (["un"], "TARQUIN OBSIDIAN VELLMARK")
    assert 0.7 <= result["score"] <= 1
    assert set(result["properties"]) <= PROPERTIES["Person"]
    assert all(isinstance(text, str) for texts in result["properties"].values() for text in texts)
    assert set(result["features"]) == {"name", "birth_date", "country"}
    assert result["explanations"]["name"]["query"] == "Velmark, Tarquin"
    assert result["explanations"]["birth_date"]["detail"] == "birth date 1961"


def test_each_key_has_its_response(client: httpx.Client) -> None:
    queries = {"a": PERSON, "b": {"schema": "Company", "properties": {"name": "Ironbark Trading"}},
               "c": {"schema": "Person", "properties": {}}}  # fmt: skip
    got = client.post(MATCH, json={"queries": queries, "weights": {}, "config": {"x": 1}})
    assert got.headers["x-batch-size"] == "3"
    found = {k: [r["id"] for r in v["results"]] for k, v in got.json()["responses"].items()}
    assert found == {"a": ["un-SAi.001"], "b": ["sample_5Fwatch-W_2D2"], "c": []}


def test_an_identifier_alone_finds_its_entry(client: httpx.Client) -> None:
    query = {"schema": "Person", "properties": {"passportNumber": ["zz 00 12345"]}}
    [result] = ask(client, query)["results"]
    assert (result["id"], result["score"]) == ("un-SAi.002", 1.0)
    assert result["features"]["identifier"] == 1.0


def test_an_entry_of_another_kind_is_given_as_one_that_the_client_takes(
    client: httpx.Client,
) -> None:
    query = {"schema": "Company", "properties": {"idNumber": ["ZZ0012345"]}}
    [result] = ask(client, query)["results"]
    assert (result["id"], result["schema"]) == ("un-SAi.002", "LegalEntity")
    assert "the list has it as: person" in result["properties"]["notes"]


def test_a_dataset_is_one_list_or_all(namesakes: httpx.Client) -> None:
    name = "Quillon Marrowgate"
    assert len(ids(namesakes, name, "/match/default?limit=100")) == 8
    assert ids(namesakes, name, "/match/few") == ["few-K_2D1"]
    assert ids(namesakes, name, "/match/default?include_dataset=few") == ["few-K_2D1"]
    assert ids(namesakes, name, "/match/default?exclude_dataset=many") == ["few-K_2D1"]
    assert ids(namesakes, name, "/match/default?exclude_dataset=default") == []
    got = namesakes.post("/match/none", json={"queries": {"entity": PERSON}})
    assert (got.status_code, list(got.json())) == (404, ["detail"])


def test_the_limit_cuts_the_results_and_not_the_total(namesakes: httpx.Client) -> None:
    query = {"schema": "Person", "properties": {"name": ["Quillon Marrowgate"]}}
    for path, shown in ((MATCH, 5), ("/match/default?limit=2", 2), ("/match/default?limit=0", 0),
                        ("/match/default?limit=9999", 8)):  # fmt: skip
        response = ask(namesakes, query, path)
        assert (len(response["results"]), response["total"]["value"]) == (shown, 8)


def test_results_can_be_left_out(namesakes: httpx.Client) -> None:
    name = "Quillon Marrowgate"
    assert "few-K_2D1" not in ids(
        namesakes, name, "/match/default?limit=9&exclude_entity_ids=few-K_2D1"
    )
    assert ids(namesakes, name, "/match/default?exclude_schema=Person") == []
    assert ids(namesakes, name, "/match/default?topics=sanction") == []


def test_the_thresholds_say_what_is_shown_and_what_is_a_match(namesakes: httpx.Client) -> None:
    query = {"schema": "Person", "properties": {"name": ["Quillon Marowgate"]}}
    [shown] = ask(namesakes, query, "/match/few")["results"]
    assert shown["match"] is True
    high = ask(namesakes, query, "/match/few?threshold=0.999&cutoff=0.5")["results"]
    assert [result["match"] for result in high] == [False]
    assert ask(namesakes, query, "/match/few?threshold=0.999&cutoff=0.999")["results"] == []


def test_every_kind_of_entry_goes_with_its_query(namesakes: httpx.Client) -> None:
    def schema_of(asked: str, name: str) -> str:
        query = {"schema": asked, "properties": {"name": [name]}}
        [result] = ask(namesakes, query)["results"]
        return str(result["schema"])

    assert schema_of("Company", "Zorvantic Lanternworks") == "LegalEntity"
    assert schema_of("Vessel", "Zorvantic Seastar") == "Vessel"
    assert schema_of("LegalEntity", "Zorvantic Seastar") == "LegalEntity"


@pytest.mark.parametrize("algorithm", ["best", "logic-v2", "regression-v1", "no-such"])
def test_whatever_algorithm_is_asked_for_ours_answers(client: httpx.Client, algorithm: str) -> None:
    path = f"/match/default?algorithm={algorithm}&fuzzy=TRUE&changed_since=2020-01-01&new=1"
    assert [r["id"] for r in ask(client, PERSON, path)["results"]] == ["un-SAi.001"]


@pytest.mark.parametrize("wrong", ["limit=many", "cutoff=nan", "threshold=1e999"])
def test_a_number_that_is_none_is_told(client: httpx.Client, wrong: str) -> None:
    got = client.post(f"/match/default?{wrong}", json={"queries": {"entity": PERSON}})
    assert (got.status_code, got.headers["content-type"]) == (422, "application/json")
    assert list(got.json()) == ["detail"]


def test_an_entity_is_given_whole_with_what_the_list_says(client: httpx.Client) -> None:
    got = client.get("/entities/un-SAi.002?nested=True").json()
    assert (got["id"], got["schema"]) == ("un-SAi.002", "Person")
    [sanction] = got["properties"]["sanctions"]
    assert sanction["properties"]["authorityId"] == ["SAi.002"]
    assert "score" not in got
    plain = client.get("/entities/un-SAi.002?nested=False").json()
    assert "sanctions" not in plain["properties"]


@pytest.mark.parametrize("entity_id", ["un-SAi.999", "none-SAi.001", "un", "un-", "-", "un-_ZZ"])
def test_an_unknown_entity_is_404(client: httpx.Client, entity_id: str) -> None:
    got = client.get(f"/entities/{entity_id}")
    assert (got.status_code, list(got.json())) == (404, ["detail"])


def test_the_catalogue_and_the_algorithms_are_as_yente_gives_them(client: httpx.Client) -> None:
    catalogue = client.get("/catalog").json()
    assert catalogue["current"] == ["default", "sample_watch", "un"]
    assert [d["name"] for d in catalogue["datasets"]] == catalogue["current"]
    assert [d["entity_count"] for d in catalogue["datasets"]] == [5, 2, 3]
    algorithms = client.get("/algorithms").json()
    assert algorithms["best"] == algorithms["algorithms"][0]["name"] == "insyn"


def test_the_largest_lists_entries_are_found_by_their_reference(
    sample_data: Path, client: httpx.Client
) -> None:
    for entity_id in ("un-SAi.001", "un-SAe.001", "sample_5Fwatch-W_2D1", "sample_5Fwatch-W_2D2"):
        assert client.get(f"/entities/{entity_id}").json()["id"] == entity_id
    assert len(list((sample_data / "index").glob("entries-*.jsonl"))) == 2


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
_PROPERTIES = st.dictionaries(
    st.sampled_from(("name", "alias", "birthDate", "country", "idNumber", "firstName", "x")),
    _VALUES,
)
_QUERIES = st.dictionaries(
    st.text(max_size=5),
    st.fixed_dictionaries(
        {"properties": _PROPERTIES | _VALUES},
        optional={"schema": st.sampled_from(("Person", "Vessel", "?")) | _VALUES},
    )
    | _VALUES,
    max_size=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries({"queries": _QUERIES | _VALUES}) | _VALUES)
def test_no_json_is_a_failure_of_ours(client: httpx.Client, body: object) -> None:
    content = json.dumps(body)
    got = client.post(MATCH, content=content, headers={"Content-Type": "application/json"})
    assert got.status_code in (200, 400, 422)
