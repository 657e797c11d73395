"""RTSP over TCP, through PyAV: the source of real cameras.

Always: no message and no log repeats a password: FFmpeg's own messages are not passed on. A server
that ends a session looks like the end of a file, and is told as a failure.

Source: RFC 7826 and RFC 2326; reference/video.md, 4.5 (time-outs double, an end looks like EOF).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import av

from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.failure import CameraFailure, Trouble
from insyn.site.cameras.packets import PacketReader, SoundReader, sound_of, video_of
from insyn.site.streams import Packet, Parameters, Sound, SoundParameters

# FFmpeg's messages repeat addresses with passwords. None drops them in C; any level would have
# decoders' threads wait for Python's lock, which whoever closes a decoder holds: both for ever.
av.logging.set_level(None)

TIMEOUT_S = 5.0
"""FFmpeg takes up to double to notice a frozen server, within our ten seconds."""

MOST_HEARD = 2_000
"""Frames of sound that nobody fetched; older ones are let go."""

FIRST_KEY_S = 12.0
"""A camera whose key pictures are further apart than this is told so."""

_OPTIONS = {
    "rtsp_transport": "tcp",
    "rtsp_flags": "prefer_tcp",
    "max_delay": "0",
    "probesize": "200000",
    "analyzeduration": "500000",
    "fflags": "nobuffer",
}

# FFmpeg's error tags (libavutil/error.h) for answers of a server.
_REFUSED = (av.HTTPUnauthorizedError, av.HTTPForbiddenError)
_MISSING = (av.HTTPNotFoundError,)


class RtspSource:
    """One stream of a camera that speaks RTSP."""

    def __init__(
        self,
        address: Address,
        credentials: Credentials | None,
        *,
        timeout_s: float = TIMEOUT_S,
        wants_sound: bool = False,
    ) -> None:
        """Read this stream; its sound is asked for only where it is wanted."""
        self._wants_sound = wants_sound
        self._address = address
        self._credentials = credentials
        self._timeout_s = timeout_s

    def open(self) -> RtspStream:
        """Connect, and read until the parameters are known.

        Raises:
            CameraFailure: which of the troubles it is.
        """
        if not self._wants_sound:
            return self._open(wants_sound=False)
        try:
            return self._open(wants_sound=True)
        except CameraFailure as error:
            if error.trouble in (Trouble.UNREACHABLE, Trouble.CREDENTIALS):
                raise
        # Perhaps because of the sound, which costs no picture.
        stream = self._open(wants_sound=False)
        stream.sound_trouble = "the camera ends sessions with sound"
        return stream

    def _open(self, *, wants_sound: bool) -> RtspStream:
        named = self._address.name
        self._reach()
        media = "video+audio" if wants_sound else "video"
        try:
            # `Any`: an input container; the stubs know two kinds.
            container: Any = av.open(
                self._address.with_credentials(self._credentials),
                mode="r",
                options={
                    **_OPTIONS,
                    "allowed_media_types": media,
                    "timeout": str(int(self._timeout_s * 1e6)),
                },
                timeout=(self._timeout_s, self._timeout_s),
            )
        except Exception as error:
            raise _failure(error, named) from None  # the cause's text may hold the password
        try:
            return RtspStream(container, named, wants_sound=wants_sound)
        except BaseException:
            container.close()
            raise

    def _reach(self) -> None:
        """Tell "nobody there" from "refuses us" before FFmpeg makes one of both."""
        host, port = _host_and_port(self._address)
        try:
            socket.create_connection((host, port), self._timeout_s).close()
        except OSError as error:
            raise CameraFailure(
                Trouble.UNREACHABLE,
                f"nothing answers at {host} port {port} ({error.strerror or 'no answer'}); check "
                "the address, the cable and the camera's power",
            ) from None


class RtspStream:
    """An open session; see `insyn.site.cameras.source.OpenStream`."""

    def __init__(self, container: Any, named: str, *, wants_sound: bool = False) -> None:
        """Read on until the parameters are known."""
        self._sounds: SoundReader | None = None
        self.sound_trouble = ""
        self._heard: deque[Sound] = deque(maxlen=MOST_HEARD)
        if wants_sound:
            found = sound_of(container)
            self._sounds = found if isinstance(found, SoundReader) else None
            self.sound_trouble = found if isinstance(found, str) else ""
        self._container = container
        self._named = named
        self._closed = False
        self._lock = threading.RLock()
        self._stream, codec = video_of(container, named)
        self._reader = PacketReader(self._stream, codec)
        wanted = [self._stream, *([self._sounds.stream] if self._sounds else [])]
        self._demuxed = container.demux(wanted)
        self._first: deque[Packet] = deque()
        self._parameters = self._read_parameters()

    @property
    def parameters(self) -> Parameters:
        """What holds from the first packet on."""
        return self._parameters

    @property
    def sound(self) -> SoundParameters | None:
        """What is heard; see `insyn.site.cameras.source.Sounding`."""
        return self._sounds.parameters if self._sounds is not None else None

    def heard(self) -> list[Sound]:
        """The frames that came with the pictures that were read last."""
        return [self._heard.popleft() for _ in range(len(self._heard))]

    def packets(self) -> Iterator[Packet]:
        """Packets as they come; see `OpenStream`."""
        while self._first:
            yield self._first.popleft()
        yield from self._read()

    def close(self) -> None:
        """Let go of the session. A reader that waits ends within its time-out."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        # FFmpeg must not be let go of while another thread reads: the reader's own thread is here.
        with self._lock:
            self._container.close()

    def _read(self) -> Iterator[Packet]:
        try:
            with self._lock:
                for given in self._demuxed:
                    if self._closed:
                        return
                    if self._sounds is not None and given.stream is self._sounds.stream:
                        sound = self._sounds.read(given, is_timed=False)
                        self._heard.extend([sound] if sound is not None else [])
                    else:
                        yield from self._reader.read(given)
        except av.FFmpegError as error:
            if self._closed:
                return
            raise _failure(error, self._named) from None
        if not self._closed:
            raise CameraFailure(Trouble.ENDED, f"{self._named} has closed the stream")

    def _read_parameters(self) -> Parameters:
        deadline = time.monotonic() + FIRST_KEY_S
        for packet in self._read():
            self._first.append(packet)
            found = self._reader.parameters()
            if found is not None:
                self._first[0] = _without_parameters(self._first[0])
                return found
            if time.monotonic() > deadline:
                break
        raise CameraFailure(
            Trouble.GARBAGE,
            f"{self._named} tells no parameters of its video; set a key picture every 2 seconds",
        )


