"""What stands before every route: key, host, rate, size, log, and the last catch."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.office.console.serving import client_of, in_force_of

from insyn.office.console.guard import Rules, is_loopback

KEY = "an-invented-key-of-32-characters"
SCREEN = "/api/v1/screen"
NAME = "Otto Nameless-Example"


@pytest.fixture
def locked(sample_data: Path) -> Iterator[httpx.Client]:
    """An office that wants a key."""
    with client_of(in_force_of(sample_data), Rules(api_key=KEY, rate=0)) as client:
        yield client


@pytest.mark.parametrize("scheme", ["ApiKey", "Bearer", "apikey", "bearer"])
def test_the_key_opens_every_route(locked: httpx.Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {KEY}"}
    for path in ("/api/v1/lists", "/readyz", "/catalog", "/openapi.json", "/entities/un-SAi.001"):
        assert locked.get(path, headers=headers).status_code == 200, path


@pytest.mark.parametrize(
    "sent",
    [None, "", KEY, f"Basic {KEY}", "Bearer", "Bearer ", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}",
     f"ApiKey {KEY.upper()}", "Bearer \xe9"],
)  # fmt: skip
def test_without_the_key_every_route_but_liveness_is_shut(
    locked: httpx.Client, sent: str | None
) -> None:
    headers = [] if sent is None else [(b"authorization", sent.encode("latin-1"))]
    for path in ("/api/v1/lists", "/readyz", "/openapi.json", "/nowhere"):
        got = locked.get(path, headers=headers)
        assert (got.status_code, got.json()["title"]) == (401, "Unauthorized"), path
        assert got.headers["www-authenticate"].startswith("Bearer")
    assert locked.post(SCREEN, json={"name": NAME}, headers=headers).status_code == 401
    refused = locked.post("/match/default", json={}, headers=headers)
    assert (refused.status_code, list(refused.json())) == (401, ["detail"])
    assert locked.get("/healthz", headers=headers).status_code == 200


def test_the_description_names_the_key_only_where_one_is_wanted(
    locked: httpx.Client, client: httpx.Client
) -> None:
    described = locked.get("/openapi.json", headers={"Authorization": f"Bearer {KEY}"}).json()
    assert set(described["components"]["securitySchemes"]) == {"bearer", "apiKey"}
    assert described["paths"]["/healthz"]["get"]["security"] == []
    assert "security" not in client.get("/openapi.json").json()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("insyn.example", 421),
        ("127.0.0.1.insyn.example", 421),
        ("", 421),
    ],
)
def test_without_a_key_only_this_machine_is_answered(
    client: httpx.Client, locked: httpx.Client, host: str, status: int
) -> None:
    assert client.get("/api/v1/lists", headers={"Host": host}).status_code == status
    key = {"Authorization": f"Bearer {KEY}"}
    assert locked.get("/api/v1/lists", headers={"Host": host, **key}).status_code == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("insyn.example", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_over_the_rate_is_429_with_the_wait(sample_data: Path) -> None:
    with client_of(in_force_of(sample_data), Rules(rate=0.2, burst=3)) as client:
        codes = [client.get("/api/v1/lists").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        got = client.post(SCREEN, json={"name": NAME})
        assert (got.headers["retry-after"], got.json()["title"]) == ("5", "Too Many Requests")
        assert client.get("/healthz").status_code == 200


def test_a_large_body_is_413_with_and_without_its_length(client: httpx.Client) -> None:
    body = b'{"name": "' + b"x" * (1 << 20) + b'"}'
    for content in (body, b"[" * (9 << 20)):
        got = client.post(SCREEN, content=content, headers={"Content-Type": "application/json"})
        assert (got.status_code, got.headers["content-type"]) == (413, "application/problem+json")


def test_answers_are_neither_kept_nor_guessed_at(client: httpx.Client) -> None:
    for got in (client.get("/healthz"), client.get("/nowhere")):
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "server" not in got.headers


def test_the_log_has_no_name_no_address_and_no_query(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.post(SCREEN, json={"name": NAME})
    client.post(f"/match/default?q={NAME}", json={"queries": {NAME: {"properties": {}}}})
    client.get(f"/search/{NAME}")
    client.get(f"/entities/{NAME}")
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("insyn")]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "POST /api/v1/screen 200",
        "POST /match/{dataset} 200",
        "GET (no such path) 404",
        "GET /entities/{entity_id} 404",
    ]
    assert not any("Otto" in record.getMessage() or "127.0.0.1" in record.getMessage()
                   for record in caplog.records if record.name.startswith("insyn"))  # fmt: skip


def test_a_failure_of_ours_is_logged_once_and_tells_nothing(
    sample_data: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    in_force = in_force_of(sample_data)

    def fail() -> None:
        raise RuntimeError(f"cannot think of {NAME}")

    with client_of(in_force) as client:
        monkeypatch.setattr(in_force, "current", fail)
        got = client.post(SCREEN, json={"name": NAME})
        assert (got.status_code, got.headers["content-type"]) == (500, "application/problem+json")
        assert client.get("/catalog").json() == {"detail": got.json()["detail"]}
    assert "Otto" not in got.text
    failures = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(failures) == 2
    for record in failures:
        assert record.getMessage().startswith("RuntimeError in ")
        assert (record.exc_info, "Otto" in record.getMessage()) == (None, False)
