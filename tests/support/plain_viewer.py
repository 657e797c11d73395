"""A viewer of live view down to the bytes, and a worker that never stops sending."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from insyn.site.directory import SiteDirectory
from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say
from insyn.web.signing import COOKIE

FRAGMENT = bytes(30_000)
COUNT = 1500
"""Forty-five megabytes: far more than kernels and queues hold by themselves."""


RESET = struct.pack("ii", 1, 0)
GOING_AWAY = b"\x88\x82" + bytes(4) + (1001).to_bytes(2, "big")
"""A close frame, masked by nothing, as a browser sends it when its tab is closed (RFC 6455, 5)."""


@contextmanager
def connected(url: str, path: str, session: str) -> Iterator[socket.socket]:
    """A WebSocket that reads nothing but what it is told to (RFC 6455, 4.1)."""
    place = urlsplit(url)
    head = (
        f"GET {path} HTTP/1.1", f"Host: {place.netloc}", f"Origin: {url}",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Cookie: {COOKIE}={session}", "", "",
    )  # fmt: skip
    with socket.create_connection((place.hostname, place.port), timeout=60) as raw:
        raw.sendall("\r\n".join(head).encode())
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += exactly(raw, 1)
        assert b" 101 " in answer
        yield raw


def read_message(viewer: socket.socket) -> tuple[bool, bytes]:
    """Whether the next message is text, and what it holds; servers do not mask or split ours."""
    first, second = exactly(viewer, 2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", exactly(viewer, 2))
    elif size == 127:
        (size,) = struct.unpack(">Q", exactly(viewer, 8))
    return first & 0xF == 1, exactly(viewer, size)


def exactly(viewer: socket.socket, size: int) -> bytes:
    """So many bytes, awaited."""
    content = b""
    while len(content) < size:
        part = viewer.recv(size - len(content))
        assert part, "the console has closed the connection"
        content += part
    return content


def reset(viewer: socket.socket) -> None:
    """The network breaks: nothing is said."""
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def close_the_tab(viewer: socket.socket) -> None:
    """As a browser does it."""
    viewer.sendall(GOING_AWAY)


@contextmanager
def publishing(site: SiteDirectory, camera: str) -> Iterator[threading.Event]:
    """A worker that sends without end; the event tells that it has sent much."""
    path = site.run / "shield-1.sock"
    state = {"socket": str(path), "cameras": {camera: {}}, "at_ns": time.time_ns()}
    (site.run / "shield-1.json").write_text(json.dumps(state))
    publisher = Publisher(path)
    publisher.start()
    said = json.dumps({"mime": "video/mp4", "state": "RUN"}).encode()
    begin = Message(kind=Say.INIT, body=said), Message(kind=Say.INIT_SEGMENT, body=b"init")
    publisher.say(camera, *begin, Message(kind=Say.KEY, body=FRAGMENT))
    has_sent, is_over = threading.Event(), threading.Event()

    def send() -> None:
        number = 0
        while not is_over.wait(0.002):
            number += 1
            kind = Say.KEY if number % 12 == 0 else Say.FRAGMENT
            publisher.say(camera, Message(kind=kind, body=FRAGMENT))
            if number == COUNT:
                has_sent.set()

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield has_sent
    finally:
        is_over.set()
        sender.join(60)
        publisher.close()
