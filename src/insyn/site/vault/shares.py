"""The vault's private key in shares: k of n custodians, each under their own passphrase.

The private key of X25519 is derived from 32 secret bytes, which exist as two Shamir polynomials of
16 bytes each (the size of pycryptodome's field); a custodian holds one point of both. A share file
is canonical JSON: whose it is, which point, k, the vault, and the point sealed under the passphrase
(scrypt, AES-256-GCM, the rest of the record authenticated with it).

Always: the secret is in memory only while shares are made or put together; fewer than k points tell
nothing of it; a share says which vault and generation it belongs to, so that old ones are refused.

Source: Shamir, "How to share a secret" (1979), through pycryptodome's `Shamir`; RFC 7914 (scrypt).
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from Crypto.Protocol.SecretSharing import Shamir
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from insyn.base.canonical import Json, canonical_bytes
from insyn.base.errors import Refusal, UnreadableInput, UsageError
from insyn.site.vault.public import VaultPublicKey
from insyn.trust.keys.strict import read_canonical

FORMAT = "insyn-vault-share/1"
SECRET_BYTES = 32
_HALF = 16
LEAST = 2
MOST = 16
STRONG_COST = 1 << 17
"""scrypt's N with r = 8: 128 MiB and about half a second."""

_COSTS = (1 << 14, STRONG_COST)
SHORTEST = 12
"""Characters of a custodian's passphrase."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Point:
    """An opened share: a custodian's point on both polynomials."""

    custodian: str
    vault: str
    generation: int
    needed: int
    number: int
    halves: tuple[bytes, bytes]

    def __repr__(self) -> str:
        return f"Point(custodian={self.custodian!r}, ...)"


def new_vault(
    passphrases: Mapping[str, str], *, needed: int, cost: int = STRONG_COST
) -> tuple[VaultPublicKey, dict[str, bytes]]:
    """Make a vault: its public key, and each custodian's share file.

    Args:
        passphrases: each custodian's, by id.
        needed: how many must come together.
        cost: scrypt's N; lower only where tests would take minutes.

    Raises:
        UsageError: there are too few or too many custodians, or a passphrase is short.
    """
    secret = os.urandom(SECRET_BYTES)
    public = _public(secret)
    return public, _share(secret, public, passphrases, needed=needed, generation=1, cost=cost)


def share_anew(
    points: Sequence[Point],
    public: VaultPublicKey,
    passphrases: Mapping[str, str],
    *,
    needed: int,
    cost: int = STRONG_COST,
) -> dict[str, bytes]:
    """New shares of the same vault, for other custodians; old shares are then refused.

    Raises:
        Refusal: the points are too few, or do not belong together.
    """
    secret = _secret(points, public)
    generation = points[0].generation + 1
    return _share(secret, public, passphrases, needed=needed, generation=generation, cost=cost)


def put_together(points: Sequence[Point], public: VaultPublicKey) -> X25519PrivateKey:
    """The vault's private key, from enough points.

    Raises:
        Refusal: too few, the same custodian twice, of another vault, or of another generation.
    """
    return _private(_secret(points, public))


def open_share(content: bytes, passphrase: str) -> Point:
    """A custodian's point.

    Raises:
        Refusal: the passphrase is wrong.
        UnreadableInput: the file is no share, or was changed.
    """
    record = _read(content)
    try:
        sealed, nonce, salt = (
            bytes.fromhex(str(record[name])) for name in ("sealed", "nonce", "salt")
        )
    except ValueError as error:
        raise UnreadableInput("this is no share of a vault, or it was changed") from error
    key = _wrapping(passphrase, salt, int(str(record["n"])))
    try:
        plain = AESGCM(key).decrypt(nonce, sealed, _head(record))
    except InvalidTag as error:
        raise Refusal("the passphrase is wrong") from error
    return Point(
        custodian=str(record["custodian"]),
        vault=str(record["vault"]),
        generation=int(str(record["generation"])),
        needed=int(str(record["needed"])),
        number=int(str(record["number"])),
        halves=(plain[:_HALF], plain[_HALF:]),
    )


def change_passphrase(content: bytes, old: str, new: str, *, cost: int = STRONG_COST) -> bytes:
    """The share under another passphrase.

    Raises:
        Refusal: the old passphrase is wrong.
        UsageError: the new one is short.
    """
    return _sealed(open_share(content, old), new, cost)


