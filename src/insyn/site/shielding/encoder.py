"""Masked pictures to H.264: the only encoder of the live path, and it takes nothing else.

Source: ITU-T H.264; libx264 through PyAV. Zero latency: a packet for every picture, no B-frames.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import av

from insyn.base.errors import UnreadableInput
from insyn.site.shield.frame import MaskedFrame
from insyn.site.streams import TICKS, Codec, Packet, Parameters

GOP_S = 1.0
"""A key frame a second: whoever begins to watch, seeks or lost frames waits no longer."""

QUALITY = 24
"""H.264's quantiser; key pictures get a finer one, and solid areas cost next to nothing.

A constant one, since x264's rate control looks at every picture a second time: half the time of
coding a small picture. It was a rate factor of 26, which takes twice as many bits where little
moves (452 instead of 231 kbit/s, 45.9 instead of 43.5 dB), and two thirds as many in strong noise.
"""


class MaskedEncoder:
    """Encodes the pictures of one camera, all of one size; not shared between threads."""

    def __init__(self, *, width: int, height: int, fps: float, preset: str = "ultrafast") -> None:
        """Begin; `fps` sets the distance of key frames only, each picture has its own time."""
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height = width, height
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, TICKS)
        context.framerate = Fraction(round(fps * 1000), 1000)
        context.gop_size = max(1, round(fps * GOP_S))
        context.max_b_frames = 0
        context.thread_count = 1
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "qp": str(QUALITY),
            "profile": "baseline",
            # Parameter sets apart from the pictures, and no library's name in every key frame.
            "x264-params": "repeat-headers=0:annexb=1:info=0:scenecut=0:open-gop=0",
        }
        context.flags |= _GLOBAL_HEADER
        context.open()
        self._context = context
        self._size = (height, width)
        self._last_pts = -1
        self.parameters = Parameters(
            codec=Codec.H264,
            width=width,
            height=height,
            parameter_sets=_units(bytes(context.extradata or b"")),
        )
        self._is_first = True

    def encode(self, masked: MaskedFrame) -> Packet | None:
        """The coded picture; None for one whose time is not after the one before.

        Raises:
            TypeError: it is no `MaskedFrame`; clear pictures are not encoded.
            UnreadableInput: it has another size.
        """
        if not isinstance(masked, MaskedFrame):
            raise TypeError("only a MaskedFrame is encoded")
        if masked.y.shape != self._size:
            raise UnreadableInput("a masked picture of another size wants an encoder of its own")
        if masked.pts_90k <= self._last_pts:
            return None
        self._last_pts = masked.pts_90k
        frame = frame_of(masked)
        for coded in self._context.encode(frame):
            parameters = self.parameters if self._is_first else None
            self._is_first = False
            return Packet(
                data=bytes(coded),
                pts_90k=coded.pts,
                dts_90k=coded.pts,
                is_key=bool(coded.is_keyframe),
                received_ns=time.monotonic_ns(),
                parameters=parameters,
            )
        return None


# `Any`: PyAV's frame, whose stubs name no planes.
def frame_of(masked: MaskedFrame) -> Any:
    """The masked picture as FFmpeg takes it, with its time; not copied where that can be."""
    frame: Any
    if masked.y.shape[0] % 4 == 0:
        frame = av.VideoFrame.from_numpy_buffer(masked.whole, "yuv420p")
    else:  # PyAV takes such a buffer for a picture of less height
        frame = av.VideoFrame.from_ndarray(masked.whole, "yuv420p")
    frame.pts, frame.time_base = masked.pts_90k, Fraction(1, TICKS)
    return frame


_GLOBAL_HEADER = 1 << 22
"""AV_CODEC_FLAG_GLOBAL_HEADER: parameter sets go into the extradata."""


def _units(annexb: bytes) -> tuple[bytes, ...]:
    """NAL units between start codes."""
    found = annexb.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return tuple(unit for unit in found if unit)
