"""Sealed originals of the rendered concourse in a real archive, opened as a release opens them.

They have sound, so that whatever is made from them is seen to have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from numpy.typing import NDArray
from tests.support.coded_sound import coded_sound
from tests.support.masked_archive import placed

from insyn.site.archive.index import Index
from insyn.site.archive.reading import Reader
from insyn.site.archive.recording import EndReason, Recording
from insyn.site.archive.root import open_root
from insyn.site.archive.writing import Archive, Begin, Picture
from insyn.site.cameras.virtual.concourse import Concourse, Events, Scene
from insyn.site.clocks import Reading
from insyn.site.nal import parameter_sets_of
from insyn.site.release.opened import OpenedReader, keys_of
from insyn.site.streams import TICKS, Codec, Parameters, SoundCodec, StreamName
from insyn.site.vault.public import VaultPublicKey, unwrap

START_NS = 1_795_000_000 * 10**9
FPS = 12
STEP = TICKS // FPS


@dataclass
class Filmed:
    """One clip of the concourse: who is where in it, and its sealed original.

    `first` is the number of the concourse's picture that the clip begins with.
    """

    path: Path
    seed: int = 7
    people: int = 8
    seconds: int = 17
    first: int = 0
    size: tuple[int, int] = (640, 360)
    events: Events = field(default_factory=lambda: Events(empty_s=6.0))
    vault: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    camera: str = "cam-1"
    sealed_to: VaultPublicKey | None = None
    """Another vault than the test's own, opened by its custodians alone."""
    is_open: bool = True

    def __post_init__(self) -> None:
        width, height = self.size
        self.place = Concourse(
            seed=self.seed, width=width, height=height, fps=FPS, people=self.people,
            events=self.events,
        )  # fmt: skip

    @property
    def seal(self) -> VaultPublicKey:
        return self.sealed_to or VaultPublicKey(raw=self.vault.public_key().public_bytes_raw())

    def owners(self, number: int) -> NDArray[np.int16]:
        """Whose each pixel of the clip's picture with this number is."""
        return self.place.owners(self.first + number)

    def record(self, *, minutes_apart: int = 0) -> list[Recording]:
        """The whole clip, sealed, in recordings of ten seconds, so many minutes apart."""
        packets = self._coded()
        sets = parameter_sets_of(packets[0], Codec.H264)
        parameters = Parameters(
            codec=Codec.H264, width=self.size[0], height=self.size[1], parameter_sets=sets
        )
        self.path.mkdir(parents=True, exist_ok=True)
        root = open_root(self.path, expected=None)
        index = Index(self.path / "index.sqlite")
        made, long = [], 10 * FPS
        sound, sounds = coded_sound(SoundCodec.AAC, seconds=self.seconds)
        heard = placed(sounds, 0)
        for number, begin in enumerate(range(0, len(packets), long)):
            some = packets[begin : begin + long]
            begins_ns = START_NS + begin * 10**9 // FPS + number * minutes_apart * 60 * 10**9
            writer = Archive(root, index).begin(
                Begin(
                    camera=self.camera,
                    stream=StreamName.MAIN,
                    run=f"run-{number if minutes_apart else 0}",
                    parameters=parameters,
                    sound=sound,
                    started=Reading(wall_ns=begins_ns, monotonic_ns=begins_ns - START_NS),
                    boot="boot",
                    media_start_90k=begin * STEP,
                ),
                seal=self.seal,
            )
            for at in range(0, len(some), FPS):
                writer.append(
                    [
                        Picture(
                            data=data,
                            dts_90k=(begin + at + place) * STEP,
                            pts_90k=(begin + at + place) * STEP,
                            duration_90k=STEP,
                            is_key=place == 0,
                        )
                        for place, data in enumerate(some[at : at + FPS])
                    ],
                    [
                        one
                        for one in heard
                        if (begin + at) * STEP <= one.start_90k < (begin + at + FPS) * STEP
                    ],
                )
            kept = writer.close(
                index,
                EndReason.ROTATED,
                wall_duration_ns=len(some) * 10**9 // FPS,
                activity=b"",
            )
            assert kept is not None
            made.append(kept)
        index.close()
        return made

    def reader(self) -> Reader:
        """The archive's reader, which opens nothing that is sealed."""
        return Reader(self.path, Index(self.path / "index.sqlite"))

    def opened(self, recordings: list[Recording]) -> OpenedReader:
        """As a release opens them, while `is_open`."""
        keys = keys_of(
            self.path, recordings, lambda wrapped, name: unwrap(self.vault, wrapped, name)
        )
        return OpenedReader(self.path, keys, is_open=lambda: self.is_open)

    def _coded(self) -> list[bytes]:
        # `Any`: the stubs do not know a video context's attributes.
        encoder: Any = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = *self.size, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, TICKS), Fraction(FPS)
        encoder.gop_size, encoder.max_b_frames = FPS, 0
        encoder.options = {
            "preset": "veryfast", "tune": "zerolatency", "crf": "21",
            "x264-params": f"keyint={FPS}:min-keyint={FPS}:scenecut=0",
        }  # fmt: skip
        found = []
        for number in range(self.seconds * FPS):
            frame = av.VideoFrame.from_ndarray(
                _stacked(self.place.render(self.first + number)), format="yuv420p"
            )
            frame.pts = number * STEP
            found += [bytes(one) for one in encoder.encode(frame)]
        return found + [bytes(one) for one in encoder.encode(None)]


def _stacked(scene: Scene) -> NDArray[np.uint8]:
    quarter = scene.y.shape[0] // 4
    flat = [plane.reshape(quarter, -1) for plane in (scene.u, scene.v)]
    return np.concatenate([scene.y, *flat])
