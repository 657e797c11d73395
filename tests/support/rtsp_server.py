"""A real RTSP server for tests and evals: GStreamer's, in a process of its own on a loopback port.

It needs the system's Python with `gi` and gst-rtsp-server (Debian: python3-gi,
gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-good, -bad); `available` tells, with a reason.
"""

from __future__ import annotations

import functools
import os
import signal
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from insyn.site.streams import Codec, Packet, Sound, SoundParameters

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("rtsp_server_gst.py")
_UNIT = struct.Struct(">IqqB")
_PROBE = (
    "import gi; gi.require_version('GstRtspServer', '1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "import sys; sys.exit(0 if Gst.ElementFactory.find('rtph264pay')"
    " and Gst.ElementFactory.find('h264parse') else 1)"
)


@functools.cache
def available() -> str:
    """Why the server cannot run here; "" where it can."""
    if not Path(SYSTEM_PYTHON).exists():
        return f"{SYSTEM_PYTHON} is missing"
    probe = subprocess.run([SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, check=False)
    return "" if probe.returncode == 0 else "GStreamer's RTSP server is not installed for python3"


def write_units(path: Path, codec: Codec, packets: Sequence[Packet], duration_90k: int) -> Path:
    """Write access units as the server reads them; a round of them lasts `duration_90k`."""
    with path.open("wb") as file:
        file.write(f"{codec} {duration_90k}\n".encode())
        for packet in packets:
            pts = packet.pts_90k or 0
            dts = packet.dts_90k if packet.dts_90k is not None else pts
            file.write(_UNIT.pack(len(packet.data), pts, dts, packet.is_key) + packet.data)
    return path


def write_sound(
    path: Path, named: str, parameters: SoundParameters, sounds: Sequence[Sound], duration_90k: int
) -> Path:
    """Write frames as the server reads them; `named` is how they are packed, such as `latm`."""
    said = f"{named},{parameters.rate},{parameters.channels},{parameters.config.hex()}"
    with path.open("wb") as file:
        file.write(f"{said} {duration_90k}\n".encode())
        for sound in sounds:
            at = sound.pts_90k or 0
            file.write(_UNIT.pack(len(sound.data), at, at, True) + sound.data)
    return path


class RtspServer:
    """Serves the mounts while it is open; it can be frozen, killed, and begun again on its port."""

    def __init__(
        self,
        mounts: dict[str, Path],
        *,
        user: str | None = None,
        password: str | None = None,
        is_digest: bool = False,
        sounds: dict[str, Path] | None = None,
        log: Path | None = None,
    ) -> None:
        """Serve these files of units by mount, and by mount the sound beside them.

        What clients set up is noted in `log`.
        """
        self._sounds = sounds or {}
        self._log = log
        self._mounts = mounts
        self._user = user
        self._password = password
        self._is_digest = is_digest
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def url(self, mount: str) -> str:
        """The address of a mount such as `/one`, without name and password."""
        return f"rtsp://127.0.0.1:{self.port}{mount}"

    def start(self) -> None:
        """Begin to serve; on the earlier port where there was one."""
        arguments = ["--port", str(self.port)]
        for path, file in self._mounts.items():
            arguments += ["--mount", path, str(file)]
        for path, file in self._sounds.items():
            arguments += ["--sound", path, str(file)]
        if self._log is not None:
            arguments += ["--log", str(self._log)]
        if self._user is not None:
            arguments += ["--user", self._user, "--password", self._password or ""]
        if self._is_digest:
            arguments.append("--digest")
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SCRIPT), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "GST_DEBUG": "0"},
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def asked(self) -> list[str]:
        """The addresses of what clients set up, in turn."""
        assert self._log is not None
        return self._log.read_text().split() if self._log.exists() else []

    def freeze(self) -> None:
        """Stop answering without closing anything, as a camera that hangs."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End at once, as a camera whose plug is pulled."""
        if self._process is not None:
            self._send(signal.SIGKILL)
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    def _send(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
