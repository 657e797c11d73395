"""Packets of a camera to clear pictures of the size that the shield masks; stays in its process.

Always: a picture comes out in 8-bit YUV 4:2:0, limited range, even sides, at most as large as
asked; one that cannot be decoded is skipped, and the next key packet is where decoding goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
from av.codec.context import ThreadType

from insyn.site.shield.frame import Plane, YuvFrame
from insyn.site.streams import Codec, Packet, Parameters

_DECODERS = {Codec.H264: "h264", Codec.H265: "hevc"}
_START = b"\x00\x00\x00\x01"


class Decoder:
    """Decodes one stream; not shared between threads."""

    def __init__(self, parameters: Parameters, *, largest: tuple[int, int]) -> None:
        """Begin with what a decoder must know; `largest` is (width, height) of what comes out."""
        self._largest = largest
        self._begin(parameters)

    def _begin(self, parameters: Parameters) -> None:
        # `Any`: the stubs do not know that a video context decodes.
        context: Any = av.CodecContext.create(_DECODERS[parameters.codec], "r")
        context.extradata = b"".join(_START + unit for unit in parameters.parameter_sets)
        # Frame threads would hold pictures back; slices are rare; one thread a camera is enough.
        context.thread_type = ThreadType.NONE
        context.thread_count = 1
        self._context = context
        self._waits_for_key = True

    def decode(self, packet: Packet) -> Iterator[YuvFrame]:
        """The pictures that a packet completes, `pts_90k` being that of the packet they came with.

        The first packet after a failure that yields something is a key packet.
        """
        if packet.parameters is not None:
            self._begin(packet.parameters)
        if self._waits_for_key and not packet.is_key:
            return
        self._waits_for_key = False
        given = av.Packet(packet.data)
        given.pts = packet.pts_90k
        given.dts = packet.dts_90k
        try:
            pictures = self._context.decode(given)
        except av.FFmpegError:
            self._waits_for_key = True
            return
        for picture in pictures:
            yield self._clear(picture)

    # `Any`: PyAV's frame, whose stubs name no planes.
    def _clear(self, picture: Any) -> YuvFrame:
        width, height = fitting(picture.width, picture.height, self._largest)
        if picture.format.name != "yuv420p" or (picture.width, picture.height) != (width, height):
            pts = picture.pts
            picture = picture.reformat(
                width=width, height=height, format="yuv420p", interpolation="AREA"
            )
            picture.pts = pts
        y, u, v = (plane_of(plane) for plane in picture.planes[:3])
        return YuvFrame(y=y, u=u, v=v, pts_90k=picture.pts or 0)


def fitting(width: int, height: int, largest: tuple[int, int]) -> tuple[int, int]:
    """The size with the same shape, even sides, that fits; never larger than what is given."""
    scale = min(1.0, largest[0] / width, largest[1] / height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def plane_of(plane: Any) -> Plane:
    """A plane of FFmpeg's, uint8 (height, width), not to be written to.

    No copy: the array holds the buffer, which is not used again as long as anybody does. Later
    pictures are decoded from it.
    """
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    shown = lines[: plane.height, : plane.width]
    shown.flags.writeable = False
    return shown
