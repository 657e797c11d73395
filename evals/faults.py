"""Every fault that a recorder must bear: `python -m evals.faults [--only kill,...] [--rounds 30]`.

Each fault is made on a real archive with real H.264; what came in and is not on the disk is
counted. Recordings are sealed: they are opened with the vault's key and read to the last byte by
PyAV, and by ffprobe where it is installed. Nothing needs a camera; the disk that fills needs the
right to mount a tmpfs, and says so where it is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gc
import io
import itertools
import json
import logging
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from tests.support.coded_video import again, coded, parameters_of
from tests.support.recorder_desk import Desk, PlayedCamera, frames_in, until
from tests.support.rtsp_server import RtspServer, available, write_units

from evals.paced_camera import handed_over
from evals.recorder import plain_fragments
from evals.scorecard import Report, machine, print_report, print_table
from insyn.site.archive import fmp4
from insyn.site.archive.writing import Archive, Begin, Picture, RecordingWriter
from insyn.site.cameras.address import Address
from insyn.site.cameras.failure import Trouble
from insyn.site.cameras.opening import recording_source_for
from insyn.site.clocks import Reading, system_clocks
from insyn.site.recorder import cutting, feeding, process
from insyn.site.recorder.cutting import BeginRecording, Cutter
from insyn.site.streams import TICKS, Codec, Packet
from insyn.site.vault.public import VaultPublicKey

FPS = 25
CLIP = coded(frames=50, gop=25)
ROUND_90K = 50 * TICKS // FPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a fault cost. `lost_s` is video that came in and is not on the disk."""

    fault: str
    tried: str
    lost_s: float | None
    found: str


