"""What a parser is and what it yields: entries, refused records, and the list's own word on itself.

A parser module offers a name and two functions, and nothing else is called from outside:

    FORMAT: str                        # its short id, e.g. "un-xml"
    def recognise(head: bytes, filename: str) -> bool
        # does the first 64 KiB look like this format? By content; the name only breaks ties.
    def parse(files: Mapping[str, Path]) -> Iterator[Parsed]
        # streams; "main" is the file, or a set of companions by role ("primary", "alt", ...)

`Published` comes first. A record that cannot be read is yielded as `Unread` and the rest goes on;
a file that is not the format at all, is cut, or is hostile raises `UnreadableInput`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from insyn.office.lists.entry import Entry, Unread

MAX_BYTES = 1 << 30
"""Size of a list file that is read at all; the largest known is 118 MB (OFAC sdn_advanced)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When the publisher says the list was made, and how many records it says it holds."""

    on: date | None = None
    record_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """A record that the publisher keeps in the file but no longer has in force.

    `position` counts records from 1; 0 where the format has no order.
    """

    reference: str
    position: int = 0


Parsed = Entry | Unread | Published | Withdrawn


def unique(parsed: Iterable[Parsed]) -> Iterator[Parsed]:
    """The same parse with every reference once.

    A record that repeats another word for word is reported as `Unread`; one that shares only the
    reference is another listing, so it is kept, and screened, as "REFERENCE~2", "REFERENCE~3".
    """
    seen: dict[str, set[bytes]] = {}
    position = 0
    for item in parsed:
        position += not isinstance(item, Published)
        if not isinstance(item, Entry):
            yield item
            continue
        content = hashlib.sha256(item.source_record.encode("utf-8", "surrogatepass")).digest()
        others = seen.setdefault(item.reference, set())
        if content in others:
            reason = f"it repeats {item.reference[:80]} word for word"
            yield Unread(position=position, reason=reason)
            continue
        others.add(content)
        if len(others) == 1:
            yield item
        else:
            yield replace(item, reference=f"{item.reference}~{len(others)}")
