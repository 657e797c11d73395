"""A recorder on a real archive, with cameras that a test plays."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from insyn.site.archive import sealed
from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Gap, Recording
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.source import OpenStream, Source
from insyn.site.clocks import Clocks, system_clocks
from insyn.site.recorder.process import Plan, Plans, Recorder
from insyn.site.recorder.ring import share
from insyn.site.streams import Packet, Parameters, StreamName
from insyn.site.vault.public import VaultPublicKey, unwrap

FOREVER_NS = 1 << 62


def until(claim: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait until the claim holds.

    Raises:
        AssertionError: it does not within that time.
    """
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "what was waited for did not come"
        time.sleep(0.01)


class PlayedCamera:
    """A source that yields what a test sends, and fails when it is told to."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.refusal: Trouble | None = None
        """Why it cannot be opened now."""
        self.opened = 0
        self._waiting: queue.SimpleQueue[Packet | CameraFailure | None] = queue.SimpleQueue()

    def open(self) -> OpenStream:
        """Connect."""
        self.opened += 1
        if self.refusal is not None:
            raise CameraFailure(self.refusal, f"the played camera is {self.refusal}")
        return _PlayedStream(self, self._waiting)

    def send(self, packets: list[Packet]) -> None:
        """Send these now."""
        for packet in packets:
            self._waiting.put(packet)

    def fail(self, trouble: Trouble) -> None:
        """Break the session off."""
        self._waiting.put(CameraFailure(trouble, f"the played camera has {trouble}"))


class _PlayedStream:
    def __init__(
        self, camera: PlayedCamera, waiting: queue.SimpleQueue[Packet | CameraFailure | None]
    ) -> None:
        self._camera = camera
        self._waiting = waiting

    @property
    def parameters(self) -> Parameters:
        return self._camera.parameters

    def packets(self) -> Iterator[Packet]:
        while (item := self._waiting.get()) is not None:
            if isinstance(item, CameraFailure):
                raise item
            yield dataclasses.replace(item, received_ns=time.monotonic_ns())

    def close(self) -> None:
        self._waiting.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


@dataclass
class Desk:
    """An archive, a vault whose private key the test has, and recorders on them."""

    path: Path
    vault: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    refusal: str = ""
    mute: str = "no sound in this test"
    """Why no sound may be recorded."""
    clocks: Clocks = system_clocks
    archive_class: type[Archive] = Archive
    ring_bytes: Callable[[int], int] = share
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        return self.path / "archive"

    @property
    def seal(self) -> VaultPublicKey:
        return VaultPublicKey(raw=self.vault.public_key().public_bytes_raw())

    def open_archive(self) -> Archive:
        """For one thread of a recorder."""
        root = open_root(self.root, expected=None)
        return self.archive_class(root, Index(root.path / "index.sqlite"))

    def plans(self) -> Plans:
        """The desk's sources; their address stands for their settings."""
        found = {
            name: Plan(source=source, settings=id(source)) for name, source in self.sources.items()
        }
        return Plans(cameras=found, seal=self.seal)

    @contextlib.contextmanager
    def recording(self, **sources: Source) -> Iterator[Recorder]:
        """A recorder that runs."""
        self.sources = dict(sources)
        self.root.mkdir(exist_ok=True)
        recorder = Recorder(
            self.plans,
            self.open_archive,
            root=self.root,
            state=self.path / "recorder-1.json",
            boot="boot",
            clocks=self.clocks,
            may_record=lambda: self.refusal,
            may_hear=lambda: self.mute,
            ring_bytes=self.ring_bytes,
        )
        thread = threading.Thread(target=recorder.run)
        thread.start()
        try:
            yield recorder
        finally:
            recorder.stop()
            thread.join(30)
            assert not thread.is_alive()

    def state(self, camera: str) -> dict[str, Any]:
        """What the recorder tells of a camera; nothing before it tells."""
        try:
            said = json.loads((self.path / "recorder-1.json").read_bytes())
        except FileNotFoundError:
            return {}
        found = said["cameras"].get(camera, {})
        assert isinstance(found, dict)
        return found

    def recordings(self, camera: str) -> list[Recording]:
        with self._reader() as reader:
            return reader.recordings(camera, StreamName.MAIN, 0, FOREVER_NS)

    def gaps(self, camera: str) -> list[Gap]:
        with self._reader() as reader:
            return reader.gaps(camera, StreamName.MAIN, 0, FOREVER_NS)

    @contextlib.contextmanager
    def _reader(self) -> Iterator[Reader]:
        reader = Reader(self.root, Index(self.root / "index.sqlite"))
        try:
            yield reader
        finally:
            reader.close()

    def plain(self, path: Path) -> bytes:
        """A sealed file opened: an fMP4 of what stands in it."""
        found: list[bytes] = []
        with path.open("rb") as file:
            head = sealed.read_head(file)
            cipher = AESGCM(unwrap(self.vault, head.wrapped_key, head.recording))
            for piece in sealed.pieces(file):
                file.seek(piece.offset)
                content = sealed.open_piece(cipher, head, file.read(piece.size))
                if piece.kind is not sealed.Kind.END:
                    found.append(content)
                file.seek(piece.offset + piece.size)
        return b"".join(found)

    def decoded(self, camera: str) -> int:
        """How many pictures of all recordings a decoder yields; each recording alone."""
        return sum(frames_in(self.plain(self.root / one.path)) for one in self.recordings(camera))


def frames_in(movie: bytes) -> int:
    """How many pictures an independent reader decodes."""
    # `Any`: the stubs do not know that a container opened for reading decodes.
    container: Any = av.open(io.BytesIO(movie))
    with container:
        return sum(1 for _ in container.decode(video=0))
