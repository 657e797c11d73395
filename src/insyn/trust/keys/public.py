"""Ed25519 public keys, and how people compare them.

Always: a key is named by its fingerprint, the SHA-256 of its SubjectPublicKeyInfo (RFC 8410), so
the same key cannot stand under two names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import SSlibKey

from insyn.base.errors import UnreadableInput

RAW_LENGTH = 32
"""Bytes of an Ed25519 public key (RFC 8032, section 5.1.5)."""

# RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }, up to the key.
_SPKI_HEAD = bytes.fromhex("302a300506032b6570032100")
_GROUP = 4


@dataclass(frozen=True, kw_only=True)  # no slots: the fingerprint is kept once it is made
class PublicKey:
    """One Ed25519 public key; `raw` is its 32 bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != RAW_LENGTH:
            raise UnreadableInput(
                f"a public key of {len(self.raw)} bytes is no Ed25519 key (32 bytes); "
                "ask its holder for the .pub file again"
            )

    @classmethod
    def from_hex(cls, text: str) -> PublicKey:
        """The key written as 64 lower-case hexadecimal characters.

        Raises:
            UnreadableInput: it is not written so.
        """
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raw = b""
        if raw.hex() != text:
            raise UnreadableInput("a public key is written as 64 lower-case hexadecimal characters")
        return cls(raw=raw)

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> PublicKey:
        """The key, out of the cryptographic library's own object."""
        return cls(raw=key.public_bytes(Encoding.Raw, PublicFormat.Raw))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal characters; also the key id."""
        return hashlib.sha256(_SPKI_HEAD + self.raw).hexdigest()

    def verifier(self) -> SSlibKey:
        """The key as securesystemslib takes it, under its fingerprint as key id."""
        return SSlibKey(self.fingerprint, "ed25519", "ed25519", {"public": self.raw.hex()})


def grouped(fingerprint: str) -> str:
    """The fingerprint in groups of four, to be read aloud: `3f9a 0c12 ...`."""
    return " ".join(
        fingerprint[start : start + _GROUP] for start in range(0, len(fingerprint), _GROUP)
    )
