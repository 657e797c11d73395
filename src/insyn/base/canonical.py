"""Canonical JSON and the digests made of it.

Always: the same value gives the same bytes on every machine, so a digest names content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
"""Anything `json` can write."""

DIGEST_LENGTH = 64
"""Hexadecimal characters of a SHA-256."""


def canonical_bytes(value: Json) -> bytes:
    """UTF-8 JSON with sorted keys and no white space.

    Equal to RFC 8785 for values without floating-point numbers, which is all that is hashed here.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def digest(value: Json) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()
