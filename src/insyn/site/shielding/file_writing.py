"""Masked pictures to a file, and masks to another; both appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.site.shield.frame import MaskedFrame, Plane
from insyn.site.shielding.encoder import frame_of
from insyn.site.streams import TICKS

QUALITY, KEY_FINER = 22, 1.8
"""H.264's quantiser, and by how much finer steps key pictures are coded.

A constant one, as live: x264's rate control looks at every picture a second time, which took 40 %
of the time of coding one. 1080p of the concourse: 2.8 ms a picture, 46.7 dB, 0.84 Mbit/s; with a
rate factor of 20 and what keeps that small 6.1 ms, 47.6 dB, 1.25 Mbit/s; *veryfast* at its usual
23 8.8 ms, 46.7 dB, 0.65 Mbit/s. In strong noise CABAC would save a sixth for twice the time.
"""

GOP_S = 2.0
"""A key picture so often: what does not move stays as fine as that one is, and costs nothing until
the next; with one in ten seconds the same look takes more bits and time. Players seek by it."""

_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}


class Output:
    """A file under another name beside its place until it is finished."""

    def __init__(self, target: Path, container_format: str) -> None:
        """Create it.

        Raises:
            EnvironmentFailure: nothing can be written there.
        """
        self.target = target
        self._part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        options = {"fflags": "+bitexact"}
        try:
            # `Any`: the stubs do not know all that a container has.
            self.container: Any = av.open(
                str(self._part), "w", format=container_format, options=options
            )
        except (av.FFmpegError, OSError) as error:
            raise EnvironmentFailure(f"{target} cannot be written; is its folder there?") from error

    def finish(self) -> None:
        """Put the whole file in its place."""
        self.container.close()
        with self._part.open("rb") as written:
            os.fsync(written.fileno())
        self._part.replace(self.target)

    def abandon(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(Exception):
            self.container.close()
        self._part.unlink(missing_ok=True)


def format_of(target: Path) -> str:
    """FFmpeg's name of the container that a name stands for.

    Raises:
        UsageError: it ends in none that is written here.
    """
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(f"{target} must end in {', '.join(sorted(_FORMATS))}")
    return _FORMATS[suffix]


class Film:
    """H.264 of masked pictures, each with its own time; nothing of the source's metadata."""

    def __init__(self, target: Path, size: tuple[int, int], fps: float, *, audio: Any) -> None:
        """Begin; `size` is (width, height), even; `audio` a source stream to copy, or None."""
        self.output = Output(target, format_of(target))
        stream = self.output.container.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001)
        )
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "yuv420p"
        stream.codec_context.time_base = Fraction(1, TICKS)
        stream.codec_context.max_b_frames = 0
        stream.codec_context.gop_size = max(1, round(GOP_S * fps))
        # No word of which library coded it.
        finer = f"ipratio={KEY_FINER}:info=0"
        options = {"preset": "ultrafast", "qp": str(QUALITY), "x264-params": finer}
        stream.codec_context.options = options
        self._stream = stream
        self._audio = None
        if audio is not None:
            self._audio = self.output.container.add_stream_from_template(audio)

    def add(self, masked: MaskedFrame) -> None:
        """Encode a picture.

        Raises:
            TypeError: it is no `MaskedFrame`; clear pictures are not encoded.
        """
        if not isinstance(masked, MaskedFrame):
            raise TypeError("only a MaskedFrame is encoded")
        frame = frame_of(masked)
        self.output.container.mux(self._stream.encode(frame))

    def sound(self, packet: Any) -> None:
        """Copy a packet of the source's sound."""
        packet.stream = self._audio
        self.output.container.mux(packet)

    def end(self) -> None:
        """Write what the encoder still holds."""
        self.output.container.mux(self._stream.encode(None))


class MaskFilm:
    """Lossless gray video of masks: FFV1 in Matroska, 255 where covered."""

    def __init__(self, target: Path, size: tuple[int, int], fps: float) -> None:
        """Begin; `size` is (width, height) of the source's pictures."""
        self.output = Output(target, "matroska")
        stream = self.output.container.add_stream(
            "ffv1", rate=Fraction(fps).limit_denominator(1001)
        )
        stream.width, stream.height, stream.pix_fmt = size[0], size[1], "gray"
        stream.codec_context.time_base = Fraction(1, TICKS)
        self._stream, self._size = stream, size

    def add(self, covered: Plane, pts_90k: int) -> None:
        """Write the mask of a picture, uint8, cropped to the source's size."""
        picture = np.ascontiguousarray(covered[: self._size[1], : self._size[0]])
        frame = av.VideoFrame.from_ndarray(picture, format="gray")
        frame.pts, frame.time_base = pts_90k, Fraction(1, TICKS)
        self.output.container.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Write what the encoder still holds."""
        self.output.container.mux(self._stream.encode(None))
