"""Signed notes and checkpoints, as C2SP writes them. Pure.

Source: c2sp.org/signed-note (text, blank line, signature lines; Ed25519 is type 0x01; a key's id is
the first four bytes of SHA-256 over name, newline, type, public key) and c2sp.org/tlog-checkpoint
(origin, size, root in base64). A public key is written on one line as `name+id+base64`, the form
that the Go module golang.org/x/mod/sumdb/note uses for verifiers.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from insyn.base.errors import UnreadableInput
from insyn.trust.ledger.tree import HASH_SIZE

ED25519 = b"\x01"
"""The signature type of c2sp.org/signed-note."""

_DASH = "\u2014 "
_KEY_ID_SIZE = 4
_SIGNATURES = 16
"""Most signatures a note may carry; c2sp.org/signed-note asks for at least these."""

_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")


class Signer(Protocol):
    """Signs checkpoints: the ledger's own key, wherever it is kept."""

    @property
    def name(self) -> str:
        """The key's name, which is the ledger's origin: no space, no plus."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart; `key_id()` below."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature over the message: 64 bytes."""


def key_id(name: str, public: bytes) -> bytes:
    """The id of an Ed25519 key of this name."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:_KEY_ID_SIZE]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key whose signatures are believed: its name and the 32 bytes of RFC 8032."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes."""
        return key_id(self.name, self.public)

    def __str__(self) -> str:
        """One line: name, id in hexadecimal, type and key in base64."""
        encoded = base64.b64encode(ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    def accepts(self, signature: bytes, message: bytes) -> bool:
        """True if this key made the signature over the message."""
        # Not at the head: it costs a command that verifies nothing a tenth of a second.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def read_public_key(text: str) -> PublicKey:
    """A public key from its line.

    Raises:
        UnreadableInput: it is none, or its id is not its own.
    """
    name, _, rest = text.strip().partition("+")
    stated, _, encoded = rest.partition("+")
    content = _decoded(encoded)
    if content is not None and len(content) == 33 and content[:1] == ED25519 and _is_name(name):
        key = PublicKey(name=name, public=content[1:])
        if key.key_id.hex() == stated:
            return key
    raise UnreadableInput(
        "this is no public key of a ledger; it is one line, NAME+ID+KEY, as `insyn ledger "
        "checkpoint --json` prints it"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How large the tree was, and its root; the text that is signed."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Three lines, each with its end."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature line: the key's name and id, and what it signed with."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint and its signatures; nothing is believed of it before `signed_by`."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def signed_by(self, keys: Iterable[PublicKey]) -> PublicKey | None:
        """The first of these keys that signed it; None if none did, or one's signature is wrong.

        Signatures of other keys are passed over, as the format asks.
        """
        message = self.checkpoint.text().encode()
        known = {(key.name, key.key_id): key for key in keys}
        found = None
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            if key is None:
                continue
            if not key.accepts(line.signature, message):
                return None
            found = found or key
        return found


def sign(checkpoint: Checkpoint, signer: Signer) -> str:
    """The checkpoint as a signed note."""
    text = checkpoint.text()
    signature = signer.sign(text.encode())
    encoded = base64.b64encode(signer.key_id + signature).decode()
    return f"{text}\n{_DASH}{signer.name} {encoded}\n"


def read_note(note: str) -> SignedCheckpoint:
    """A signed checkpoint from its note; extension lines are refused, as nobody can audit them.

    Raises:
        UnreadableInput: it is no such note.
    """
    text, separator, tail = note.rpartition("\n\n")
    lines = text.split("\n")
    signatures = [_signature(line) for line in tail.split("\n")[:-1]]
    if separator and tail.endswith("\n") and len(lines) == 3 and 0 < len(signatures) <= _SIGNATURES:
        origin, size, encoded = lines
        root = _decoded(encoded)
        if _is_name(origin) and _SIZE.fullmatch(size) and root is not None:
            found = tuple(item for item in signatures if item is not None)
            if len(root) == HASH_SIZE and len(found) == len(signatures):
                checkpoint = Checkpoint(origin=origin, size=int(size), root=root)
                return SignedCheckpoint(checkpoint=checkpoint, signatures=found)
    raise UnreadableInput("this is no signed checkpoint (c2sp.org/tlog-checkpoint)")


def _signature(line: str) -> Signature | None:
    if not line.startswith(_DASH):
        return None
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    content = _decoded(encoded)
    if not _is_name(name) or content is None or len(content) <= _KEY_ID_SIZE:
        return None
    return Signature(name=name, key_id=content[:_KEY_ID_SIZE], signature=content[_KEY_ID_SIZE:])


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None and text.isprintable()


def _decoded(text: str) -> bytes | None:
    """Base64 in its one canonical form; None for any other text, even of the same meaning."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode() == text else None
