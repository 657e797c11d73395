"""Secrets of sessions, tokens and invitations: made at random, recognised by their SHA-256."""

from __future__ import annotations

import hashlib
import secrets as system


def new_secret(prefix: str) -> str:
    """256 bits nobody can foretell, behind a prefix that says what it is for."""
    return f"{prefix}_{system.token_urlsafe(32)}"


def digest_of(secret: str) -> str:
    """What is kept. The secret is long and random, so one pass of SHA-256 hides it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_id(prefix: str) -> str:
    """An opaque id, such as `u-3f9a0c12b7d4`."""
    return f"{prefix}-{system.token_hex(6)}"
