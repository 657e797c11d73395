"""A camera before whose lens people glow, and an eye at the viewer that knows their glow again.

Always: nothing of the empty scene, and nothing that the shield paints, is as bright or as red as
the people are; a picture in which any 4x4 pixels are has shown somebody.
"""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.site import nal
from insyn.site.clocks import system_clocks
from insyn.site.live.hub import SILENT_S, Hub
from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import Background, confirmed
from insyn.site.shield.engine import Settings, Shield
from insyn.site.shield.engine import Step as EngineStep
from insyn.site.shield.frame import Mask, YuvFrame
from insyn.site.shield.paint import paint
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.kept import Told
from insyn.site.shielding.line import MakeShield, Shielding
from insyn.site.shielding.worker import Plan, Worker, find_socket
from insyn.site.streams import TICKS, Codec, Packet, Parameters

FPS = 12.5
SIZES = ((192, 108), (256, 144))
ROUND = 60
"""Pictures after which a clip begins anew; whoever walks in it walks in a circle."""

LOOKS = ((0.0, 0.0), (0.33, 0.25), (0.05, 0.02))
"""Where a camera looks, and where it may be pushed to: far and a little, shares of its picture."""

GOP = 5
EMPTY = 10
GLOW_YUV = (215, 110, 200)
BRIGHT, RED = 165, 168
"""What a block's mean of luma and of V must exceed; the scene stays below 130 and 140."""

Planes = NDArray[np.uint8]


class Fault(StrEnum):
    """What befalls the worker or its cameras."""

    NONE = "none"
    LEAK = "leak"
    """Not a fault of ours: a shield that covers nothing, to prove that the eye sees."""
    KILLED = "worker killed mid-frame"
    HUNG = "worker hung"
    STALLED = "analysis stalled"
    RESIZED = "resolution changed"
    MOVED = "camera moved"
    RAISED = "exception in the engine"


@dataclass(frozen=True, slots=True)
class Clip:
    """A round of a camera's packets; every `GOP`th is a key packet with parameter sets in it."""

    parameters: Parameters
    packets: list[tuple[bytes, bool]]


@dataclass(frozen=True, slots=True)
class Place:
    """What a camera can yield: a clip by number of size and look, and each size's empty scene."""

    clips: dict[tuple[int, int], Clip]
    empty: dict[tuple[int, int], Background]


def make_place(seed: int = 5) -> Place:
    """Film the place in each size, from where the camera stands and from where it is pushed to."""
    clips: dict[tuple[int, int], Clip] = {}
    empty: dict[tuple[int, int], Background] = {}
    for number, size in enumerate(SIZES):
        for look in range(len(LOOKS)):
            pictures = [_picture(size, seed, at, LOOKS[look]) for at in range(ROUND)]
            clips[number, look] = _coded(pictures, size)
        bare = _coded([_picture(size, seed, -1 - at, LOOKS[0]) for at in range(EMPTY)], size)
        decoder = Decoder(bare.parameters, largest=size)
        small = Shield(*size, FPS).small_size
        shown = [
            analysed(frame, small)
            for data, is_key in bare.packets
            for frame in decoder.decode(_packet(data, 0, is_key, 0))
        ]
        empty[size] = confirmed(shown)
    return Place(clips, empty)


