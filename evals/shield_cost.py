"""What masking costs: processor milliseconds a picture by stage, files, workers with N sub-streams.

Run: `python -m evals.shield_cost [VIDEO] [--files] [--beside] [--workers 16]`. The stages are those
of a camera's line: `Decoder`, `analysed`, `Shield.step`, `paint`, `MaskedEncoder`, one thread each.
A worker is the real one, its archive and its socket included. Beside them in the same run: MOG2 and
KNN between the same decoder and encoder, and deface in an environment of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
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
from evals.shield_opponents import MAKERS, Faces, cleaned, install_deface
from insyn.site import nal
from insyn.site.cameras.virtual.concourse import Concourse, Events
from insyn.site.shield.analysis import analysed, analysis_size
from insyn.site.shield.background import confirmed
from insyn.site.shield.engine import Settings, Shield
from insyn.site.shield.paint import Style, Tiles, paint
from insyn.site.shielding.decoder import Decoder
from insyn.site.shielding.encoder import MaskedEncoder
from insyn.site.shielding.file import Empty, Order, mask_file
from insyn.site.streams import TICKS, Codec, Packet, Parameters

SIZES = ((1920, 1080), (1280, 720), (640, 360))
FPS, EMPTY, COUNTED = 25, 40, 200
WARM_S, MEASURED_S = 8.0, 30.0
SUB_FPS = 12
_TICK = os.sysconf("SC_CLK_TCK")

Planes = NDArray[np.uint8]
"""A picture in FFmpeg's yuv420p: (height * 3 / 2, width)."""


def main() -> int:
    """Print tables, and one line of JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("video", type=Path, nargs="?", help="Enlarged; else the concourse.")
    parser.add_argument("--files", action="store_true", help="`insyn shield` at 1080p too.")
    parser.add_argument("--beside", action="store_true", help="MOG2, KNN and deface too.")
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="N sub-streams.")
    parser.add_argument("--json", action="store_true", help="No tables.")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    told: dict[str, Any] = {"stages": stages(asked.video, is_quiet=asked.json)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if asked.files or asked.beside:
            clip = folder / "clip.mp4"
            packets = coded(_scenes(asked.video, SIZES[0], EMPTY + COUNTED), SIZES[0], FPS)
            written(packets, clip)
            told["files"] = files(clip, folder) if asked.files else []
            told["beside"] = beside(packets, clip) if asked.beside else []
            for title in ("files", "beside"):
                if told[title] and not asked.json:
                    rows = told[title]
                    print_table(title, list(rows[0]), [list(row.values()) for row in rows])
        if asked.workers:
            told["workers"] = workers(asked.workers, folder, is_quiet=asked.json)
    print(json.dumps(told))
    return 0


def stages(video: Path | None, *, is_quiet: bool) -> list[Report]:
    """Milliseconds of one core a picture, by size, style and stage.

    The clip is enlarged to each size, with a sensor's noise; without one, the concourse is filmed.
    Stages are medians, for other programs disturb; `all` is the sum of all time spent, and a tenth
    of the pictures needs no more than `quiet`.
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
    spent: dict[str, list[float]] = {
        stage: [] for stage in ("decode", "analyse", "paint", "encode")
    }
    tiles = Tiles()
    empty = []
    took: list[float] = []
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
            spent["encode"].append(time.process_time() - began)
            spent["decode"].append(decoded)
            spent["paint"].append(painted)
            spent["analyse"].append(stepped - painted)
    return {
        "picture": f"{size[0]}x{size[1]}",
        "style": str(style),
        **_summed(spent),
        "step p99 ms": round(1000 * float(np.percentile(took, 99)), 2),
    }


def _summed(spent: dict[str, list[float]]) -> Report:
    """Medians by stage, and all of them together, in milliseconds."""
    whole = 1000 * np.sum(list(spent.values()), axis=0)
    return {
        **{stage: round(1000 * float(np.median(each)), 2) for stage, each in spent.items()},
        "all": round(float(whole.mean()), 2),
        "quiet": round(float(np.percentile(whole, 10)), 2),
        "a core, pictures/s": round(1000 / float(whole.mean()), 1),
    }