def said_of(content: bytes) -> dict[str, Json]:
    """What a share says without its passphrase: custodian, vault, generation, needed."""
    record = _read(content)
    return {name: record[name] for name in ("custodian", "vault", "generation", "needed")}


def require_count(count: int, needed: int) -> None:
    """Refuse a vault of too few or too many custodians, or that fewer than two would open.

    Raises:
        UsageError: says how many there may be.
    """
    if not LEAST <= needed <= count <= MOST:
        raise UsageError(
            f"a vault has {LEAST} to {MOST} custodians, and at least {LEAST} must come together"
        )


def _share(
    secret: bytes,
    public: VaultPublicKey,
    passphrases: Mapping[str, str],
    *,
    needed: int,
    generation: int,
    cost: int,
) -> dict[str, bytes]:
    count = len(passphrases)
    require_count(count, needed)
    if len(set(passphrases.values())) < count:
        raise UsageError("two custodians have the same passphrase; each has their own")
    halves = [Shamir.split(needed, count, secret[at : at + _HALF]) for at in (0, _HALF)]
    made = {}
    for place, (custodian, passphrase) in enumerate(sorted(passphrases.items())):
        point = Point(
            custodian=custodian,
            vault=public.fingerprint,
            generation=generation,
            needed=needed,
            number=halves[0][place][0],
            halves=(halves[0][place][1], halves[1][place][1]),
        )
        made[custodian] = _sealed(point, passphrase, cost)
    return made


def _secret(points: Sequence[Point], public: VaultPublicKey) -> bytes:
    if not points:
        raise Refusal("no custodian has given a share")
    first = points[0]
    if any(point.vault != public.fingerprint for point in points):
        raise Refusal("a share belongs to another vault")
    if any(point.generation != first.generation for point in points):
        raise Refusal("a share is of an earlier sharing; use the newest shares")
    if len({point.custodian for point in points}) < len(points):
        raise Refusal("the same custodian came twice; another one must agree")
    if len(points) < first.needed:
        raise Refusal(f"{first.needed} custodians must come together, and {len(points)} came")
    secret = b"".join(
        Shamir.combine([(point.number, point.halves[half]) for point in points[: first.needed]])
        for half in (0, 1)
    )
    if _public(secret) != public:
        raise Refusal("the shares do not make this vault's key; one of them is damaged")
    return secret


def _private(secret: bytes) -> X25519PrivateKey:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"insyn vault 1").derive(secret)
    return X25519PrivateKey.from_private_bytes(derived)


def _public(secret: bytes) -> VaultPublicKey:
    return VaultPublicKey(raw=_private(secret).public_key().public_bytes_raw())


def _sealed(point: Point, passphrase: str, cost: int) -> bytes:
    if len(passphrase) < SHORTEST:
        raise UsageError(f"a custodian's passphrase has at least {SHORTEST} characters")
    salt, nonce = os.urandom(16), os.urandom(12)
    record: dict[str, Json] = {
        "format": FORMAT,
        "custodian": point.custodian,
        "vault": point.vault,
        "generation": point.generation,
        "needed": point.needed,
        "number": point.number,
        "n": cost,
        "salt": salt.hex(),
        "nonce": nonce.hex(),
    }
    key = _wrapping(passphrase, salt, cost)
    record["sealed"] = AESGCM(key).encrypt(nonce, b"".join(point.halves), _head(record)).hex()
    return canonical_bytes(record) + b"\n"


def _head(record: Mapping[str, Json]) -> bytes:
    return canonical_bytes({name: value for name, value in record.items() if name != "sealed"})


def _read(content: bytes) -> dict[str, Json]:
    record = read_canonical(content.rstrip(b"\n"), "the share of a vault")
    names = {
        "format",
        "custodian",
        "vault",
        "generation",
        "needed",
        "number",
        "n",
        "salt",
        "nonce",
        "sealed",
    }
    if record.keys() != names or record["format"] != FORMAT:
        raise UnreadableInput("this is no share of a vault, or it was changed")
    if record["n"] not in _COSTS:
        raise UnreadableInput("a share of a vault asks for an absurd cost")
    return dict(record)


def _wrapping(passphrase: str, salt: bytes, cost: int) -> bytes:
    # NFKC: the same words typed on another keyboard are the same passphrase.
    words = unicodedata.normalize("NFKC", passphrase).encode("utf-8", "surrogatepass")
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(words)