def _picture(size: tuple[int, int], seed: int, at: int, look: tuple[float, float]) -> Planes:
    """A floor with furniture, and three people in it who walk in circles; negative: none."""
    width, height = size
    draw = np.random.default_rng(seed)
    rough = draw.uniform(70, 115, (24, 40)).astype(np.float32)
    floor = cv2.resize(rough, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    for _ in range(14):
        x, y = int(draw.integers(0, 2 * width - 40)), int(draw.integers(0, 2 * height - 40))
        floor[y : y + 30, x : x + 24] = float(draw.uniform(60, 120))
    left, top = round(width * look[0]), round(height * look[1])
    luma = floor[top : top + height, left : left + width].copy()
    noise = np.random.default_rng(1000 + at).normal(0, 1.2, luma.shape)
    luma = np.clip(np.asarray(luma) + noise, 50, 125)
    u, v = np.full((height // 2, width // 2), 126.0), np.full((height // 2, width // 2), 131.0)
    for person in range(3 if at >= 0 else 0):
        turn = 2 * math.pi * (at / ROUND + person / 3)
        x = round(width * (0.5 + (0.18 + 0.08 * person) * math.cos(turn)) / 2) * 2
        y = round(height * (0.62 + 0.16 * math.sin(turn)) / 2) * 2
        high, wide = round(height * 0.36 / 2) * 2, round(width * 0.075 / 2) * 2
        rows, columns = (
            slice(max(0, y - high // 2), y + high // 2),
            slice(x - wide // 2, x + wide // 2),
        )
        luma[rows, columns] = GLOW_YUV[0]
        luma[rows, columns][::6] = GLOW_YUV[0] - 30
        half = (
            slice(rows.start // 2, rows.stop // 2),
            slice(columns.start // 2, columns.stop // 2),
        )
        u[half], v[half] = GLOW_YUV[1], GLOW_YUV[2]
    flat = [plane.reshape(height // 4, width) for plane in (u, v)]
    return np.asarray(np.rint(np.concatenate([luma, *flat])), np.uint8)


def _coded(pictures: list[Planes], size: tuple[int, int]) -> Clip:
    # `Any`: the stubs do not know a video context's attributes.
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size[0], size[1], "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TICKS), Fraction(25, 2)
    encoder.gop_size, encoder.max_b_frames, encoder.thread_count = GOP, 0, 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "crf": "18"}
    packets: list[tuple[bytes, bool]] = []
    for number, planes in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = round(number * TICKS / FPS), Fraction(1, TICKS)
        packets += [(bytes(one), bool(one.is_keyframe)) for one in encoder.encode(frame)]
    sets = nal.parameter_sets_of(packets[0][0], Codec.H264)
    return Clip(
        Parameters(codec=Codec.H264, width=size[0], height=size[1], parameter_sets=sets), packets
    )


def _packet(data: bytes, number: int, is_key: bool, received_ns: int) -> Packet:
    at = round(number * TICKS / FPS)
    return Packet(data=data, pts_90k=at, dts_90k=at, is_key=is_key, received_ns=received_ns)


@dataclass
class Camera:
    """Plays the place in real time: a `Source`, and its own `OpenStream`.

    RESIZED changes the size at every fourth GOP or so, told and untold; MOVED is pushed as often.
    """

    place: Place
    fault: Fault
    seed: int
    is_closed: threading.Event = field(default_factory=threading.Event)

    @property
    def parameters(self) -> Parameters:
        return self.place.clips[0, 0].parameters

    def open(self) -> Camera:
        self.is_closed.clear()
        return self

    def packets(self) -> Iterator[Packet]:
        chance = random.Random(self.seed)
        number, which, began = self.seed % ROUND // GOP * GOP, (0, 0), time.monotonic()
        first = number
        while not self.is_closed.wait(max(0.0, began + (number - first) / FPS - time.monotonic())):
            told = None
            if number % GOP == 0 and chance.random() < 0.25:
                if self.fault is Fault.RESIZED:
                    which = (1 - which[0], 0)
                    told = self.place.clips[which].parameters if chance.random() < 0.5 else None
                elif self.fault is Fault.MOVED:
                    which = (0, chance.choice([n for n in range(len(LOOKS)) if n != which[1]]))
            data, is_key = self.place.clips[which].packets[number % ROUND]
            at = round(number * TICKS / FPS)
            yield Packet(
                data=data,
                pts_90k=at,
                dts_90k=at,
                is_key=is_key,
                received_ns=time.monotonic_ns(),
                parameters=told,
            )
            number += 1

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


class End:
    """Kills its own process, in the midst of some picture that is decoded and not shown yet."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self._left = chance.randint(60, 140)
        self._stage = chance.choice(("analysis", "masked"))

    def at(self, stage: str) -> None:
        """A picture has come so far."""
        self._left -= stage == self._stage
        if self._left <= 0 and stage == self._stage:
            os.kill(os.getpid(), signal.SIGKILL)


class _Faulty:
    """The engine in which, now and then, something goes wrong."""

    scene = Told()

    def __init__(
        self, shield: Callable[[Settings], Shield], fault: Fault, seed: int, end: End | None
    ) -> None:
        self._fault, self._chance, self._end = fault, random.Random(seed), end
        self._shield = shield(Settings(detectors=(self,)))
        self._waits = threading.Event()

    def people(self, frame: YuvFrame) -> Mask:
        """As a detector, in the midst of the analysis: add nothing, or fail."""
        if self._fault is Fault.RAISED and self._chance.random() < 0.1:
            raise ArithmeticError("a fault of the test's")
        if self._fault is Fault.STALLED and self._chance.random() < 0.03:
            self._waits.wait(self._chance.uniform(0.3, 2.5))
        if self._end is not None:
            self._end.at("analysis")
        return np.zeros(frame.y.shape, bool)

    def step(self, frame: YuvFrame) -> EngineStep:
        """Mask the next picture."""
        if self._fault is Fault.LEAK:
            shown = paint(frame, np.zeros(frame.y.shape, bool))
            step = self._shield.step(frame)
            return EngineStep(frame=shown, mask=step.mask, state=step.state, activity=0.0)
        if self._fault is Fault.RAISED and self._chance.random() < 0.01:
            raise ArithmeticError("a fault of the test's, before the engine")
        step = self._shield.step(frame)
        if self._end is not None:
            self._end.at("masked")
        return step


def make_worker(
    folder: Path,
    place: Place,
    fault: Fault,
    *,
    cameras: int,
    seed: int,
    end: End | None = None,
) -> Worker:
    """A worker for so many cameras, all of which know their empty scene."""

    def maker(number: int) -> MakeShield:
        def make_shield(width: int, height: int, fps: float) -> Shielding:
            def shield(settings: Settings) -> Shield:
                return Shield(width, height, fps, settings, place.empty[width, height])

            return _Faulty(shield, fault, seed * 1000 + number, end)

        return make_shield

    plans = {
        camera_id(number): Plan(
            source=Camera(place, fault, seed * 1000 + 7 * number),
            make_shield=maker(number),
            settings="",
        )
        for number in range(cameras)
    }
    return Worker(
        lambda: plans,
        socket=folder / "shield-1.sock",
        state=folder / "shield-1.json",
        keeper=None,
        clocks=system_clocks,
    )


def camera_id(number: int) -> str:
    """The id of a camera of `make_worker`."""
    return f"cam-{number:02d}"


class Processes:
    """Runs the worker as a process and, when it has been killed, again; HUNG stops it for a while.

    `lives` is how many there have been.
    """

    def __init__(self, folder: Path, place: Place, fault: Fault, *, cameras: int) -> None:
        self._folder, self._fault, self._cameras = folder, fault, cameras
        self._ending = threading.Event()
        self.lives = 0
        self.stops = 0
        (folder / PLACE).write_bytes(pickle.dumps(place))
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._ending.is_set():
            self.lives += 1
            name, fault = str(self._folder), self._fault.name
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.telltale_worker", name, fault]
                + [str(self._cameras), str(self.lives)],
                stdin=subprocess.DEVNULL,
            )
            while process.poll() is None and not self._ending.wait(0.05):
                if self._fault is Fault.HUNG and not self._ending.wait(6.0):
                    process.send_signal(signal.SIGSTOP)
                    self._ending.wait(SILENT_S + 1.5)
                    process.send_signal(signal.SIGCONT)
                    self.stops += 1
            process.kill()
            process.wait()

    def __enter__(self) -> Processes:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()


PLACE = "place.pickle"


@dataclass
class Seen:
    """What a viewer was sent.

    Attributes:
        films: init segments with the fragments that followed, each playable.
        fragments: how many pictures these are.
        told: states and reasons that came in between, with their counts.
    """

    films: list[list[bytes]] = field(default_factory=list)
    fragments: int = 0
    told: dict[str, int] = field(default_factory=dict)

    def take(self, part: str | bytes) -> bool:
        """Take a part; True for a picture."""
        if isinstance(part, bytes):
            self.films[-1].append(part)
            is_picture = len(self.films[-1]) > 1
            self.fragments += is_picture
            return is_picture
        said = json.loads(part)
        if said["type"] == "init":
            self.films.append([])
        name = said.get("reason") or said.get("state") or said["type"]
        self.told[name] = self.told.get(name, 0) + 1
        return False


async def watch(
    folder: Path, cameras: int, pictures: int, *, told: frozenset[str], timeout_s: float
) -> Seen:
    """Look at all cameras through a hub until so many pictures have come, and one of `told`."""
    hub = Hub(lambda camera: find_socket(folder, camera))
    all_seen = [Seen() for _ in range(cameras)]
    is_enough = asyncio.Event()

    async def look(number: int) -> None:
        async for part in hub.watch(camera_id(number)):
            all_seen[number].take(part)
            is_told = not told or any(told & seen.told.keys() for seen in all_seen)
            if is_told and sum(seen.fragments for seen in all_seen) >= pictures:
                is_enough.set()

    tasks = [asyncio.create_task(look(number)) for number in range(cameras)]
    try:
        async with asyncio.timeout(timeout_s):
            await is_enough.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await hub.close()
    total = Seen()
    for seen in all_seen:
        total.films += seen.films
        total.fragments += seen.fragments
        for name, count in seen.told.items():
            total.told[name] = total.told.get(name, 0) + count
    return total


@dataclass
class Judged:
    """Pictures that came out at the viewer: all, those that show anybody, those that show the
    scene at all.
    """

    pictures: int = 0
    clear: int = 0
    open: int = 0


def judge(films: list[list[bytes]]) -> Judged:
    """Decode what was sent as a player would, and look for people."""
    found = Judged()
    for film in films:
        if len(film) < 2:
            continue
        # `Any`: an input container; the stubs know two kinds.
        container: Any = av.open(io.BytesIO(b"".join(film)))
        with container:
            for frame in container.decode(video=0):
                planes = frame.to_ndarray(format="yuv420p")
                found.pictures += 1
                found.clear += shows_somebody(planes)
                found.open += float(planes[: frame.height].std()) > 4
    return found


def shows_somebody(planes: Planes) -> bool:
    """Whether any 4x4 pixels glow; planes as FFmpeg's yuv420p, (height * 3 / 2, width)."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    luma = cv2.blur(planes[:height], (4, 4))
    red = cv2.blur(planes[height * 5 // 4 :].reshape(height // 2, width // 2), (2, 2))
    return bool(luma.max() > BRIGHT or red.max() > RED)