def video(seconds: int) -> list[Packet]:
    """So many seconds, parameters on the first packet."""
    return again(CLIP, seconds // 2, ROUND_90K)


def camera() -> PlayedCamera:
    """A camera of which the program decides when it sends."""
    return PlayedCamera(parameters_of(CLIP))


def frames_on_disk(desk: Desk, pattern: str = "**/*.sealed*") -> int:
    """Pictures in all files of the archive, finished or not, each opened and read whole."""
    count = 0
    for path in sorted(desk.root.glob(pattern)):
        with contextlib.suppress(Exception):
            movie = desk.plain(path)
            listed = sum(len(fmp4.samples_of(piece)[1]) for piece in plain_fragments(movie))
            if listed and frames_in(movie) != listed:
                raise SystemExit(f"{path} does not decode whole")
            count += listed
    return count


def is_read_by_ffprobe(desk: Desk, folder: Path) -> str:
    """The newest recording, opened, as ffprobe counts it."""
    if not shutil.which("ffprobe"):
        return "ffprobe is not installed"
    newest = max(desk.root.glob("**/*.sealed*"), key=lambda path: path.stat().st_mtime)
    movie = folder / "opened.mp4"
    movie.write_bytes(desk.plain(newest))
    command = (
        "ffprobe",
        "-v",
        "error",
        "-count_packets",
        "-show_entries",
        "stream=nb_read_packets",
    )
    said = subprocess.run(
        [*command, "-of", "csv=p=0", str(movie)], capture_output=True, text=True, check=False
    )
    return "ffprobe reads it" if said.returncode == 0 and not said.stderr else said.stderr[:80]


def kill(folder: Path, rounds: int) -> Finding:
    """Kill -9 at random moments; recordings of 2 s, so that ends, renames and rows are hit too."""
    desk = Desk(folder)
    said = {"streams": 2, "seal": desk.seal.raw.hex(), "gop": 25, "recording_90k": 2 * TICKS}
    (folder / "request.json").write_text(json.dumps(said))
    chance = random.Random(1)
    counts = [folder / f"cam-{number:03d}.count" for number in range(2)]
    worst = total = 0
    lost_before = [0] * len(counts)
    for _ in range(rounds):
        before = sum(map(_count, counts))
        child = subprocess.Popen([sys.executable, "-m", "evals.recorder_process", str(folder)])
        until(lambda: sum(map(_count, counts)) > before + 10, seconds=60)  # noqa: B023
        time.sleep(chance.uniform(0.3, 3))
        child.send_signal(signal.SIGKILL)
        child.wait()
        for number, count in enumerate(counts):
            lost_ever = _count(count) - frames_on_disk(desk, f"{count.stem}/**/*.sealed*")
            lost = lost_ever - lost_before[number]
            lost_before[number] = lost_ever
            worst, total = max(worst, lost), total + lost
    mean_s = total / rounds / len(counts) / FPS
    return Finding(
        fault="kill -9 at random moments",
        tried=f"{rounds} rounds, {len(counts)} cameras",
        lost_s=worst / FPS,
        found=f"mean {mean_s:.2f} s; {is_read_by_ffprobe(desk, folder)}",
    )


def _count(path: Path) -> int:
    return handed_over(path) if path.exists() else 0


def cut_anywhere(folder: Path, rounds: int) -> Finding:
    """A file cut at any byte, as a power cut leaves it: what stands before is read."""
    desk = Desk(folder)
    one = camera()
    with desk.recording(one=one):
        one.send(video(20))
        until(lambda: desk.state("one").get("written") == 500)
    (recording,) = desk.recordings("one")
    whole = (desk.root / recording.path).read_bytes()
    chance = random.Random(2)
    cut = folder / "cut"
    for _ in range(rounds):
        at = chance.randrange(recording.fragments[0].offset, len(whole))
        cut.write_bytes(whole[:at])
        stands = sum(entry.offset + entry.size <= at for entry in recording.fragments)
        found = len(list(plain_fragments(desk.plain(cut))))
        if found != stands:
            raise SystemExit(f"cut at {at}: {found} fragments of {stands} read")
    return Finding(
        fault="file cut at any byte",
        tried=f"{rounds} cuts",
        lost_s=cutting.FRAGMENT_90K / TICKS,
        found="every whole fragment before the cut is read",
    )


def frozen_camera(folder: Path, _rounds: int) -> Finding:
    """SIGSTOP of the RTSP server for 20 s, then it goes on."""

    def freeze(server: RtspServer, desk: Desk) -> str:
        began = time.monotonic()
        server.freeze()
        until(lambda: desk.state("one").get("state") == "lost", seconds=20)
        found_s = time.monotonic() - began
        server.thaw()
        return f"found after {found_s:.1f} s"

    return _with_server(folder, "camera frozen (SIGSTOP)", freeze)


def killed_camera(folder: Path, _rounds: int) -> Finding:
    """The RTSP server killed, and begun again."""

    def end(server: RtspServer, desk: Desk) -> str:
        began = time.monotonic()
        server.kill()
        until(lambda: desk.state("one").get("state") == "lost", seconds=20)
        found_s = time.monotonic() - began
        server.start()
        return f"found after {found_s:.1f} s"

    return _with_server(folder, "camera killed", end)


def cut_network(folder: Path, _rounds: int) -> Finding:
    """All bytes vanish for a while, both ways and without a reset, as on a cut cable."""

    def cut(server: RtspServer, desk: Desk) -> str:
        del server
        began = time.monotonic()
        relay.is_cut = True
        until(lambda: desk.state("one").get("state") == "lost", seconds=20)
        found_s = time.monotonic() - began
        relay.is_cut = False
        return f"found after {found_s:.1f} s"

    relay = _Relay()
    with contextlib.closing(relay):
        return _with_server(folder, "network cut", cut, relay)


def _with_server(
    folder: Path,
    fault: str,
    act: Callable[[RtspServer, Desk], str],
    relay: _Relay | None = None,
) -> Finding:
    if reason := available():
        return Finding(fault=fault, tried="not run", lost_s=None, found=reason)
    clip = write_units(folder / "clip", Codec.H264, CLIP, ROUND_90K)
    desk = Desk(folder)
    with RtspServer({"/clip": clip}) as server:
        port = server.port
        if relay is not None:
            relay.open(server.port)
            port = relay.port
        source = recording_source_for(Address(url=f"rtsp://127.0.0.1:{port}/clip"))
        with desk.recording(one=source) as recorder:
            until(lambda: desk.state("one").get("written", 0) > 60, seconds=60)
            said = act(server, desk)
            before = desk.state("one")["written"]
            began = time.monotonic()
            until(lambda: desk.state("one").get("written", 0) > before + 50, seconds=90)
            back_s = time.monotonic() - began
        came = recorder.received()["one"]
    lost = came - sum(one.frames for one in desk.recordings("one"))
    reasons = ", ".join(gap.reason for gap in desk.gaps("one"))
    return Finding(
        fault=fault,
        tried="once",
        lost_s=lost / FPS,
        found=f"{said}; recorded again {back_s:.1f} s after its return; gap: {reasons}; "
        f"{desk.decoded('one')} of {came} pictures decode",
    )


class _Relay:
    """A TCP relay on loopback that can let everything vanish."""

    def __init__(self) -> None:
        self.is_cut = False
        self.port = 0
        self._sockets: list[socket.socket] = []
        self._target = 0

    def open(self, target: int) -> None:
        """Relay to this port."""
        self._target = target
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._sockets.append(listener)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """End."""
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._sockets += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        was_cut = False
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                was_cut = was_cut or self.is_cut  # a connection that lost bytes stays silent
                if not was_cut:
                    sink.sendall(content)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def full_disk(folder: Path, _rounds: int) -> Finding:
    """A tmpfs of 24 MB that something else fills, and that becomes free again."""
    fault = "disk full"
    mount = folder / "archive"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(mount)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return Finding(fault=fault, tried="not run", lost_s=None, found="may not mount a tmpfs")
    try:
        desk = Desk(folder)
        one = camera()
        with desk.recording(one=one) as recorder:
            one.send(video(10))
            until(lambda: desk.state("one").get("written") == 250)
            filler = mount / "filler"
            with contextlib.suppress(OSError), filler.open("wb") as file:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            while shutil.disk_usage(mount).free:
                with contextlib.suppress(OSError), filler.open("ab") as file:
                    file.write(bytes(4096))
            one.send(video(60)[250:])
            until(lambda: desk.state("one").get("state") == "disk")
            alarm = desk.state("one")["text"]
            time.sleep(3)
            filler.unlink()
            until(lambda: desk.state("one").get("state") == "running")
            until(lambda: desk.state("one").get("written") == 1500)
        came = recorder.received()["one"]
        lost = came - desk.decoded("one")
        gaps = [gap.reason for gap in desk.gaps("one")]
    finally:
        subprocess.run(["umount", str(mount)], check=True)
    return Finding(
        fault=fault,
        tried="once, full for 3 s",
        lost_s=lost / FPS,
        found=f'told: "{alarm[:60]}..."; goes on in the same recording; gaps: {gaps or "none"}',
    )


class _SlowWriter:
    """Forwards to a writer, each fragment late."""

    def __init__(self, writer: RecordingWriter, delay_s: float) -> None:
        self._writer = writer
        self._delay_s = delay_s

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)

    def append(self, pictures: Sequence[Picture]) -> bytes:
        time.sleep(self._delay_s)
        return self._writer.append(pictures)


