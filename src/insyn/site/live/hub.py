"""Live view in the web process: one connection a watched camera, fanned out to all who look.

Always: what comes from a worker is masked, and nothing else is passed on. A viewer that falls
behind is put forward to the next key frame and told how many frames were left out; a camera that
goes silent says so within seconds, and comes back by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from insyn.site.shielding.publisher import MAX_GOP
from insyn.site.shielding.wire import Message, Say, read_message

Find = Callable[[str], Path | None]
"""The socket of the worker that masks a camera, or None where none does."""

MAX_BEHIND = 36
"""Fragments that may wait for a viewer: three seconds at twelve pictures a second."""

SILENT_S = 3.0
"""A worker says something at least every second; longer silence is told."""

LINGER_S = 10.0
"""How long a camera that nobody watches stays connected: who turns a page finds it warm."""

RETRY_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What a viewer gets: text, or one fragment."""

    body: str | bytes
    is_key: bool = False
    is_video: bool = False
    kind: str = ""


class Viewer:
    """One who looks at one camera: a bounded queue that drops to the next key frame."""

    def __init__(self, most: int = MAX_BEHIND) -> None:
        self._most = most
        self._waiting: deque[_Part] = deque()
        self._has_some = asyncio.Event()
        self._dropped = 0
        self._waits_for_key = True

    def put(self, part: _Part) -> None:
        """Queue a part; never waits."""
        if part.is_video:
            if self._waits_for_key and not part.is_key:
                self._dropped += 1
                return
            if sum(1 for each in self._waiting if each.is_video) >= self._most:
                self._drop()
                if not part.is_key:
                    self._dropped += 1
                    self._waits_for_key = True
                    return
            if self._waits_for_key:
                self._waits_for_key = False
                self._tell_dropped()
        elif part.kind == "init":
            # Whatever waits was of another stream; the segment that follows is not video yet.
            self._drop()
            self._waits_for_key, self._dropped = True, 0
        elif part.kind == "seen":
            # Only the newest is of use, and it does not queue up before somebody slow.
            self._waiting = deque(each for each in self._waiting if each.kind != "seen")
        self._waiting.append(part)
        self._has_some.set()

    async def get(self) -> str | bytes:
        """The next part, as it goes to the browser."""
        while not self._waiting:
            self._has_some.clear()
            await self._has_some.wait()
        return self._waiting.popleft().body

    def _drop(self) -> None:
        kept = [part for part in self._waiting if not part.is_video]
        self._dropped += len(self._waiting) - len(kept)
        self._waiting = deque(kept)

    def _tell_dropped(self) -> None:
        if self._dropped:
            self._waiting.append(_text({"type": "drop", "frames": self._dropped}))
            self._dropped = 0


class Hub:
    """All that is watched now in this process; used from one event loop."""

    def __init__(self, find: Find, *, linger_s: float = LINGER_S) -> None:
        """Look for workers with `find`; a camera stays connected so long without a viewer."""
        self._find = find
        self._linger_s = linger_s
        self._watched: dict[str, _Watched] = {}

    async def watch(self, camera: str) -> AsyncIterator[str | bytes]:
        """What a viewer of this camera is sent, until the viewer goes: texts are JSON.

        `{"type": "init", "mime", "state"}` precedes an init segment; then one fragment a message;
        `state`, `seen`, `drop` and `error` come in between (docs/reference/console.md).
        """
        watched = self._watched.get(camera)
        if watched is None:
            watched = self._watched[camera] = _Watched(camera, self._find)
        viewer = watched.admit()
        try:
            while True:
                yield await viewer.get()
        finally:
            watched.leave(viewer)
            if not watched.is_wanted:
                asyncio.get_running_loop().call_later(self._linger_s, self._end_if_idle, camera)

    def watchers(self) -> dict[str, int]:
        """How many look at each camera now."""
        return {camera: watched.count for camera, watched in self._watched.items() if watched.count}

    async def close(self) -> None:
        """Let go of all workers."""
        for watched in self._watched.values():
            await watched.end()
        self._watched.clear()

    def _end_if_idle(self, camera: str) -> None:
        watched = self._watched.get(camera)
        if watched is not None and not watched.is_wanted:
            del self._watched[camera]
            watched.cancel()


class _Watched:
    """One camera's connection, and its viewers."""

    def __init__(self, camera: str, find: Find) -> None:
        self._camera = camera
        self._find = find
        self._viewers: set[Viewer] = set()
        self._begin: list[_Part] = []
        self._gop: list[_Part] = []
        self._note: _Part | None = None
        self._task = asyncio.get_running_loop().create_task(self._follow())

    @property
    def count(self) -> int:
        return len(self._viewers)

    @property
    def is_wanted(self) -> bool:
        return bool(self._viewers)

    def admit(self) -> Viewer:
        viewer = Viewer()
        for part in (*self._begin, *([self._note] if self._note else []), *self._gop):
            viewer.put(part)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)

    def cancel(self) -> None:
        self._task.cancel()

    async def end(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _follow(self) -> None:
        while True:
            path = self._find(self._camera)
            if path is None:
                self._fail("no worker", "No shield works on this camera now, so nothing is shown.")
            else:
                try:
                    await self._read(path)
                except TimeoutError:
                    self._fail("silent", "The shield yields no masked picture; nothing is shown.")
                except (OSError, EOFError, ValueError):
                    self._fail("worker gone", "The shield is being started again; please wait.")
            await asyncio.sleep(RETRY_S)

    async def _read(self, path: Path) -> None:
        reader, writer = await asyncio.open_unix_connection(str(path))
        try:
            writer.write(self._camera.encode() + b"\n")
            while True:
                async with asyncio.timeout(SILENT_S):
                    message = await read_message(reader)
                self._take(message)
        finally:
            writer.close()

    def _take(self, message: Message) -> None:
        part = _part(message)
        match message.kind:
            case Say.INIT:
                self._begin, self._gop, self._note = [part], [], None
            case Say.INIT_SEGMENT:
                self._begin.append(part)
            case Say.KEY:
                self._gop = [part]
            case Say.FRAGMENT if len(self._gop) < MAX_GOP:
                self._gop.append(part)
            case Say.ERROR:
                self._begin, self._gop, self._note = [], [], part
            case Say.STATE:
                self._note = part
        self._send(part)

    def _fail(self, reason: str, text: str) -> None:
        part = _text({"type": "error", "reason": reason, "text": text})
        is_new = self._note is None or self._note.body != part.body
        self._begin, self._gop, self._note = [], [], part
        if is_new:
            self._send(part)

    def _send(self, part: _Part) -> None:
        for viewer in self._viewers:
            viewer.put(part)


def _part(message: Message) -> _Part:
    if message.kind in (Say.INIT, Say.STATE, Say.ERROR, Say.SEEN):
        said = json.loads(message.body)
        return _text({"type": message.kind.name.lower(), **said})
    is_video = message.kind is not Say.INIT_SEGMENT
    return _Part(body=message.body, is_key=message.kind is Say.KEY, is_video=is_video)


def _text(said: dict[str, object]) -> _Part:
    return _Part(body=json.dumps(said, separators=(",", ":")), kind=str(said["type"]))
