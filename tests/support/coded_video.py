"""Real H.264 and H.265 for tests: a moving pattern, coded by x264 and x265 through PyAV."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import av
import numpy as np

from insyn.site import nal
from insyn.site.streams import TICKS, Codec, Packet, Parameters


def coded(
    *,
    frames: int = 50,
    width: int = 160,
    height: int = 96,
    fps: int = 25,
    gop: int = 25,
    b_frames: int = 0,
    codec: Codec = Codec.H264,
    bit_rate: int | None = None,
    first_ns: int = 0,
) -> list[Packet]:
    """Packets as a camera sends them: Annex B, a key picture every `gop`, parameters on the first.

    The pattern moves with each frame; `received_ns` follows the frame rate from `first_ns`.
    """
    # `Any`: the stubs do not know a video context's attributes.
    encoder: Any = av.CodecContext.create("libx264" if codec is Codec.H264 else "libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, TICKS), Fraction(fps)
    encoder.max_b_frames, encoder.gop_size = b_frames, gop
    encoder.thread_count = 1
    if bit_rate is not None:
        encoder.bit_rate = bit_rate
    options = {"preset": "ultrafast"}
    if codec is Codec.H264:
        options["x264-params"] = f"keyint={gop}:min-keyint={gop}:scenecut=0:b-adapt=0:nal-hrd=none"
        options["bf"] = str(b_frames)
    else:
        options["x265-params"] = (
            f"keyint={gop}:min-keyint={gop}:scenecut=0:log-level=none:repeat-headers=1"
        )
    encoder.options = options
    packets: list[Packet] = []
    step = TICKS // fps
    noise = np.random.default_rng(1).integers(0, 60, (height, width), dtype=np.uint8)
    for number in range(frames):
        packets += _packets(encoder.encode(_picture(number, width, height, noise, step)))
    packets += _packets(encoder.encode(None))
    least = min(packet.dts_90k or 0 for packet in packets)
    moved = [
        _moved(packet, -least, first_ns + number * 10**9 // fps)
        for number, packet in enumerate(packets)
    ]
    sets = nal.parameter_sets_of(moved[0].data, codec)
    parameters = Parameters(codec=codec, width=width, height=height, parameter_sets=sets)
    moved[0] = dataclasses.replace(moved[0], parameters=parameters)
    return moved


def parameters_of(packets: list[Packet]) -> Parameters:
    """What the first packet brings."""
    found = packets[0].parameters
    assert found is not None
    return found


def again(packets: list[Packet], rounds: int, round_90k: int, fps: int = 25) -> list[Packet]:
    """The packets again and again, times going on; parameters on the first only."""
    many: list[Packet] = []
    for number in range(rounds):
        for packet in packets:
            shifted = _moved(packet, number * round_90k, len(many) * 10**9 // fps)
            if number:
                shifted = dataclasses.replace(shifted, parameters=None)
            many.append(shifted)
    return many


def _picture(
    number: int, width: int, height: int, noise: np.ndarray[Any, Any], step: int
) -> av.VideoFrame:
    planes = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    planes[:height] = np.roll(noise, (number, 3 * number), (0, 1)) + 90
    planes[: height // 4, (number * 4) % width :][:, : width // 8] = 220
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = number * step, Fraction(1, TICKS)
    return frame


def _packets(given: list[Any]) -> list[Packet]:
    return [
        Packet(
            data=bytes(packet),
            pts_90k=packet.pts,
            dts_90k=packet.dts,
            is_key=bool(packet.is_keyframe),
            received_ns=0,
        )
        for packet in given
    ]


def _moved(packet: Packet, by_90k: int, received_ns: int) -> Packet:
    return dataclasses.replace(
        packet,
        pts_90k=None if packet.pts_90k is None else packet.pts_90k + by_90k,
        dts_90k=None if packet.dts_90k is None else packet.dts_90k + by_90k,
        received_ns=received_ns,
    )
