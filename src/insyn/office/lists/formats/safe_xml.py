"""XML from strangers, read one record at a time.

Always: no entity is resolved, no document type is taken, nothing is fetched, and memory does not
grow with the file; what is no whole XML is refused with what it is instead.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from lxml import etree

from insyn.base.errors import EnvironmentFailure, UnreadableInput
from insyn.office.lists.formats.elements import local_name
from insyn.office.lists.formats.parsed import MAX_BYTES

MAX_RECORD_BYTES = 1 << 25
"""File bytes from one record's end to the next one's; the largest real gap is some 2 MB."""

_HEAD_BYTES = 1 << 16
_ENCODINGS = frozenset(
    ("utf-8", "utf8", "ascii", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16")
)
"""Those in which the prolog can be read here; in another one a document type could hide."""

_AGAIN = "fetch it again"


def open_xml(path: Path, *tags: str, max_bytes: int = MAX_BYTES) -> Iterator[etree._Element]:
    """Every outermost element with one of the tags (local names), as it ends; memory stays flat.

    An element is emptied when the next one is asked for, and so is all that stood before it: a
    caller names every tag that repeats, also those it passes over. Entities are not resolved, no
    DTD is read, nothing is fetched; a document type is refused, since no list has one and every
    XML bomb does. libxml2's own limits hold: 10 MB of text in a node, some thousand levels.

    Raises:
        UnreadableInput: not XML, cut, wrongly encoded, too large, or with a document type.
        EnvironmentFailure: the file cannot be opened.
    """
    _check_prolog(path, max_bytes)
    with path.open("rb") as file:
        try:
            yield from _elements(file, path.name, tags)
        except (etree.LxmlError, UnicodeError) as error:
            raise _broken(path, error) from error


def read_root(path: Path, expected: str, *, max_bytes: int = MAX_BYTES) -> Mapping[str, str]:
    """The attributes of the root element, by local name.

    Raises:
        UnreadableInput: as `open_xml`, or the root has another name.
    """
    _check_prolog(path, max_bytes)
    with path.open("rb") as file:
        try:
            for _, element in _iterparse(file, ("start",)):
                found = local_name(element)
                if found == expected:
                    items = element.attrib.items()
                    return {str(name).rpartition("}")[2]: str(value) for name, value in items}
                raise UnreadableInput(
                    f"{path.name} is another XML file: its root is {found[:60]!r} where a list of "
                    f"this format has {expected!r}; let the format be recognised, or check the file"
                )
        except (etree.LxmlError, UnicodeError) as error:
            raise _broken(path, error) from error
    raise UnreadableInput(f"{path.name} holds no element; {_AGAIN}")


def _iterparse(
    file: BinaryIO, events: tuple[str, ...], tags: list[str] | None = None
) -> Iterator[tuple[str, etree._Element]]:
    found: Iterator[tuple[str, etree._Element]] = etree.iterparse(
        file,
        events=events,
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return found


def _elements(file: BinaryIO, name: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    depth, mark = 0, 0
    reader = _Bounded(file, name)
    parser = _iterparse(reader, ("start", "end"), [f"{{*}}{tag}" for tag in tags])  # type: ignore[arg-type]  # only read() is called
    for event, element in parser:
        if event == "start":
            if mark == 0 and element.getroottree().docinfo.internalDTD is not None:
                raise _typed(name)
            mark, depth = 1, depth + 1
            continue
        depth -= 1
        if depth:
            continue
        yield element
        reader.allow()
        element.clear()
        ancestor: etree._Element | None = element
        while ancestor is not None and (parent := ancestor.getparent()) is not None:
            while ancestor.getprevious() is not None:
                del parent[0]
            ancestor = parent


class _Bounded:
    """A file that refuses to go on where no record ends for too long: the tree would grow."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name, self._left = file, name, MAX_RECORD_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableInput(
                f"{self._name} holds {MAX_RECORD_BYTES >> 20} MiB without the end of a record, "
                "which lists never do; check where it comes from"
            )
        return data

    def allow(self) -> None:
        self._left = MAX_RECORD_BYTES


def _check_prolog(path: Path, max_bytes: int) -> None:
    """Look at all that stands before the root element, and refuse what no list has there."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise EnvironmentFailure(f"cannot read {path}: {error.strerror}") from error
    name = path.name
    if not size:
        raise UnreadableInput(f"{name} is empty; {_AGAIN}")
    if size > max_bytes:
        raise UnreadableInput(f"{name} has {size} bytes, more than a list can have; check it")
    text = _decoded(head, name).lstrip("\ufeff").lstrip()
    while text.startswith(("<?", "<!--")):
        end = "?>" if text.startswith("<?") else "-->"
        text = text.partition(end)[2].lstrip()
    lowered = text[:200].lower()
    if lowered.startswith(("<!doctype html", "<html")):
        raise UnreadableInput(
            f"{name} is a web page, not a list: the publisher's address may have moved, or a "
            f"login page answered; look at the address and {_AGAIN}"
        )
    if lowered.startswith("<!doctype"):
        raise _typed(name)
    if not re.match(r"<[^\W\d]", text):
        what = "JSON" if lowered[:1] in ("{", "[") else "no XML" if text else "no element"
        raise UnreadableInput(
            f"{name} holds {what} in its first {len(head)} bytes, where an XML list was expected; "
            "check the format, or fetch it again"
        )


def _decoded(head: bytes, name: str) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    if b"\0" in head:
        raise UnreadableInput(f"{name} is no text; unpack it, or fetch the XML file itself")
    declared = re.match(rb"\s*(?:\xef\xbb\xbf)?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"'>]*)", head)
    if declared and (encoding := declared[1].decode("latin-1").lower()) not in _ENCODINGS:
        raise UnreadableInput(
            f"{name} declares the encoding {encoding[:40]!r}, which no list uses; save it as UTF-8"
        )
    return head.decode("utf-8", "replace")


def _typed(name: str) -> UnreadableInput:
    return UnreadableInput(
        f"{name} carries a document type (DOCTYPE) of its own, which lists never do; it is "
        "refused as hostile; fetch the list from its publisher"
    )


def _broken(path: Path, error: Exception) -> UnreadableInput:
    """The parser's complaint: it names elements and lines, never their text."""
    return UnreadableInput(
        f"{path.name} is not whole XML ({str(error)[:160]}): cut short, changed on the way or "
        f"wrongly encoded; {_AGAIN}"
    )
