"""An approver's private key in a file, encrypted under a passphrase.

Always: the file is readable by its owner only, holds no unencrypted secret, and is opened whole or
refused; a passphrase or a private key stands in no message, log or `repr`.

PKCS#8 through `cryptography` derives its key by PBKDF2 with 2048 rounds, which a graphics card
tries millions of times a second, so the container is our own: canonical JSON with scrypt
(RFC 7914) and AES-256-GCM, the public part authenticated with it. docs/reference/permit.md.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from securesystemslib.signer import CryptoSigner

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import EnvironmentFailure, Refusal, UnreadableInput, UsageError
from insyn.base.files import write_atomically
from insyn.trust.keys.public import PublicKey
from insyn.trust.keys.strict import Schema, read_canonical

MIN_PASSPHRASE = 12
"""Characters; with scrypt's cost, a random one of this length is out of reach of guessing."""

STRONG_COST = 1 << 17
"""scrypt's N with r = 8 and p = 1: 128 MiB and about 0.4 s (OWASP's first recommendation)."""

MIN_COST = 1 << 14
MAX_COST = 1 << 20
"""Bounds of N on opening: below is weak, above (1 GiB) a file could exhaust the machine."""

_BLOCK = 8
_FORMAT = "insyn-key-1"
_SCHEMA = Schema(
    b"""{"type": "object", "additionalProperties": false,
    "required": ["format", "holder", "public", "n", "salt", "nonce", "sealed"],
    "properties": {
      "format": {"const": "insyn-key-1"},
      "holder": {"type": "string", "minLength": 1, "maxLength": 64},
      "public": {"type": "string", "pattern": "^[0-9a-f]{64}$(?!\\\\n)"},
      "n": {"type": "integer"},
      "salt": {"type": "string", "pattern": "^[0-9a-f]{32}$(?!\\\\n)"},
      "nonce": {"type": "string", "pattern": "^[0-9a-f]{24}$(?!\\\\n)"},
      "sealed": {"type": "string", "pattern": "^[0-9a-f]{96}$(?!\\\\n)"}}}"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKey:
    """A public key and the label of who holds it, as the root names it."""

    holder: str
    public: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """An opened private key; it lives in memory only."""

    holder: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The key that checks what this one signs."""
        return PublicKey.of(self.private.public_key())

    def signer(self) -> CryptoSigner:
        """The key as securesystemslib takes it."""
        return CryptoSigner(self.private, self.public.verifier())


def make_key(path: Path, *, holder: str, passphrase: str, cost: int = STRONG_COST) -> HeldKey:
    """Make a key and write it, encrypted, to a new file of mode 0600.

    Args:
        path: must not exist; a key is never overwritten.
        holder: 1-64 characters that name who holds it, such as the account's name.
        passphrase: at least `MIN_PASSPHRASE` characters.
        cost: scrypt's N, a power of two.

    Raises:
        UsageError: the holder is not as wanted.
        Refusal: the passphrase is too short.
        EnvironmentFailure: the file exists or cannot be written.
    """
    if not 1 <= len(holder.strip()) <= 64:
        raise UsageError("the holder of a key is named by 1-64 characters, such as an account name")
    key = SigningKey(holder=holder.strip(), private=Ed25519PrivateKey.generate())
    write_new(path, _sealed(key, passphrase, cost))
    return HeldKey(holder=key.holder, public=key.public)


def open_key(path: Path, passphrase: str) -> SigningKey:
    """Decrypt a key file.

    Raises:
        Refusal: the passphrase is wrong, or the file's public part was altered.
        UnreadableInput: it is no key file of ours.
        EnvironmentFailure: it cannot be read, or others than its owner may read it.
    """
    record = _record(read_private(path))
    head = _head(record)
    wrapping = _wrapping(passphrase, bytes.fromhex(str(record["salt"])), int(str(record["n"])))
    sealed = bytes.fromhex(str(record["sealed"]))
    try:
        raw = AESGCM(wrapping).decrypt(bytes.fromhex(str(record["nonce"])), sealed, head)
    except InvalidTag:
        raise Refusal(
            f"the passphrase does not open {path}; try again (or the file was altered: "
            "then take it from a backup)"
        ) from None
    key = SigningKey(
        holder=str(record["holder"]), private=Ed25519PrivateKey.from_private_bytes(raw)
    )
    if key.public.raw.hex() != record["public"]:
        raise UnreadableInput(f"{path} names another public key than it holds; do not use it")
    return key


def change_passphrase(path: Path, old: str, new: str, *, cost: int = STRONG_COST) -> HeldKey:
    """Encrypt the key anew; whoever has a copy of the old file can still open it by `old`.

    Raises:
        Refusal, UsageError, EnvironmentFailure: as `open_key` and `make_key`; the file stays.
    """
    key = open_key(path, old)
    write_atomically(path, _sealed(key, new, cost))
    return HeldKey(holder=key.holder, public=key.public)


def read_held(path: Path) -> HeldKey:
    """The public part of a key file or of a .pub file; no passphrase is needed.

    Raises:
        UnreadableInput: it is neither.
        EnvironmentFailure: it cannot be read.
    """
    content = read_public_file(path)
    if content.startswith(b'{"format":"insyn-public-key-1"'):
        value = read_canonical(content.rstrip(b"\n"), str(path))
        holder, public = value.get("holder"), value.get("public")
        if isinstance(holder, str) and isinstance(public, str) and len(value) == 3:
            return HeldKey(holder=holder, public=PublicKey.from_hex(public))
    record = _record(content)
    return HeldKey(holder=str(record["holder"]), public=PublicKey.from_hex(str(record["public"])))


def public_file(held: HeldKey) -> bytes:
    """The content of a .pub file: what the holder hands over to be named in the root."""
    content: dict[str, Json] = {
        "format": "insyn-public-key-1",
        "holder": held.holder,
        "public": held.public.raw.hex(),
    }
    return canonical_bytes(content) + b"\n"


def write_new(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600, durably; never over an old one.

    Raises:
        EnvironmentFailure: it exists, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise EnvironmentFailure(
            f"cannot make {path}: {error.strerror}; name a new file in a folder you can write"
        ) from error


def read_private(path: Path) -> bytes:
    """The bytes of a file that its owner alone may read.

    Raises:
        EnvironmentFailure: it cannot be read, or its mode lets others in.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise EnvironmentFailure(
            f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}"
        )
    return content


def read_public_file(path: Path) -> bytes:
    """The bytes of a file that need not be secret.

    Raises:
        EnvironmentFailure: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error


def _record(content: bytes) -> dict[str, Json]:
    record = dict(read_canonical(content.rstrip(b"\n"), "the key file"))
    if problem := _SCHEMA.problem(record):
        raise UnreadableInput(f"this is no key file of Insyn's: {problem}")
    cost = int(str(record["n"]))
    if not MIN_COST <= cost <= MAX_COST or cost & (cost - 1):
        raise UnreadableInput(
            f"the key file asks for a scrypt cost of {cost}; accepted are powers of two "
            f"from {MIN_COST} to {MAX_COST}"
        )
    return record


def _head(record: dict[str, Json]) -> bytes:
    """What is authenticated beside the secret: everything of the file but the secret itself."""
    return canonical_bytes({name: record[name] for name in sorted(record) if name != "sealed"})


def _sealed(key: SigningKey, passphrase: str, cost: int) -> bytes:
    if len(passphrase) < MIN_PASSPHRASE:
        raise Refusal(
            f"a passphrase has at least {MIN_PASSPHRASE} characters; five random words do well"
        )
    salt, nonce = os.urandom(16), os.urandom(12)
    record: dict[str, Json] = {
        "format": _FORMAT,
        "holder": key.holder,
        "public": key.public.raw.hex(),
        "n": cost,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
    }
    secret = key.private.private_bytes_raw()
    wrapping = _wrapping(passphrase, salt, cost)
    record["sealed"] = AESGCM(wrapping).encrypt(nonce, secret, _head(record)).hex()
    return canonical_bytes(record) + b"\n"


def _wrapping(passphrase: str, salt: bytes, cost: int) -> bytes:
    # NFKC: the same words typed on another keyboard are the same passphrase (NIST SP 800-63B).
    words = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=32, n=cost, r=_BLOCK, p=1).derive(words)
