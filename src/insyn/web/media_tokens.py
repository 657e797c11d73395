"""Short-lived tokens in URLs of media: bound to a session and to what may be asked. Pure.

A player cannot send headers, and a URL can be copied: so a URL works only with the session that it
was made for, for the paths below a prefix, and for some minutes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

LASTS_S = 900
_BYTES = 16


class MediaTokens:
    """Makes and checks tokens with a secret of this process."""

    def __init__(self, secret: bytes) -> None:
        """Take at least 32 unpredictable bytes."""
        self._secret = secret

    def make(self, session: str, prefix: str, *, now_s: int, lasts_s: int = LASTS_S) -> str:
        """A token for everything below `prefix`, in this session."""
        until = now_s + lasts_s
        return f"{until:x}.{self._mark(session, prefix, until)}"

    def allows(self, token: str, session: str, prefix: str, *, now_s: int) -> bool:
        """Whether the token was made for this session and prefix, and is not over."""
        written, _, mark = token.partition(".")
        try:
            until = int(written, 16)
        except ValueError:
            return False
        is_right = hmac.compare_digest(mark.encode(), self._mark(session, prefix, until).encode())
        return is_right and now_s <= until

    def _mark(self, session: str, prefix: str, until: int) -> str:
        said = f"{until}\n{hashlib.sha256(session.encode()).hexdigest()}\n{prefix}".encode()
        mark = hmac.new(self._secret, said, hashlib.sha256).digest()[:_BYTES]
        return base64.urlsafe_b64encode(mark).decode().rstrip("=")
