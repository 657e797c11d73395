"""Secrets of sessions, tokens and invitations: made at random, recognised by their SHA-256."""

from __future__ import annotations

import hashlib
import secrets as system
import zlib

CHECKSUM = 8
"""Characters."""


def new_secret(prefix: str, *, checked: bool = False) -> str:
    """256 bits nobody can foretell, behind a prefix that says what it is for.

    `checked`: with a checksum, so that a scanner of leaked secrets knows one of ours when it sees
    it, and one that was cut in copying is told without a look into the database.
    """
    secret = f"{prefix}_{system.token_urlsafe(32)}"
    return secret + _checksum(secret) if checked else secret


def has_checksum(secret: str) -> bool:
    """Whether the last eight characters follow from those before: CRC-32 in hexadecimal."""
    return len(secret) > CHECKSUM and _checksum(secret[:-CHECKSUM]) == secret[-CHECKSUM:]


def digest_of(secret: str) -> str:
    """What is kept. The secret is long and random, so one pass of SHA-256 hides it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_id(prefix: str) -> str:
    """An opaque id, such as `u-3f9a0c12b7d4`."""
    return f"{prefix}-{system.token_hex(6)}"


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"
