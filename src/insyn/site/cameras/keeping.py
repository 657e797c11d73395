"""Cameras' passwords at rest: under a key that only the site's own key gives. Pure.

Source: HKDF, RFC 5869; AES-256-GCM, NIST SP 800-38D. The camera's id is bound in, so that one
camera's password cannot be put beside another's address.
"""

from __future__ import annotations

import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from insyn.base.errors import EnvironmentFailure
from insyn.site.cameras.address import Credentials
from insyn.trust.keys.keyfile import SigningKey

_NONCE_BYTES = 12


class CredentialKeeper:
    """Encrypts and decrypts with a key derived from the site's."""

    def __init__(self, key: SigningKey) -> None:
        """Derive the key."""
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"insyn camera credentials 1")
        self._cipher = AESGCM(derived.derive(key.private.private_bytes_raw()))

    def keep(self, credentials: Credentials, camera: str) -> bytes:
        """As the database holds them."""
        nonce = os.urandom(_NONCE_BYTES)
        plain = json.dumps([credentials.user, credentials.password]).encode()
        return nonce + self._cipher.encrypt(nonce, plain, camera.encode())

    def open(self, kept: bytes | None, camera: str) -> Credentials | None:
        """What was kept; None where nothing was.

        Raises:
            EnvironmentFailure: it was kept under another site's key.
        """
        if kept is None:
            return None
        try:
            plain = self._cipher.decrypt(kept[:_NONCE_BYTES], kept[_NONCE_BYTES:], camera.encode())
        except InvalidTag as error:
            raise EnvironmentFailure(
                f"the password of camera {camera} was kept under another key; give it again "
                "(insyn site camera change)"
            ) from error
        user, password = json.loads(plain)
        return Credentials(user=str(user), password=str(password))
