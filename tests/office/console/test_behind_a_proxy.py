"""Whom the office counts a sign-in and a request for, where a proxy stands before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.office.console.serving import serving
from tests.support.guessing import FREE, guess
from tests.support.run_insyn import insyn

from insyn.base.config import DataDirectory
from insyn.office.screening.store import open_store

PASSWORD = "en by bakom tre berg"


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """An office with one person, ada."""
    words = tmp_path / "password"
    words.write_text(f"{PASSWORD}\n", "utf-8")
    token = insyn("--data", str(tmp_path), "office", "init").out.strip()
    claimed = insyn(
        "--data", str(tmp_path), "user", "claim", "--name", "ada", "--token", token,
        "--password-file", str(words),
    )  # fmt: skip
    assert claimed.code == 0, claimed.err
    return tmp_path


def asked(url: str, sent_from: str) -> httpx.Client:
    """A proxy's connection, from an address of this machine."""
    transport = httpx.HTTPTransport(local_address=sent_from)
    return httpx.Client(transport=transport, base_url=url, headers={"Origin": url})


def guessed_before(office: Path, address: str) -> None:
    """All but one of the failures that an address has before it waits."""
    with open_store(DataDirectory(root=office)) as store, store.writing() as connection:
        guess(connection, address, FREE - 1)


def sign_in(proxy: httpx.Client, name: str, password: str, came_from: str) -> int:
    sent = {"name": name, "password": password}
    told = {"X-Forwarded-For": came_from, "X-Forwarded-Proto": "http"}
    return proxy.post("/api/v1/session", json=sent, headers=told).status_code


def test_who_guesses_through_the_proxy_locks_out_nobody_else(office: Path) -> None:
    with serving(office) as running, asked(running.url, "127.0.0.1") as proxy:
        guessed_before(office, "192.0.2.66")
        assert sign_in(proxy, "nobody", "guessed", "192.0.2.66") == 401
        assert sign_in(proxy, "ada", PASSWORD, "192.0.2.66") == 429
        # A proxy that adds to what it was sent: the last is what it saw itself.
        assert sign_in(proxy, "ada", PASSWORD, "198.51.100.9, 192.0.2.66") == 429
        assert sign_in(proxy, "ada", PASSWORD, "192.0.2.67") == 201


@pytest.mark.parametrize(("named", "is_believed"), [((), False), (("--proxy", "127.0.0.2"), True)])
def test_a_proxy_on_another_machine_is_believed_where_it_is_named(
    office: Path, named: tuple[str, ...], is_believed: bool
) -> None:
    with serving(office, *named) as running, asked(running.url, "127.0.0.2") as elsewhere:
        guessed_before(office, "127.0.0.2")
        assert sign_in(elsewhere, "nobody", "guessed", "192.0.2.66") == 401
        # Believed: the guess came from an address of its own.
        assert sign_in(elsewhere, "ada", PASSWORD, "192.0.2.99") == (201 if is_believed else 429)


def test_requests_are_counted_for_who_asks_and_not_for_the_proxy(office: Path) -> None:
    with (
        serving(office, "--rate", "0.01", "--burst", "3") as running,
        asked(running.url, "127.0.0.1") as proxy,
    ):

        def codes(came_from: str) -> Iterator[int]:
            for _ in range(4):
                told = {"X-Forwarded-For": came_from}
                yield proxy.get("/api/v1/lists", headers=told).status_code

        for address in ("192.0.2.66", "192.0.2.67", "2001:db8::1"):
            assert [code == 429 for code in codes(address)] == [False, False, False, True]
        assert 429 in codes("2001:db8::2")  # the same network: the same client


def test_a_session_over_tls_has_a_secure_cookie(office: Path) -> None:
    with serving(office) as running, asked(running.url, "127.0.0.1") as proxy:
        host = httpx.URL(running.url).netloc.decode()
        answer = proxy.post(
            "/api/v1/session",
            json={"name": "ada", "password": PASSWORD},
            headers={
                "X-Forwarded-For": "192.0.2.7",
                "X-Forwarded-Proto": "https",
                "Origin": f"https://{host}",
            },
        )
        assert answer.status_code == 201
        assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("named", ["office.example", "10.88.0.1/16"])
def test_a_proxy_is_named_by_an_address_or_a_network(tmp_path: Path, named: str) -> None:
    refused = insyn("--data", str(tmp_path), "office", "serve", "--proxy", named)
    assert refused.code == 2
    assert "no address" in refused.err
