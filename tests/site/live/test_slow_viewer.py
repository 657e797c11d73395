"""A viewer who reads slowly, over a real socket of the real console: dropped ahead, and told."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.served_site import MadeSite, make_site, serving_console

from insyn.site.shielding.publisher import Publisher
from insyn.site.shielding.wire import Message, Say
from insyn.web.signing import COOKIE

FRAGMENT = bytes(30_000)
COUNT = 1500
"""Forty-five megabytes: far more than kernels and queues hold by themselves."""


@contextmanager
def connected(url: str, camera: str, session: str) -> Iterator[socket.SocketIO]:
    """A WebSocket that reads nothing but what it is told to (RFC 6455, 4.1)."""
    place = urlsplit(url)
    head = (
        f"GET /live/{camera} HTTP/1.1", f"Host: {place.netloc}", f"Origin: {url}",
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Cookie: {COOKIE}={session}", "", "",
    )  # fmt: skip
    with socket.create_connection((place.hostname, place.port), timeout=60) as raw:
        raw.sendall("\r\n".join(head).encode())
        with raw.makefile("rb", buffering=0) as file:
            assert b" 101 " in file.readline()
            while file.readline() != b"\r\n":
                pass
            yield file


def read_message(file: socket.SocketIO) -> tuple[bool, bytes]:
    """Whether the next message is text, and what it holds; servers do not mask or split ours."""
    first, second = exactly(file, 2)
    size = second & 0x7F
    if size == 126:
        (size,) = struct.unpack(">H", exactly(file, 2))
    elif size == 127:
        (size,) = struct.unpack(">Q", exactly(file, 8))
    return first & 0xF == 1, exactly(file, size)


def exactly(file: socket.SocketIO, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = file.read(size - len(content))
        assert part, "the console has closed the connection"
        content += part
    return content


@contextmanager
def publishing(made: MadeSite, camera: str) -> Iterator[threading.Event]:
    """A worker that sends without end; the event tells that it has sent much."""
    path = made.site.run / "shield-1.sock"
    state = {"socket": str(path), "cameras": {camera: {}}, "at_ns": time.time_ns()}
    (made.site.run / "shield-1.json").write_text(json.dumps(state))
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


def test_a_viewer_who_reads_slowly_gets_little_that_is_old_and_is_told(tmp_path: Path) -> None:
    made = make_site(tmp_path, {"Hall": "virtual://concourse?seed=7"}, has_vault=False)
    camera, session = made.cameras["Hall"], made.session("oskar")
    with (
        serving_console(made) as url,
        publishing(made, camera) as has_sent,
        connected(url, camera, session) as viewer,
    ):
        assert has_sent.wait(60)  # all this time, nothing is read
        old, dropped = 0, 0
        while not dropped and old < COUNT * len(FRAGMENT):
            is_text, content = read_message(viewer)
            if is_text:
                dropped = json.loads(content).get("frames", 0)
            else:
                old += len(content)
    assert dropped > 0
    assert old < COUNT * len(FRAGMENT) // 3, "what the kernels had, and no more"
