"""A whole worker: coded pictures in, masked ones out, live and kept. Real H.264, real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import pytest

from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.clocks import system_clocks
from insyn.site.live.hub import Hub
from insyn.site.nal import parameter_sets_of
from insyn.site.shield.frame import MaskedFrame, YuvFrame
from insyn.site.shield.paint import coarse
from insyn.site.shielding.keeping import Keeper
from insyn.site.shielding.kept import Told
from insyn.site.shielding.worker import Plan, Worker, find_socket
from insyn.site.streams import Codec, Packet, Parameters, StreamName

WIDTH, HEIGHT, FPS = 320, 180, 25
CAMERA = "cam-hall"


def coded(count: int) -> tuple[Parameters, list[tuple[bytes, bool]]]:
    """So many pictures of noise, and what a decoder must know."""
    # `Any`: the stubs do not know a video context's attributes.
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 90_000), Fraction(FPS)
    context.gop_size, context.max_b_frames = FPS, 0
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    noise = np.random.default_rng(3)
    found = []
    for number in range(count):
        picture = noise.integers(16, 235, (HEIGHT * 3 // 2, WIDTH), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number * 3600
        found += [(bytes(one), bool(one.is_keyframe)) for one in context.encode(frame)]
    sets = parameter_sets_of(found[0][0], Codec.H264)
    return Parameters(codec=Codec.H264, width=WIDTH, height=HEIGHT, parameter_sets=sets), found


@dataclass
class Camera:
    """A camera that can be cut off and comes back: a `Source`, and its own `OpenStream`."""

    parameters: Parameters
    pictures: list[tuple[bytes, bool]]
    is_cut: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Camera:
        if self.is_cut.is_set():
            raise CameraFailure(Trouble.UNREACHABLE, "nothing answers at its address")
        return self

    def packets(self) -> Iterator[Packet]:
        for number, (data, is_key) in enumerate(itertools.cycle(self.pictures)):
            if self.is_cut.wait(1 / FPS):
                raise CameraFailure(Trouble.STALLED, "nothing came")
            at = number * 3600
            yield Packet(
                data=data,
                pts_90k=at,
                dts_90k=at,
                is_key=is_key,
                received_ns=time.monotonic_ns(),
            )

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> Camera:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class Masked:
    frame: MaskedFrame
    mask: None = None
    state: str = "RUN"
    activity: float = 0.1
    text: str = ""


class CoarseShield:
    scene = Told()

    def step(self, frame: YuvFrame) -> Masked:
        return Masked(frame=coarse(frame))


@dataclass
class Desk:
    camera: Camera
    archive: Path
    run: Path

    def reader(self) -> Reader:
        return Reader(self.archive, Index(self.archive / "index.sqlite"))


@pytest.fixture(scope="module")
def pictures() -> tuple[Parameters, list[tuple[bytes, bool]]]:
    return coded(2 * FPS)


@pytest.fixture
def desk(tmp_path: Path, pictures: tuple[Parameters, list[tuple[bytes, bool]]]) -> Iterator[Desk]:
    camera = Camera(*pictures)
    made = Desk(camera=camera, archive=tmp_path / "archive", run=tmp_path)
    root = open_root(made.archive, expected=None)
    keeper = Keeper(
        lambda: Archive(root, Index(made.archive / "index.sqlite")),
        boot="b",
        clocks=system_clocks,
        may_record=lambda: "",
    )
    plan = Plan(source=camera, make_shield=lambda *_: CoarseShield(), settings="")
    worker = Worker(
        lambda: {CAMERA: plan},
        socket=tmp_path / "shield-1.sock",
        state=tmp_path / "shield-1.json",
        keeper=keeper,
        clocks=system_clocks,
    )
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(lambda: find_socket(tmp_path, CAMERA) is not None)
    yield made
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_what_is_watched_is_masked_video_that_decodes(desk: Desk) -> None:
    async def look() -> bytes:
        hub = Hub(lambda camera: find_socket(desk.run, camera))
        watched, video = hub.watch(CAMERA), b""
        async with asyncio.timeout(20):
            async for part in watched:
                if isinstance(part, bytes):
                    video += part
                if len(video) > 0 and video.count(b"moof") >= 20:
                    break
        await hub.close()
        return video

    path = desk.run / "seen.mp4"
    path.write_bytes(asyncio.run(look()))
    with av.open(path) as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(shown) >= 20
    for picture in shown:
        # The camera sends noise; a coarse mosaic of it is flat within its blocks.
        assert np.median(np.abs(np.diff(picture.astype(int), axis=1))) <= 2


def test_a_camera_that_dies_is_told_and_comes_back_alone(desk: Desk) -> None:
    async def look() -> list[str]:
        hub = Hub(lambda camera: find_socket(desk.run, camera))
        told: list[str] = []
        async with asyncio.timeout(30):
            async for part in hub.watch(CAMERA):
                if isinstance(part, bytes):
                    if told[-1:] == ["init"] and b"moof" in part and len(told) == 1:
                        desk.camera.is_cut.set()
                    continue
                said = json.loads(part)
                if said["type"] != told[-1:] and said["type"] in ("init", "error"):
                    if told[-1:] != [said["type"]]:
                        told.append(said["type"])
                    if said["type"] == "error":
                        desk.camera.is_cut.clear()
                if told == ["init", "error", "init"]:
                    break
        await hub.close()
        return told

    assert asyncio.run(look()) == ["init", "error", "init"]


def test_what_is_kept_is_masked_and_a_gap_tells_why(desk: Desk) -> None:
    time_ns = system_clocks().wall_ns
    until(
        lambda: (
            json.loads((desk.run / "shield-1.json").read_bytes())["cameras"][CAMERA]["frames"] > 30
        )
    )
    desk.camera.is_cut.set()
    reader = desk.reader()
    until(lambda: bool(reader.gaps(CAMERA, StreamName.MASKED, 0, 2**62)))
    (gap,) = reader.gaps(CAMERA, StreamName.MASKED, 0, 2**62)
    assert gap.reason == "stalled"
    recording, *_ = reader.recordings(CAMERA, StreamName.MASKED, 0, 2**62)
    assert abs(recording.start_wall_ns - time_ns) < 20e9
    assert recording.frames >= 20
    assert len(recording.activity) == len(recording.fragments)
    with av.open(desk.archive / recording.path) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert frames == recording.frames
    desk.camera.is_cut.clear()
    until(lambda: reader.gaps(CAMERA, StreamName.MASKED, 0, 2**62)[0].end_wall_ns is not None)
    reader.close()
