"""A list publisher on the loopback, that behaves as well or as badly as a test asks."""

from __future__ import annotations

import contextlib
import gzip
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Asked"], None]


class Asked(BaseHTTPRequestHandler):
    """One request; an answer writes to it what it likes."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Answer by the script of the path; its last answer repeats."""
        self.close_connection = True
        publisher = self.server.publisher
        path = self.path.removeprefix("http://list.invalid")
        publisher.requests.append((path, dict(self.headers.items())))
        script = publisher.scripts.get(path, [status(404)])
        answer = script.pop(0) if len(script) > 1 else script[0]
        with contextlib.suppress(ConnectionError):
            answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""

    def head(self, code: int, **headers: str | int) -> None:
        """Status and headers; an underscore in a name stands for a dash."""
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Connection", "close")
        self.end_headers()


class _Server(ThreadingHTTPServer):
    # Threads are joined when the server closes: an answer that waits is let go by then.
    daemon_threads = False
    publisher: Publisher


@dataclass(slots=True)
class Publisher:
    """`scripts`: the answers of each path, in turn; `requests`: what was asked, in turn."""

    url: str
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def publish(self, *answers: Answer, path: str = "/list.xml") -> None:
        """From now on, a path answers so."""
        self.scripts[path] = list(answers)


@contextlib.contextmanager
def publishing() -> Iterator[Publisher]:
    """A publisher on a free port of the loopback."""
    with _Server(("127.0.0.1", 0), Asked) as server:
        server.publisher = Publisher(url=f"http://127.0.0.1:{server.server_port}")
        # A short poll: the default of half a second would be waited out by every test.
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.publisher
        finally:
            server.publisher.closing.set()
            server.shutdown()
            thread.join()


def body(content: bytes, etag: str = "", modified: str = "") -> Answer:
    """The whole file; 304 where the client already has what these validators name."""

    def answer(asked: Asked) -> None:
        marks = {"ETag": etag} if etag else {}
        marks |= {"Last_Modified": modified} if modified else {}
        if (etag and asked.headers["If-None-Match"] == etag) or (
            modified and asked.headers["If-Modified-Since"] == modified
        ):
            asked.head(304, **marks)
            return
        asked.head(200, Content_Length=len(content), **marks)
        asked.wfile.write(content)

    return answer


def status(code: int) -> Answer:
    """Only a status."""
    return lambda asked: asked.head(code, Content_Length=0)


def redirect(location: str, code: int = 302) -> Answer:
    """A redirect."""
    return lambda asked: asked.head(code, Location=location, Content_Length=0)


def cut(content: bytes) -> Answer:
    """Half of what was announced, then the end."""

    def answer(asked: Asked) -> None:
        asked.head(200, Content_Length=len(content))
        asked.wfile.write(content[: len(content) // 2])

    return answer


def cut_chunked(content: bytes) -> Answer:
    """A chunked body without its last chunk."""

    def answer(asked: Asked) -> None:
        asked.head(200, Transfer_Encoding="chunked")
        asked.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    return answer


def packed(content: bytes, *, encoding: str = "gzip", keep: float = 1.0) -> Answer:
    """The file, gzipped; of the packed stream only a share if told so, under whole HTTP."""
    stream = gzip.compress(content)
    return encoded(stream[: int(len(stream) * keep)], encoding)


def encoded(stream: bytes, encoding: str) -> Answer:
    """Bytes under a Content-Encoding."""

    def answer(asked: Asked) -> None:
        asked.head(200, Content_Encoding=encoding, Content_Length=len(stream))
        asked.wfile.write(stream)

    return answer


def gzip_bomb(asked: Asked) -> None:
    """Gigabytes of blanks in megabytes of gzip, sent for as long as the client takes it."""
    asked.head(200, Content_Encoding="gzip")
    pack = zlib.compressobj(9, wbits=31)
    blanks = b" " * (1 << 20)
    for _ in range(4096):
        asked.wfile.write(pack.compress(blanks) + pack.flush(zlib.Z_SYNC_FLUSH))


def flood(asked: Asked) -> None:
    """A body without end and without an announced length."""
    asked.head(200)
    while True:
        asked.wfile.write(b"<!-- much -->" * 5000)


def announced(size_bytes: int) -> Answer:
    """An announced size, and nothing of it."""
    return lambda asked: asked.head(200, Content_Length=size_bytes)


def drip(asked: Asked) -> None:
    """A byte a while, for as long as the client stays."""
    asked.head(200, Content_Length=1_000_000)
    while not asked.server.publisher.closing.wait(0.02):
        asked.wfile.write(b" ")


def hang(asked: Asked) -> None:
    """No answer at all until the test ends."""
    asked.server.publisher.closing.wait(30)
