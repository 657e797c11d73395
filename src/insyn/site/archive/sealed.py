"""Sealed recordings: an fMP4, piece by piece under AES-256-GCM; opened, it is a plain one again.

A file is a head, then pieces. The head is `MAGIC`, four bytes of length and canonical JSON in the
clear: which recording of which camera it is, the wrapped data key, the vault it was wrapped to. A
piece is its frame (`_FRAME`: length of what follows, kind, number, start and duration in 90 kHz
ticks, how many pictures) and the ciphertext with its tag. Piece 0 is the init segment, then come
fragments, then an end that says why. Numbers rise; one that a full disk took back is missing.

Always: a data key is used for one file; the nonce is the number of the piece, which never repeats
under that key; the head and the frame are authenticated with each piece, so that none can be
changed, moved within the file or taken into another. A file without its end was cut, or its
recorder was killed: what stands is true, and what followed is not there.

Source: NIST SP 800-38D; Rogaway et al., "Online authenticated-encryption and its nonce-reuse
misuse-resistance" (CRYPTO 2015), STREAM, for numbered pieces with a last one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import UnreadableInput
from insyn.site.vault.public import DATA_KEY_BYTES, VaultPublicKey

MAGIC = b"insyn sealed 1\n"
_LENGTH = struct.Struct(">I")
_FRAME = struct.Struct(">IBIQIH")
FRAME_BYTES = _FRAME.size
TAG_BYTES = 16
MAX_HEAD_BYTES = 1 << 16
MAX_PIECE_BYTES = 256 << 20
"""A second of video never has so much; a larger length is damage."""


class Kind(IntEnum):
    """What a piece holds."""

    INIT = 0
    FRAGMENT = 1
    """Begins with a key picture."""
    END = 2
    CONTINUED = 3
    """A fragment that begins with another picture: the camera's key pictures are far apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands in the clear. `raw` is the whole head as it lies in the file."""

    recording: str
    camera: str
    stream: str
    vault: str
    wrapped_key: bytes
    about: Mapping[str, Json]
    """What the index says of it beside that, for salvage."""
    raw: bytes

    @property
    def digest(self) -> bytes:
        """What binds each piece to this file."""
        return hashlib.sha256(self.raw).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The frame of one piece, and where its ciphertext lies."""

    kind: Kind
    number: int
    start_90k: int
    duration_90k: int
    pictures: int
    offset: int
    """Of the frame, from the start of the file."""
    size: int
    """Of frame and ciphertext."""


class Sealer:
    """Seals one recording; its data key is in memory as long as this object."""

    def __init__(
        self,
        *,
        recording: str,
        camera: str,
        stream: str,
        to: VaultPublicKey,
        about: Mapping[str, Json] | None = None,
    ) -> None:
        key = secrets.token_bytes(DATA_KEY_BYTES)
        said: dict[str, Json] = {
            "about": dict(about or {}),
            "camera": camera,
            "key": base64.b64encode(to.wrap(key, recording)).decode(),
            "recording": recording,
            "stream": stream,
            "vault": to.fingerprint,
        }
        body = canonical_bytes(said)
        self.head = MAGIC + _LENGTH.pack(len(body)) + body
        self._digest = hashlib.sha256(self.head).digest()
        self._cipher = AESGCM(key)
        self._number = 0

    def init(self, segment: bytes) -> bytes:
        """The first piece."""
        return self._piece(Kind.INIT, segment)

    def fragment(
        self, plain: bytes, *, start_90k: int, duration_90k: int, pictures: int, is_key: bool
    ) -> bytes:
        """The next piece."""
        kind = Kind.FRAGMENT if is_key else Kind.CONTINUED
        return self._piece(kind, plain, start_90k, duration_90k, pictures)

    def end(self, reason: str) -> bytes:
        """The last piece: why the recording ended."""
        return self._piece(Kind.END, canonical_bytes({"reason": reason}))

    def _piece(
        self, kind: Kind, plain: bytes, start_90k: int = 0, duration_90k: int = 0, pictures: int = 0
    ) -> bytes:
        number = self._number
        self._number += 1
        size = len(plain) + TAG_BYTES
        frame = _FRAME.pack(
            size, kind, number, start_90k, min(duration_90k, 0xFFFFFFFF), min(pictures, 0xFFFF)
        )
        return frame + self._cipher.encrypt(_nonce(number), plain, self._digest + frame)


def read_head(file: BinaryIO) -> Head:
    """Read the head; the file stands at the first piece then.

    Raises:
        UnreadableInput: it is no sealed recording, or cut within its head.
    """
    start = file.read(len(MAGIC) + _LENGTH.size)
    if len(start) < len(MAGIC) + _LENGTH.size or not start.startswith(MAGIC):
        raise UnreadableInput("the file is no sealed recording")
    (size,) = _LENGTH.unpack(start[len(MAGIC) :])
    if size > MAX_HEAD_BYTES:
        raise UnreadableInput("the head of a sealed recording is damaged")
    body = file.read(size)
    try:
        said = json.loads(body)
        return Head(
            recording=str(said["recording"]),
            camera=str(said["camera"]),
            stream=str(said["stream"]),
            vault=str(said["vault"]),
            wrapped_key=base64.b64decode(said["key"], validate=True),
            about=dict(said["about"]),
            raw=start + body,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableInput("the head of a sealed recording is damaged or cut") from error


def pieces(file: BinaryIO) -> Iterator[Piece]:
    """The whole pieces from where the file stands, by their frames alone; no key is needed.

    Ends before a piece that is cut or whose frame cannot be; what tampering changed is found when
    it is opened.
    """
    file_size = _size_of(file)
    at = file.tell()
    last = -1
    while True:
        frame = file.read(FRAME_BYTES)
        if len(frame) < FRAME_BYTES:
            return
        length, kind, number, start_90k, duration_90k, pictures = _FRAME.unpack(frame)
        is_sound = TAG_BYTES <= length <= MAX_PIECE_BYTES and kind in tuple(Kind) and number > last
        if not is_sound or at + FRAME_BYTES + length > file_size:
            return
        size = FRAME_BYTES + length
        yield Piece(
            kind=Kind(kind),
            number=number,
            start_90k=start_90k,
            duration_90k=duration_90k,
            pictures=pictures,
            offset=at,
            size=size,
        )
        at += size
        last = number
        file.seek(at)


def open_piece(cipher: AESGCM, head: Head, content: bytes) -> bytes:
    """The plain content of a piece (frame and ciphertext).

    Raises:
        UnreadableInput: it was changed, cut, or stood elsewhere.
    """
    if len(content) < FRAME_BYTES + TAG_BYTES:
        raise UnreadableInput(f"recording {head.recording} is cut within a piece")
    frame = content[:FRAME_BYTES]
    number = _FRAME.unpack(frame)[2]
    try:
        return cipher.decrypt(_nonce(number), content[FRAME_BYTES:], head.digest + frame)
    except InvalidTag as error:
        raise UnreadableInput(
            f"piece {number} of recording {head.recording} was changed after it was sealed"
        ) from error


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _size_of(file: BinaryIO) -> int:
    at = file.tell()
    size = file.seek(0, 2)
    file.seek(at)
    return size
