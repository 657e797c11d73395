"""What a shield worker says on its socket: masked video, states, errors; length-prefixed messages.

Always: nothing but masked video is ever written here. A message is a kind (one byte), a length
(four bytes, big-endian) and that many bytes. A reader first sends one line: the camera's id.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass
from enum import IntEnum

MAX_MESSAGE_BYTES = 8 << 20
"""A key frame of a masked sub-stream has some 50 kB; more than this is no message of ours."""

_HEAD = struct.Struct(">BI")


class Say(IntEnum):
    """Kinds of messages."""

    INIT = 1
    """JSON with `mime` and `state`, then follows INIT_SEGMENT."""
    INIT_SEGMENT = 2
    KEY = 3
    """A fragment that decoding can begin at."""
    FRAGMENT = 4
    STATE = 5
    """JSON with `state` and `text`."""
    ERROR = 6
    """JSON with `reason` and `text`: there is no masked picture now."""
    SEEN = 7
    """JSON with `covered` and `activity`, shares of the picture; some four times a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message."""

    kind: Say
    body: bytes

    def to_bytes(self) -> bytes:
        """As it goes over the socket."""
        return _HEAD.pack(self.kind, len(self.body)) + self.body


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message.

    Raises:
        EOFError: the worker has gone.
        ValueError: what comes is no message of ours.
    """
    try:
        kind, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if length > MAX_MESSAGE_BYTES:
            raise ValueError("a message is too long")
        return Message(kind=Say(kind), body=await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise EOFError("the worker has gone") from error