class _SlowArchive(Archive):
    """A disk that takes 1.5 s for a fragment, for some fragments."""

    delay_s = 1.5

    def begin(self, begin: Begin, *, seal: VaultPublicKey | None) -> RecordingWriter:
        return _SlowWriter(super().begin(begin, seal=seal), self.delay_s)  # type: ignore[return-value]  # whole interface


def slow_disk(folder: Path, _rounds: int) -> Finding:
    """A disk that needs twice as long as the video lasts, for 20 s."""
    desk = Desk(folder, archive_class=_SlowArchive, ring_bytes=lambda _count: 200_000)
    _SlowArchive.delay_s = 1.5
    one = camera()
    with desk.recording(one=one) as recorder:
        for packet in video(30):
            one.send([packet])
            time.sleep(0.02)
        told = desk.state("one")
        trouble = json.loads((folder / "recorder-1.json").read_bytes())["disk"]["trouble"]
        for recording in (*_writers(),):
            recording._delay_s = 0.0
        until(lambda: desk.state("one").get("waiting_bytes") == 0, seconds=60)
        one.send(video(2))
        until(lambda: desk.state("one").get("packets") == 800)
        until(lambda: desk.state("one").get("waiting_bytes") == 0)
    came = recorder.received()["one"]
    lost = came - desk.decoded("one")
    gaps = sorted({gap.reason for gap in desk.gaps("one")})
    return Finding(
        fault="disk too slow",
        tried="15 s, ring of 200 kB",
        lost_s=lost / FPS,
        found=f"whole GOPs, each told as a gap ({', '.join(gaps)}); {told['dropped']} left out by "
        f"the ring; {'alarm shown' if trouble else 'no alarm'}; recovers by itself",
    )


def _writers() -> Iterator[_SlowWriter]:
    _SlowArchive.delay_s = 0.0
    yield from (one for one in gc.get_objects() if isinstance(one, _SlowWriter))


