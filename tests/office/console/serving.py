"""A small office to serve: invented lists in a folder, and the application or process over it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import httpx
from starlette.types import Message
from tests.support.run_insyn import insyn

from insyn.base.config import DataDirectory
from insyn.office.console.app import create_app
from insyn.office.console.guard import Guard, Rules
from insyn.office.console.standing import InForce

LOCAL = "http://127.0.0.1"
UNLIMITED = Rules(rate=0)


def import_samples(folder: Path) -> Path:
    """Put the bundled samples in force in a data directory."""
    with as_file(files("insyn.demo").joinpath("data")) as samples:
        for name in ("sample_un.xml", "sample_watch.csv"):
            assert insyn("--data", str(folder), "lists", "import", str(samples / name)).code == 0
    return folder


def import_watch(folder: Path, *rows: str, list_id: str = "watch") -> None:
    """Put a list of one's own in force: rows of reference,name,kind."""
    path = folder / "watch.csv"
    path.write_text("reference,name,kind\n" + "\n".join(rows) + "\n", "utf-8")
    done = insyn("--data", str(folder), "lists", "import", str(path), "--list", list_id,
                 "--accept-shrunken")  # fmt: skip
    assert done.code == 0, done.err


def in_force_of(folder: Path) -> InForce:
    found = InForce(DataDirectory(root=folder))
    found.refresh()
    return found


class InProcess(httpx.BaseTransport):
    """Answers from an ASGI application on an event loop of its own, in a thread."""

    def __init__(self, app: Guard) -> None:
        self._app = app
        self._transport = httpx.ASGITransport(app)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._said: asyncio.Queue[str] = asyncio.Queue()
        self._told: asyncio.Queue[str] = asyncio.Queue()
        self._life = asyncio.run_coroutine_threadsafe(self._live(), self._loop)
        try:
            self._tell("lifespan.startup")
        except BaseException:
            self._end()
            raise

    async def _live(self) -> None:
        async def receive() -> Message:
            return {"type": await self._told.get()}

        async def send(message: Message) -> None:
            await self._said.put(message["type"])

        await self._app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    def _tell(self, what: str) -> None:
        async def exchange() -> str:
            await self._told.put(what)
            return await self._said.get()

        said = asyncio.run_coroutine_threadsafe(exchange(), self._loop).result(30)
        assert said == f"{what}.complete"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()

        async def answer() -> tuple[httpx.Response, bytes]:
            sent = httpx.Request(
                request.method, request.url, headers=request.headers, content=content
            )
            got = await self._transport.handle_async_request(sent)
            return got, await got.aread()

        got, body = asyncio.run_coroutine_threadsafe(answer(), self._loop).result(60)
        return httpx.Response(got.status_code, headers=got.headers, content=body)

    def close(self) -> None:
        self._tell("lifespan.shutdown")
        self._life.result(30)
        self._end()

    def _end(self) -> None:
        self._life.cancel()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextlib.contextmanager
def client_of(in_force: InForce, rules: Rules = UNLIMITED) -> Iterator[httpx.Client]:
    """The application in this process. It does not watch the lists by itself."""
    app = create_app(in_force, rules, check_interval_s=3600)
    with httpx.Client(transport=InProcess(app), base_url=LOCAL) as client:
        yield client


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A running `insyn office serve`."""

    url: str
    process: subprocess.Popen[str]
    data: Path

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end; its exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@contextlib.contextmanager
def serving(data: Path, *options: str, environ: dict[str, str] | None = None) -> Iterator[Serving]:
    """The real command on a free port; its log lies in `serve.log` under the data directory."""
    command = [sys.executable, "-m", "insyn.cli.main", "office", "serve", "--port", "0",
               "--data", str(data), *options]  # fmt: skip
    with (
        (data / "serve.log").open("w") as log,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **(environ or {})},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), (data / "serve.log").read_text()
            yield Serving(url=url, process=process, data=data)
        finally:
            if process.poll() is None:
                process.kill()
