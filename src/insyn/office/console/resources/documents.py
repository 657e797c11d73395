"""Documents that come in with a request: in base64, kept by their hash before a row names them.

Larger ones come in on the command line: a body has at most 1 MiB.
"""

from __future__ import annotations

import base64
import binascii

from insyn.office.console.problems import Problem
from insyn.office.console.resources.desk import Desk
from insyn.office.diligence.cases import evidence

MAX_FILE_BASE64 = 900_000
"""Characters; the body has at most 1 MiB."""


def unbase64(text: str, field: str = "content_base64") -> bytes:
    """A document from its base64.

    Raises:
        Problem: 422, it is none, or empty.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        content = b""
    if not content:
        raise Problem(422, f"body.{field}: this is no base64 of a document")
    return content


def keep(desk: Desk, content: bytes) -> str:
    """Keep a document under its hash; gives the hash."""
    return evidence.keep_file(desk.data.root / "evidence", content)