def _without_parameters(packet: Packet) -> Packet:
    """The first packet's parameters are the stream's own, and so not new."""
    return Packet(
        data=packet.data,
        pts_90k=packet.pts_90k,
        dts_90k=packet.dts_90k,
        is_key=packet.is_key,
        received_ns=packet.received_ns,
    )


def _host_and_port(address: Address) -> tuple[str, int]:
    from urllib.parse import urlsplit

    parts = urlsplit(address.url)
    return parts.hostname or "", parts.port or (322 if parts.scheme == "rtsps" else 554)


def _failure(error: Exception, named: str) -> CameraFailure:
    """What went wrong, in our words: FFmpeg's may repeat the password."""
    if isinstance(error, _REFUSED):
        return CameraFailure(
            Trouble.CREDENTIALS,
            f"{named} refuses the user or password; check both, and that the user may see streams",
        )
    if isinstance(error, _MISSING):
        return CameraFailure(
            Trouble.NO_STREAM,
            f"{named} has no such stream; probe the camera for its streams "
            "(insyn site camera probe)",
        )
    if isinstance(error, (TimeoutError, av.ExitError)):
        return CameraFailure(Trouble.STALLED, f"{named} is connected, and sends nothing")
    if isinstance(error, (ConnectionError, BrokenPipeError)):
        return CameraFailure(Trouble.ENDED, f"{named} has broken the connection off")
    if isinstance(error, ssl.SSLError):
        return CameraFailure(Trouble.UNREACHABLE, f"{named} offers no encrypted connection")
    if isinstance(error, OSError) and not isinstance(error, av.InvalidDataError):
        return CameraFailure(
            Trouble.UNREACHABLE,
            f"{named} cannot be reached ({error.strerror or type(error).__name__})",
        )
    return CameraFailure(
        Trouble.GARBAGE,
        f"{named} answers, and what it sends is no video stream that we know",
    )
