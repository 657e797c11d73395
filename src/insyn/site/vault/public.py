"""What originals are sealed to: the vault's public key, and a data key wrapped to it. Pure.

Always: whoever holds the public key can seal and never open; a data key belongs to one recording,
whose id is bound into the wrapping.

Source: HPKE, RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from insyn.base.errors import Refusal, UnreadableInput

DATA_KEY_BYTES = 32
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"insyn-sealed-1 "


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPublicKey:
    """The vault's public key: 32 bytes of X25519."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise UnreadableInput("a vault's public key has 32 bytes; take it from a backup")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, in lower-case hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    def wrap(self, data_key: bytes, recording: str) -> bytes:
        """The data key of one recording, so that only the vault's private key tells it."""
        public = X25519PublicKey.from_public_bytes(self.raw)
        return _SUITE.encrypt(data_key, public, _INFO + recording.encode())


def unwrap(private: X25519PrivateKey, wrapped: bytes, recording: str) -> bytes:
    """The data key of one recording.

    Raises:
        Refusal: it was wrapped to another vault, for another recording, or was changed.
    """
    try:
        return bytes(_SUITE.decrypt(wrapped, private, _INFO + recording.encode()))
    except (InvalidTag, ValueError) as error:
        raise Refusal(
            f"the key of recording {recording} does not open with this vault; it belongs to "
            "another vault, or the file was changed"
        ) from error
