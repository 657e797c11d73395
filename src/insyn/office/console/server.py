"""The process: a socket, uvicorn, the log, and a clean stop."""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from insyn.base.errors import EnvironmentFailure
from insyn.office.console.guard import Guard

STOP_TIMEOUT_S = 10
MAX_CONNECTIONS = 512
"""Open at once, idle ones too; below the 1,024 files that a process usually may hold."""
KEEP_ALIVE_S = 30
"""Longer than clients that keep connections pause between two requests."""


class _Server(uvicorn.Server):
    """Says when it listens, and ends with code 0 when told to end."""

    def __init__(self, config: uvicorn.Config, on_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn's own would raise the signal again at the end: an exit by signal, not by 0.
        self.force_exit = self.should_exit
        self.should_exit = True


def open_socket(host: str, port: int) -> socket.socket:
    """A socket bound to host and port; port 0 takes a free one.

    Raises:
        EnvironmentFailure: the address is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With the protocol named: else asyncio leaves Nagle's algorithm on, and every answer
        # waits 40 ms for the client's delayed acknowledgement.
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise EnvironmentFailure(f"{host} is no address of this machine: {error}") from error
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        raise EnvironmentFailure(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port, "
            "or 0 for any that is free"
        ) from error
    return opened


def url_of(opened: socket.socket) -> str:
    """The URL that a bound socket answers at."""
    host, port = opened.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: Guard, opened: socket.socket, on_listening: Callable[[], None], proxies: list[str]
) -> None:
    """Answer requests until SIGTERM or SIGINT; requests at work are finished first.

    `proxies`: whose word counts on who asks (`web.addresses.believed_proxies`).
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,  # uvicorn's shows addresses and queries; the guard keeps ours
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=proxies,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_TIMEOUT_S,
    )
    _Server(config, on_listening).run(sockets=[opened])


def start_logging() -> None:
    """Log to stderr: a line a request, and failures; times in UTC."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)sZ %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    for name, level in (
        ("insyn.access", logging.INFO),
        ("insyn.console", logging.INFO),
        ("uvicorn.error", logging.WARNING),
    ):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(level)
        logger.propagate = False
