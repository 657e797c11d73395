"""Canonical JSON (RFC 8785, JCS) and the digests made of it; the one canonical form in the house.

Always: the same value gives the same bytes on every machine, so a digest names content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import rfc8785

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Anything `json` can write."""

DIGEST_LENGTH = 64
"""Hexadecimal characters of a SHA-256."""

_EXACT = 2**53 - 1
"""The largest integer that RFC 8785 writes (its section 3.2.2.3, after I-JSON)."""


def canonical_bytes(value: Json) -> bytes:
    """RFC 8785: UTF-8, keys sorted as UTF-16, numbers as ECMAScript writes them, no white space.

    One text that RFC 8785 refuses has a form here: half of a surrogate pair is kept as it is, for
    a damaged name on a list must have a digest too. The ledger refuses it.

    Raises:
        ValueError: a number that RFC 8785 cannot write: NaN, infinite, or an integer over 2**53-1.
    """
    # The library takes six times as long as Python's own writer, which gives the same bytes for
    # all but floating-point numbers, and keys outside ASCII: a test holds the two together.
    if not _is_plain(value):
        return rfc8785.dumps(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _is_plain(value: Json) -> bool:
    if isinstance(value, str) or value is None:
        return True
    if isinstance(value, int):  # a bool too
        return -_EXACT <= value <= _EXACT
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(key.isascii() for key in value) and all(map(_is_plain, value.values()))
    return False


def digest(value: Json) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()
