"""What masking costs: processor milliseconds a picture by stage, and a worker with N sub-streams.

Always: the stages are those of a camera's line: `Decoder`, `analysed`, `Shield.step`, `paint`,
`MaskedEncoder`, one thread each; a worker is the real one, its archive and its socket included.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from evals.scorecard import Report, print_table
from evals.shield_clips import pictures
from insyn.site import nal
from insyn.site.cameras.virtual.concourse import Concourse, Events
from insyn.site.shield.analysis import analysed
from insyn.site.shield.background import confirmed
from insyn.site.shield.engine import Settings, Shield
from insyn.site.shield.paint import Style, Tiles, paint
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.streams import TICKS, Codec, Packet, Parameters

SIZES = ((1920, 1080), (1280, 720), (640, 360))
FPS, EMPTY, COUNTED = 25, 40, 200
WARM_S, MEASURED_S = 8.0, 30.0
SUB_FPS = 12
_TICK = os.sysconf("SC_CLK_TCK")

Planes = NDArray[np.uint8]
"""A picture in FFmpeg's yuv420p: (height * 3 / 2, width)."""


def stages(video: Path | None, *, is_quiet: bool) -> list[Report]:
    """Milliseconds of one core a picture, by size, style and stage.

    The clip is enlarged to each size, with a sensor's noise; without one, the concourse is filmed.
    """
    found = []
    for size in SIZES:
        packets = coded(_scenes(video, size, EMPTY + COUNTED), size, FPS)
        styles = list(Style) if size == SIZES[0] else [Style.SOLID]
        found += [_staged(packets, size, style) for style in styles]
    if not is_quiet:
        print_table(
            "Processor milliseconds a picture",
            list(found[0]),
            [list(one.values()) for one in found],
        )
    return found


def _staged(packets: list[Packet], size: tuple[int, int], style: Style) -> Report:
    parameters = packets[0].parameters
    assert parameters is not None
    decoder = Decoder(parameters, largest=size)
    encoder = MaskedEncoder(width=size[0], height=size[1], fps=FPS)
    shield = Shield(*size, FPS, Settings(style=style))
    spent = dict.fromkeys(("decode", "analyse", "paint", "encode"), 0.0)
    tiles = Tiles()
    empty = []
    took: list[float] = []
    masked = 0
    for number, packet in enumerate(packets):
        began = time.process_time()
        frames = list(decoder.decode(packet))
        decoded = time.process_time() - began
        for frame in frames:
            if number < EMPTY:
                empty.append(analysed(frame, shield.small_size))
                continue
            if shield.background is None:
                shield.confirm(confirmed(empty))
            walled, began = time.perf_counter(), time.process_time()
            step = shield.step(frame)
            stepped = time.process_time() - began
            took.append(time.perf_counter() - walled)
            began = time.process_time()
            paint(frame, step.mask, style, backdrop=frame, tiles=tiles)
            painted = time.process_time() - began
            began = time.process_time()
            encoder.encode(step.frame)
            spent["encode"] += time.process_time() - began
            spent["decode"] += decoded
            spent["paint"] += painted
            spent["analyse"] += stepped - painted
            masked += 1
    told = {stage: round(1000 * value / masked, 2) for stage, value in spent.items()}
    total = sum(told.values())
    return {
        "picture": f"{size[0]}x{size[1]}",
        "style": str(style),
        **told,
        "all": round(total, 2),
        "a core, pictures/s": round(1000 / total, 1),
        f"of a core at {FPS}": f"{FPS * total / 10:.0f} %",
        "step p99 ms": round(1000 * float(np.percentile(took, 99)), 2),
    }


