"""One file over HTTP: conditional, retried, bounded in time and in size, whole or refused.

Always: no more than the limits reaches the disk or the memory, however the server behaves.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from insyn.base.errors import EnvironmentFailure, Refusal

_STEP = 1 << 20
"""Bytes unpacked at a time: a gzip bomb is met in steps of this size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one file, all tries together; sizes count after decompression."""

    read_s: float = 30.0
    total_s: float = 900.0
    size_bytes: int = 300 << 20
    tries: int = 3
    pause_s: float = 1.0
    redirects: int = 5


class _Passing(EnvironmentFailure):
    """A fault that may be gone at the next try."""


def download(
    client: httpx.Client,
    url: str,
    path: Path,
    *,
    known: Mapping[str, str],
    limits: Limits,
    sleep: Callable[[float], None],
    show: Callable[[int, int | None], None],
) -> dict[str, str] | None:
    """Save what stands at `url`; None where it is as `known` ("etag", "modified") says.

    Returns the validators for the next time.

    Raises:
        EnvironmentFailure: the server cannot be reached, fails, or is too slow.
        Refusal: it sends what no list can be.
    """
    deadline = time.monotonic() + limits.total_s
    for attempt in range(1, limits.tries + 1):
        try:
            return _try(client, url, path, known, limits, deadline, show)
        except _Passing as error:
            if attempt == limits.tries or time.monotonic() > deadline:
                tried = f" (tried {attempt} times)" if attempt > 1 else ""
                raise EnvironmentFailure(f"{error}{tried}") from error
            sleep(limits.pause_s * 2 ** (attempt - 1))
    raise AssertionError("the last try returns or raises")


def _try(
    client: httpx.Client,
    url: str,
    path: Path,
    known: Mapping[str, str],
    limits: Limits,
    deadline: float,
    show: Callable[[int, int | None], None],
) -> dict[str, str] | None:
    headers = {
        header: known[key]
        for header, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified"))
        if known.get(key)
    }
    address = httpx.URL(url)
    try:
        for _ in range(limits.redirects + 1):
            timeout = max(0.01, min(limits.read_s, deadline - time.monotonic()))
            with client.stream("GET", address, headers=headers, timeout=timeout) as response:
                if response.has_redirect_location:
                    address = _redirected(address, response)
                    continue
                if response.status_code == httpx.codes.NOT_MODIFIED and headers:
                    return None
                _expect_success(response)
                _save(response, path, limits, deadline, show)
                return {
                    "etag": response.headers.get("ETag", ""),
                    "modified": response.headers.get("Last-Modified", ""),
                }
    except httpx.TimeoutException as error:
        raise _Passing(f"{address.host} did not answer within {limits.read_s:g} s") from error
    except httpx.ConnectError as error:
        raise _Passing(f"cannot reach {address.host}: {_cause(error)}") from error
    except httpx.TransportError as error:
        raise _Passing(f"the exchange with {address.host} broke off: {error}") from error
    raise EnvironmentFailure(f"{address.host} redirects more than {limits.redirects} times")


def _cause(error: httpx.ConnectError) -> str:
    """What the system says, without its error number."""
    text = str(error)
    return text.split("] ", 1)[1] if text.startswith("[Errno") and "] " in text else text


def _redirected(address: httpx.URL, response: httpx.Response) -> httpx.URL:
    following = address.join(response.headers["Location"])
    if following.scheme not in ("http", "https"):
        raise Refusal(f"{address.host} redirects to {following.scheme}:, which is not the web")
    if address.scheme == "https" and following.scheme == "http":
        # Plain http would let anyone on the way write the list.
        raise Refusal(f"{address.host} redirects from https to http, where anyone can alter a list")
    return following


def _expect_success(response: httpx.Response) -> None:
    status = response.status_code
    host = response.request.url.host
    if status >= 500 or status in (408, 429):
        raise _Passing(f"{host} answered {status} {response.reason_phrase}".rstrip())
    if status != httpx.codes.OK:
        hint = "; the list may have moved" if status in (404, 410) else ""
        raise EnvironmentFailure(
            f"{host} answered {status} {response.reason_phrase}".rstrip() + hint
        )


def _save(
    response: httpx.Response,
    path: Path,
    limits: Limits,
    deadline: float,
    show: Callable[[int, int | None], None],
) -> None:
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    if total is not None and total > limits.size_bytes:
        raise Refusal(f"the publisher announces {total:,} bytes, more than any list has")
    written = 0
    with path.open("wb") as file:
        for block in _unpacked(response, deadline, limits):
            written += len(block)
            if written > limits.size_bytes:
                raise Refusal(f"more than {limits.size_bytes:,} bytes came, more than any list has")
            file.write(block)
            show(response.num_bytes_downloaded, total)


def _in_time(response: httpx.Response, deadline: float, limits: Limits) -> Iterator[bytes]:
    # Blocks as they come: gathering them into larger ones would hide a slow drip from the clock.
    for block in response.iter_raw():
        if time.monotonic() > deadline:
            raise EnvironmentFailure(
                f"{response.request.url.host} was not done after {limits.total_s:g} s"
            )
        yield block


def _unpacked(response: httpx.Response, deadline: float, limits: Limits) -> Iterator[bytes]:
    """The body, unpacked here: httpx would accept a cut gzip stream and stacked encodings."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    blocks = _in_time(response, deadline, limits)
    if encoding in ("", "identity"):
        yield from blocks
        return
    if encoding not in ("gzip", "x-gzip"):
        raise Refusal(f"the publisher packs the list as {encoding!r}, which was not asked for")
    unpack = zlib.decompressobj(wbits=31)
    try:
        for packed in blocks:
            rest = packed
            while rest:
                if unpack.eof:
                    unpack = zlib.decompressobj(wbits=31)
                yield unpack.decompress(rest, _STEP)
                rest = unpack.unconsumed_tail or unpack.unused_data
        yield unpack.flush()
    except zlib.error as error:
        raise Refusal("what the publisher sent as gzip is damaged") from error
    if not unpack.eof:
        raise _Passing(f"the gzip stream from {response.request.url.host} was cut")
