"""The ledger's key as a file, until the office's key set stands.

Always: the file is readable by its owner alone; the key never leaves it but to sign.
"""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from insyn.base.errors import EnvironmentFailure
from insyn.base.files import exclusive, write_atomically
from insyn.trust.ledger.note import ED25519, PublicKey, key_id

FILE = "ledger.key"
"""The key's file in the data directory: one line, `PRIVATE+KEY+NAME+ID+KEY`, as
golang.org/x/mod/sumdb/note writes it."""

_PREFIX = "PRIVATE+KEY+"


class FileSigner:
    """Signs with an Ed25519 key from memory."""

    def __init__(self, name: str, seed: bytes) -> None:
        """Take the key's name and its 32 secret bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = PublicKey(name=name, public=self._key.public_key().public_bytes_raw())

    @property
    def name(self) -> str:
        """The key's name, which is the ledger's origin."""
        return self._public.name

    @property
    def key_id(self) -> bytes:
        """Four bytes."""
        return self._public.key_id

    @property
    def public(self) -> PublicKey:
        """What others verify with."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature: 64 bytes."""
        return self._key.sign(message)


def find_signer(directory: Path) -> FileSigner | None:
    """The key in this data directory; None where none was made.

    Raises:
        EnvironmentFailure: the file is damaged, or others can read it.
    """
    path = directory / FILE
    try:
        text = path.read_text("ascii", errors="replace")
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from None
    if mode & 0o077:
        raise EnvironmentFailure(
            f"{path} can be read by others, so its signatures prove nothing; make it private "
            f"(chmod 600 {path}), or move it away and begin a new ledger"
        )
    return _read(text, path)


def open_signer(directory: Path) -> FileSigner:
    """The key in this data directory, made at its first use.

    Raises:
        EnvironmentFailure: it cannot be read or written.
    """
    with exclusive(directory, ".ledger-key.lock"):
        found = find_signer(directory)
        return found if found is not None else _make(directory)


def _make(directory: Path) -> FileSigner:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = os.urandom(32)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    # Named after its own key: two offices' ledgers are never taken for one another.
    name = f"insyn.ledger/{public[:8].hex()}"
    encoded = base64.b64encode(ED25519 + seed).decode()
    line = f"{_PREFIX}{name}+{key_id(name, public).hex()}+{encoded}\n"
    # A file made so is readable by its owner alone, and is there whole or not at all.
    write_atomically(directory / FILE, line.encode())
    return FileSigner(name, seed)


def _read(text: str, path: Path) -> FileSigner:
    name, _, rest = text.strip().removeprefix(_PREFIX).partition("+")
    stated, _, encoded = rest.partition("+")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if text.startswith(_PREFIX) and len(content) == 33 and content[:1] == ED25519:
        signer = FileSigner(name, content[1:])
        if signer.key_id.hex() == stated:
            return signer
    raise EnvironmentFailure(f"{path} is damaged and holds no key; restore it from a backup")