def _scenes(video: Path | None, size: tuple[int, int], count: int) -> Iterator[Planes]:
    width, height = size
    if video is None:
        events = Events(empty_s=EMPTY / FPS)
        place = Concourse(seed=3, width=width, height=height, fps=FPS, people=12, events=events)
        for number in range(count):
            scene = place.render(number)
            flat = [plane.reshape(height // 4, width) for plane in (scene.u, scene.v)]
            yield np.concatenate([scene.y, *flat])
        return
    draw = np.random.default_rng(1)
    noise = draw.normal(0, 2, (height + 32, width + 32)).astype(np.int16)
    for _, picture in zip(range(count), pictures(video, "bgr24"), strict=False):
        large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        planes = np.asarray(cv2.cvtColor(large, cv2.COLOR_BGR2YUV_I420), np.uint8)
        dy, dx = (int(value) for value in draw.integers(0, 32, 2))
        moved = noise[dy : dy + height, dx : dx + width]
        planes[:height] = np.clip(planes[:height].astype(np.int16) + moved, 16, 235)
        yield planes


def coded(scenes: Iterator[Planes], size: tuple[int, int], fps: float) -> list[Packet]:
    """Packets as a camera sends them: H.264, no B-pictures, a key picture every two seconds."""
    # `Any`: the stubs do not know a video context's attributes.
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = size[0], size[1], "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TICKS), Fraction(round(fps * 10), 10)
    encoder.gop_size, encoder.max_b_frames = round(2 * fps), 0
    encoder.options = {"preset": "veryfast", "crf": "23", "tune": "zerolatency"}
    packets: list[Packet] = []
    for number, planes in enumerate(scenes):
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = round(number * TICKS / fps), Fraction(1, TICKS)
        for one in encoder.encode(frame):
            data = bytes(one)
            parameters = None
            if not packets:
                sets = nal.parameter_sets_of(data, Codec.H264)
                parameters = Parameters(
                    codec=Codec.H264, width=size[0], height=size[1], parameter_sets=sets
                )
            packets.append(
                Packet(
                    data=data,
                    pts_90k=one.pts,
                    dts_90k=one.pts,
                    is_key=bool(one.is_keyframe),
                    received_ns=0,
                    parameters=parameters,
                )
            )
    return packets


def sub_stream() -> list[Packet]:
    """Half a minute of a camera's sub-stream, the first five seconds of it empty."""
    events = Events(empty_s=5.0)
    place = Concourse(seed=3, width=640, height=360, fps=SUB_FPS, people=10, events=events)

    def scenes() -> Iterator[Planes]:
        for number in range(round(30 * SUB_FPS)):
            scene = place.render(number)
            flat = [plane.reshape(90, 640) for plane in (scene.u, scene.v)]
            yield np.concatenate([scene.y, *flat])

    return coded(scenes(), (640, 360), SUB_FPS)


def workers(streams: int, folder: Path, *, is_quiet: bool) -> Report:
    """One worker process with so many sub-streams, on a core of its own."""
    home = folder / "worker"
    home.mkdir()
    core = max(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "evals.shield_worker_process", str(home), str(streams)]
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for_all(home, streams)
        time.sleep(WARM_S)
        before, used, began = _told(home), _cpu_s(process.pid), time.monotonic()
        time.sleep(MEASURED_S)
        after, lasted = _told(home), time.monotonic() - began
        used = _cpu_s(process.pid) - used
        memory = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()
    rates = [(after[name]["frames"] - before[name]["frames"]) / lasted for name in after]
    found: Report = {
        "streams": streams,
        "percent_of_core": round(100 * used / lasted, 1),
        "percent_of_core_a_stream": round(100 * used / lasted / streams, 2),
        "least_fps": round(min(rates), 2),
        "late_pictures": sum(each["late"] for each in after.values()),
        "step_ms": round(sum(each["step_ms"] for each in after.values()) / streams, 2),
        "states": sorted({each["state"] for each in after.values()}),
        "rss_mib": round(memory * os.sysconf("SC_PAGE_SIZE") / 2**20),
    }
    if not is_quiet:
        print_table("A shield worker on one core", list(found), [list(found.values())])
    return found


# `Any`: JSON of the worker's state file.
def _told(home: Path) -> dict[str, dict[str, Any]]:
    try:
        return dict(json.loads((home / "shield-1.json").read_bytes())["cameras"])
    except (OSError, ValueError):
        return {}


def _wait_for_all(home: Path, streams: int) -> None:
    deadline = time.monotonic() + 180
    while sum(each["state"] == "RUN" for each in _told(home).values()) < streams:
        if time.monotonic() > deadline:
            raise SystemExit("the worker does not mask all streams; try fewer")
        time.sleep(0.5)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