def written(packets: list[Packet], path: Path) -> None:
    """A file of a camera's packets."""
    # `Any`: an output container; the stubs know two kinds.
    container: Any
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        parameters = packets[0].parameters
        assert parameters is not None
        stream.width, stream.height = parameters.width, parameters.height
        for packet in packets:
            one = av.Packet(packet.data)
            one.pts, one.dts, one.time_base = packet.pts_90k, packet.dts_90k, Fraction(1, TICKS)
            one.is_keyframe, one.stream = packet.is_key, stream
            container.mux(one)


def files(clip: Path, folder: Path) -> list[Report]:
    """What `insyn shield` costs a picture of a file, all passes, decoding and writing."""
    ways = {
        "with foresight, two passes": Order(source=clip, target=folder / "out.mp4"),
        "told the empty scene, one pass": Order(
            source=clip, target=folder / "out.mp4", empty=Empty(first_s=EMPTY / FPS)
        ),
        "live, one pass": Order(
            source=clip, target=folder / "out.mp4", live=True, empty=Empty(first_s=EMPTY / FPS)
        ),
    }
    found: list[Report] = []
    for name, order in ways.items():
        began, walled = time.process_time(), time.monotonic()
        report = mask_file(order)
        each_ms = 1000 * (time.process_time() - began) / report.frames
        found.append(
            {
                "way": name,
                "processor ms a picture": round(each_ms, 2),
                "a core, pictures/s": round(1000 / each_ms, 1),
                "wall, pictures/s": round(report.frames / (time.monotonic() - walled), 1),
                "covered share": round(report.covered_share, 3),
            }
        )
    return found


def beside(packets: list[Packet], clip: Path) -> list[Report]:
    """Others: subtractors between our decoder and encoder; what deface spends on its search."""
    size = SIZES[0]
    found: list[Report] = []
    for name, make in MAKERS.items():
        parameters = packets[0].parameters
        assert parameters is not None
        decoder = Decoder(parameters, largest=size)
        encoder = MaskedEncoder(width=size[0], height=size[1], fps=FPS)
        subtractor, small_size = make(), analysis_size(*size)
        spent: dict[str, list[float]] = {
            stage: [] for stage in ("decode", "analyse", "paint", "encode")
        }
        for packet in packets:
            times = [time.process_time()]
            (frame,) = decoder.decode(packet)
            times.append(time.process_time())
            mask = cleaned(subtractor.apply(analysed(frame, small_size))) > 0
            times.append(time.process_time())
            masked = paint(frame, mask)
            times.append(time.process_time())
            encoder.encode(masked)
            times.append(time.process_time())
            for stage, took in zip(spent, np.diff(times).tolist(), strict=True):
                spent[stage].append(took)
        found.append({"who": f"{name} + morphology", **_summed(spent)})
    install_deface()
    faces = Faces(clip, range(EMPTY, EMPTY + 12))
    rate = round(1000 / faces.cpu_ms, 1)
    none = dict.fromkeys(("decode", "paint", "encode"), "")
    row = {"who": "deface, faces only", **none, "analyse": round(faces.cpu_ms, 1)}
    total = {"all": round(faces.cpu_ms, 1), "quiet": "", "a core, pictures/s": rate}
    found.append({key: {**row, **total}[key] for key in found[0]})
    return found


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
    masked = sum(after[name]["frames"] - before[name]["frames"] for name in after)
    rates = [(after[name]["frames"] - before[name]["frames"]) / lasted for name in after]
    found: Report = {
        "streams": streams,
        "percent_of_core": round(100 * used / lasted, 1),
        "percent_of_core_a_stream": round(100 * used / lasted / streams, 2),
        "cpu_ms_a_picture": round(1000 * used / max(1, masked), 2),
        "percent_at_12_fps": round(SUB_FPS * 100 * used / max(1, masked), 2),
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


if __name__ == "__main__":
    raise SystemExit(main())
