"""The worker's side of live view: masked fragments of each camera to whoever has connected.

A camera's thread writes to its readers' sockets itself, as far as they take something: no other
thread has to wake for it. What they do not take waits for this room's own thread.

Always: cameras' threads hand over and never wait; a reader that falls behind loses whole GOPs, not
memory; whoever connects gets the newest GOP at once, so that a picture stands within a moment.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from insyn.site.shielding.wire import Message, Say

MAX_BEHIND_BYTES = 4 << 20
"""What may wait for one reader, ten seconds and more of a masked sub-stream."""

MAX_GOP = 250
"""Fragments kept for those who come; a GOP of ours has a second."""

LONGEST_NAME = 256


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

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.name = b""
        """The camera's id, as far as it has come."""
        self.channel: _Channel | None = None
        self.is_over = False
        self.lock = threading.Lock()
        """Held for moments: over what waits, and over the order in which it is written."""
        self._waiting: deque[memoryview] = deque()
        self._behind = 0
        self._waits_for_key = True

    @property
    def is_behind(self) -> bool:
        """Something waits for the connection to take it."""
        return bool(self._waiting)

    def send(self, message: Message, raw: bytes) -> None:
        """Pass a message on, if it is for this reader; under the lock."""
        is_video = message.kind in (Say.KEY, Say.FRAGMENT)
        if is_video:
            behind = self._behind > MAX_BEHIND_BYTES
            self._waits_for_key = (self._waits_for_key and message.kind is not Say.KEY) or behind
            if self._waits_for_key:
                return
        elif message.kind is Say.SEEN and self._waits_for_key:
            return  # a reader that is behind is not told what it does not see yet
        self._write(raw)

    def begin(self, messages: Iterable[Message], gop: Iterable[bytes]) -> None:
        """Tell what came before; under the lock."""
        for message in messages:
            self._write(message.to_bytes())
        for raw in gop:
            self._waits_for_key = False
            self._write(raw)

    def flush(self) -> None:
        """Write as much of what waits as the connection takes; under the lock."""
        while self._waiting:
            first = self._waiting[0]
            taken = self._sent(first)
            self._behind -= taken
            if taken < len(first):
                self._waiting[0] = first[taken:]
                return
            self._waiting.popleft()

    def _write(self, raw: bytes) -> None:
        taken = 0 if self._waiting else self._sent(raw)
        if taken < len(raw):
            self._waiting.append(memoryview(raw)[taken:])
            self._behind += len(raw) - taken

    def _sent(self, raw: bytes | memoryview) -> int:
        if self.is_over:
            return len(raw)
        try:
            return self.connection.send(raw, socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0
        except OSError:
            self.is_over = True  # its end is found by reading, too
            return len(raw)


class Publisher:
    """A Unix socket, with a thread for those who come, go or are behind."""

    def __init__(self, path: Path) -> None:
        """Serve at this path; a socket that a dead worker left there is replaced."""
        self._path = path
        self._lock = threading.Lock()
        """Held for moments: over the channels, which all threads write to."""
        self._channels: dict[str, _Channel] = {}
        self._late: deque[_Reader] = deque()
        """Readers that something waits for since the thread last looked."""
        self._forgotten: deque[_Reader] = deque()
        self._listening: socket.socket | None = None
        self._woken: socket.socket | None = None
        self._waker: socket.socket | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to listen; returns when readers can connect."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(self._path))
        self._path.chmod(0o600)
        listening.listen(128)
        listening.setblocking(False)
        self._listening = listening
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._thread.start()

    def say(self, camera: str, *messages: Message) -> None:
        """Hand messages of a camera over, from any thread; never waits for a reader."""
        raws = [message.to_bytes() for message in messages]
        with self._lock:
            channel = self._channels.setdefault(camera, _Channel())
            for message, raw in zip(messages, raws, strict=True):
                channel.take(message, raw)
            # Who comes later has begun with these messages.
            readers = tuple(channel.readers)
        for one in readers:
            with one.lock:
                was_behind = one.is_behind
                for message, raw in zip(messages, raws, strict=True):
                    one.send(message, raw)
                is_late = one.is_behind and not was_behind
            if is_late:
                self._late.append(one)
                self._wake()

    def watched(self) -> list[str]:
        """Whose pictures somebody has connected for, the first to ask first; from any thread."""
        with self._lock:
            return [name for name, channel in self._channels.items() if channel.readers]

    def is_watched(self, camera: str) -> bool:
        """Whether somebody has connected for this camera's pictures; from any thread."""
        with self._lock:
            channel = self._channels.get(camera)
            return channel is not None and bool(channel.readers)

    def forget(self, camera: str) -> None:
        """Let go of a camera's readers: it is shown no more."""
        with self._lock:
            channel = self._channels.pop(camera, None)
            if channel is not None:
                self._forgotten.extend(channel.readers)
        self._wake()

    def close(self) -> None:
        """Let go of all readers and of the socket."""
        self._is_stopping = True
        self._wake()
        if self._waker is not None:
            self._thread.join(5)
            self._waker.close()

    def _wake(self) -> None:
        if self._waker is not None:
            with contextlib.suppress(OSError):  # full: it will wake anyway; closed: it has ended
                self._waker.send(b"\0")

    def _run(self) -> None:
        assert self._listening is not None
        assert self._woken is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            try:
                while not self._is_stopping:
                    for key, events in selector.select():
                        self._attend(selector, key, events)
            finally:
                for key in list(selector.get_map().values()):
                    if isinstance(key.data, _Reader):
                        self._end(selector, key.data)
                self._listening.close()
                self._woken.close()
                self._path.unlink(missing_ok=True)

    def _attend(
        self, selector: selectors.BaseSelector, key: selectors.SelectorKey, events: int
    ) -> None:
        """One event: somebody comes, says something, goes, takes more; or this thread is woken."""
        if key.fileobj is self._woken and self._woken is not None:
            self._woken.recv(4096)
            while self._late:
                _watch_for(selector, self._late.popleft(), writing=True)
            while self._forgotten:
                self._end(selector, self._forgotten.popleft())
        elif key.fileobj is self._listening and self._listening is not None:
            with contextlib.suppress(OSError):  # gone again
                connection, _ = self._listening.accept()
                connection.setblocking(False)
                selector.register(connection, selectors.EVENT_READ, _Reader(connection))
        else:
            reader: _Reader = key.data
            if events & selectors.EVENT_WRITE:
                with reader.lock:
                    reader.flush()
                    is_behind = reader.is_behind
                if not is_behind:
                    _watch_for(selector, reader, writing=False)
            if events & selectors.EVENT_READ and not self._heard(selector, reader):
                self._end(selector, reader)

    def _heard(self, selector: selectors.BaseSelector, reader: _Reader) -> bool:
        """What a reader says: a line, the camera's id. False when it has gone."""
        try:
            said = reader.connection.recv(4096)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not said or reader.channel is not None:
            return bool(said)
        reader.name += said
        name, ends, _ = reader.name.partition(b"\n")
        if not ends:
            return len(reader.name) <= LONGEST_NAME
        self._admit(reader, name.decode("utf-8", "replace").strip())
        if reader.is_behind:
            _watch_for(selector, reader, writing=True)
        return True

    def _admit(self, reader: _Reader, camera: str) -> None:
        with reader.lock:
            with self._lock:
                channel = self._channels.setdefault(camera, _Channel())
                begin = [*channel.begin, *([channel.note] if channel.note else [])]
                gop = list(channel.gop) if channel.begin else []
                reader.channel = channel
                channel.readers.add(reader)
            # What is said from now on waits for this lock, and so comes after.
            reader.begin(begin, gop)

    def _end(self, selector: selectors.BaseSelector, reader: _Reader) -> None:
        if reader.channel is not None:
            with self._lock:
                reader.channel.readers.discard(reader)
        with contextlib.suppress(KeyError, ValueError):
            selector.unregister(reader.connection)
        with reader.lock:
            reader.is_over = True
            reader.connection.close()


def _watch_for(selector: selectors.BaseSelector, reader: _Reader, *, writing: bool) -> None:
    """Also wait until the reader takes more, or no longer."""
    events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
    with contextlib.suppress(KeyError, ValueError):  # it has gone
        selector.modify(reader.connection, events, reader)