def wrong_mount(folder: Path, _rounds: int) -> Finding:
    """The archive's disk is taken away: an empty folder stands there; then it comes back."""
    desk = Desk(folder)
    one = camera()
    with desk.recording(one=one) as recorder:
        one.send(video(4))
        until(lambda: desk.state("one").get("written") == 100)
        mark = desk.root / "archive.json"
        mark.rename(folder / "aside")
        one.fail(Trouble.ENDED)
        one.send(video(4))
        until(lambda: desk.state("one").get("state") == "disk")
        alarm = desk.state("one")["text"]
        (folder / "aside").rename(mark)
        until(lambda: desk.state("one").get("written") == 200)
    lost = recorder.received()["one"] - desk.decoded("one")
    return Finding(
        fault="wrong or missing mount",
        tried="once",
        lost_s=lost / FPS,
        found=f'nothing is written into the wrong place; told: "{alarm[-60:]}"',
    )


def clock_step(folder: Path, _rounds: int) -> Finding:
    """The machine's clock is set by an hour, forth and back, while recording."""
    moved_ns = [0]

    def clocks() -> Reading:
        now = system_clocks()
        return Reading(wall_ns=now.wall_ns + moved_ns[0], monotonic_ns=now.monotonic_ns)

    desk = Desk(folder, clocks=clocks)
    one = camera()
    with desk.recording(one=one) as recorder:
        for number, hours in enumerate((0, 1, -1, 0)):
            moved_ns[0] = hours * 3600 * 10**9
            time.sleep(0.3)
            one.send(_later(video(8), number))
            until(lambda: desk.state("one").get("packets") == 200 * (number + 1))  # noqa: B023
            time.sleep(1.2)
    recordings = sorted(desk.recordings("one"), key=lambda one: one.start_monotonic_ns)
    ends = ", ".join(str(one.end_reason) for one in recordings)
    lost = recorder.received()["one"] - desk.decoded("one")
    return Finding(
        fault="clock set by an hour, forth and back",
        tried="3 steps",
        lost_s=lost / FPS,
        found=f"a new run at the next key picture ({ends}); both clocks in each row",
    )


def _later(packets: list[Packet], times: int) -> list[Packet]:
    shift = times * len(packets) * TICKS // FPS
    return [
        dataclasses.replace(
            packet,
            pts_90k=(packet.pts_90k or 0) + shift,
            dts_90k=(packet.dts_90k or 0) + shift,
        )
        for packet in packets
    ]


def drift(_folder: Path, _rounds: int) -> Finding:
    """A camera's clock 500 ppm off, for six hours; by the packets' numbers alone."""
    worst_ns = 0
    for ppm in (-500, 500):
        cutter = Cutter("cam", may_record=lambda: "", run_id=lambda: "run")
        cutter.open(parameters_of(CLIP))
        wall = 1_800_000_000 * 10**9
        frame_ns = 40_000_000 + 40_000_000 * ppm // 1_000_000
        now_ns = 0
        for number in range(25 * 3600 * 6):
            now_ns = number * frame_ns
            steps = []
            if number % 3 == 0:
                steps += cutter.look(Reading(wall_ns=wall + now_ns, monotonic_ns=now_ns))
            steps += cutter.put(
                Packet(
                    data=b"\x00\x00\x01\x65",
                    pts_90k=number * 3600,
                    dts_90k=number * 3600,
                    is_key=number % 50 == 0,
                    received_ns=now_ns,
                )
            )
            for step in steps:
                if isinstance(step, BeginRecording):
                    true_ns = step.media_start_90k // 3600 * frame_ns + wall
                    worst_ns = max(worst_ns, abs(step.started.wall_ns - true_ns))
    return Finding(
        fault="camera's clock drifts by 500 ppm",
        tried="6 hours each way",
        lost_s=0.0,
        found=f"a recording's start is at most {worst_ns / 1e6:.0f} ms off (10.8 s uncorrected)",
    )


def new_parameters(folder: Path, _rounds: int) -> Finding:
    """The camera changes its size while it sends."""
    large = coded(frames=50, gop=25, width=320, height=192)
    desk = Desk(folder)
    one = camera()
    with desk.recording(one=one) as recorder:
        one.send(video(4))
        one.send(
            [
                dataclasses.replace(
                    packet,
                    pts_90k=(packet.pts_90k or 0) + 4 * TICKS,
                    dts_90k=(packet.dts_90k or 0) + 4 * TICKS,
                )
                for packet in large
            ]
        )
        until(lambda: desk.state("one").get("written") == 150)
    recordings = desk.recordings("one")
    sizes = " then ".join(f"{one.width}x{one.height}" for one in recordings)
    return Finding(
        fault="size changed while sending",
        tried="once",
        lost_s=(recorder.received()["one"] - desk.decoded("one")) / FPS,
        found=f"{sizes}, each recording decodes; no gap",
    )


