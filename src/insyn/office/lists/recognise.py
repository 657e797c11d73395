"""Which format a file is, from its content.

Always: a file that is no list (a web page, an archive, a picture, nothing) is refused with what it
is and what to do; no file is taken for a list by its name alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from insyn.base.errors import EnvironmentFailure, UnreadableInput, UsageError
from insyn.office.lists import formats
from insyn.office.lists.formats.parsed import Parsed

HEAD_BYTES = 1 << 16
_LAST = "plain-csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: its id, how it is recognised and how it is read."""

    id: str
    recognise: Callable[[bytes, str], bool]
    parse: Callable[[Mapping[str, Path]], Iterator[Parsed]]


@cache
def known_formats() -> Mapping[str, Format]:
    """Every module of `formats` that names a FORMAT; the plain CSV stands last."""
    found: dict[str, Format] = {}
    for module_info in pkgutil.iter_modules(formats.__path__):
        module = importlib.import_module(f"{formats.__name__}.{module_info.name}")
        if hasattr(module, "FORMAT"):
            found[module.FORMAT] = Format(
                id=module.FORMAT, recognise=module.recognise, parse=module.parse
            )
    return dict(sorted(found.items(), key=lambda item: (item[0] == _LAST, item[0])))


def format_by_id(name: str) -> Format:
    """The format that was named.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return known_formats()[name]
    except KeyError:
        raise UsageError(
            f"there is no list format {name!r}; known are {', '.join(known_formats())}"
        ) from None


_NO_LISTS = (
    (b"\x1f\x8b", "a gzip archive; unpack it first"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook; unpack it, or save it as CSV"),
    (b"%PDF", "a PDF; type the list into a CSV (docs/reference/plain-list-csv.md)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file; save it as CSV"),
    (b"\x89PNG", "a picture"),
)


def read_head(path: Path) -> bytes:
    """The first 64 KiB of a file.

    Raises:
        EnvironmentFailure: it cannot be opened.
        UnreadableInput: it is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    if not head:
        raise UnreadableInput(f"{path.name} is empty; fetch it again")
    return head


def recognise(path: Path) -> Format:
    """The format of a file.

    Raises:
        UnreadableInput: it is no list that is known; the message says what it seems to be.
    """
    head = read_head(path)
    for mark, meaning in _NO_LISTS:
        if head.startswith(mark):
            raise UnreadableInput(f"{path.name} is {meaning}")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise UnreadableInput(
            f"{path.name} is a web page, not a list: the publisher's address may have moved, "
            "or a login page answered"
        )
    for known in known_formats().values():
        if known.recognise(head, path.name):
            return known
    raise UnreadableInput(
        f"{path.name} is in no list format that is known; name one with --as, or give it a "
        "header line with a name column (docs/reference/plain-list-csv.md)"
    )
