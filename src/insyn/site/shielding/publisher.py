"""The worker's side of live view: masked fragments of each camera to whoever has connected.

Always: cameras' threads hand over and never wait; a reader that falls behind loses whole GOPs, not
memory; whoever connects gets the newest GOP at once, so that a picture stands within a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from insyn.site.shielding.wire import Message, Say

MAX_BEHIND_BYTES = 4 << 20
"""What may wait for one reader, ten seconds and more of a masked sub-stream."""

MAX_GOP = 250
"""Fragments kept for those who come; a GOP of ours has a second."""


@dataclass(slots=True)
class _Channel:
    """What whoever comes must hear first, and who listens."""

    begin: list[Message] = field(default_factory=list)
    gop: list[bytes] = field(default_factory=list)
    note: Message | None = None
    readers: set[_Reader] = field(default_factory=set)

    def take(self, message: Message, raw: bytes) -> None:
        """Remember what whoever comes next must hear."""
        match message.kind:
            case Say.INIT:
                self.begin, self.gop, self.note = [message], [], None
            case Say.INIT_SEGMENT:
                self.begin.append(message)
            case Say.KEY:
                self.gop = [raw]
            case Say.FRAGMENT:
                if len(self.gop) < MAX_GOP:
                    self.gop.append(raw)
            case Say.ERROR:
                self.begin, self.gop, self.note = [], [], message
            case Say.STATE:
                self.note = message


class _Reader:
    """One connection: waits for a key fragment, then takes each fragment in turn."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._waits_for_key = True

    def send(self, message: Message, raw: bytes) -> None:
        is_video = message.kind in (Say.KEY, Say.FRAGMENT)
        if is_video:
            behind = self._writer.transport.get_write_buffer_size() > MAX_BEHIND_BYTES
            self._waits_for_key = (self._waits_for_key and message.kind is not Say.KEY) or behind
            if self._waits_for_key:
                return
        elif message.kind is Say.SEEN and self._waits_for_key:
            return  # a reader that is behind is not told what it does not see yet
        self._writer.write(raw)

    def begin(self, messages: Iterable[Message], gop: Iterable[bytes]) -> None:
        for message in messages:
            self._writer.write(message.to_bytes())
        for raw in gop:
            self._waits_for_key = False
            self._writer.write(raw)

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._writer.close()


class Publisher:
    """A Unix socket with a loop in a thread of its own."""

    def __init__(self, path: Path) -> None:
        """Serve at this path; a socket that a dead worker left there is replaced."""
        self._path = path
        self._lock = threading.Lock()
        """Held for moments: over the channels, which all threads write to."""
        self._channels: dict[str, _Channel] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._ready = threading.Event()
        self._server: asyncio.Server | None = None

    def start(self) -> None:
        """Begin to listen; returns when readers can connect."""
        self._thread.start()
        self._ready.wait()

    def say(self, camera: str, *messages: Message) -> None:
        """Hand messages of a camera over, from any thread; never waits for a reader.

        The loop is woken only where somebody looks: most cameras are watched by nobody.
        """
        raws = [message.to_bytes() for message in messages]
        with self._lock:
            channel = self._channels.setdefault(camera, _Channel())
            for message, raw in zip(messages, raws, strict=True):
                channel.take(message, raw)
            # Who comes later has begun with these messages.
            readers = tuple(channel.readers)
        if readers:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._loop.call_soon_threadsafe(_send, readers, messages, raws)

    def watched(self) -> list[str]:
        """Whose pictures somebody has connected for, the first to ask first; from any thread."""
        with self._lock:
            return [name for name, channel in self._channels.items() if channel.readers]

    def forget(self, camera: str) -> None:
        """Let go of a camera's readers: it is shown no more."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._forget, camera)

    def close(self) -> None:
        """Let go of all readers and of the socket."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            for camera in list(self._channels):
                self._forget(camera)
            if self._server is not None:
                self._server.close()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self._loop.close()
            self._path.unlink(missing_ok=True)

    async def _listen(self) -> None:
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, path=str(self._path))
        self._path.chmod(0o600)

    def _stop(self) -> None:
        self._loop.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        channel = one = None
        try:
            camera = (await reader.readline()).decode("utf-8", "replace").strip()
            one = _Reader(writer)
            with self._lock:
                channel = self._channels.setdefault(camera, _Channel())
                begin = [*channel.begin, *([channel.note] if channel.note else [])]
                gop = list(channel.gop) if channel.begin else []
                channel.readers.add(one)
            one.begin(begin, gop)
            await reader.read()  # the reader says nothing more; ends when it goes
        except (OSError, ValueError):
            pass  # a reader that breaks off is no failure of ours
        finally:
            if channel is not None and one is not None:
                with self._lock:
                    channel.readers.discard(one)
            writer.close()

    def _forget(self, camera: str) -> None:
        with self._lock:
            channel = self._channels.pop(camera, None)
            readers = tuple(channel.readers) if channel else ()
        for one in readers:
            one.close()


def _send(readers: Iterable[_Reader], messages: Iterable[Message], raws: Iterable[bytes]) -> None:
    for message, raw in zip(messages, raws, strict=True):
        for one in readers:
            one.send(message, raw)