def reordered(folder: Path, _rounds: int) -> Finding:
    """B-frames, with decoding times and with presentation times only."""
    clip = coded(frames=100, gop=25, b_frames=2)
    lost = wrong = 0
    for name, has_dts in (("with", True), ("without", False)):
        desk = Desk(folder / name)
        desk.path.mkdir()
        one = PlayedCamera(parameters_of(clip))
        packets = clip if has_dts else [dataclasses.replace(p, dts_90k=None) for p in clip]
        with desk.recording(one=one) as recorder:
            one.send(packets)
            until(lambda: desk.state("one").get("written") == 100)  # noqa: B023
        lost += recorder.received()["one"] - desk.decoded("one")
        (recording,) = desk.recordings("one")
        distances = _distances(desk.plain(desk.root / recording.path))
        wrong += sum(distance != TICKS // FPS for distance in distances)
    return Finding(
        fault="reordered pictures (B-frames)",
        tried="with and without decoding times",
        lost_s=lost / FPS,
        found=f"all decode; {wrong} of 198 distances in time are not those of the camera",
    )


def _distances(movie: bytes) -> list[int]:
    """From each picture to the next one as they are shown, in ticks."""
    container: Any = av.open(io.BytesIO(movie))
    with container:
        shown = [frame.pts for frame in container.decode(video=0)]
    return [after - before for before, after in itertools.pairwise(shown)]


def no_keys(folder: Path, _rounds: int) -> Finding:
    """A camera that sends one key picture and then none for five minutes."""
    clip = coded(frames=50, gop=50)
    many = again(clip, 150, ROUND_90K)
    sent = [dataclasses.replace(p, is_key=n == 0) for n, p in enumerate(many)]
    desk = Desk(folder)
    one = PlayedCamera(parameters_of(clip))
    with desk.recording(one=one) as recorder:
        one.send(sent)
        until(lambda: desk.state("one").get("written") == len(sent), seconds=60)
    recordings = desk.recordings("one")
    lengths = [recording.duration_90k // TICKS for recording in recordings]
    lost = recorder.received()["one"] - sum(recording.frames for recording in recordings)
    return Finding(
        fault="no key pictures",
        tried="5 minutes",
        lost_s=lost / FPS,
        found=f"recordings of {lengths} s; those without a key say so, and continue the run",
    )


def absurd_times(folder: Path, _rounds: int) -> Finding:
    """Times that are missing, huge, negative, repeated, backwards, wrapped; at random."""
    chance = random.Random(3)
    desk = Desk(folder)
    one = camera()
    sent = []
    for packet in video(40):
        told = chance.choice(
            [packet.pts_90k, None, chance.randrange(-(1 << 62), 1 << 62), 0, (1 << 33) - 1]
        )
        sent.append(dataclasses.replace(packet, pts_90k=told, dts_90k=chance.choice([told, None])))
    with desk.recording(one=one) as recorder:
        for packet in sent:
            one.send([packet])
            time.sleep(0.002)
        until(lambda: desk.state("one").get("written") == len(sent), seconds=60)
    lost = recorder.received()["one"] - desk.decoded("one")
    return Finding(
        fault="absurd timestamps",
        tried=f"{len(sent)} pictures",
        lost_s=lost / FPS,
        found="the arrival counts instead; all decode",
    )


def garbage(folder: Path, _rounds: int) -> Finding:
    """A port that sends random bytes, and a camera whose pictures are random bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    chance = random.Random(4)

    def babble() -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                with near, contextlib.suppress(OSError):
                    near.sendall(chance.randbytes(100_000))

    threading.Thread(target=babble, daemon=True).start()
    desk = Desk(folder)
    rubbish = camera()
    good = camera()
    address = Address(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x")
    with desk.recording(port=recording_source_for(address), rubbish=rubbish, good=good) as recorder:
        for _ in range(50):
            rubbish.send(
                [
                    dataclasses.replace(packet, data=chance.randbytes(chance.randrange(3000)))
                    for packet in CLIP
                ]
            )
        good.send(video(20))
        until(lambda: desk.state("good").get("written") == 500)
        until(lambda: desk.state("port").get("trouble", "") != "", seconds=30)
        until(lambda: desk.state("rubbish").get("packets") == 2500)
        trouble = desk.state("port")["trouble"]
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    lost = recorder.received()["good"] - desk.decoded("good")
    return Finding(
        fault="garbage instead of video",
        tried="a port of noise, 2,500 noise pictures",
        lost_s=lost / FPS,
        found=f'told as "{trouble}"; another camera in the same process is untouched',
    )


def cycles(folder: Path, rounds: int) -> Finding:
    """Sessions opened and broken off, each with a recording; descriptors and memory watched."""
    count = rounds * 334
    desk = Desk(folder)
    one = camera()
    first, longest, turn = feeding.FIRST_WAIT_S, feeding.LONGEST_WAIT_S, process.TURN_S
    process.TURN_S = 0.05
    feeding.FIRST_WAIT_S = feeding.LONGEST_WAIT_S = 0.0
    packets = CLIP[:5]
    marks: list[tuple[int, int]] = []
    try:
        with desk.recording(one=one):
            for number in range(count):
                one.send(packets)
                one.fail(Trouble.ENDED)
                if number % 100 == 99:
                    until(lambda: desk.state("one").get("written") == 5 * (number + 1))  # noqa: B023
                if number % (count // 10) == 0:
                    gc.collect()
                    marks.append((_descriptors(), _rss_kib()))
            until(lambda: one.opened > count, seconds=300)
            until(lambda: desk.state("one").get("written") == 5 * count, seconds=300)
            gc.collect()
            marks.append((_descriptors(), _rss_kib()))
    finally:
        feeding.FIRST_WAIT_S, feeding.LONGEST_WAIT_S, process.TURN_S = first, longest, turn
    kept = len(desk.recordings("one"))
    return Finding(
        fault="opened and closed again and again",
        tried=f"{count} sessions",
        lost_s=(5 * count - sum(one.frames for one in desk.recordings("one"))) / FPS,
        found=f"{kept} recordings; descriptors {marks[1][0]} then {marks[-1][0]}, memory "
        f"{marks[1][1] // 1024} then {marks[-1][1] // 1024} MiB",
    )


def sessions(folder: Path, rounds: int) -> Finding:
    """Real RTSP sessions opened, read for a second and closed, eight at a time."""
    fault, count = "RTSP sessions opened and closed", rounds * 10
    if reason := available():
        return Finding(fault=fault, tried="not run", lost_s=None, found=reason)
    clip = write_units(folder / "clip", Codec.H264, CLIP, ROUND_90K)
    marks: list[tuple[int, int]] = []
    with RtspServer({"/clip": clip}) as server:
        source = recording_source_for(Address(url=server.url("/clip")))

        def read(_number: int) -> int:
            with source.open() as stream:
                return sum(1 for _ in itertools.islice(stream.packets(), 10))

        with ThreadPoolExecutor(8) as pool:
            for part in range(5):
                numbers = range(part * count // 5, (part + 1) * count // 5)
                found = sum(pool.map(read, numbers))
                if found != 10 * len(numbers):
                    raise SystemExit("a session ended early")
                gc.collect()
                marks.append((_descriptors(), _rss_kib()))
    return Finding(
        fault=fault,
        tried=f"{count} sessions",
        lost_s=0.0,
        found=f"descriptors {marks[0][0]} then {marks[-1][0]}, memory {marks[0][1] // 1024} then "
        f"{marks[-1][1] // 1024} MiB",
    )


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _rss_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


FAULTS: dict[str, Callable[[Path, int], Finding]] = {
    "kill": kill,
    "cut": cut_anywhere,
    "frozen": frozen_camera,
    "killed": killed_camera,
    "network": cut_network,
    "full": full_disk,
    "slow": slow_disk,
    "mount": wrong_mount,
    "clock": clock_step,
    "drift": drift,
    "parameters": new_parameters,
    "reordered": reordered,
    "keys": no_keys,
    "times": absurd_times,
    "garbage": garbage,
    "cycles": cycles,
    "sessions": sessions,
}


def main() -> None:
    """Make the faults, and print a table and one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(FAULTS), help=", ".join(FAULTS))
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    logging.getLogger("insyn").setLevel(logging.ERROR)
    findings: list[Finding] = []
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            found = FAULTS[name](Path(folder), given.rounds)
        findings.append(found)
        print(f"{name}: {found.found}", file=sys.stderr)
    rows = [(f.fault, f.tried, f.lost_s, f.found) for f in findings]
    print_table("Faults", ("fault", "tried", "video lost, s", "what was found"), rows)
    report: Report = {
        "machine": machine(),
        "faults": [dataclasses.asdict(finding) for finding in findings],
    }
    print_report(report)


if __name__ == "__main__":
    main()
