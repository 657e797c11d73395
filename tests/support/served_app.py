"""An ASGI application over real HTTP and WebSockets, served from this process."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from tests.support.served_site import until


@contextlib.contextmanager
def served_app(app: Any) -> Iterator[str]:
    """Its address, until the block ends; all its tasks have ended by then. No lifespan."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: server.run(sockets=[listening]))
        thread.start()
        try:
            until(lambda: server.started, "the server")
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
