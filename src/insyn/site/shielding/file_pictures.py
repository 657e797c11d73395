"""Pictures of a video file, one after the other, upright, in 8-bit YUV 4:2:0 of even sides."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange

from insyn.base.errors import UnreadableInput
from insyn.site.shield.frame import Plane, YuvFrame
from insyn.site.shielding.decoder import plane_of
from insyn.site.streams import TICKS

_TURNS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
_PIXELS = 8192 * 8192
STARTS_S = 1.0
"""Pictures before the first whole one may lack what they refer to."""

CUT_S = 1.0
"""So much shorter than it says of itself, a file has lost something."""


class Pictures:
    """Decodes one file; `size` is (width, height) upright, sides as in the file."""

    def __init__(
        self, path: Path, content: BinaryIO | None = None, *, zero_90k: int | None = None
    ) -> None:
        """Open the file.

        Args:
            path: the file, or what `content` is called in errors.
            content: read instead of the file; it can be sought.
            zero_90k: the time that counts as 0; None: that of the first picture.

        Raises:
            UnreadableInput: it is no video, or is cut.
        """
        self._path = path
        self.size = (0, 0)
        self.count = 0
        self._zero = zero_90k
        try:
            # `Any`: the stubs do not know all that a container has.
            source: Any = str(path) if content is None else content
            self.container: Any = av.open(source)
        except (av.FFmpegError, OSError) as error:
            raise _unreadable(path, error) from error
        if not self.container.streams.video:
            self.container.close()
            raise UnreadableInput(f"{path} has no video; give a video file")
        self.stream = self.container.streams.video[0]
        self.stream.thread_type = "AUTO"
        self.fps = float(self.stream.average_rate or self.stream.guessed_rate or 25)
        self.expected = int(self.stream.frames or 0)
        if not self.expected and self.container.duration:
            self.expected = round(self.container.duration / 1e6 * self.fps)

    @property
    def lasts_s(self) -> float:
        """About how long the file is; infinite where nothing tells."""
        return self.expected / self.fps if self.expected else math.inf

    def __iter__(self) -> Iterator[YuvFrame]:
        """Every picture in the order it is shown, times strictly rising from what counts as 0.

        Raises:
            UnreadableInput: a part cannot be decoded, or there is no picture at all.
        """
        last, first = -1, self._zero
        usual = max(1, round(TICKS / max(1.0, self.fps)))
        try:
            for picture in self.container.decode(self.stream):
                at = picture.time
                ticks = last + usual if at is None else round(float(at) * TICKS)
                first = ticks if first is None else first
                last = max(last + 1, ticks - first)
                if picture.is_corrupt and last > STARTS_S * TICKS:
                    raise UnreadableInput(
                        f"{self._path} is damaged {last / TICKS:.1f} s after its start; "
                        "give a whole copy"
                    )
                self.count += 1
                yield self._clear(picture, last)
        except (av.FFmpegError, OSError, MemoryError) as error:
            raise _unreadable(self._path, error) from error
        if not self.count:
            raise UnreadableInput(f"{self._path} holds no picture; give a video file")
        lasts_s, seen_s = self._declared_s(), (last + usual) / TICKS
        if lasts_s - seen_s > max(CUT_S, 0.02 * lasts_s):
            raise UnreadableInput(
                f"{self._path} ends after {seen_s:.1f} of {lasts_s:.1f} s: it is cut or damaged; "
                "give a whole copy"
            )

    def _declared_s(self) -> float:
        """How long the pictures last by what the file says; 0 where it does not."""
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        named = self.stream.metadata.get("DURATION", "").split(":")
        try:
            hours, minutes, seconds = (float(part) for part in named)
        except ValueError:
            is_alone = len(self.container.streams) == 1
            return (self.container.duration or 0) / 1e6 if is_alone else 0.0
        return 3600 * hours + 60 * minutes + seconds

    # `Any`: PyAV's frame, whose stubs name no planes.
    def _clear(self, picture: Any, pts: int) -> YuvFrame:
        if picture.width * picture.height > _PIXELS:
            raise UnreadableInput(f"{self._path} has pictures of more than 67 million pixels")
        turn = round(picture.rotation or 0) % 360
        full = picture.format.name.startswith("yuvj") or picture.color_range == ColorRange.JPEG
        if picture.format.name != "yuv420p" or full:
            picture = picture.reformat(
                format="yuv420p", dst_color_range=ColorRange.MPEG, interpolation="AREA"
            )
        planes = [_turned(plane_of(plane), turn) for plane in picture.planes[:3]]
        size = (planes[0].shape[1], planes[0].shape[0])
        if self.size == (0, 0):
            self.size = size
        even = (self.size[0] + self.size[0] % 2, self.size[1] + self.size[1] % 2)
        y = _fitted(planes[0], even)
        u, v = (_fitted(plane, (even[0] // 2, even[1] // 2)) for plane in planes[1:])
        return YuvFrame(y=y, u=u, v=v, pts_90k=pts)

    def close(self) -> None:
        """Let the file go."""
        self.container.close()


def _turned(plane: Plane, turn: int) -> Plane:
    return np.asarray(cv2.rotate(plane, _TURNS[turn]), np.uint8) if turn in _TURNS else plane


def _fitted(plane: Plane, size: tuple[int, int]) -> Plane:
    wide, high = size[0] - plane.shape[1], size[1] - plane.shape[0]
    if wide == 0 and high == 0:
        return plane
    if wide in (0, 1) and high in (0, 1):
        return np.asarray(cv2.copyMakeBorder(plane, 0, high, 0, wide, cv2.BORDER_REPLICATE))
    # The file changes its size on the way: its first size stays, the engine covers what it must.
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.uint8)


def _unreadable(path: Path, error: Exception) -> UnreadableInput:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return UnreadableInput(f"{path} cannot be read as video ({reason}); is it whole?")
