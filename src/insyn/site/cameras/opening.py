"""From an address to a source: RTSP, a file, a virtual scene."""

from __future__ import annotations

from insyn.site.cameras.address import Address, Credentials
from insyn.site.cameras.source import Source
from insyn.site.streams import StreamName


def source_for(
    address: Address,
    credentials: Credentials | None = None,
    stream: StreamName = StreamName.MAIN,
    *,
    timeout_s: float = 5.0,
) -> Source:
    """The source behind an address.

    Args:
        address: without credentials.
        credentials: for cameras that ask for them.
        stream: which of a virtual camera's streams; a real camera's have addresses of their own.
        timeout_s: how long a silent camera is waited for; FFmpeg may take double.

    Raises:
        UsageError: the address is of no kind that we know.
    """
    match address.scheme:
        case "rtsp" | "rtsps":
            from insyn.site.cameras.rtsp import RtspSource

            return RtspSource(address, credentials, timeout_s=timeout_s)
        case "file":
            from insyn.site.cameras.file import FileSource

            return FileSource(address)
        case _:
            from insyn.site.cameras.virtual.source import VirtualSource

            return VirtualSource(address, stream)


def recording_source_for(
    address: Address, credentials: Credentials | None = None, *, wants_sound: bool = False
) -> Source:
    """The main stream behind an address, for the recorder: read at the least cost.

    With `wants_sound` it is asked for its sound too, where it has any that is recorded.

    RTSP without encryption is read by ourselves, and by FFmpeg where a camera sends what only
    FFmpeg reads. Packets come in gathered, up to 20 ms later than they could.

    Raises:
        UsageError: the address is of no kind that we know.
    """
    opened = _sounding_source if wants_sound else source_for
    source = opened(address, credentials)
    if address.scheme != "rtsp":
        return source
    from insyn.site.cameras.rtsp_wire import WireSource

    return WireSource(address, credentials, otherwise=source, wants_sound=wants_sound)


def live_source_for(
    address: Address,
    credentials: Credentials | None = None,
    stream: StreamName = StreamName.SUB,
) -> Source:
    """What the shield masks and people look at: each picture as soon as it is whole.

    RTSP without encryption is read by ourselves: FFmpeg tells the end of a picture by the
    beginning of the next, which is a whole picture's time later.

    Raises:
        UsageError: the address is of no kind that we know.
    """
    source = source_for(address, credentials, stream)
    if address.scheme != "rtsp":
        return source
    from insyn.site.cameras.rtsp_wire import WireSource

    return WireSource(address, credentials, otherwise=source, prompt=True)


def _sounding_source(address: Address, credentials: Credentials | None) -> Source:
    """The main stream, asked for its sound too."""
    match address.scheme:
        case "rtsp" | "rtsps":
            from insyn.site.cameras.rtsp import RtspSource

            return RtspSource(address, credentials, wants_sound=True)
        case "file":
            from insyn.site.cameras.file import FileSource

            return FileSource(address, wants_sound=True)
        case _:
            from insyn.site.cameras.virtual.source import VirtualSource

            return VirtualSource(address, wants_sound=True)
