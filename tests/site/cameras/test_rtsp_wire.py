"""Our own RTSP against GStreamer's server, and against ports that are no camera."""

from __future__ import annotations

import asyncio
import itertools
import queue
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.coded_video import coded
from tests.support.rtsp_camera import Cameras
from tests.support.rtsp_server import RtspServer, available, write_units

from insyn.site import nal
from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.opening import live_source_for
from insyn.site.cameras.rtsp_wire import WireSource, WireStream
from insyn.site.cameras.source import OpenStream
from insyn.site.streams import TICKS, Codec, Packet

needs_server = pytest.mark.skipif(bool(available()), reason=available() or "it is there")
FRAMES = 50
CLIPS = {
    "/h264": coded(frames=FRAMES, gop=25),
    "/h265": coded(frames=FRAMES, gop=25, codec=Codec.H265),
    "/reordered": coded(frames=FRAMES, gop=25, b_frames=2),
}


def mounts(folder: Path) -> dict[str, Path]:
    found = {}
    for mount, clip in CLIPS.items():
        assert clip[0].parameters is not None
        path = folder / mount[1:]
        found[mount] = write_units(path, clip[0].parameters.codec, clip, FRAMES * TICKS // 25)
    return found


def slices(packet: Packet, codec: Codec) -> list[bytes]:
    """The coded picture alone: servers add parameter sets and delimiters."""
    most = 5 if codec is Codec.H264 else 31
    units = nal.units(packet.data)
    return [unit for unit in units if nal.type_of(unit, codec) <= most]


def trouble_of(source: WireSource) -> Trouble:
    with pytest.raises(CameraFailure) as failure, source.open() as stream:
        list(stream.packets())
    assert "invented" not in str(failure.value)
    return failure.value.trouble


@needs_server
@pytest.mark.parametrize("mount", list(CLIPS))
def test_what_the_server_sends_comes_in_whole_from_a_key_picture_on(
    mount: str, tmp_path: Path
) -> None:
    clip = CLIPS[mount]
    assert clip[0].parameters is not None
    codec = clip[0].parameters.codec
    with RtspServer(mounts(tmp_path)) as server:
        source = WireSource(Address(url=server.url(mount)), None)
        with source.open() as stream:
            assert stream.parameters == clip[0].parameters
            found = list(itertools.islice(stream.packets(), 60))
    assert found[0].is_key
    ours = [slices(packet, codec) for packet in found]
    theirs = [slices(packet, codec) for packet in clip] * 3
    assert ours[0] in theirs
    first = theirs.index(ours[0])
    assert ours == theirs[first : first + 60]
    shown = sorted(packet.pts_90k or 0 for packet in found[:-3])
    steps = [after - before for before, after in itertools.pairwise(shown)]
    assert set(steps[:-3]) == {3600}
    assert min(packet.received_ns for packet in found) > 0


@needs_server
@pytest.mark.parametrize("is_digest", [False, True])
def test_passwords_are_given_as_the_server_asks_and_a_refusal_is_told_as_such(
    is_digest: bool, tmp_path: Path
) -> None:
    right = Credentials(user="viewer", password="an invented one")
    wrong = Credentials(user="viewer", password="invented wrongly")
    server = RtspServer(
        mounts(tmp_path), user=right.user, password=right.password, is_digest=is_digest
    )
    with server:
        address = Address(url=server.url("/h264"))
        with WireSource(address, right).open() as stream:
            assert next(iter(stream.packets())).is_key
        assert trouble_of(WireSource(address, wrong)) is Trouble.CREDENTIALS
        assert trouble_of(WireSource(address, None)) is Trouble.CREDENTIALS


@needs_server
def test_no_such_stream_and_an_end_are_told_apart(tmp_path: Path) -> None:
    with RtspServer(mounts(tmp_path)) as server:
        missing = WireSource(Address(url=server.url("/none")), None)
        assert trouble_of(missing) is Trouble.NO_STREAM
        with WireSource(Address(url=server.url("/h264")), None).open() as stream:
            packets = stream.packets()
            next(packets)
            server.kill()
            with pytest.raises(CameraFailure) as failure:
                list(packets)
    assert failure.value.trouble is Trouble.ENDED


@contextmanager
def port_that_says(answer: bytes, *, closes: bool) -> Iterator[Address]:
    """A port that sends this to whoever connects."""
    listener = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                near, _ = listener.accept()
                kept.append(near)
                near.recv(1000)
                near.sendall(answer)
                if closes:
                    near.close()
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Address(url=f"rtsp://127.0.0.1:{listener.getsockname()[1]}/x")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for one in kept:
            one.close()


@pytest.mark.parametrize(
    ("answer", "closes", "trouble"),
    [
        (b"", False, Trouble.STALLED),
        (b"", True, Trouble.ENDED),
        (b"HTTP/1.1 200 OK\r\n\r\n", False, Trouble.GARBAGE),
        (b"\x00\xff" * 500, False, Trouble.GARBAGE),
        (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", False, Trouble.GARBAGE),
        (b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n", False, Trouble.NO_STREAM),
        (b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", False, Trouble.CREDENTIALS),
        (b"RTSP/1.0 500 Internal\r\nCSeq: 1\r\n\r\n", False, Trouble.GARBAGE),
    ],
)
def test_ports_that_are_no_camera_are_told_apart(
    answer: bytes, closes: bool, trouble: Trouble
) -> None:
    with port_that_says(answer, closes=closes) as address:
        assert trouble_of(WireSource(address, None, timeout_s=0.3)) is trouble


def test_nobody_there_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    source = WireSource(Address(url=f"rtsp://127.0.0.1:{port}/x"), None, timeout_s=0.5)
    assert trouble_of(source) is Trouble.UNREACHABLE


class _Otherwise:
    """Another source, which counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def open(self) -> OpenStream:
        self.asked += 1
        raise CameraFailure(Trouble.NO_STREAM, "nor does this one read it")


def test_what_we_do_not_read_is_left_to_the_other_source_and_nothing_else_is() -> None:
    other = _Otherwise()
    with port_that_says(b"HTTP/1.1 200 OK\r\n\r\n", closes=False) as address:
        source = WireSource(address, None, otherwise=other, timeout_s=0.3)
        assert trouble_of(source) is Trouble.NO_STREAM
    assert other.asked == 1
    with port_that_says(b"", closes=True) as address:
        source = WireSource(address, None, otherwise=other, timeout_s=0.3)
        assert trouble_of(source) is Trouble.ENDED
    assert other.asked == 1


@contextmanager
def camera_of(packets: list[Packet], fps: float) -> Iterator[Address]:
    """A camera that sends its first picture at once, and the others in their time."""
    begun: queue.Queue[tuple[int, Callable[[], object]]] = queue.Queue()

    async def serve() -> None:
        is_over, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(Cameras(packets, fps).serve, "127.0.0.1", 0)
        async with server:
            port: int = server.sockets[0].getsockname()[1]
            begun.put((port, lambda: loop.call_soon_threadsafe(is_over.set)))
            await is_over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    port, end = begun.get(timeout=30)
    try:
        yield Address(url=f"rtsp://127.0.0.1:{port}/hall")
    finally:
        end()
        thread.join(30)


def test_what_people_look_at_is_not_held_back_until_the_next_picture_begins() -> None:
    clip = CLIPS["/h264"]
    # The second picture comes in a quarter of an hour; FFmpeg would wait for it.
    with (
        camera_of(clip, fps=1 / 900) as address,
        live_source_for(address).open() as stream,
    ):
        first = next(stream.packets())
    assert slices(first, Codec.H264) == slices(clip[0], Codec.H264)


def test_what_has_come_in_meanwhile_is_yielded_at_once() -> None:
    with camera_of(CLIPS["/h264"], fps=1000) as address:
        stream = WireSource(address, None, prompt=True).open()
        assert isinstance(stream, WireStream)
        with stream:
            batches = stream.batches()
            first = next(batches)
            while len(found := next(batches)) < 2:
                first += found
    marks = [slices(packet, Codec.H264) for packet in first + found]
    assert marks == [
        slices(packet, Codec.H264)
        for packet in itertools.islice(itertools.cycle(CLIPS["/h264"]), len(marks))
    ]
