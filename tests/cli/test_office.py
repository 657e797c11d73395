"""`insyn office serve`: what it refuses before it listens. How it serves: office/console."""

from __future__ import annotations

import inspect
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.run_insyn import insyn

from insyn.cli.office import serve
from insyn.office.console.guard import Rules


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INSYN_API_KEY", raising=False)
    monkeypatch.setenv("INSYN_DATA", str(tmp_path))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "insyn.example"])
def test_an_address_that_others_reach_wants_a_key(host: str) -> None:
    done = insyn("office", "serve", "--host", host, "--port", "0")
    assert done.code == 2
    assert "an API key is needed" in done.err
    assert "INSYN_API_KEY" in done.err


@pytest.mark.parametrize("key", ["short", "x" * 15, "with a blank in its middle", "läng" * 10])
def test_a_poor_key_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("INSYN_API_KEY", key)
    done = insyn("office", "serve", "--port", "0")
    assert done.code == 2
    assert "at least 16 visible ASCII characters" in done.err
    assert key not in done.err


def test_an_empty_key_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("\n")
    done = insyn("office", "serve", "--port", "0", "--api-key-file", str(tmp_path / "key"))
    assert done.code == 2


def test_a_missing_key_file_is_the_environments(tmp_path: Path) -> None:
    done = insyn("office", "serve", "--port", "0", "--api-key-file", str(tmp_path / "none"))
    assert (done.code, "cannot be read" in done.err) == (3, True)


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = insyn("office", "serve", "--port", port)
    assert (done.code, f"cannot listen on 127.0.0.1 port {port}" in done.err) == (3, True)


def test_an_address_of_another_machine_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSYN_API_KEY", "k" * 32)
    done = insyn("office", "serve", "--host", "192.0.2.1", "--port", "0")
    assert (done.code, "192.0.2.1" in done.err) == (3, True)


def test_help_says_what_it_offers() -> None:
    done = insyn("office", "serve", "--help")
    assert done.code == 0
    for word in ("--api-key-file", "--rate", "--burst", "--port", "/api/v1/screen", "/match"):
        assert word in done.out


def test_the_rate_offered_is_the_guards_own() -> None:
    defaults = {name: p.default for name, p in inspect.signature(serve).parameters.items()}
    assert (defaults["rate"], defaults["burst"]) == (Rules().rate, Rules().burst)


def test_other_commands_do_not_wait_for_the_web() -> None:
    code = (
        "import sys; import insyn.cli.nouns; "
        "sys.exit(bool({'fastapi', 'uvicorn', 'starlette', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
