"""A file as a camera: its packets in real time, over and over if asked. For tries and tests.

`file:///path/clip.mp4?loop=1&pace=1`: loop 0 ends with the file, pace 0 hands packets out at once.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import Any

import av

from insyn.base.errors import UsageError
from insyn.site.cameras.address import Address
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.packets import PacketReader, SoundReader, sound_of, video_of
from insyn.site.cameras.source import UntilTold
from insyn.site.streams import TICKS, Packet, Parameters, Sound, SoundParameters

LONGEST_WAIT_S = 5.0
"""A file whose times jump further is not waited for."""


class FileSource:
    """One file."""

    def __init__(self, address: Address, *, wants_sound: bool = False) -> None:
        """Read this file, with its sound where that is wanted.

        Raises:
            UsageError: an option is unknown.
        """
        self._wants_sound = wants_sound
        options = address.options
        unknown = options.keys() - {"loop", "pace"}
        if unknown or not set(options.values()) <= {"0", "1"}:
            raise UsageError("a file's address takes loop=0 or 1 and pace=0 or 1")
        self._path = address.path
        self._loops = options.get("loop", "1") == "1"
        self._is_paced = options.get("pace", "1") == "1"

    def open(self) -> FileStream:
        """Open the file, and read until its parameters are known."""
        return FileStream(
            self._path,
            loops=self._loops,
            is_paced=self._is_paced,
            wants_sound=self._wants_sound,
        )


class FileStream(UntilTold):
    """An open file; see `insyn.site.cameras.source.OpenStream`."""

    def __init__(
        self, path: str, *, loops: bool, is_paced: bool, wants_sound: bool = False
    ) -> None:
        super().__init__()
        self._wants_sound = wants_sound
        self.sound: SoundParameters | None = None
        self.sound_trouble = ""
        self._path = path
        self._loops = loops
        self._is_paced = is_paced
        self._parameters = self._find_parameters()

    @property
    def parameters(self) -> Parameters:
        """What holds from the first packet on."""
        return self._parameters

    def packets(self) -> Iterator[Packet]:
        """Packets at their times, in rounds that follow each other; see `OpenStream`."""
        shift, began = 0, time.monotonic()
        known = self._parameters
        while not self._closing.is_set():
            end = shift
            for packet in self._round():
                if isinstance(packet, Sound):
                    at = (packet.pts_90k or 0) + shift
                    self._heard.append(dataclasses.replace(packet, pts_90k=at))
                    continue
                dts = packet.dts_90k if packet.dts_90k is not None else packet.pts_90k
                at = (dts or 0) + shift
                if self._is_paced:
                    wait_s = min(began + at / TICKS - time.monotonic(), LONGEST_WAIT_S)
                    if wait_s > 0 and self._closing.wait(wait_s):
                        return
                changed = packet.parameters if packet.parameters != known else None
                known = packet.parameters or known
                end = max(end, at + TICKS // 25)
                yield Packet(
                    data=packet.data,
                    pts_90k=None if packet.pts_90k is None else packet.pts_90k + shift,
                    dts_90k=at,
                    is_key=packet.is_key,
                    received_ns=time.monotonic_ns(),
                    parameters=changed,
                )
            if not self._loops or end == shift:
                return
            shift = end

    def _find_parameters(self) -> Parameters:
        for packet in self._round():
            if isinstance(packet, Packet) and packet.parameters is not None:
                return packet.parameters
        raise CameraFailure(
            Trouble.GARBAGE, f"{self._path} holds no video that can be read; is it cut?"
        )

    def _round(self) -> Iterator[Packet | Sound]:
        """The file once, from time 0; the first packet tells the parameters."""
        first: int | None = None
        early: list[Sound] = []
        try:
            # `Any`: an input container; the stubs know two kinds.
            container: Any
            with av.open(self._path, mode="r") as container:
                stream, codec = video_of(container, self._path)
                reader = PacketReader(stream, codec)
                sounds = self._sounds_of(container)
                wanted = [stream, *([sounds.stream] if sounds is not None else [])]
                for given in container.demux(wanted):
                    if sounds is not None and given.stream is sounds.stream:
                        sound = sounds.read(given, is_timed=True)
                        early += [sound] if sound is not None else []
                    else:
                        for packet in reader.read(given):
                            is_first = first is None
                            first = (packet.dts_90k or 0) if first is None else first
                            changed = reader.parameters() if is_first else packet.parameters
                            yield _with(packet, changed, first)
                    if first is not None:
                        for sound in early:
                            at = (sound.pts_90k or 0) - first
                            yield dataclasses.replace(sound, pts_90k=at)
                        early.clear()
        except FileNotFoundError:
            raise CameraFailure(Trouble.UNREACHABLE, f"there is no file {self._path}") from None
        except av.FFmpegError as error:
            raise CameraFailure(
                Trouble.GARBAGE, f"{self._path} cannot be read as video ({error.strerror})"
            ) from None

    # `Any`: an input container.
    def _sounds_of(self, container: Any) -> SoundReader | None:
        found = sound_of(container) if self._wants_sound else ""
        if isinstance(found, str):
            self.sound_trouble = found
            return None
        self.sound = found.parameters
        return found


def _with(packet: Packet, parameters: Parameters | None, first: int) -> Packet:
    return Packet(
        data=packet.data,
        pts_90k=None if packet.pts_90k is None else packet.pts_90k - first,
        dts_90k=None if packet.dts_90k is None else packet.dts_90k - first,
        is_key=packet.is_key,
        received_ns=packet.received_ns,
        parameters=parameters,
    )
