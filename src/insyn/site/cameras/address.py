"""Addresses of cameras: taken apart, passwords taken out, and shown without them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from insyn.base.errors import UsageError

SCHEMES = ("rtsp", "rtsps", "file", "virtual")
DEVICE_SCHEME = "onvif"
"""Of a camera that is asked for its streams' addresses; no stream itself."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """A camera's user and password; never printed."""

    user: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a stream is, without credentials: safe to show and to log."""

    url: str

    @property
    def scheme(self) -> str:
        """One of `SCHEMES`."""
        return urlsplit(self.url).scheme

    @property
    def options(self) -> dict[str, str]:
        """What stands after the question mark."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def name(self) -> str:
        """Host and port, the file's path, or the scene."""
        parts = urlsplit(self.url)
        return parts.netloc or unquote(parts.path)

    @property
    def path(self) -> str:
        """The path of a file."""
        return unquote(urlsplit(self.url).path)

    def with_credentials(self, credentials: Credentials | None) -> str:
        """The URL that a library needs; never to be shown."""
        if credentials is None:
            return self.url
        parts = urlsplit(self.url)
        who = f"{quote(credentials.user, safe='')}:{quote(credentials.password, safe='')}@"
        return urlunsplit(parts._replace(netloc=who + parts.netloc))


def read_address(text: str, *, or_device: bool = False) -> tuple[Address, Credentials | None]:
    """An address as people write it, and the credentials that stood in it.

    A path without a scheme is a file. With `or_device`, `onvif://HOST` is one too.

    Raises:
        UsageError: it is no address of a camera; what it held is not repeated.
    """
    if "://" not in text:
        if not text.strip():
            raise UsageError("name a camera's address, such as rtsp://192.0.2.7/stream1")
        from pathlib import Path

        path, _, query = text.partition("?")
        url = Path(path).expanduser().absolute().as_uri()
        return Address(url=f"{url}?{query}" if query else url), None
    try:
        parts = urlsplit(text.strip())
        host, port = parts.hostname, parts.port
        user, password = parts.username, parts.password
    except ValueError as error:
        raise UsageError(
            "this is no address of a camera; write it as rtsp://HOST:PORT/PATH"
        ) from error
    schemes = (*SCHEMES, DEVICE_SCHEME) if or_device else SCHEMES
    if parts.scheme not in schemes:
        raise UsageError(
            f"cameras are reached by {', '.join(schemes)}, not by {parts.scheme[:16] or 'nothing'}"
        )
    if parts.scheme == "file":
        return Address(url=text.strip()), None
    if not host:
        raise UsageError("the address names no host; write it as rtsp://HOST:PORT/PATH")
    netloc = f"[{host}]" if ":" in host else host
    netloc = f"{netloc}:{port}" if port else netloc
    clean = urlunsplit(parts._replace(netloc=netloc))
    if user is None:
        return Address(url=clean), None
    return Address(url=clean), Credentials(user=unquote(user), password=unquote(password or ""))
