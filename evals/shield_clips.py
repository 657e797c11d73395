"""Clips with truths: the concourse, whose masks are exact, and real video with hand-drawn boxes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from evals.shield_score import Body, Mask, Truth, parts, top_of
from insyn.site.cameras.virtual.concourse import Concourse, Events, Scene

Picture = NDArray[np.uint8]

EMPTY_S = 6.0
"""The concourse is empty so long, where a scenario does not begin occupied."""

TURNS_S = 80.0
"""Where people must stand longer than the concourse lets them, time goes forth and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens in the concourse."""

    events: Events
    people: int = 8
    seconds: float = 60.0
    starts_empty: bool = True
    stays: bool = False
    bit_rate: int | None = None
    size: tuple[int, int] = (640, 360)
    fps: float = 12.0
    told_s: tuple[float, ...] = ()
    """When something happens after which the shield must find itself again."""


SCENARIOS = {
    "walk": Scenario(events=Events(empty_s=EMPTY_S)),
    "cold-start": Scenario(events=Events(occupied=3), starts_empty=False),
    "light-step": Scenario(
        events=Events(empty_s=EMPTY_S, light=((20, 1.35), (35, 1.0), (50, 0.4))),
        told_s=(20, 35, 50),
        seconds=70,
    ),
    "standing": Scenario(
        events=Events(empty_s=EMPTY_S, occupied=3), people=3, seconds=600, fps=6, stays=True
    ),
    "drift": Scenario(events=Events(empty_s=EMPTY_S, drift=0.2)),
    "shake": Scenario(events=Events(empty_s=EMPTY_S, shake=1.5)),
    "bump": Scenario(events=Events(empty_s=EMPTY_S, bump=(25, 9, 5)), told_s=(25,)),
    "night": Scenario(events=Events(empty_s=EMPTY_S, noise=8, light=((0, 0.35),))),
    "crowd": Scenario(events=Events(empty_s=EMPTY_S), people=40),
    "bitrate": Scenario(
        events=Events(empty_s=EMPTY_S), bit_rate=500_000, size=(1280, 720), seconds=40
    ),
    "learn": Scenario(
        events=Events(occupied=3),
        people=6,
        seconds=720,
        fps=5,
        starts_empty=False,
        stays=True,
    ),
}
"""`standing` and `learn` are slow in pictures, lest ten minutes take an hour to measure."""


@dataclass(slots=True, kw_only=True)
class Clip:
    """A video file and what is known of its people, by the number of the picture."""

    name: str
    path: Path
    size: tuple[int, int]
    fps: float
    frames: int
    events_s: tuple[float, ...] = ()
    starts_empty_s: float = 0.0
    _kept: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    _boxed: dict[int, Truth] = field(default_factory=dict)

    @property
    def told(self) -> list[int]:
        """Pictures for which there is a truth."""
        return sorted(self._boxed or self._kept)

    def truth(self, index: int) -> Truth | None:
        """Who is where in a picture; None where nothing is known."""
        if index in self._boxed:
            return self._boxed[index]
        if index not in self._kept:
            return None
        people, heads = (_unpacked(one, self.size) for one in self._kept[index])
        bodies = [Body(pixels=one, head=np.zeros_like(one)) for one in parts(people)]
        faces = [Body(pixels=np.zeros_like(one), head=one) for one in parts(heads)]
        return Truth(bodies=(*bodies, *faces), people=people, heads=heads)

    def pictures(self) -> Iterator[Picture]:
        """Every picture, BGR."""
        return pictures(self.path, "bgr24")


def pictures(path: Path, as_format: str) -> Iterator[Picture]:
    """Every picture of a file as FFmpeg's format says."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format=as_format), np.uint8)


def rendered(name: str, seed: int, folder: Path, seconds: float | None = None) -> Clip:
    """Film a scenario of the concourse, H.264 as a camera codes it, and keep its truths."""
    told = SCENARIOS[name]
    (width, height), fps = told.size, told.fps
    place = Concourse(
        seed=seed, width=width, height=height, fps=fps, people=told.people, events=told.events
    )
    frames = round((seconds or told.seconds) * fps)
    path = folder / f"{name}-{seed}.mp4"
    clip = Clip(
        name=f"{name} {seed}",
        path=path,
        size=(width, height),
        fps=fps,
        frames=frames,
        events_s=tuple(at for at in told.told_s if at < frames / fps),
        starts_empty_s=told.events.empty_s - 1.0 if told.starts_empty else 0.0,
    )
    film = _Film(path, clip.size, fps, told.bit_rate)
    for number in range(frames):
        scene = place.render(_turned(number, fps, told))
        clip._kept[number] = (_packed(scene.mask), _packed(scene.heads))
        film.add(scene)
    film.end()
    return clip


