"""The recorder under load: `python -m evals.recorder [--streams 1,16,64,128] [--seconds 30]`.

GStreamer's RTSP server sends one clip (1080p, 25 pictures a second, 4 Mbit/s, H.264) to as many
clients as are asked for, from a core of its own. On another core, one recorder process takes all
of them through the whole path: RTSP over TCP, ring, sealed fragments, hash, fsync, index. Then one
`ffmpeg -c copy` a camera does its lesser work on the same core. Told are: processor share of a
core a stream, memory, the worst time between two packets, the worst write, and whether every
picture that came in is on the disk: sealed recordings are opened and their pictures counted.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from tests.support.coded_video import coded
from tests.support.recorder_desk import Desk
from tests.support.rtsp_server import RtspServer, available, write_units

from evals.scorecard import Report, machine, print_report, print_table
from insyn.site.archive import fmp4
from insyn.site.streams import TICKS, Codec

FPS = 25
CLIP_FRAMES = 250
WARM_S = 5.0
"""After the last stream is open, before measuring begins."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def make_clip(folder: Path) -> Path:
    """Ten seconds of 1080p at about 4 Mbit/s, as the server reads them."""
    packets = coded(
        frames=CLIP_FRAMES, width=1920, height=1080, fps=FPS, gop=2 * FPS, bit_rate=4_000_000
    )
    size = sum(len(packet.data) for packet in packets)
    print(f"clip: {size * 8 * FPS / CLIP_FRAMES / 1e6:.2f} Mbit/s", file=sys.stderr)
    return write_units(folder / "clip.units", Codec.H264, packets, CLIP_FRAMES * TICKS // FPS)


def cpu_s(pid: int) -> float:
    """Processor seconds of a process so far; 0 where it has gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def rss_bytes(pid: int) -> int:
    """Memory of a process; 0 where it has gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


@contextlib.contextmanager
def pinned(command: Sequence[str], core: int, **more: object) -> Iterator[subprocess.Popen[bytes]]:
    """A process on one core; killed at the end if it still runs."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        **more,  # type: ignore[call-overload]  # environment only
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def measure_recorder(url: str, streams: int, seconds: float, folder: Path) -> Report:
    """One recorder process with so many streams."""
    desk = Desk(folder, vault=X25519PrivateKey.generate())
    request = folder / "request.json"
    request.write_text(json.dumps({"url": url, "streams": streams, "seal": desk.seal.raw.hex()}))
    command = [sys.executable, "-m", "evals.recorder_process", str(folder)]
    with pinned(command, 0) as process:
        wait_for(lambda: open_count(folder) == streams, 120)
        time.sleep(WARM_S)
        before, began = cpu_s(process.pid), time.monotonic()
        time.sleep(seconds)
        used, lasted = cpu_s(process.pid) - before, time.monotonic() - began
        memory = rss_bytes(process.pid)
        said = json.loads((folder / "recorder-1.json").read_bytes())
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    received = json.loads((folder / "received.json").read_text())
    frames_in = sum(received.values())
    on_disk = missing = 0
    for camera in received:
        count, holes = count_written(desk, camera)
        on_disk += count
        missing += holes
    cameras = said["cameras"].values()
    return {
        "streams": streams,
        "percent_of_core_a_stream": 100 * used / lasted / streams,
        "percent_of_core": 100 * used / lasted,
        "rss_mib": memory / 2**20,
        "least_fps": min(camera["fps"] for camera in cameras),
        "worst_packet_gap_s": max(camera["worst_gap_s"] for camera in cameras),
        "worst_write_ms": said["disk"]["worst_write_ms"],
        "sync_ms": said["disk"]["sync_ms"],
        "left_out_by_ring": sum(camera["dropped"] for camera in cameras),
        "frames_in": frames_in,
        "frames_on_disk": on_disk,
        "holes_in_time": missing,
    }


def count_written(desk: Desk, camera: str) -> tuple[int, int]:
    """Pictures in a camera's sealed recordings, opened; and steps in time longer than a picture."""
    frames = holes = 0
    for recording in desk.recordings(camera):
        movie = desk.plain(desk.root / recording.path)
        for piece in plain_fragments(movie):
            _, samples = fmp4.samples_of(piece)
            frames += len(samples)
            holes += sum(sample.duration_90k > TICKS // FPS * 3 // 2 for sample in samples)
    return frames, holes


def plain_fragments(movie: bytes) -> Iterator[bytes]:
    """The fragments of an fMP4: each `moof` with its `mdat`."""
    at, begun = 0, None
    while at < len(movie):
        size = int.from_bytes(movie[at : at + 4], "big")
        kind = movie[at + 4 : at + 8]
        if kind == b"moof":
            begun = at
        elif kind == b"mdat" and begun is not None:
            yield movie[begun : at + size]
        at += size


def measure_ffmpeg(url: str, streams: int, seconds: float, folder: Path) -> Report:
    """As many ffmpeg processes, each copying one stream into minute-long files; unsealed."""
    with contextlib.ExitStack() as stack:
        processes = []
        for number in range(streams):
            command = [
                *("ffmpeg", "-v", "error", "-rtsp_transport", "tcp", "-i", url, "-c", "copy"),
                *("-f", "segment", "-segment_time", "60", "-segment_format_options"),
                *("movflags=frag_keyframe+empty_moov", str(folder / f"{number}-%03d.mp4")),
            ]
            processes.append(stack.enter_context(pinned(command, 0, stderr=subprocess.DEVNULL)))
        wait_for(lambda: len(list(folder.glob("*.mp4"))) >= streams, 180)
        time.sleep(WARM_S)
        before = [cpu_s(process.pid) for process in processes]
        began = time.monotonic()
        time.sleep(seconds)
        used = sum(cpu_s(one.pid) for one in processes) - sum(before)
        lasted = time.monotonic() - began
        memory = sum(rss_bytes(process.pid) for process in processes)
        alive = sum(process.poll() is None for process in processes)
    return {
        "ffmpeg_alive": alive,
        "ffmpeg_percent_of_core_a_stream": 100 * used / lasted / streams,
        "ffmpeg_rss_mib": memory / 2**20,
    }


def open_count(folder: Path) -> int:
    """How many cameras the recorder has open."""
    try:
        said = json.loads((folder / "recorder-1.json").read_bytes())
    except FileNotFoundError:
        return 0
    return sum(camera["written"] > 0 for camera in said["cameras"].values())


def wait_for(claim: Callable[[], bool], seconds: float) -> None:
    """Wait until the claim holds."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            sys.exit("the streams did not open in time")
        time.sleep(0.1)


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", default="1,16,64,128")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--no-ffmpeg", action="store_true")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; else temporary")
    given = parser.parse_args()
    if reason := available():
        sys.exit(f"the independent source cannot run here: {reason}")
    rows: list[Report] = []
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        clip = make_clip(folder)
        os.sched_setaffinity(0, {(os.cpu_count() or 1) - 1})  # the server inherits it
        with RtspServer({"/clip": clip}) as server:
            for streams in map(int, given.streams.split(",")):
                server_before = cpu_s(server.pid)
                ours = folder / f"ours-{streams}"
                ours.mkdir()
                row = measure_recorder(server.url("/clip"), streams, given.seconds, ours)
                row["server_cpu_s"] = cpu_s(server.pid) - server_before
                shutil.rmtree(ours)
                if not given.no_ffmpeg and shutil.which("ffmpeg"):
                    theirs = folder / f"theirs-{streams}"
                    theirs.mkdir()
                    found = measure_ffmpeg(server.url("/clip"), streams, given.seconds, theirs)
                    row |= found
                    shutil.rmtree(theirs)
                rows.append(row)
                print_row(row)
    print_report({"machine": machine(), "seconds": given.seconds, "rows": rows})


def print_row(row: Report) -> None:
    """One measurement, as it comes."""
    print_table(f"{row['streams']} streams", ("measure", "value"), row.items())


if __name__ == "__main__":
    main()
