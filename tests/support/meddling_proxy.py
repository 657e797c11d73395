"""A proxy before an RTSP server that does to sound what broken cameras do."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterator

SOUND = b"stream=1"


@contextlib.contextmanager
def meddling(port: int, with_setup: str, *, spoils: bool = False) -> Iterator[int]:
    """The port of a proxy before `port` on this machine.

    Args:
        port: of the server.
        with_setup: what becomes of a request for sound: `passed`, `refused` (461), `closed`.
        spoils: bytes of sound are changed on their way.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = [listener]

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                kept.extend((near, far))
                asked = _asked(with_setup, near)
                _pump(near, far, asked)
                _pump(far, near, _Spoiled() if spoils else _passed)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        for one in kept:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        thread.join(5)


def _pump(source: socket.socket, target: socket.socket, change: Callable[[bytes], bytes]) -> None:
    def run() -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1 << 16):
                target.sendall(change(content))
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=run, daemon=True).start()


def _passed(content: bytes) -> bytes:
    return content


def _asked(with_setup: str, near: socket.socket) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        if not (content.startswith(b"SETUP") and SOUND in content) or with_setup == "passed":
            return content
        if with_setup == "closed":
            raise ConnectionError
        number = re.search(rb"CSeq: (\d+)", content)
        assert number is not None
        near.sendall(b"RTSP/1.0 461 Unsupported Transport\r\nCSeq: " + number[1] + b"\r\n\r\n")
        return b""

    return change


class _Spoiled:
    """Changes the payload of what comes on the channel of sound."""

    def __init__(self) -> None:
        self._rest = b""

    def __call__(self, content: bytes) -> bytes:
        buffer, at, found = self._rest + content, 0, []
        while at < len(buffer):
            if buffer[at : at + 1] != b"$":
                end = buffer.find(b"$", at)
                end = len(buffer) if end < 0 else end
                found.append(buffer[at:end])
                at = end
                continue
            until = at + 4 + int.from_bytes(buffer[at + 2 : at + 4], "big")
            if at + 4 > len(buffer) or until > len(buffer):
                break
            part = buffer[at:until]
            found.append(part[:16] + b"\xff" * (len(part) - 16) if part[1] == 2 else part)
            at = until
        self._rest = buffer[at:]
        return b"".join(found)
