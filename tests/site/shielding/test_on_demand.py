"""Full resolution on demand: begun by a viewer, within a budget, masked, ended after them."""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
import pytest

from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.clocks import system_clocks
from insyn.site.live.hub import Hub
from insyn.site.nal import parameter_sets_of
from insyn.site.shield.engine import Settings
from insyn.site.shielding import on_demand
from insyn.site.shielding.kept import KeptShield
from insyn.site.shielding.masking import Order
from insyn.site.shielding.on_demand import OnDemand, usual_budget
from insyn.site.shielding.scenes import ReadOnlyScenes
from insyn.site.shielding.worker import Plan
from insyn.site.streams import Codec, Packet, Parameters
from insyn.trust.keys.site import make_site_key

WIDTH, HEIGHT, FPS = 960, 540, 12
SKIN = 200
"""The luma of whoever is in view; nothing that covers looks so."""


def coded() -> tuple[Parameters, list[tuple[bytes, bool]]]:
    """Two seconds of somebody who fills the picture."""
    # `Any`: the stubs do not know a video context's attributes.
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 90_000), Fraction(FPS)
    context.gop_size, context.max_b_frames = FPS, 0
    context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    found = []
    for number in range(2 * FPS):
        picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        picture[:HEIGHT] = SKIN
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number * 7500
        found += [(bytes(one), bool(one.is_keyframe)) for one in context.encode(frame)]
    sets = parameter_sets_of(found[0][0], Codec.H264)
    return Parameters(codec=Codec.H264, width=WIDTH, height=HEIGHT, parameter_sets=sets), found


@dataclass
class Camera:
    """A camera that counts who has it open; a `Source`, and its own `OpenStream`."""

    parameters: Parameters
    pictures: list[tuple[bytes, bool]]
    opened: int = 0
    is_closed: threading.Event = field(default_factory=threading.Event)

    def open(self) -> Camera:
        self.opened += 1
        self.is_closed.clear()
        return self

    def packets(self) -> Iterator[Packet]:
        for number, (data, is_key) in enumerate(itertools.cycle(self.pictures)):
            if self.is_closed.wait(1 / FPS):
                raise CameraFailure(Trouble.ENDED, "it was closed")
            at = number * 7500
            yield Packet(
                data=data, pts_90k=at, dts_90k=at, is_key=is_key,
                received_ns=time.monotonic_ns(),
            )  # fmt: skip

    def close(self) -> None:
        self.is_closed.set()

    def __enter__(self) -> Camera:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass
class Desk:
    run: Path
    cameras: dict[str, Camera]

    def hub(self) -> Hub:
        return Hub(lambda _: self.run / "full-1.sock", linger_s=0.1)

    def running(self) -> list[str]:
        try:
            said = json.loads((self.run / "full-1.json").read_bytes())
        except (OSError, ValueError):
            return []
        return sorted(said["cameras"])


@pytest.fixture(scope="module")
def pictures() -> tuple[Parameters, list[tuple[bytes, bool]]]:
    return coded()


@pytest.fixture
def desk(
    tmp_path: Path,
    pictures: tuple[Parameters, list[tuple[bytes, bool]]],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    monkeypatch.setattr(on_demand, "LINGER_S", 0.5)
    folder = ReadOnlyScenes(tmp_path / "scenes", make_site_key(tmp_path / "site-key.pem"))
    made = Desk(run=tmp_path, cameras={name: Camera(*pictures) for name in ("hall", "stairs")})

    def plan(name: str, camera: Camera) -> Plan:
        def make_shield(width: int, height: int, fps: float) -> KeptShield:
            return KeptShield(
                name, (width, height), fps, Settings(learns=False),
                order=Order(), folder=folder, clocks=system_clocks,
            )  # fmt: skip

        return Plan(source=camera, make_shield=make_shield, settings="")

    plans = {name: plan(name, camera) for name, camera in made.cameras.items()}
    worker = OnDemand(
        lambda: plans,
        budget=lambda: 1,
        socket=tmp_path / "full-1.sock",
        state=tmp_path / "full-1.json",
        clocks=system_clocks,
    )
    thread = threading.Thread(target=worker.run)
    thread.start()
    until((tmp_path / "full-1.json").exists)
    yield made
    worker.stop()
    thread.join(30)
    assert not thread.is_alive()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


async def video_of(watched: AsyncIterator[str | bytes], fragments: int) -> bytes:
    video = b""
    async with asyncio.timeout(30):
        async for part in watched:
            if isinstance(part, bytes):
                video += part
            if video.count(b"moof") >= fragments:
                return video
    raise AssertionError


async def told(watched: AsyncIterator[str | bytes], reason: str) -> str:
    async with asyncio.timeout(30):
        async for part in watched:
            said = json.loads(part) if isinstance(part, str) else {}
            if said.get("reason") == reason:
                return str(said["text"])
    raise AssertionError


def test_nobody_looks_and_no_main_stream_is_opened(desk: Desk) -> None:
    until(lambda: (desk.run / "full-1.json").exists())
    assert desk.running() == []
    assert not any(camera.opened for camera in desk.cameras.values())


def test_a_viewer_gets_the_whole_size_masked_and_it_ends_after_them(desk: Desk) -> None:
    async def look() -> bytes:
        hub = desk.hub()
        video = await video_of(hub.watch("hall"), 12)
        await hub.close()
        return video

    content = asyncio.run(look())
    with av.open(io.BytesIO(content), mode="r") as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert {picture.shape for picture in shown} == {(HEIGHT, WIDTH)}
    # No empty scene is known: all of it is covered, and nothing of who is there is seen.
    for picture in shown:
        assert int(picture.max()) < SKIN - 60
    assert desk.cameras["hall"].opened == 1
    until(lambda: desk.running() == [])
    assert desk.cameras["hall"].is_closed.is_set()
    assert not desk.cameras["stairs"].opened


def test_beyond_the_budget_a_viewer_is_told_and_served_when_there_is_room(desk: Desk) -> None:
    async def look() -> None:
        first, second = desk.hub(), desk.hub()
        await video_of(first.watch("hall"), 2)
        watched = second.watch("stairs")
        text = await told(watched, "budget")
        assert "1 camera in full resolution" in text
        assert not desk.cameras["stairs"].opened
        await first.close()
        await video_of(watched, 2)
        await second.close()

    asyncio.run(look())


def test_a_second_viewer_of_the_same_camera_costs_nothing(desk: Desk) -> None:
    async def look() -> None:
        first, second = desk.hub(), desk.hub()
        await video_of(first.watch("hall"), 2)
        await video_of(second.watch("hall"), 2)
        await first.close()
        await second.close()

    asyncio.run(look())
    assert desk.cameras["hall"].opened == 1


def test_a_camera_without_a_larger_picture_says_so(desk: Desk) -> None:
    async def look() -> str:
        hub = desk.hub()
        text = await told(hub.watch("gate"), "no larger")
        await hub.close()
        return text

    assert "no larger masked picture" in asyncio.run(look())


def test_scenes_are_read_and_never_changed(tmp_path: Path) -> None:
    key = make_site_key(tmp_path / "site-key.pem")
    folder = tmp_path / "scenes"
    folder.mkdir()
    kept = folder / "hall.1.scene"
    kept.write_bytes(b"as it was")
    only_read = ReadOnlyScenes(folder, key)
    only_read.forget("hall")
    assert kept.read_bytes() == b"as it was"


@pytest.mark.parametrize(("cores", "views"), [(1, 1), (2, 1), (4, 2), (16, 8)])
def test_the_usual_budget_goes_by_the_cores(cores: int, views: int) -> None:
    assert usual_budget(cores) == views