class _Film:
    """Codes a scene as a camera does: no B-pictures, a key picture every four seconds."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float, bit_rate: int | None) -> None:
        # `Any`: the stubs know streams by codec.
        self._container: Any = av.open(str(path), "w")
        stream: Any = self._container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001)
        )
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = round(4 * fps), 0
        options = {"preset": "veryfast"}
        if bit_rate:
            stream.bit_rate = bit_rate
            options |= {"maxrate": str(bit_rate), "bufsize": str(bit_rate)}
        else:
            options["crf"] = "21"
        stream.options = options
        self._stream = stream

    def add(self, scene: Scene) -> None:
        half = scene.y.shape[0] // 4
        flat = [plane.reshape(half, -1) for plane in (scene.u, scene.v)]
        frame = av.VideoFrame.from_ndarray(np.concatenate([scene.y, *flat]), format="yuv420p")
        self._container.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._container.mux(self._stream.encode(None))
        self._container.close()


def _turned(number: int, fps: float, told: Scenario) -> int:
    """The picture to render: where people stay, times go forth and back after they have come."""
    begins, length = round((told.events.empty_s + 20) * fps), round(TURNS_S * fps)
    if not told.stays or number < begins:
        return number
    place = (number - begins) % (2 * length)
    return begins + (place if place < length else 2 * length - place)


def _packed(mask: Mask) -> bytes:
    return zlib.compress(np.packbits(mask).tobytes(), 1)


def _unpacked(packed: bytes, size: tuple[int, int]) -> Mask:
    bits = np.frombuffer(zlib.decompress(packed), np.uint8)
    return np.unpackbits(bits, count=size[0] * size[1]).reshape(size[1], size[0]).astype(bool)


def boxed(video: Path, boxes: Path, empty: frozenset[int]) -> Clip:
    """A real clip whose people are drawn as boxes; their pixels differ from the empty scene.

    Args:
        video: the clip.
        boxes: JSON `{"boxes": {"FRAME": [[x1, y1, x2, y2], ...]}}`, frames from 0, in pixels.
        empty: pictures that show nobody; without them the median of the whole clip is taken.
    """
    drawn = {
        int(index): [(int(x1), int(y1), int(x2), int(y2)) for x1, y1, x2, y2 in found]
        for index, found in json.loads(boxes.read_text())["boxes"].items()
    }
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate or 25)
        expected = max(1, int(stream.frames or 0))
    wanted: dict[int, Picture] = {}
    shown: list[Picture] = []
    every = max(1, expected // 60)
    count = 0
    for index, picture in enumerate(pictures(video, "bgr24")):
        count = index + 1
        if index in drawn:
            wanted[index] = picture
        if index in empty if empty else index % every == 0:
            shown.append(picture)
    scene = np.median(np.stack(shown[:: 1 + len(shown) // 80]), axis=0).astype(np.uint8)
    size = (scene.shape[1], scene.shape[0])
    clip = Clip(name=video.stem, path=video, size=size, fps=fps, frames=count)
    for index, picture in wanted.items():
        clip._boxed[index] = _told(picture, scene, drawn[index])
    return clip


def _told(picture: Picture, scene: Picture, boxes: list[tuple[int, int, int, int]]) -> Truth:
    height, width = picture.shape[:2]
    unsaid = np.zeros((height, width), bool)
    for x1, y1, x2, y2 in boxes:
        aside, above = round(0.30 * (x2 - x1)), round(0.15 * (y2 - y1))
        unsaid[max(0, y1 - above) : y2 + above, max(0, x1 - aside) : x2 + aside] = True
    differs = _difference(picture, scene, unsaid)
    bodies = []
    for box in boxes:
        x1, y1, x2, y2 = box
        inside = np.zeros((height, width), bool)
        inside[max(0, y1) : y2, max(0, x1) : x2] = differs[max(0, y1) : y2, max(0, x1) : x2]
        found = sorted(parts(inside), key=lambda part: -int(part.sum()))
        if not found:
            continue
        large = [one for one in found if one.sum() >= 0.04 * found[0].sum()]
        pixels = np.logical_or.reduce(large)
        bodies.append(Body(pixels=pixels, head=top_of(pixels), box=box))
    nobody = np.zeros((height, width), bool)
    return Truth(
        bodies=tuple(bodies),
        people=np.logical_or.reduce([nobody, *(one.pixels for one in bodies)]),
        heads=np.logical_or.reduce([nobody, *(one.head for one in bodies)]),
        unsaid=unsaid,
    )


def _difference(picture: Picture, scene: Picture, unsaid: Mask) -> Mask:
    """Where a picture is not the empty scene, whatever the light: strict, lest shadows count."""
    now, then = (
        cv2.cvtColor(cv2.GaussianBlur(one, (0, 0), 1.2), cv2.COLOR_BGR2YUV).astype(np.float32)
        for one in (picture, scene)
    )
    for channel in range(3):
        there = now[~unsaid][:, channel] if (~unsaid).sum() > 100 else now[..., channel].reshape(-1)
        here = (
            then[~unsaid][:, channel] if (~unsaid).sum() > 100 else then[..., channel].reshape(-1)
        )
        if channel == 0:
            then[..., 0] *= float(np.median(there / np.maximum(4.0, here)))
        else:
            then[..., channel] += float(np.median(there - here))
    apart = np.abs(now - then)
    differs = (apart[..., 0] > 26) | (apart[..., 1:].max(axis=2) > 11)
    mask = differs.astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    return mask > 0
