"""The real `insyn office serve` on a loopback port, over real connections."""

from __future__ import annotations

import json
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.office.console.serving import Serving, import_samples, import_watch, serving

SCREEN = "/api/v1/screen"
NAME = "Otto Nameless-Example"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A server over the samples, with a small body limit's default and a rate out of the way."""
    data = import_samples(tmp_path_factory.mktemp("served"))
    with serving(data, "--rate", "0") as running:
        yield running


@pytest.fixture
def http(server: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def raw(server: Serving, *parts: bytes) -> bytes:
    """What comes back to bytes sent as they are, until the server closes or falls silent."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def until(is_so: Callable[[], bool], *, tries: int = 400) -> None:
    """Ask until it is so; each question takes its time at the server."""
    pause = threading.Event()
    for _ in range(tries):
        if is_so():
            return
        pause.wait(0.05)
    raise AssertionError("it never came to be")


def test_it_screens_and_says_nothing_of_itself(http: httpx.Client) -> None:
    got = http.post(SCREEN, json={"name": "Quartzwell Optics"})
    assert (got.status_code, got.json()["matches"][0]["entry"]) == (200, "SAe.001")
    assert "server" not in got.headers
    assert http.get("/healthz").json() == {"status": "ok"}


def test_a_body_without_its_length_is_held_to_the_limit(http: httpx.Client) -> None:
    def drip() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(40):
            yield b"x" * (1 << 16)
        yield b'"}'

    got = http.post(SCREEN, content=drip(), headers=JSON)
    assert "content-length" not in got.request.headers
    assert (got.status_code, got.headers["content-type"]) == (413, "application/problem+json")


def test_a_body_with_a_great_length_is_refused_readably(http: httpx.Client) -> None:
    for _ in range(5):
        got = http.post(SCREEN, content=b"[" * (3 << 20), headers=JSON)
        assert got.status_code == 413


def test_a_length_beyond_all_measure_is_refused_unread(server: Serving) -> None:
    head = (f"POST {SCREEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {1 << 40}\r\n\r\n")  # fmt: skip
    got = raw(server, head.encode())
    assert got.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in got.lower()


@pytest.mark.parametrize(
    "sent",
    [b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"],
)  # fmt: skip
def test_what_is_no_http_is_400_and_the_server_lives(
    server: Serving, http: httpx.Client, sent: bytes
) -> None:
    assert raw(server, sent).startswith(b"HTTP/1.1 400 ")
    assert http.get("/healthz").status_code == 200


def test_it_answers_while_a_long_batch_is_worked_on(server: Serving, http: httpx.Client) -> None:
    words = ("Quillon", "Marrowgate", "Zorvantic", "Lantern", "Works", "Trading", "Verrania")
    subjects = [
        {"name": " ".join(words[(n + k) % len(words)] + str(n * k) for k in range(7))}
        for n in range(500)
    ]
    done = threading.Event()

    def batch() -> None:
        httpx.post(server.url + SCREEN, json={"subjects": subjects}, timeout=120)
        done.set()

    thread = threading.Thread(target=batch)
    thread.start()
    before_the_end = 0
    while not done.is_set():
        assert http.get("/healthz").status_code == 200
        before_the_end += not done.is_set()
    thread.join()
    assert before_the_end >= 3


def test_a_list_put_in_force_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    asked = {"name": "Zorvantic Lanternworks"}
    with serving(tmp_path) as running, httpx.Client(base_url=running.url) as http:
        before = http.post(SCREEN, json=asked).json()
        assert before["outcome"] == "clear"
        import_watch(tmp_path, "R-1,Quillon Marrowgate,person", "R-2,Zorvantic Lanternworks,")
        until(lambda: http.post(SCREEN, json=asked).json()["outcome"] == "review")
        after = http.post(SCREEN, json=asked).json()
        assert after["manifest"] != before["manifest"]
        assert after["lists"][0]["entries"] == 2


def test_without_lists_it_starts_and_is_not_ready_until_there_are_some(tmp_path: Path) -> None:
    with serving(tmp_path) as running, httpx.Client(base_url=running.url) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").status_code == 503
        assert "not ready: no list is in force" in (tmp_path / "serve.log").read_text()
        import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
        until(lambda: http.get("/readyz").status_code == 200)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_well_and_its_log_names_nobody(
    tmp_path: Path, how: signal.Signals
) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    with serving(tmp_path) as running:
        with httpx.Client(base_url=running.url) as http:  # its connection stays open meanwhile
            http.post(SCREEN, json={"name": NAME})
            http.get("/search/default", params={"q": NAME})
            assert running.stop(how) == 0
        assert running.process.stdout is not None
        assert running.process.stdout.read() == ""
    log = (tmp_path / "serve.log").read_text()
    assert "POST /api/v1/screen 200" in log
    assert not any(word in log for word in ("Otto", "Nameless", "127.0.0.1", "Traceback"))


def test_a_request_at_work_is_finished_before_the_end(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    body = json.dumps({"name": "Quillon Marrowgate"}).encode()
    head = (f"POST {SCREEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode()  # fmt: skip
    with serving(tmp_path) as running:
        address = urlsplit(running.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(head + body[:5])
            with httpx.Client(base_url=running.url) as http:
                http.get("/healthz")  # by now the first request is being read
            running.process.send_signal(signal.SIGTERM)
            connection.sendall(body[5:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        assert running.process.wait(30) == 0


def test_a_flood_is_refused_with_the_wait(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    with (
        serving(tmp_path, "--rate", "1", "--burst", "5") as running,
        httpx.Client(base_url=running.url) as http,
    ):
        found = [http.post(SCREEN, json={"name": NAME}) for _ in range(12)]
        codes = [got.status_code for got in found]
        assert codes[:5] == [200] * 5
        assert codes.count(429) >= 5
        assert {got.headers["retry-after"] for got in found if got.status_code == 429} == {"1"}


def test_with_a_key_it_may_be_reached_from_elsewhere(tmp_path: Path) -> None:
    import_watch(tmp_path, "R-1,Quillon Marrowgate,person")
    key = "an-invented-key-of-32-characters"
    with serving(tmp_path, "--host", "0.0.0.0", environ={"INSYN_API_KEY": key}) as running:
        url = running.url.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{url}/readyz").status_code == 401
        authorization = {"Authorization": f"ApiKey {key}"}
        assert httpx.get(f"{url}/readyz", headers=authorization).status_code == 200
        assert key not in (tmp_path / "serve.log").read_text()
