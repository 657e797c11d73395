"""Still pictures for scrubbing: the key picture of a masked recording nearest before a time.

Source: reference/video.md, 6.7; a masked 640x360 key picture decodes in some 3 ms.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from insyn.base.errors import EnvironmentFailure, Refusal
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import Recording
from insyn.site.playback.span import pieces_of
from insyn.site.streams import TICKS

QUALITY = 75
MAX_KEPT = 512
"""Previews in memory; some 8 kB each."""

REACH_NS = 2_000_000_000
"""A preview stands for a time at most so long after the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A JPEG, when it was, and what changes when it does."""

    jpeg: bytes
    at_ns: int
    tag: str


class Previews:
    """Makes previews and keeps the newest asked for; shared by threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int, int], Preview] = OrderedDict()
        self._lock = Lock()

    def at(self, reader: Reader, camera: str, at_ns: int, *, width: int = 320) -> Preview:
        """The preview for a time.

        Raises:
            Refusal: nothing was recorded then.
        """
        until_ns = at_ns + 10**9 // TICKS + 1  # a tick more: the picture that begins now is meant
        found = reader.shown(camera, at_ns - REACH_NS, until_ns)
        pieces = pieces_of(found, at_ns - REACH_NS, until_ns)
        if not pieces:
            raise Refusal("nothing was recorded at this time; the timeline shows what there is")
        recording, number = pieces[-1].recording, pieces[-1].last
        while number > 0 and not recording.fragments[number].is_key:
            number -= 1
        return self._of(reader, recording, number, width)

    def _of(self, reader: Reader, recording: Recording, number: int, width: int) -> Preview:
        name = (recording.id, number, width)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        picture = _decoded(reader, recording, number)
        height = max(2, round(picture.shape[0] * width / picture.shape[1]))
        small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
        start = recording.fragments[number].start_90k
        made = Preview(
            jpeg=jpeg.tobytes(),
            at_ns=recording.start_wall_ns + start * 10**9 // TICKS,
            tag=f"{recording.id}-{number}-{width}",
        )
        with self._lock:
            self._kept[name] = made
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return made


def _decoded(reader: Reader, recording: Recording, number: int) -> NDArray[np.uint8]:
    content = reader.init_segment(recording) + reader.fragment(recording, number)
    try:
        with av.open(io.BytesIO(content), mode="r", format="mp4") as container:
            frame: Any = next(container.decode(video=0))  # the stubs tell no picture's array
            picture: NDArray[np.uint8] = frame.to_ndarray(format="bgr24")
            return picture
    except (av.FFmpegError, StopIteration) as error:
        raise EnvironmentFailure(
            f"recording {recording.id} cannot be decoded; run insyn site check --deep"
        ) from error
