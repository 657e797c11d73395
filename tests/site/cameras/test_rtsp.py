"""Cameras over RTSP, against GStreamer's server: packets, and each trouble told apart."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.coded_video import coded
from tests.support.rtsp_server import RtspServer, available, write_units

from insyn.site.cameras.address import Credentials, read_address
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.opening import source_for
from insyn.site.streams import TICKS, Codec

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "it can run")

SECRET = "k2-not-for-logs"
FRAMES = 50


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("units")
    made = {}
    for codec in Codec:
        packets = coded(frames=FRAMES, width=320, height=192, codec=codec)
        made[f"/{codec}"] = write_units(folder / str(codec), codec, packets, FRAMES * TICKS // 25)
    return made


@pytest.fixture(scope="module")
def server(units: dict[str, Path]) -> Iterator[RtspServer]:
    with RtspServer(units) as running:
        yield running


@pytest.mark.parametrize("codec", list(Codec))
def test_packets_come_from_the_first_key_picture_on(server: RtspServer, codec: Codec) -> None:
    address, _ = read_address(server.url(f"/{codec}"))
    with source_for(address).open() as stream:
        assert stream.parameters.codec is codec
        assert (stream.parameters.width, stream.parameters.height) == (320, 192)
        packets = list(itertools.islice(stream.packets(), 30))
    assert packets[0].is_key
    assert all(packet.data.startswith(b"\x00\x00") for packet in packets)
    assert packets[0].parameters is None, "they are the stream's own, and not new"
    times = [packet.pts_90k for packet in packets[2:]]
    assert all(b > a for a, b in itertools.pairwise(t for t in times if t is not None))


@pytest.mark.parametrize("is_digest", [False, True])
def test_wrong_credentials_are_told_apart_and_never_repeated(
    units: dict[str, Path], is_digest: bool
) -> None:
    with RtspServer(units, user="viewer", password=SECRET, is_digest=is_digest) as running:
        address, _ = read_address(running.url("/h264"))
        with source_for(address, Credentials(user="viewer", password=SECRET)).open() as stream:
            assert next(stream.packets()).is_key
        for wrong in (None, Credentials(user="viewer", password=SECRET + "x")):
            with pytest.raises(CameraFailure) as told:
                source_for(address, wrong).open()
            assert told.value.trouble is Trouble.CREDENTIALS
            assert SECRET not in str(told.value)
            assert told.value.__cause__ is None


def test_a_stream_that_is_not_there_is_told(server: RtspServer) -> None:
    address, _ = read_address(server.url("/nothing"))
    with pytest.raises(CameraFailure) as told:
        source_for(address).open()
    assert told.value.trouble is Trouble.NO_STREAM


def test_nobody_at_the_address_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, _ = read_address(f"rtsp://127.0.0.1:{port}/stream")
    with pytest.raises(CameraFailure) as told:
        source_for(address).open()
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_port_that_says_nothing_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address, _ = read_address(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/stream")
        with pytest.raises(CameraFailure) as told:
            source_for(address, timeout_s=0.5).open()
    assert told.value.trouble in (Trouble.STALLED, Trouble.GARBAGE)


def test_a_port_that_talks_nonsense_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            for _ in range(2):
                peer, _address = server.accept()
                with peer:
                    peer.settimeout(2)
                    try:
                        peer.recv(4096)
                        peer.sendall(b"HELLO CAMERA\r\n\r\n" * 200)
                    except OSError:
                        pass

        talker = threading.Thread(target=talk)
        talker.start()
        address, _ = read_address(f"rtsp://127.0.0.1:{server.getsockname()[1]}/stream")
        with pytest.raises(CameraFailure) as told:
            source_for(address, timeout_s=1).open()
        talker.join()
    assert told.value.trouble in (Trouble.GARBAGE, Trouble.STALLED, Trouble.ENDED)


def test_a_server_that_is_killed_ends_the_stream(units: dict[str, Path]) -> None:
    with RtspServer(units) as running:
        address, _ = read_address(running.url("/h264"))
        with source_for(address, timeout_s=1).open() as stream:
            packets = stream.packets()
            next(packets)
            running.kill()
            with pytest.raises(CameraFailure) as told:
                for _ in packets:
                    pass
    assert told.value.trouble is Trouble.ENDED


def test_a_server_that_freezes_is_noticed(units: dict[str, Path]) -> None:
    with RtspServer(units) as running:
        address, _ = read_address(running.url("/h264"))
        with source_for(address, timeout_s=0.5).open() as stream:
            packets = stream.packets()
            next(packets)
            running.freeze()
            with pytest.raises(CameraFailure) as told:
                for _ in packets:
                    pass
            running.thaw()
    assert told.value.trouble is Trouble.STALLED
