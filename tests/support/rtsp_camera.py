"""RTSP cameras in a few lines: for what GStreamer's server does not tell or do.

Over TCP, one session a connection, without a password.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import re
import struct
import time
from collections.abc import Callable, Sequence

from insyn.site import nal
from insyn.site.streams import TICKS, Packet

LARGEST_PAYLOAD = 1400


def interleaved(packet: Packet, number: int, timestamp: int) -> tuple[bytes, int]:
    """One picture as RTP on channel 0 (RFC 6184, single units and FU-A), and the next number."""
    parts: list[bytes] = []
    for unit in nal.units(packet.data):
        if len(unit) <= LARGEST_PAYLOAD:
            parts.append(unit)
            continue
        kind, rest = unit[0], unit[1:]
        starts = range(0, len(rest), LARGEST_PAYLOAD)
        for at in starts:
            ends = at == starts[-1]
            header = (0x80 if at == 0 else 0) | (0x40 if ends else 0) | kind & 31
            parts.append(bytes((kind & 0xE0 | 28, header)) + rest[at : at + LARGEST_PAYLOAD])
    out: list[bytes] = []
    for place, part in enumerate(parts):
        marker = 0x80 if place == len(parts) - 1 else 0
        head = struct.pack(
            ">BBHII", 0x80, marker | 96, number & 0xFFFF, timestamp & 0xFFFFFFFF, 0x1A2B3C4D
        )
        out.append(struct.pack(">cBH", b"$", 0, len(head) + len(part)) + head + part)
        number += 1
    return b"".join(out), number


class Cameras:
    """Serves `/NAME` for any name; each plays the same packets again and again in real time."""

    def __init__(
        self,
        packets: Sequence[Packet],
        fps: float,
        *,
        phase: Callable[[str], float] = lambda _: 0.0,
        on_sent: Callable[[str, Packet], None] = lambda _, __: None,
    ) -> None:
        """Play these, the first with parameters.

        Args:
            packets: H.264.
            fps: so many a second.
            phase: how late a camera of this name is, as a share of a picture's time.
            on_sent: told before each picture goes to its socket.
        """
        self._packets = packets
        self._fps = fps
        self._phase = phase
        self._on_sent = on_sent
        parameters = packets[0].parameters
        assert parameters is not None
        sets = b",".join(base64.b64encode(one) for one in parameters.parameter_sets).decode()
        self._told = (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=live\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            "a=rtpmap:96 H264/90000\r\n"
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\na=control:video\r\n"
        )

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one client until it goes."""
        playing: asyncio.Task[None] | None = None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                method, url = text.split(" ", 2)[:2]
                sequence = re.search(r"(?i)cseq: *(\d+)", text)
                head, body = f"CSeq: {sequence[1] if sequence else 0}\r\nSession: 1\r\n", ""
                if method == "DESCRIBE":
                    body = self._told
                    head += f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\n"
                elif method == "SETUP":
                    head += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
                elif method == "OPTIONS":
                    head += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n"
                head += f"Content-Length: {len(body)}\r\n" if body else ""
                writer.write(f"RTSP/1.0 200 OK\r\n{head}\r\n{body}".encode())
                if method == "PLAY" and playing is None:
                    name = url.rstrip("/").rpartition("/")[2]
                    playing = asyncio.create_task(self._play(name, writer))
        if playing is not None:
            playing.cancel()
        writer.close()

    async def _play(self, name: str, writer: asyncio.StreamWriter) -> None:
        number, began = 0, time.monotonic() + self._phase(name) / self._fps
        for count, packet in enumerate(itertools.cycle(self._packets)):
            await asyncio.sleep(max(0.0, began + count / self._fps - time.monotonic()))
            told, number = interleaved(packet, number, round(count * TICKS / self._fps))
            self._on_sent(name, packet)
            writer.write(told)
