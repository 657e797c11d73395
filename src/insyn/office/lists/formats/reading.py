"""What every format parser shares: the shape of a parse, safe XML, white space, dates.

A parser module offers two functions, and nothing else is called from outside:

    def recognise(head: bytes, filename: str) -> bool
        # does the first 64 KiB look like this format? By content; the name only breaks ties.
    def parse(files: Mapping[str, Path]) -> Iterator[Entry | Unread | Published]
        # streams; one file, or a set of companions by role, e.g. {"sdn": ..., "alt": ...}

A record that cannot be read is yielded as `Unread` and the rest goes on; a file that is not the
format at all, is cut, or is hostile raises `UnreadableInput`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """When the publisher says the list was made, and how many records it says it holds."""

    on: date | None = None
    record_count: int | None = None
